"""Photographs in a real browser: sent one by one, kept while the line is away, compared by keyboard, accessible."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clinic.access import Role
from sessions_app.models import Photograph
from tests.makers import at, make_user
from tests.sessions_app.photographs_kept import keep_photograph, make_photographed_patient
from tests.sessions_app.pictures_made import jpeg
from tests.support.accessibility import serious_problems
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_page(new_context, live_server):
    """`open_page("photographs_add", patient)`: the page as a nurse on a tablet."""

    def show(name, patient, query="", by=None, **options):
        context = new_context(size=options.pop("size", "tablet"), **options)
        sign_in(context, by or make_user(), live_server)
        page = context.new_page()
        page.goto(reverse(f"sessions_app:{name}", args=[patient.public_id]) + query)
        return page

    return show


def picture(name, colour):
    return {"name": name, "mimeType": "image/jpeg", "buffer": jpeg(colour=colour)}


def choose(page, leg="Left", view="Front", moment="Follow-up"):
    for words in (leg, view, moment):
        page.get_by_text(words, exact=True).click()


def rows(page):
    return page.locator("[data-queue] > li")


def test_photographs_are_sent_one_by_one_and_each_says_what_became_of_it(open_page):
    page = open_page("photographs_add", make_photographed_patient())
    choose(page)
    page.set_input_files("#id_pictures", [picture("a.jpg", "tan"), picture("b.jpg", "pink")])
    page.set_input_files(
        "input[capture]", [{"name": "c.jpg", "mimeType": "image/jpeg", "buffer": b"<svg onload='alert(1)'/>"}]
    )
    page.get_by_role("button", name="Add 3 photographs").click()

    expect(rows(page).nth(0)).to_contain_text("Added: Left leg, front, follow-up")
    expect(rows(page).nth(1)).to_contain_text("Added: Left leg, front, follow-up")
    expect(rows(page).nth(2)).to_contain_text("c.jpg: This is not a picture.")
    expect(rows(page).nth(2).get_by_role("button", name="Try again")).to_be_visible()
    assert Photograph.objects.count() == 2


def test_what_cannot_be_sent_stays_and_is_sent_when_the_line_is_back(open_page, page_problems):
    page = open_page("photographs_add", make_photographed_patient())
    choose(page)
    page.set_input_files("#id_pictures", [picture("a.jpg", "tan")])
    page.context.set_offline(True)
    page.get_by_role("button", name="Add 1 photograph").click()
    expect(rows(page)).to_contain_text("No connection. Tried again in 2 seconds.")
    # What is pressed meanwhile is for the next photograph.
    choose(page, leg="Right")
    page.context.set_offline(False)

    expect(rows(page)).to_contain_text("Added: Left leg, front, follow-up")
    assert list(Photograph.objects.values_list("leg", flat=True)) == ["left"]
    page_problems[:] = [problem for problem in page_problems if "ERR_INTERNET_DISCONNECTED" not in problem]


def test_what_was_not_said_is_asked_for_and_the_file_stays(open_page):
    page = open_page("photographs_add", make_photographed_patient())
    page.set_input_files("#id_pictures", [picture("a.jpg", "tan")])
    page.get_by_role("button", name="Add 1 photograph").click()
    expect(rows(page)).to_contain_text(
        "Say which leg it shows. Say which side it shows. Say whether it was before or after the treatment."
    )
    choose(page, "Right", "Back")
    page.get_by_role("button", name="Add 1 photograph").click()

    expect(rows(page)).to_contain_text("Added: Right leg, back, follow-up")


def test_without_script_the_form_sends_them_and_two_stand_beside_each_other(open_page):
    patient = make_photographed_patient()
    page = open_page("photographs_add", patient, java_script_enabled=False)
    choose(page)
    page.set_input_files("#id_pictures", [picture("a.jpg", "tan")])
    page.get_by_role("button", name="Add the photographs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Photographs")
    keep_photograph(patient=patient, content=jpeg(colour="pink"), taken_at=at("2025-11-01 10:00"))
    page.goto(reverse("sessions_app:photographs_compare", args=[patient.public_id]) + "?leg=left&view=front")
    boxes = [image.bounding_box() for image in page.locator(".photo-both img").all()]

    assert (boxes[0]["y"] == boxes[1]["y"], boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]) == (True, True)
    assert page.get_by_role("slider").count() == 0


def test_the_line_between_two_photographs_moves_by_keyboard(open_page):
    patient = make_photographed_patient()
    keep_photograph(patient=patient)
    keep_photograph(patient=patient, content=jpeg(colour="pink"), moment="after", taken_at=at("2026-02-13 10:00"))
    page = open_page("photographs_compare", patient, "?leg=left&view=front")
    slider = page.get_by_role("slider", name="Move the line between them")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")

    expect(slider).to_have_value("53")
    expect(slider).to_have_attribute("aria-valuetext", "53 % of the earlier, 47 % of the later photograph")
    assert page.locator(".photo-both").evaluate("box => box.style.getPropertyValue('--at')") == "53%"
    page.get_by_text("Beside each other").click()
    expect(slider).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_photographs_are_accessible(open_page, scheme):
    patient = make_photographed_patient()
    kept = keep_photograph(patient=patient)
    keep_photograph(patient=patient, content=jpeg(colour="pink"), moment="after", taken_at=at("2026-02-13 10:00"))
    page = open_page("photographs", patient, by=make_user(Role.CLINICIAN), scheme=scheme)
    paths = [
        reverse("sessions_app:photographs", args=[patient.public_id]),
        reverse("sessions_app:photographs_add", args=[patient.public_id]),
        reverse("sessions_app:photographs_compare", args=[patient.public_id]) + "?leg=left&view=front",
        reverse("sessions_app:photograph", args=[kept.public_id]),
        reverse("sessions_app:photograph_remove", args=[kept.public_id]),
    ]
    found = []
    for path in paths:
        page.goto(path)
        found += serious_problems(page)
    # Withdrawn: each of them is marked.
    patient.series_consents.update(ended_at=at("2026-03-01 10:00"), ended_why="Withdrawn")
    for path in (paths[0], paths[3]):
        page.goto(path)
        found += serious_problems(page)

    assert found == []
