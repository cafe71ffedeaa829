"""Words without a space, a phone's bar and a finger, in a real browser: no page runs off the side, all is reachable."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.access import Role
from sessions_app import waiting
from tests.aftercare.people import SPIDER, make_plan
from tests.aftercare.test_course_words import saved
from tests.makers import (
    make_adverse_event,
    make_appointment,
    make_clinic,
    make_patient,
    make_patient_user,
    make_report,
    make_service,
    make_signed_session,
    make_user,
)
from tests.sessions_app.looks import OVERHANG
from tests.support.browser import SIZES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORD = "w" * 300


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(name="Larkfield Clinic", phone="555-0100")


# --- Words without a space ---------------------------------------------------------------------------------------


def wait_note():
    patient = make_patient()
    desk = make_user(Role.FRONT_DESK)
    waiting.join(patient=patient, service=make_service(kind="review"), note=WORD[:200], by=desk)
    return desk, (reverse("clinic:patient", args=[patient.public_id]), reverse("sessions_app:waiting"))


def report_words():
    report = make_report(free_text=WORD, told=WORD)
    return make_user(Role.CLINICIAN), (
        reverse("aftercare:queue"),
        reverse("aftercare:queue_report", args=[report.public_id]),
        reverse("clinic:patient", args=[report.patient.public_id]),
    )


def event_words():
    event = make_adverse_event(description=WORD, reporter_words=WORD[:120])
    return make_user(Role.CLINICIAN), (
        reverse("sessions_app:event", args=[event.public_id]),
        reverse("sessions_app:events"),
        reverse("clinic:patient", args=[event.patient.public_id]),
    )


def session_notes():
    session = make_signed_session(note=WORD, reaction_note=WORD)
    return make_user(Role.CLINICIAN), (
        reverse("sessions_app:visit", args=[session.appointment.public_id]),
        reverse("sessions_app:record", args=[session.patient.public_id]),
        reverse("aftercare:sign", args=[session.public_id]),
    )


def cancel_reason():
    visit = make_appointment(status="cancelled", cancel_reason=WORD[:200], note=WORD)
    return make_user(Role.FRONT_DESK), (
        reverse("sessions_app:appointment", args=[visit.public_id]),
        reverse("clinic:patient", args=[visit.patient.public_id]),
    )


def aftercare_words():
    lead = make_user(Role.CLINICAL_LEAD)
    saved(lead, en=WORD, es=WORD)
    return lead, (reverse("aftercare:course_words"), f"{reverse('aftercare:course_words')}?text=bruises")


def what_the_patient_reads():
    saved(make_user(Role.CLINICAL_LEAD), en=WORD, es=WORD)
    patient = make_patient_user().patient
    make_plan(timezone.now() - timedelta(days=2), SPIDER, patient=patient)
    return patient.user, (reverse("aftercare:today"),)


@pytest.mark.parametrize(
    "place",
    [wait_note, report_words, event_words, session_notes, cancel_reason, aftercare_words, what_the_patient_reads],
    ids=lambda place: place.__name__,
)
def test_a_word_of_three_hundred_letters_makes_no_page_wider(page_of, place):
    reader, paths = place()
    page = page_of(reader)
    wide, shown = [], 0
    for path in paths:
        page.set_viewport_size(SIZES["phone"])
        page.goto(path)
        shown += WORD[:100] in page.content()
        wide += [(path, "390")] * (page.evaluate(OVERHANG) > 0)
        page.set_viewport_size(SIZES["desk"])
        wide += [(path, "1440")] * (page.evaluate(OVERHANG) > 0)

    assert wide == []
    assert shown


# --- The bar of a phone ------------------------------------------------------------------------------------------

CUT = """() => [...document.querySelectorAll(".role-nav a, .nav-more")].filter((each) => each.checkVisibility()).filter(
  (each) => { const box = each.getBoundingClientRect();
    return box.left < 0 || box.right > innerWidth || each.scrollWidth > each.clientWidth || box.height < 44; }
).map((each) => each.textContent.trim())"""
PLACES = """() => [...document.querySelectorAll(".role-nav a")].filter((each) => each.checkVisibility())
  .map((each) => each.querySelector("span").textContent)"""


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.CLINICAL_LEAD, Role.NURSE, Role.CLINICIAN])
@pytest.mark.parametrize("width", [360, 390])
def test_every_place_is_reached_from_the_bar_of_a_phone(page_of, role, width):
    page = page_of(make_user(role), width=width)
    page.goto(reverse("clinic:patients"))
    page.set_viewport_size({"width": 1440, "height": 900})
    everything = page.evaluate(PLACES)
    page.set_viewport_size({"width": width, "height": 844})

    assert page.evaluate(CUT) == []
    if page.get_by_role("button", name="More").is_visible():
        assert len(page.evaluate(PLACES)) == 4
        page.get_by_role("button", name="More").click()
    assert (page.evaluate(PLACES), page.evaluate(CUT)) == (everything, [])
    page.get_by_role("navigation", name="Main").get_by_role("link").last.click()
    assert page.url.endswith(
        page.get_by_role("navigation", name="Main").locator("a[aria-current]").get_attribute("href")
    )


# --- A finger ----------------------------------------------------------------------------------------------------

SMALL = """() => [...document.querySelectorAll(
    ".course-line a, .segmented > a, .tabs a, .record-places > summary, .card-head > a, .page-head a")]
  .filter((each) => each.checkVisibility())
  .filter((each) => { const box = each.getBoundingClientRect(); return box.height < 44 || box.width < 44; })
  .map((each) => `${each.textContent.trim()}: ${each.getBoundingClientRect().height}`)"""


def test_on_a_tablet_that_is_touched_a_finger_meets_what_stands_in_the_record(page_of):
    session = make_signed_session()
    page = page_of(make_user(Role.CLINICIAN), width=768, height=1024, size="tablet", is_mobile=True)
    small = {}
    for name in ("sessions_app:record", "clinic:patient"):
        page.goto(reverse(name, args=[session.patient.public_id]))
        small[name] = page.evaluate(SMALL)

    assert page.evaluate("matchMedia('(pointer: coarse)').matches")
    assert small == {"sessions_app:record": [], "clinic:patient": []}
