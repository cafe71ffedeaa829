"""A visit whose treatment waits for a clinician says so where people look: board, dialog, my day, check-in, start."""

import json

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from sessions_app import repeat_holds
from sessions_app.models import Service
from tests.makers import (
    at,
    make_adverse_event,
    make_appointment,
    make_draft_session,
    make_patient,
    make_repeat_hold,
    make_report,
    make_service,
    make_user,
)
from tests.sessions_app.charts import signed_in, words
from tests.sessions_app.desks import HTMX, make_treatment, open_clinic

pytestmark = pytest.mark.django_db
REPORT = "Treatment waits: a report of symptoms is open."
EVENT = "Treatment waits: a clinician has something to clear first."
HELD = "Treatment waits: a clinician holds it."
BOARD = reverse("sessions_app:day")


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(at("2026-01-13 10:40"), tick=False):
        yield


@pytest.fixture
def ada():
    return open_clinic()


def visit(ada, status="booked", *, service=None, clock="11:00", **facts):
    patient = facts.pop("patient", None) or make_patient(given_name="Greta", family_name="Alderwick")
    starts = at(f"2026-01-13 {clock}")
    service = service or Service.objects.filter(name="Treatment").first() or make_treatment()
    return make_appointment(patient=patient, nurse=ada, service=service, starts_at=starts, status=status, **facts)


def pages(client, person, found):
    """What board, dialog and the visit's own page say to a person who may open them."""
    signed_in(client, person)
    return [
        words(client.get(BOARD)),
        words(client.get(reverse("sessions_app:appointment", args=[found.public_id]))),
    ]


@pytest.mark.parametrize(
    ("hold", "said"), [(make_report, REPORT), (make_adverse_event, EVENT), (make_repeat_hold, HELD)]
)
def test_board_dialog_my_day_and_the_start_say_why_it_waits(client, ada, hold, said):
    found = visit(ada)
    hold(patient=found.patient)

    board, dialog = pages(client, make_user(Role.FRONT_DESK), found)
    signed_in(client, ada)
    day = words(client.get(reverse("sessions_app:my_day")))
    start = words(client.get(reverse("sessions_app:visit", args=[found.public_id])))

    assert [said in page for page in (board, dialog, day, start)] == [True] * 4
    assert "Start the visit" in start or "start the visit" in start


@pytest.mark.parametrize("view", ["day", "week"])
def test_a_visit_that_waits_for_several_reasons_names_them_all_on_its_lock(client, ada, view):
    found = visit(ada)
    for hold in (make_report, make_adverse_event, make_repeat_hold):
        hold(patient=found.patient)
    signed_in(client, make_user(Role.FRONT_DESK))

    page = client.get(reverse(f"sessions_app:{view}")).content.decode()
    signed_in(client, ada)
    day = words(client.get(reverse("sessions_app:my_day")))

    every = "Treatment waits: open report, something to clear first and a clinician decides."
    assert f'<span class="appt-waits" title="{every}">' in page
    assert f'<span class="visually-hidden">{every} </span>' in page
    assert every in day


def test_the_list_on_paper_says_in_words_what_a_treatment_waits_for(client, ada):
    one, both, free = (
        visit(ada, patient=make_patient(given_name=name, family_name="Alderwick"), clock=clock, note=note)
        for name, clock, note in (("Ann", "11:00", ""), ("Bea", "13:00", "Brings a friend"), ("Cleo", "15:00", ""))
    )
    make_report(patient=one.patient)
    make_report(patient=both.patient)
    make_repeat_hold(patient=both.patient, reason="CANARYREASON")
    signed_in(client, make_user(Role.FRONT_DESK))

    answer = client.get(reverse("sessions_app:print_day"))

    notes = {line.patient: line.notes for page in answer.context["pages"] for line in page.lines}
    assert notes == {
        "Alderwick, Ann": "On hold: open report",
        "Alderwick, Bea": "On hold: open report and a clinician decides. Brings a friend",
        "Alderwick, Cleo": "",
    }
    assert "<td>On hold: open report</td>" in answer.content.decode()
    assert free.patient.name == "Cleo Alderwick"
    assert "CANARYREASON" not in answer.content.decode()


def test_the_desk_does_not_read_what_a_clinician_wrote(client, ada):
    found = visit(ada)
    make_repeat_hold(patient=found.patient, reason="CANARYREASON")

    assert not any("CANARYREASON" in page for page in pages(client, make_user(Role.FRONT_DESK), found))


@pytest.mark.parametrize("view", ["day", "week"])
def test_the_lock_has_words_for_who_does_not_see_it(client, ada, view):
    make_report(patient=visit(ada).patient)
    signed_in(client, make_user(Role.FRONT_DESK))

    page = client.get(reverse(f"sessions_app:{view}")).content.decode()

    assert f'<span class="visually-hidden">{REPORT} </span>' in page


@pytest.mark.parametrize("kind", ["first_visit", "review"])
def test_what_is_no_treatment_does_not_wait(client, ada, kind):
    found = visit(ada, service=make_service(kind, name="Look"))
    make_report(patient=found.patient)

    assert not any("Treatment waits" in page for page in pages(client, make_user(Role.FRONT_DESK), found))


@pytest.mark.parametrize(
    ("status", "waits"), [("booked", True), ("arrived", True), ("in_treatment", True), ("done", False)]
)
def test_a_visit_that_is_over_waits_for_nobody(client, ada, status, waits):
    found = visit(ada, status, clock="10:00")
    make_report(patient=found.patient)

    said = [REPORT in page for page in pages(client, make_user(Role.FRONT_DESK), found)]

    assert said == [waits, waits]


def test_an_event_of_the_visit_itself_locks_the_next_one_alone(client, ada):
    here = visit(ada, "in_treatment", clock="10:00")
    make_adverse_event(session=make_draft_session(appointment=here, patient=here.patient))
    following = visit(ada, clock="15:00", patient=here.patient)

    assert [EVENT in page for page in pages(client, make_user(Role.FRONT_DESK), here)] == [True, False]
    assert [EVENT in page for page in pages(client, make_user(Role.FRONT_DESK), following)] == [True, True]


def test_an_open_board_learns_of_a_hold_and_of_its_end(client, ada):
    found = visit(ada)
    signed_in(client, make_user(Role.FRONT_DESK))
    changes = reverse("sessions_app:board_changes")

    def ask(stamp):
        return client.get(changes, {"stamp": stamp}, headers=HTMX)

    free = client.get(BOARD).context["stamp"]
    assert ask(free).status_code == 204
    hold = make_repeat_hold(patient=found.patient)
    held = ask(free)
    assert (held.status_code, HELD in held.content.decode()) == (200, True)
    repeat_holds.lift(hold=hold, note="Healed", by=make_user(Role.CLINICIAN))
    assert HELD not in ask(held.context["stamp"]).content.decode()


@pytest.mark.parametrize(("to", "said"), [("arrived", "Greta Alderwick is here."), ("no_show", "")])
def test_check_in_is_done_and_says_that_the_treatment_waits(client, ada, to, said):
    found = visit(ada, clock="10:30")
    make_report(patient=found.patient)
    signed_in(client, make_user(Role.FRONT_DESK))

    response = client.post(reverse("sessions_app:status", args=[found.public_id]), {"to": to}, headers=HTMX)

    found.refresh_from_db()
    toast = json.loads(response["HX-Trigger"])["toast"]["text"]
    assert found.status == to
    assert toast == f"{said} {REPORT}" if said else "Treatment waits" not in toast


def test_the_visit_is_opened_to_look_and_its_safety_step_asks_a_clinician(client, ada):
    found = visit(ada, "arrived")
    make_report(patient=found.patient)
    signed_in(client, ada)
    address = reverse("sessions_app:visit", args=[found.public_id])

    page = words(client.post(address, follow=True))

    found.refresh_from_db()
    assert found.status == "in_treatment"
    assert "Treatment waits for a clinician B4 A report of symptoms is open: same day." in page
    assert "A clinician answers this: ask one to open this visit and write the reason." in page


@pytest.mark.parametrize("number", [1, 3])
def test_the_board_asks_for_no_visit_by_itself(client, ada, number):
    for hour in range(number):
        make_report(patient=visit(ada, clock=f"{10 + 2 * hour}:00", patient=make_patient()).patient)
    signed_in(client, make_user(Role.FRONT_DESK))
    client.get(BOARD)  # the session's first page writes when it began

    with CaptureQueriesContext(connection) as queries:
        page = client.get(BOARD).content.decode()

    assert page.count(f'title="{REPORT}"') == 2 * number  # in its lane, and in the list for a phone
    assert len(queries) <= 8, [query["sql"] for query in queries]
