"""Calendar files: read back by a parser, they say the visit, and nothing of who comes and why."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from sessions_app.calendar_files import calendar_file, feed_file
from sessions_app.models import Appointment, CalendarEntry
from tests.makers import at, make_clinic, make_patient, make_service

pytestmark = pytest.mark.django_db
WRITTEN = at("2026-01-13 12:00")


@pytest.fixture
def clinic():
    return make_clinic(
        name="Lilac Hill Vein Clinic",
        sender_name="Lilac Hill",
        phone="+1 212 555 0100",
        address="Lilac Hill Vein Clinic\n1 Hill Road",
    )


def one_visit(file):
    calendar = Calendar.from_ical(file)
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def test_a_file_holds_one_visit_with_its_lasting_name_and_its_time(clinic, book):
    made = book("2026-01-20 10:00")

    calendar, event = one_visit(calendar_file(made, clinic=clinic, now=WRITTEN))

    assert (calendar["VERSION"], calendar["METHOD"]) == ("2.0", "PUBLISH")
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (str(made.public_id), 1, "CONFIRMED")
    assert event.start == made.starts_at
    assert event.end == made.walk_ends_at
    assert event["DTSTAMP"].dt == WRITTEN
    assert "ATTENDEE" not in event
    assert str(event["ORGANIZER"]) == "mailto:clinic@localhost"


def test_the_same_visit_is_the_same_event_with_a_higher_sequence_when_it_changed(house, clinic, book):
    made = book("2026-01-20 10:00")
    _, before = one_visit(calendar_file(made, clinic=clinic))
    Appointment.objects.filter(pk=made.pk).update(version=2, status="cancelled")
    gone = Appointment.objects.select_related("entry__patient").get(pk=made.pk)

    calendar, after = one_visit(calendar_file(gone, method="CANCEL", clinic=clinic))

    assert (after["UID"], after["SEQUENCE"]) == (before["UID"], before["SEQUENCE"] + 1)
    assert (calendar["METHOD"], after["STATUS"], after["TRANSP"]) == ("CANCEL", "CANCELLED", "TRANSPARENT")


def test_nothing_of_the_patient_or_the_treatment_is_in_a_file(house, clinic):
    service = make_service(kind="treatment", name="Sclerotherapy canary")
    patient = make_patient(given_name="Canaryfirst", family_name="Canarylast", allergies="canaryallergy")
    made = Appointment(
        service=service,
        chair_minutes=30,
        walk_minutes=20,
        buffer_minutes=10,
        note="canarynote",
        window_note="canarywindow",
        travel_note="canarytravel",
        booked_by=house.desk,
        request_key=uuid.uuid4(),
    )
    made.entry = _entry(house, patient)

    for file in (calendar_file(made, clinic=clinic), feed_file([made], clinic=clinic)):
        text = file.decode().lower()
        for word in ("canary", "sclero", "vein", "treat", patient.email, str(patient.birth_date)):
            assert word.lower() not in text


def _entry(house, patient):
    return CalendarEntry(
        kind="appointment",
        nurse=house.nurse,
        room=house.room,
        patient=patient,
        starts_at=at("2026-01-20 10:00"),
        ends_at=at("2026-01-20 11:00"),
    )


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("12 Larkfield Lane", "12 Larkfield Lane"),
        ("Larkfield Vein Clinic\n12 Larkfield Lane\nRidgewood, NY 10001", "12 Larkfield Lane, Ridgewood, NY 10001"),
        ("Suite 5, Varicose Centre\r\n\r\n12 Elm Street", "12 Elm Street"),
        ("The Old Mill\nRidgewood", None),
        ("Venas y Piernas 3", None),
        ("", None),
    ],
)
def test_under_a_neutral_name_the_place_is_the_street_alone(clinic, book, address, told):
    clinic.sender_name, clinic.name, clinic.address = "Larkfield Clinic", "Larkfield Vein Clinic", address

    assert one_visit(calendar_file(book("2026-01-20 10:00"), clinic=clinic))[1].get("LOCATION") == told


def test_the_place_is_told_as_the_clinic_wrote_it_under_its_own_name(clinic, book):
    made = book("2026-01-20 10:00")
    clinic.sender_name, clinic.name = "", "Lilac Hill"
    clinic.address = "1 Hill Road\nLilac Hill, NY"
    event = one_visit(calendar_file(made, clinic=clinic))[1]
    assert (event["LOCATION"], event["SUMMARY"]) == ("1 Hill Road, Lilac Hill, NY", "Visit: Lilac Hill")


def test_a_file_speaks_the_patients_language(house, clinic, book):
    house.patient = make_patient(language="es")

    _, event = one_visit(calendar_file(book("2026-01-20 10:00"), clinic=clinic))

    assert (event["SUMMARY"], event["DESCRIPTION"]) == ("Visita: Lilac Hill", "¿Preguntas? Llame al +1 212 555 0100.")


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        # New York leaves summer time on 1 November 2026 at 06:00 UTC: 01:30 comes twice, as two instants.
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "20261101T053000Z"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "20261101T063000Z"),
        (at("2026-03-08 03:30"), "20260308T073000Z"),
        (at("2026-07-01 10:00"), "20260701T140000Z"),
    ],
)
def test_a_time_is_one_instant_on_every_side_of_a_clock_change(house, clinic, instant, written):
    made = Appointment(chair_minutes=30, walk_minutes=20, buffer_minutes=10, version=1)
    made.entry = _entry(house, house.patient)
    made.entry.starts_at = instant

    file = calendar_file(made, clinic=clinic).decode()

    assert f"DTSTART:{written}\r\n" in file
    assert "VTIMEZONE" not in file
    assert one_visit(file)[1].duration == timedelta(minutes=50)


def test_lines_are_folded_and_ended_as_the_standard_says(clinic, book):
    clinic.sender_name = "Klinik Ä" + "ö" * 30
    file = calendar_file(book("2026-01-20 10:00"), clinic=clinic)

    assert file.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    assert b"\n" not in file.replace(b"\r\n", b"")


def test_a_feed_is_the_same_bytes_until_something_changes(clinic, book):
    visits = [book("2026-01-20 10:00"), book("2026-01-21 10:00")]

    first = feed_file(visits, clinic=clinic)

    assert feed_file(visits, clinic=clinic) == first
    assert [str(event["SUMMARY"]) for event in Calendar.from_ical(first).walk("VEVENT")] == ["Visit, Room 1"] * 2
    visits[0].version += 1
    assert feed_file(visits, clinic=clinic) != first
