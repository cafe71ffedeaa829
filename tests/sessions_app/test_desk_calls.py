"""Whom to call: due for a repeat and not booked, the missed ones, and those whom a message did not reach."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.access import Role
from clinic.models import StaffTask
from clinic.protocol.values import Protocol
from sessions_app import lists
from sessions_app.amending import begin_amendment
from sessions_app.due import due_for_repeat, missed_repeats
from sessions_app.presenters.calls import calls_for
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_patient,
    make_repeat_hold,
    make_service,
    make_signed_protocol,
    make_signed_session,
    make_user,
)

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 10:41")


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def treatment():
    make_signed_protocol()
    return make_service(name="Treatment")


def treated(name, day, service, **facts):
    given, _, family = name.partition(" ")
    patient = facts.pop("patient", None) or make_patient(given_name=given, family_name=family)
    visit = make_appointment(patient=patient, service=service, starts_at=at(f"{day} 10:00"), status="done")
    make_signed_session(appointment=visit, patient=patient, **facts)
    return patient


def names(found):
    return [each.name for each in found]


def due(limit=20):
    return due_for_repeat(now=NOW, zone=make_clinic().zone, protocol=Protocol.default(), limit=limit)


def missed(limit=20):
    return missed_repeats(now=NOW, zone=make_clinic().zone, protocol=Protocol.default(), limit=limit)


def test_the_window_that_ends_first_is_on_top(treatment):
    treated("Greta Sandpiper", "2026-01-06", treatment)
    treated("Dorothea Plumstead", "2025-12-30", treatment)
    treated("Alfie Marrowby", "2026-01-02", treatment)

    found = due()

    assert names(found) == ["Dorothea Plumstead", "Alfie Marrowby", "Greta Sandpiper"]
    assert [f"{each.first_date:%d %b} to {each.last_date:%d %b}" for each in found] == [
        "06 Jan to 13 Jan",
        "09 Jan to 16 Jan",
        "13 Jan to 20 Jan",
    ]


@pytest.mark.parametrize(
    ("day", "is_due", "is_missed"),
    [
        ("2025-12-15", False, False),
        ("2025-12-16", False, True),
        ("2025-12-29", False, True),
        ("2025-12-30", True, False),
        ("2026-01-06", True, False),
        ("2026-01-09", True, False),
        ("2026-01-10", False, False),
    ],
)
def test_calls_begin_three_days_before_the_window_and_end_two_weeks_after_it(treatment, day, is_due, is_missed):
    treated("Greta Sandpiper", day, treatment)

    assert (bool(due()), bool(missed())) == (is_due, is_missed)


@pytest.mark.parametrize(
    ("status", "kind", "starts_at", "still_due"),
    [
        ("booked", "treatment", "2026-01-15 10:00", False),
        ("arrived", "treatment", "2026-01-13 10:30", False),
        ("booked", "review", "2026-01-15 10:00", True),
        ("cancelled", "treatment", "2026-01-15 10:00", True),
        ("no_show", "treatment", "2026-01-13 09:00", True),
    ],
)
def test_who_has_a_treatment_booked_is_not_due(treatment, status, kind, starts_at, still_due):
    patient = treated("Greta Sandpiper", "2026-01-06", treatment)
    service = treatment if kind == "treatment" else make_service(kind)
    make_appointment(patient=patient, service=service, starts_at=at(starts_at), status=status)

    assert bool(due()) == still_due


def test_only_the_last_session_of_a_patient_counts_and_corrections_count_once(treatment):
    patient = treated("Greta Sandpiper", "2025-12-30", treatment)
    treated("", "2026-01-06", treatment, patient=patient)
    session = patient.sessions.order_by("-started_at").first()
    make_signed_session(
        appointment=session.appointment, patient=patient, amends=session, amendment_reason="Typing error"
    )

    assert [each.session_date.isoformat() for each in due()] == ["2026-01-06"]


def test_the_lists_say_when_in_words(treatment):
    treated("Dorothea Plumstead", "2025-12-30", treatment)
    treated("Alfie Marrowby", "2026-01-02", treatment)
    treated("Bess Cowslip", "2026-01-08", treatment)
    treated("Tansy Merriweather", "2025-12-20", treatment)

    calls = calls_for(make_user(Role.FRONT_DESK), now=NOW, clinic=make_clinic(), limit=6)

    shown = (*calls.named("due").rows, *calls.named("missed").rows)
    assert [(each.session, each.ends, each.label) for each in shown] == [
        ("30 Dec", "Ends today", "Window Tue 6 to Tue 13 Jan, today is its last day"),
        ("2 Jan", "Ends Fri 16 Jan", "Window Fri 9 to Fri 16 Jan, 3 days left"),
        ("8 Jan", "Opens Thu 15 Jan", "Window Thu 15 to Thu 22 Jan, opens in 2 days"),
        ("20 Dec", "Ended Sat 3 Jan", "Window Sat 27 Dec to Sat 3 Jan, over since 10 days"),
    ]
    assert calls.named("due").count == "3"


def test_a_longer_list_says_that_there_are_more(treatment):
    for number in range(4):
        treated(f"Greta Sandpiper{number}", "2026-01-06", treatment)

    due = calls_for(make_user(Role.FRONT_DESK), now=NOW, clinic=make_clinic(), limit=3, only=["due"]).named("due")

    assert (len(due.rows), due.count, due.has_more) == (3, "3+", True)


def test_unreached_patients_stand_oldest_first_until_somebody_has_called(treatment):
    for number, name in enumerate(["Linnet", "Cosmo"]):
        StaffTask.objects.create(
            kind=StaffTask.Kind.MESSAGE_FAILED,
            patient=make_patient(given_name=name, family_name="Marsh"),
            created_at=NOW + timedelta(minutes=number),
        )
    StaffTask.objects.create(
        kind=StaffTask.Kind.MESSAGE_FAILED, patient=make_patient(), done_at=timezone.now(), done_by=make_user()
    )

    calls = calls_for(make_user(Role.FRONT_DESK), now=NOW, clinic=make_clinic(), limit=6)

    assert [(each.name, each.why) for each in calls.unreached] == [
        ("Linnet Marsh", "Message failed, Tue 13 Jan, 10:41"),
        ("Cosmo Marsh", "Message failed, Tue 13 Jan, 10:42"),
    ]


def test_the_page_shows_all_three_lists(client, treatment):
    desk = make_user(Role.FRONT_DESK)
    client.force_login(desk)
    treated("Greta Sandpiper", "2026-01-06", treatment)
    treated("Tansy Merriweather", "2025-12-20", treatment)
    StaffTask.objects.create(
        kind=StaffTask.Kind.MESSAGE_UNREACHABLE, patient=make_patient(given_name="Linnet", family_name="Marsh")
    )

    body = client.get(reverse("sessions_app:calls")).content.decode()

    assert [name in body for name in ("Greta Sandpiper", "Tansy Merriweather", "Linnet Marsh")] == [True] * 3
    # The bar says one of these three, and the page says which.
    assert lists.waiting_for_the_desk(desk) == 1
    assert "The number in the bar counts requests, offers, wishes for another time," in body


@pytest.mark.parametrize(("role", "status"), [(Role.NURSE, 200), (Role.ADMINISTRATOR, 403), (Role.PATIENT, 403)])
def test_who_books_may_see_whom_to_call(client, role, status):
    client.force_login(make_user(role))

    assert client.get(reverse("sessions_app:calls")).status_code == status


def test_the_lists_cost_the_same_for_one_and_for_thirty(client, treatment):
    client.force_login(make_user(Role.FRONT_DESK))
    counts = []
    for number in (1, 30):
        for n in range(number):
            patient = treated(f"Greta Sandpiper{n}", "2026-01-06", treatment)
            StaffTask.objects.create(kind=StaffTask.Kind.MESSAGE_FAILED, patient=patient)
        client.get(reverse("sessions_app:calls"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("sessions_app:calls"))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_an_unconfirmed_visit_says_when_no_message_reminds_the_patient(client, treatment):
    client.force_login(make_user(Role.FRONT_DESK))
    for allowed, clock in ((True, "09:00"), (False, "10:00")):
        make_appointment(
            patient=make_patient(email_allowed=allowed),
            service=treatment,
            starts_at=at(f"2026-01-14 {clock}"),
            booked_at=NOW - timedelta(days=7),
        )

    (found,) = calls_for(make_user(Role.FRONT_DESK), now=NOW, clinic=make_clinic(), limit=8, only=["unconfirmed"]).lists
    page = client.get(reverse("sessions_app:calls")).content.decode()

    assert [row.urgent for row in found.rows] == ["", "No message reminds this patient."]
    assert page.count("No message reminds this patient.") == 1


def test_the_unconfirmed_cost_the_same_queries_for_one_and_for_eight(treatment):
    desk, clinic, counts = make_user(Role.FRONT_DESK), make_clinic(), []
    for clocks in (["08:00"], [f"{hour:02d}:00" for hour in range(9, 16)]):
        for clock in clocks:
            booked = {"starts_at": at(f"2026-01-14 {clock}"), "booked_at": NOW - timedelta(days=7)}
            make_appointment(patient=make_patient(), service=treatment, **booked)
        with CaptureQueriesContext(connection) as queries:
            (found,) = calls_for(desk, now=NOW, clinic=clinic, limit=8, only=["unconfirmed"]).lists
        counts.append((len(found.rows), len(queries)))

    assert counts == [(1, 2), (8, 2)]


# --- Who is not to be called, and what stays -----------------------------------------------------------------------


def test_somebody_whose_next_treatment_waits_is_marked_and_not_booked_from_the_list(client, treatment):
    patient = treated("Greta Sandpiper", "2026-01-06", treatment)
    make_repeat_hold(patient=patient)
    client.force_login(make_user(Role.FRONT_DESK))

    page = client.get(reverse("sessions_app:calls")).content.decode()

    assert [(each.name, each.is_on_hold) for each in due()] == [("Greta Sandpiper", True)]
    assert "Waits for a clinician" in page
    assert f"book/?patient={patient.public_id}" not in page


def test_the_draft_of_a_correction_takes_nobody_off_the_list(treatment):
    patient = treated("Greta Sandpiper", "2026-01-06", treatment)
    begin_amendment(session=patient.sessions.get(), reason="The lot", by=make_user(Role.NURSE), now=NOW)

    assert names(due()) == ["Greta Sandpiper"]


def test_a_task_of_a_visit_that_was_cancelled_since_is_not_opened_again(treatment):
    desk = make_user(Role.FRONT_DESK)
    visit = make_appointment(service=treatment, starts_at=at("2026-01-16 10:00"), status="cancelled")
    task = StaffTask.objects.create(
        kind="visit_outside_hours", patient=visit.patient, about_id=visit.public_id, done_at=NOW, done_by=desk
    )

    assert lists.reopen(task=task, by=desk) is False
    assert lists.waiting_for_the_desk(desk) == 0
