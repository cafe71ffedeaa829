"""`manage.py check_integrity` names rows that were written past the rules."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

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


# --- Overbooked visits ----------------------------------------------------------------------------------------


def overbook(visit, *, reason="She flies home tomorrow", by=None):
    CalendarEntry.objects.filter(pk=visit.entry_id).update(overbook_reason=reason)
    Appointment.objects.filter(pk=visit.pk).update(overbooked_by=by or make_user("clinician"))


def test_one_overbooked_visit_beside_another_is_as_it_should_be():
    nurse, room = make_user(), make_room()
    make_appointment(nurse=nurse, room=room, starts_at=at("2026-01-13 12:00"))
    beside = make_appointment(nurse=nurse, room=room, starts_at=at("2026-01-13 10:00"))
    overbook(beside)
    CalendarEntry.objects.filter(pk=beside.entry_id).update(
        starts_at=at("2026-01-13 12:30"), ends_at=at("2026-01-13 13:30")
    )

    assert check() == (0, ["The calendar and the appointments agree."], "")


def test_two_overbooked_visits_at_one_moment_are_named(without_rules):
    nurse = make_user()
    visits = [make_appointment(nurse=nurse) for _ in range(3)]
    for visit in visits[1:]:
        overbook(visit)

    assert check()[1] == [
        f"Entries {visits[1].entry_id} and {visits[2].entry_id} share nurse {nurse.pk} at 2026-01-13 15:00 UTC."
    ]


def test_an_overbooked_visit_inside_a_closure_is_named(without_rules):
    room = make_room()
    visit = make_appointment(room=room)
    overbook(visit)
    closed = make_entry(
        kind="closure", room=room, starts_at=at("2026-01-13 08:00"), ends_at=at("2026-01-13 18:00"),
    )  # fmt: skip

    assert check()[1] == [f"Entries {closed.pk} and {visit.entry_id} share room {room.pk} at 2026-01-13 15:00 UTC."]


def test_overbooking_puts_no_patient_in_two_places(without_rules):
    patient = make_patient()
    first, second = (make_appointment(patient=patient) for _ in range(2))
    overbook(second)

    assert check()[1] == [
        f"Entries {first.entry_id} and {second.entry_id} share patient {patient.pk} at 2026-01-13 15:00 UTC."
    ]


def test_an_overbooked_visit_has_a_reason_and_somebody_who_gave_it():
    without_person, without_reason, blank = (make_appointment() for _ in range(3))
    CalendarEntry.objects.filter(pk=without_person.entry_id).update(overbook_reason="She flies home tomorrow")
    overbook(without_reason, reason="")
    overbook(blank, reason="  ")

    assert check()[1] == [
        f"Appointment {without_person.public_id}: it is overbooked, but not by whom.",
        f"Appointment {without_reason.public_id}: somebody overbooked it without a reason.",
        f"Appointment {blank.public_id}: somebody overbooked it without a reason.",
    ]


def queries_of_a_check():
    with CaptureQueriesContext(connection) as captured:
        check()
    return len(captured)


def test_the_price_of_the_check_does_not_grow_with_the_rows():
    make_appointment()
    few = queries_of_a_check()
    for _ in range(5):
        make_appointment()

    assert queries_of_a_check() == few <= 20
