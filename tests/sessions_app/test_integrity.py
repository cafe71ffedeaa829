"""`manage.py check_integrity` names rows that were written past the rules."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from clinic.database_rules import install, remove
from sessions_app.models import Appointment, CalendarEntry
from tests.makers import at, make_appointment, make_entry, make_patient, make_room, make_user

pytestmark = pytest.mark.django_db


def check():
    out, err = StringIO(), StringIO()
    try:
        call_command("check_integrity", stdout=out, stderr=err)
    except SystemExit as ended:
        return ended.code, out.getvalue().splitlines(), err.getvalue().strip()
    return 0, out.getvalue().splitlines(), err.getvalue().strip()


@pytest.fixture
def without_rules(transactional_db):
    """The database as somebody leaves it who repairs it by hand."""
    remove(connection, "sessions_app")
    yield
    CalendarEntry.objects.update(active=False)
    install(connection, "sessions_app")


def test_a_calendar_that_agrees_ends_well():
    make_appointment()
    make_appointment(status="cancelled")
    make_appointment(status="no_show")
    make_entry(room=make_room(), starts_at=at("2026-01-13 10:00"), ends_at=at("2026-01-13 12:00"))

    assert check() == (0, ["The calendar and the appointments agree."], "")


def test_every_pair_that_overlaps_is_named_for_nurse_room_and_patient(without_rules):
    nurse, room, patient = make_user(), make_room(), make_patient()
    long = make_entry(nurse=nurse, starts_at=at("2026-01-13 08:00"), ends_at=at("2026-01-13 12:00"))
    early = make_entry(nurse=nurse, room=room, starts_at=at("2026-01-13 08:30"), ends_at=at("2026-01-13 09:00"))
    late = make_entry(nurse=nurse, patient=patient, starts_at=at("2026-01-13 11:00"), ends_at=at("2026-01-13 13:00"))
    in_room = make_entry(room=room, patient=patient, starts_at=at("2026-01-13 08:59"), ends_at=at("2026-01-13 11:30"))
    make_entry(nurse=nurse, starts_at=at("2026-01-13 13:00"), ends_at=at("2026-01-13 14:00"))
    make_entry(nurse=nurse, starts_at=at("2026-01-13 08:00"), ends_at=at("2026-01-13 12:00"), active=False)

    assert check() == (
        1,
        [
            f"Entries {long.pk} and {early.pk} share nurse {nurse.pk} at 2026-01-13 13:30 UTC.",
            f"Entries {long.pk} and {late.pk} share nurse {nurse.pk} at 2026-01-13 16:00 UTC.",
            f"Entries {early.pk} and {in_room.pk} share room {room.pk} at 2026-01-13 13:59 UTC.",
            f"Entries {in_room.pk} and {late.pk} share patient {patient.pk} at 2026-01-13 16:00 UTC.",
        ],
        "4 problems found.",
    )


@pytest.mark.parametrize(
    ("status", "active", "words"),
    [
        ("cancelled", True, "it is cancelled, but its entry is active"),
        ("no_show", True, "it is no_show, but its entry is active"),
        ("booked", False, "it is booked, but its entry is released"),
        ("done", False, "it is done, but its entry is released"),
    ],
)
def test_a_status_that_its_entry_does_not_follow_is_named(status, active, words):
    visit = make_appointment()
    Appointment.objects.update(status=status)
    CalendarEntry.objects.update(active=active)

    assert check() == (1, [f"Appointment {visit.public_id}: {words}."], "1 problem found.")


def test_an_entry_of_another_length_or_kind_is_named():
    visit = make_appointment()
    CalendarEntry.objects.update(ends_at=at("2026-01-13 10:30"), kind="closure")

    assert check()[1] == [
        f"Appointment {visit.public_id}: its entry is of kind closure.",
        f"Appointment {visit.public_id}: its entry takes 0:30:00, not 1:00:00.",
    ]


def test_an_entry_without_its_appointment_is_named():
    entry = make_entry(
        kind="appointment", nurse=make_user(), room=make_room(), patient=make_patient(),
        starts_at=at("2026-01-13 10:00"), ends_at=at("2026-01-13 11:00"),
    )  # fmt: skip

    assert check()[1] == [f"Entry {entry.pk} is of kind appointment and belongs to none."]


def test_the_price_of_the_check_does_not_grow_with_the_rows(django_assert_num_queries):
    for _ in range(5):
        make_appointment()

    with django_assert_num_queries(5):
        check()
