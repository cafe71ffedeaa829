"""From the public page to a confirmed visit: somebody asks, the desk books, the patient says yes and moves it."""

import re

import pytest
from playwright.sync_api import expect

from clinic.models import Patient
from sessions_app.models import Appointment, VisitRequest
from tests.makers import make_clinic

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FACTS = {"Your name": "Ivy Larkspur", "Phone": "(212) 555-0142", "E-mail": "ivy@example.com"}


def test_somebody_asks_the_desk_registers_and_books_and_the_patient_confirms(patient, desk, clock, post):
    make_clinic(patients_may_move=True, patient_move_notice_hours=24)

    # Given somebody who comes to the door and asks for a visit, first with a mistake
    visitor = patient
    visitor.comes_to_the_door()
    visitor.page.get_by_role("link", name="Ask for a visit").click()
    visitor.looks_around()
    for label, words in FACTS.items():
        visitor.page.get_by_label(label, exact=True).fill(words)
    visitor.page.get_by_label("Phone", exact=True).fill("555")
    visitor.page.get_by_text("Tuesday", exact=True).click()
    visitor.page.get_by_text("Morning", exact=True).click()
    clock.shows("2026-01-13 08:02")
    visitor.page.get_by_role("button", name="Ask the clinic").click()
    visitor.looks_around()
    expect(visitor.page.get_by_label("Your name")).to_have_value("Ivy Larkspur")
    visitor.page.get_by_label("Phone", exact=True).fill(FACTS["Phone"])
    visitor.page.get_by_role("button", name="Ask the clinic").dblclick()
    visitor.sees("Thank you. We have your request.")
    expect(visitor.page.get_by_role("main")).to_contain_text("by Wed 14 Jan, 08:02 at the latest")
    visitor.looks_around()
    visitor.looks_again()
    assert (VisitRequest.objects.count(), Patient.objects.filter(family_name="Larkspur").count()) == (1, 0)

    # When the desk finds it on its list, registers and books
    desk.signs_in()
    desk.page.goto("/calls/")
    desk.page.get_by_role("link", name=re.compile("^Answer")).first.click()
    expect(desk.dialog).to_contain_text("Tue, mornings")
    desk.looks_around()
    desk.dialog.get_by_role("link", name="Register as a new patient").click()
    desk.page.get_by_label("Birth date", exact=True).fill("1980-02-03")
    desk.page.get_by_role("group", name="May we write e-mails?").get_by_text("Yes", exact=True).click()
    desk.page.get_by_role("button", name="Register the patient").click()
    desk.page.wait_for_url("**/book/?patient=*")
    desk.page.locator("#book-slot label").last.click()
    desk.page.get_by_role("button", name=re.compile("^Book [A-Z]")).click()
    desk.page.wait_for_url("**/day/**")

    visit = Appointment.objects.get()
    assert (visit.patient.name, visit.status, visit.confirmed_at) == ("Ivy Larkspur", "booked", None)
    assert VisitRequest.objects.get().patient == visit.patient

    # Then the patient confirms on the phone, and moves the visit alone
    patient.page.goto("/accounts/code/")
    patient.page.get_by_label("Your e-mail").fill(FACTS["E-mail"])
    patient.asks_for_the_code(button="Send me a code")
    patient.types_the_code(post.newest_code())
    patient.page.get_by_role("link", name="Confirm or change").click()
    patient.sees("Your visits")
    patient.looks_around()
    patient.page.get_by_role("button", name=re.compile("^I am coming")).click()
    patient.reads("You said that you are coming.")
    patient.looks_around()
    visit.refresh_from_db()
    assert visit.confirmed_via == "portal"

    patient.page.get_by_role("link", name=re.compile("^Change it")).click()
    patient.sees("Another time?")
    patient.looks_around()
    patient.page.locator(".free-times a").last.evaluate("link => link.closest('details').open = true")
    patient.page.locator(".free-times a").last.click()
    patient.looks_around()
    patient.page.get_by_role("button", name=re.compile("^Move to")).dblclick()
    patient.sees("Your visits")
    patient.is_told("Moved to")
    moved = Appointment.objects.get()
    assert (moved.version, moved.confirmed_at) == (2, None)


def test_form_works_without_script(new_context, clinic, clock):
    page = new_context(size="phone", java_script_enabled=False).new_page()
    page.goto("/get-started/?language=es")
    page.get_by_label("Su nombre").fill("Inés Campoflorido")
    page.get_by_label("Correo electrónico").fill("ines@example.com")
    clock.shows("2026-01-13 08:02")
    page.get_by_role("button", name="Enviar a la clínica").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Gracias. Hemos recibido su petición.")
    page.go_back()
    page.go_forward()
    assert [(asked.name, asked.language) for asked in VisitRequest.objects.all()] == [("Inés Campoflorido", "es")]


def test_targets_are_large_enough_for_a_thumb(new_page, clinic):
    page = new_page(size="phone")
    page.goto("/get-started/")

    nodes = page.locator("main :is(a, button, input, label.tick, .segmented label):visible")
    sizes = nodes.evaluate_all(
        """nodes => nodes
        .filter(node => !node.closest(".robots") && !["hidden", "checkbox", "radio"].includes(node.type))
        .map(node => [node.innerText || node.name, node.getBoundingClientRect().height])"""
    )
    assert (len(sizes) > 10, [name for name, height in sizes if height < 43.9]) == (True, [])
