"""My day: who waits and since when, who is in the chair, who comes, what is not signed."""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.access import Role
from sessions_app.amending import begin_amendment
from sessions_app.models import TreatmentSession
from sessions_app.presenters.my_day import my_day
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_draft_session,
    make_patient,
    make_room,
    make_signed_protocol,
    make_signed_session,
    make_user,
)

pytestmark = pytest.mark.django_db
URL = reverse("sessions_app:my_day")


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(at("2026-01-13 10:40"), tick=False):
        yield


@pytest.fixture
def nurse():
    return make_user(name="Ada Birchwood")


def visit(nurse, time, status="booked", *, name="Somebody", since=None, **facts):
    return make_appointment(
        nurse=nurse,
        patient=facts.pop("patient", None) or make_patient(given_name=name, family_name="Wren"),
        starts_at=at(time if " " in time else f"2026-01-13 {time}"),
        status=status,
        status_at=at(f"2026-01-13 {since or '07:00'}"),
        **facts,
    )


def day_of(nurse, **facts):
    clinic = make_clinic()
    return my_day(nurse, now=timezone.now(), zone=clinic.zone, **facts)


def names(rows):
    return [row.name.split()[0] for row in rows]


def test_who_waits_longest_stands_first_with_since_when(nurse):
    visit(nurse, "10:00", "arrived", name="Orla", since="10:31")
    visit(nurse, "11:00", "arrived", name="Early", since="10:15")

    waiting = day_of(nurse).waiting

    assert [(row.name.split()[0], row.state, row.level) for row in waiting] == [
        ("Early", "Waits since 10:15, 25 min", "attention"),
        ("Orla", "Waits since 10:31, 9 min", ""),
    ]
    assert [row.is_start for row in waiting] == [True, True]


def test_the_day_is_sorted_by_what_is_to_be_done(nurse):
    in_chair = visit(nurse, "09:30", "in_treatment", name="Chair", since="09:35")
    make_draft_session(appointment=in_chair)
    walking = visit(nurse, "08:30", "in_treatment", name="Walker", since="08:35")
    make_draft_session(appointment=walking, observation_started_at=at("2026-01-13 10:33"))
    finished = visit(nurse, "07:30", "in_treatment", name="Unsigned", since="07:35")
    make_draft_session(
        appointment=finished,
        observation_started_at=at("2026-01-13 08:10"),
        observation_ended_at=at("2026-01-13 08:30"),
    )
    visit(nurse, "10:30", name="Late")
    visit(nurse, "13:00", name="Later")
    signed = visit(nurse, "06:30", "done", name="Signed")
    make_signed_session(appointment=signed)
    visit(nurse, "06:00", "cancelled", name="Cancelled")
    visit(nurse, "2026-01-14 09:00", name="Tomorrow")

    day = day_of(nurse)

    assert [(row.name.split()[0], row.state) for row in day.with_nurse] == [
        ("Unsigned", "Not signed yet"),
        ("Walker", "Walks since 10:33"),
        ("Chair", "In the chair since 09:35"),
    ]
    assert [(row.name.split()[0], row.state) for row in day.coming] == [("Late", "10 min late"), ("Later", "")]
    assert names(day.done) == ["Signed"]
    assert day.summary == "2 to come"


def test_a_corrected_session_is_opened_in_the_version_that_holds(client, nurse):
    first = make_signed_session(appointment=visit(nurse, "09:00", "done"), protocol_version=make_signed_protocol())
    correction = begin_amendment(session=first, reason="Three injections", by=nurse)
    client.force_login(nurse)
    shown = {
        version: f'href="{reverse("sessions_app:session", args=[version.public_id])}"'
        for version in (first, correction)
    }

    while_it_is_made = client.get(URL).content.decode()
    TreatmentSession.objects.filter(pk=correction.pk).update(
        status="signed", signed_by=nurse, signed_at=timezone.now(), protocol_version=first.protocol_version
    )
    afterwards = client.get(URL).content.decode()

    assert [shown[first] in while_it_is_made, shown[correction] in while_it_is_made] == [True, False]
    assert [shown[first] in afterwards, shown[correction] in afterwards] == [False, True]


def test_drafts_of_earlier_days_wait_for_the_signature_oldest_first(nurse):
    for date, name in (("2026-01-12", "Yesterday"), ("2026-01-05", "Lastweek")):
        make_draft_session(appointment=visit(nurse, f"{date} 10:00", "in_treatment", name=name))
    make_draft_session(appointment=visit(make_user(), "2026-01-12 10:00", "in_treatment", name="Colleague"))

    assert [(row.name.split()[0], row.state, row.level) for row in day_of(nurse).unsigned] == [
        ("Lastweek", "for 8 days", "attention"),
        ("Yesterday", "since yesterday", "attention"),
    ]
    assert names(day_of(nurse, everybody=True).unsigned) == ["Lastweek", "Yesterday", "Colleague"]


def test_a_nurse_sees_her_own_visits_and_on_request_those_of_all(nurse):
    visit(nurse, "11:00", name="Mine")
    visit(make_user(name="Imani Rowanfield"), "12:00", name="Hers")

    assert names(day_of(nurse).coming) == ["Mine"]
    everybody = day_of(nurse, everybody=True).coming
    assert names(everybody) == ["Mine", "Hers"]
    assert everybody[1].details.endswith("Imani Rowanfield")


def test_a_row_says_age_session_number_room_and_service(nurse):
    patient = make_patient(birth_date=at("1967-03-04 12:00").date(), polidocanol_allergy=True)
    make_signed_session(appointment=make_appointment(patient=patient, starts_at=at("2025-12-30 10:00"), status="done"))
    booked = visit(nurse, "11:00", patient=patient, room=make_room(name="Room 7"))

    (row,) = day_of(nurse).coming

    assert row.details == f"58, session 2, Room 7, {booked.service.name}"
    assert (row.time, row.warning) == ("11:00", "Allergy to polidocanol")


def test_the_date_is_the_clinics_not_utcs(nurse):
    make_clinic(time_zone="Pacific/Auckland")
    visit(nurse, "2026-01-13 18:00", name="Tomorrowthere")

    assert names(day_of(nurse).coming) == ["Tomorrowthere"]


def test_an_empty_day_says_what_that_means(client, nurse):
    client.force_login(nurse)

    page = client.get(URL).content.decode()

    assert "Nobody is booked with you today" in page
    assert "Show all nurses" in page


def test_one_tap_opens_who_waits(client, nurse):
    waiting = visit(nurse, "10:00", "arrived")
    client.force_login(nurse)
    address = reverse("sessions_app:visit", args=[waiting.public_id])

    assert f'<form method="post" action="{address}">' in client.get(URL).content.decode()


def test_the_list_refreshes_itself_without_counting_as_work(client, nurse):
    client.force_login(nurse)

    fragment = client.get(URL, headers={"HX-Request": "true", "X-Background": "1"}).content.decode()

    assert "<html" not in fragment
    assert "My day" in fragment
    assert "X-Background" in client.get(URL).content.decode()


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_who_does_not_treat_has_no_day_of_this_kind(client, role):
    client.force_login(make_user(role))

    assert client.get(URL).status_code == 403


@pytest.mark.parametrize("number", [1, 30])
def test_the_day_costs_the_same_queries_whatever_its_length(nurse, number):
    for minutes in range(number):
        time = f"{minutes // 4:02d}:{15 * (minutes % 4):02d}"
        status = ("arrived", "in_treatment", "booked")[minutes % 3]
        appointment = visit(make_user(), time, status, room=make_room())
        if status == "in_treatment":
            make_draft_session(appointment=appointment)
        make_draft_session(appointment=visit(make_user(), f"2026-01-12 {time}", "in_treatment", room=make_room()))
    zone = make_clinic().zone

    with CaptureQueriesContext(connection) as queries:
        my_day(nurse, now=timezone.now(), zone=zone, everybody=True)

    assert len(queries) == 4
