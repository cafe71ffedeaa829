"""The visit in a real browser: it saves itself, keeps what cannot be saved, works by keyboard, and is accessible."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clinic.access import Role
from sessions_app.models import TreatmentSession
from tests.makers import make_appointment, make_draft_session, make_patient, make_signed_session, make_user
from tests.sessions_app.charts import ASKED, in_force, ready_draft
from tests.sessions_app.looks import too_wide, two_looks
from tests.support.accessibility import serious_problems
from tests.support.browser import intercept, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OFFLINE = "Not saved: no connection, keep this page open"
LOST = "ERR_INTERNET_DISCONNECTED"


@pytest.fixture
def open_visit(new_context, live_server):
    """`open_visit(session)`: the visit's page as its nurse, or as another person, in a browser of her own."""

    def open_page(session, user=None, **options):
        context = new_context(size=options.pop("size", "tablet"), **options)
        sign_in(context, user or session.nurse, live_server)
        page = context.new_page()
        page.goto(reverse("sessions_app:visit", args=[session.appointment.public_id]))
        return page

    return open_page


def draft_now(**facts):
    """A draft of a visit that began a minute ago, with the safety questions answered."""
    in_force()
    now = timezone.now().replace(second=0, microsecond=0)
    appointment = make_appointment(starts_at=now, status="in_treatment")
    facts = {"screening": ASKED, "responsible_clinician": make_user(Role.CLINICIAN), "sites": 0, **facts}
    return make_draft_session(appointment=appointment, **facts)


def stored(session):
    return TreatmentSession.objects.get(pk=session.pk)


def saved(page, version):
    """Wait until the page holds that version, saved."""
    expect(page.locator(f'#saved[data-version="{version}"]')).to_be_visible()


def died(page):
    """The tab ends with what is typed in it, and the network is back; the browser and the address to come back to."""
    address, context = page.url, page.context
    page.close(run_before_unload=False)
    context.set_offline(False)
    return context, address


def opened_again(page):
    """The same page in a new tab, after the old one died."""
    context, address = died(page)
    again = context.new_page()
    again.goto(address)
    return again


def typed_without_network(open_visit):
    """A visit with a site and a note that never reached the server, on a page that is still open."""
    session = draft_now(sites=1)
    page = open_visit(session)
    intercept(page, "**/save/", lambda route: route.abort("internetdisconnected"))
    choose_place(page, "Right foot")
    page.locator("#id_note").fill("typed without network")
    expect(page.locator("#saved")).to_contain_text(OFFLINE)
    return session, page


def without(problems, words):
    problems[:] = [problem for problem in problems if words not in problem]


def choose_place(page, name):
    page.locator("#add-place").focus()
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def test_two_sites_are_charted_by_keyboard_alone_and_saved_by_themselves(open_visit):
    session = draft_now()
    page = open_visit(session)

    choose_place(page, "Left calf, lat")
    expect(page.locator("[name$='-vein_type']").first).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("[name$='-injection_count']")).to_be_focused()
    page.keyboard.type("8")
    page.keyboard.press("Tab")
    page.keyboard.type("0.2")
    page.keyboard.press("Tab")
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    expect(page.locator("#add-place")).to_be_focused()
    page.keyboard.type("Right knee")
    page.keyboard.press("Enter")
    second = page.locator("[data-site]").nth(1)
    expect(second.locator("[name$='-injection_count']")).to_be_focused()
    page.keyboard.type("5")
    expect(page.locator(".total").first).to_contain_text("2.6 mL")
    expect(page.locator(".places-as-map .mark-today")).to_have_count(2)

    sites = [
        (s.leg, s.segment, s.vein_type, s.strength_percent, s.injection_count, s.volume_ml) for s in session.sites.all()
    ]
    half = Decimal("0.50")
    assert sites == [
        ("left", "calf_lateral", "spider", half, 8, Decimal("1.60")),
        ("right", "knee", "spider", half, 5, Decimal("1.00")),
    ]


def test_a_tap_on_the_map_opens_a_site_there(open_visit):
    session = draft_now()
    page = open_visit(session)

    page.locator("a.seg[aria-label^='Left popliteal']").first.click()

    expect(page.locator("[data-site] .site-words b")).to_have_text("Left popliteal")
    expect(page.locator("#missing")).to_contain_text("Site 1: vein type, strength, injections and volume")


def test_a_second_tap_on_a_place_goes_to_the_empty_site_that_stands_there(open_visit):
    page = open_visit(draft_now())
    popliteal, ankle = (
        page.locator(f"a.seg[aria-label^='{name}']").first for name in ("Left popliteal", "Right ankle")
    )
    rows = page.locator("[data-site]")

    popliteal.click()
    expect(rows).to_have_count(1)
    ankle.click()
    expect(rows).to_have_count(2)
    popliteal.click()
    expect(rows.nth(0)).to_have_attribute("open", "")
    expect(rows).to_have_count(2)

    rows.nth(0).locator("[name$='-injection_count']").fill("3")
    popliteal.click()
    expect(rows).to_have_count(3)


def test_enter_goes_through_the_sites_of_last_time_one_after_the_other(open_visit):
    session = draft_now()
    make_signed_session(patient=session.patient, sites=3)
    page = open_visit(session)

    page.locator("#again").click()
    counts = page.locator("[data-site] [name$='-injection_count']")
    expect(counts).to_have_count(3)
    for number in range(3):
        expect(page.locator("[data-site]").nth(number)).to_have_attribute("open", "")
        expect(counts.nth(number)).to_be_focused()
        page.keyboard.press("Enter")

    expect(page.locator("#add-place")).to_be_focused()


def test_the_way_to_the_signature_says_why_it_stays(open_visit, page_problems):
    session = ready_draft()
    TreatmentSession.objects.filter(pk=session.pk).update(held_by=None)
    page = open_visit(session)
    page.context.set_offline(True)
    page.locator("#id_note").fill("typed without connection")

    page.get_by_role("link", name="Back to My day").click()

    expect(page.locator(".toasts")).to_contain_text("Not saved yet, so this page stays open.")
    without(page_problems, LOST)


def test_the_list_of_places_does_the_same(open_visit):
    page = open_visit(draft_now())

    page.locator("label[for=places-list]").click()
    page.get_by_role("link", name="Right ankle").click()

    expect(page.locator("[data-site] .site-words b")).to_have_text("Right ankle")


def test_a_site_that_was_removed_by_mistake_comes_back(open_visit):
    session = draft_now(sites=2)
    page = open_visit(session)

    page.locator("#site-1 > summary").click()
    page.locator("#site-1 [data-remove]").click()
    expect(page.locator("#sites")).to_contain_text("Left calf, medial removed")
    saved(page, 2)
    assert session.sites.count() == 1
    page.get_by_role("button", name="Undo").click()
    saved(page, 3)

    assert session.sites.count() == 2


def test_a_finding_is_answered_where_it_stands_and_then_the_way_to_the_signature_is_open(open_visit):
    session = ready_draft(sites=[{"injection_count": 20, "volume_ml": Decimal("4"), "treated_length_cm": None}])
    page = open_visit(session)
    expect(page.locator("#tray #finding-L3")).to_contain_text("Total above 3 mL")

    # The first open one is unfolded; answered, it makes way for the next.
    page.locator("#id_answer-L20-reason").fill("charted from paper")
    page.locator("#id_answer-L20-ack").check()
    page.locator("#id_answer-L3-reason").fill("last session of the left leg")
    page.locator("#id_answer-L3-ack").check()

    expect(page.locator("#tray")).to_contain_text("Answered: ")
    expect(page.locator("#sign")).to_have_attribute("href", reverse("aftercare:sign", args=[session.public_id]))
    assert stored(session).screening["answers"]["L3"]["reason"] == "last session of the left leg"


def test_an_impossible_value_stays_with_its_error_until_it_is_corrected(open_visit):
    session = draft_now(sites=1)
    page = open_visit(session)
    page.locator("#site-1 > summary").click()
    field = page.locator("#id_site-1-each_ml")

    field.fill("-1")
    expect(page.locator("#id_site-1-each_ml_error")).to_have_text("Enter a number above 0.")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#saved")).to_contain_text("not: site 1")
    assert field.input_value() == "-1"
    field.fill("0.3")

    expect(page.locator("#id_site-1-each_ml_error")).to_have_count(0)
    expect(page.locator("#saved")).not_to_contain_text("not:")
    assert session.sites.get().volume_ml == Decimal("1.20")


def test_without_connection_the_page_says_so_and_saves_when_it_is_back(open_visit, page_problems):
    session = draft_now()
    page = open_visit(session)

    page.context.set_offline(True)
    page.locator("#id_note").fill("typed on the way to room 2")
    expect(page.locator("#saved")).to_contain_text(OFFLINE)
    page.context.set_offline(False)
    saved(page, 2)

    assert stored(session).note == "typed on the way to room 2"
    without(page_problems, LOST)


def test_a_site_that_never_reached_the_server_is_found_again_too(open_visit, page_problems):
    session = draft_now(sites=1)
    page = open_visit(session)
    # The network goes before the new row saves itself for the first time, however slow this test is.
    intercept(page, "**/save/", lambda route: route.abort("internetdisconnected"))
    choose_place(page, "Right foot")
    row = page.locator("[data-site]").nth(1)
    expect(row.locator("[name$='-injection_count']")).to_be_focused()
    page.keyboard.type("7")
    expect(page.locator("#saved")).to_contain_text(OFFLINE)
    address, context = page.url, page.context
    context.set_offline(True)
    page.unroute("**/save/")
    page.close(run_before_unload=False)
    context.set_offline(False)

    again = context.new_page()
    again.goto(address)

    expect(again.locator("[data-site]").nth(1).locator("[name$='-injection_count']")).to_have_value("7")
    expect(again.locator("[data-site]")).to_have_count(2)
    without(page_problems, LOST)


def test_a_copy_that_comes_back_never_overwrites_a_colleague_whatever_else_the_page_has_to_save(
    open_visit, page_problems
):
    """The page opens with two things to save: its copy, and a field that is a value by now."""
    session, page = typed_without_network(open_visit)
    context, address = died(page)
    screening = {**stored(session).screening, "unfinished": {"fields": {"weight_kg": "72"}}}
    TreatmentSession.objects.update(note="typed at the desk", version=2, screening=screening)

    again = context.new_page()
    again.goto(address)

    expect(again.locator("#conflict")).to_contain_text("typed at the desk")
    assert (stored(session).note, stored(session).version) == ("typed at the desk", 2)
    without(page_problems, LOST)


def test_what_is_typed_while_a_copy_comes_back_waits_for_it_and_overwrites_no_colleague(open_visit, page_problems):
    session, page = typed_without_network(open_visit)
    context, address = died(page)
    TreatmentSession.objects.update(note="typed at the desk", version=2)

    again, rows = context.new_page(), []
    again.route(lambda url: "place=" in url, lambda route: rows.append(route))
    with again.expect_request(lambda request: "place=" in request.url):
        again.goto(address)
    typed = "field => { field.value = '71'; field.dispatchEvent(new Event('input', { bubbles: true })); }"
    again.locator("#id_weight_kg").evaluate(typed)
    # What is typed would save itself now, while the copy's row is still on its way.
    again.evaluate("() => { window.dispatchEvent(new Event('online')); }")
    rows[0].continue_()

    expect(again.locator("#conflict")).to_contain_text("typed at the desk")
    assert (stored(session).note, stored(session).version) == ("typed at the desk", 2)
    without(page_problems, LOST)


def test_one_visit_on_two_tablets_the_second_sees_the_difference_and_keeps_its_words(open_visit):
    session = draft_now()
    first, second = open_visit(session), open_visit(session)

    first.locator("#id_note").fill("words of the first")
    saved(first, 2)
    second.locator("#id_note").fill("words of the second")
    conflict = second.locator("#conflict")
    expect(conflict).to_contain_text("saved this visit at")
    expect(conflict).to_contain_text("words of the first")
    assert stored(session).note == "words of the first"
    expect(second.locator("#id_note")).to_have_value("words of the second")

    second.get_by_role("button", name="Save this page over it").click()
    saved(second, 3)
    assert stored(session).note == "words of the second"


def test_the_walk_starts_with_one_tap_and_its_clock_survives_a_reload(open_visit):
    session = draft_now()
    page = open_visit(session)

    page.locator("[data-now='observation_started_at']").click()
    expect(page.locator("#clock [role=timer]")).to_be_visible()
    page.reload()

    expect(page.locator("#clock [role=timer]")).to_be_visible()
    assert stored(session).observation_started_at == stored(session).ended_at
    assert stored(session).observation_started_at is not None


def test_what_is_missing_leads_to_its_place(open_visit):
    page = open_visit(draft_now(sites=1, reaction=""))

    page.locator("#missing button").click()
    page.get_by_role("link", name="Reaction: yes or none").click()

    expect(page.locator("#id_reaction_0")).to_be_focused()


def test_not_treated_is_one_dialog(open_visit):
    session = draft_now(screening={})
    page = open_visit(session)

    page.get_by_role("link", name="Not treated today").click()
    page.get_by_role("button", name="Patient is ill or has an infection").click()
    page.get_by_role("button", name="End without treatment").click()

    expect(page.locator("h1")).to_have_text("My day")
    ended = stored(session)
    assert (ended.status, ended.not_treated_reason) == ("not_treated", "Patient is ill or has an infection")


def test_the_page_works_without_script(new_context, live_server):
    session = draft_now(sites=1)
    context = new_context(size="tablet", java_script_enabled=False)
    sign_in(context, session.nurse, live_server)
    page = context.new_page()
    page.goto(reverse("sessions_app:visit", args=[session.appointment.public_id]))

    page.locator("#id_note").fill("without script")
    page.locator("#saved button").click()
    expect(page.locator(".toast-undo")).to_contain_text("Saved")
    expect(page.locator("#id_note")).to_have_value("without script")
    page.locator("#add-place").select_option("right:knee")
    page.get_by_role("button", name="Add a site").click()

    expect(page.locator("[data-site]")).to_have_count(2)
    assert stored(session).note == "without script"


@two_looks
def test_the_nurses_pages_are_accessible_and_never_scroll_sideways(new_context, live_server, size, scheme):
    patient = make_patient(allergies="Latex", polidocanol_allergy=True)
    ten = [{"injection_count": 40, "volume_ml": Decimal("10.4")}, {"strength_percent": Decimal(1)}]
    session = ready_draft(patient=patient, sites=ten, observation_ended_at=None, reaction="seen")
    waiting = make_appointment(nurse=session.nurse, status="arrived", starts_at=timezone.now())
    context = new_context(size=size, scheme=scheme)
    sign_in(context, session.nurse, live_server)
    page = context.new_page()
    addresses = [
        reverse("sessions_app:my_day"),
        reverse("sessions_app:visit", args=[session.appointment.public_id]),
        reverse("sessions_app:visit", args=[waiting.public_id]),
        reverse("sessions_app:session", args=[session.public_id]),
        reverse("sessions_app:not_treated", args=[session.public_id]),
    ]
    problems = []

    for address in addresses:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        problems += serious_problems(page)
        problems += [f"{address} scrolls sideways at {width} px" for width in too_wide(page)]

    assert problems == []


# What stands at the middle of the field that has the focus, and how far the field lies from the top of the screen.
IN_HAND = """() => {
    const field = document.activeElement, box = field.getBoundingClientRect();
    const there = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return [field.id, there === field ? field.id : there && (there.id || there.className), Math.round(box.top)];
}"""


@pytest.mark.parametrize("size", ["tablet", "phone"])
@pytest.mark.parametrize(("injections", "finding"), [("20", "L3"), ("60", "L4")])
def test_a_finding_never_covers_the_field_that_it_comes_from(open_visit, size, injections, finding):
    session = draft_now(sites=[{"injection_count": 4, "volume_ml": Decimal("0.8"), "treated_length_cm": None}])
    page = open_visit(session, size=size)
    page.locator("#site-1 > summary").click()
    field = page.locator("#id_site-1-injection_count")
    # As low as a field can stand: just above the bar of totals.
    field.evaluate(
        "(each) => window.scrollBy(0, each.getBoundingClientRect().bottom + 6"
        " - document.querySelector('.chart-bar').getBoundingClientRect().top)"
    )
    field.fill(injections)
    was = page.evaluate(IN_HAND)

    expect(page.locator(f"#tray #finding-{finding}")).to_be_attached()
    saved(page, 2)
    now = page.evaluate(IN_HAND)

    assert now[:2] == was[:2] == ["id_site-1-injection_count", "id_site-1-injection_count"]
    assert now[2] <= was[2]
    page.keyboard.type("0")
    assert field.input_value() == f"{injections}0"


@pytest.mark.parametrize("size", ["tablet", "phone"])
def test_a_finding_that_comes_in_above_moves_nothing_under_the_hand(open_visit, size):
    session = draft_now(
        sites=[{"injection_count": 4, "volume_ml": Decimal("0.8")}],
        compression_legs="both",
        compression_garment="Thigh stocking",
        compression_mmhg="20-30",
    )
    page = open_visit(session, size=size)
    page.locator("#id_compression_mmhg").fill("")
    was = page.evaluate(IN_HAND)

    expect(page.locator("#tray #finding-L11")).to_be_attached()
    saved(page, 2)

    now = page.evaluate(IN_HAND)
    assert now[:2] == was[:2] == ["id_compression_mmhg", "id_compression_mmhg"]
    assert abs(now[2] - was[2]) <= 1


def test_what_could_not_be_saved_when_it_was_typed_is_saved_once_it_can_be(open_visit):
    """A time that was still to come, and is not any more."""
    session = draft_now()
    typed = f"{timezone.localtime(session.started_at, ZoneInfo(session.time_zone)):%H:%M}"
    TreatmentSession.objects.update(screening={**ASKED, "unfinished": {"fields": {"ended_at": typed}}})
    page = open_visit(session)

    saved(page, 2)

    assert stored(session).ended_at is not None
    assert "unfinished" not in stored(session).screening
