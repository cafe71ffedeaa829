"""The wait list: who is on it, whom a free time fits, and offers that end by time alone."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.access import Role
from clinic.models import AuditEvent
from clinic.protocol.vocabulary import Hold
from sessions_app import booking, repeat, waiting
from sessions_app.availability import Period
from sessions_app.integrity_of_records import problems_of_records
from sessions_app.models import Appointment, CalendarEntry, WaitListEntry, WaitListOffer
from sessions_app.waiting import Freed
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_entry,
    make_hours,
    make_patient,
    make_room,
    make_service,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def join(house):
    """`join(weekdays=0b1)`: the house's patient waits for its service, since 07:00; each next one a minute later."""
    made = []

    def join(**facts):
        moment = NOW + len(made) * MINUTE
        wish = {"patient": house.patient, "service": house.service, "by": house.desk, "now": moment, **facts}
        made.append(waiting.join(**wish))
        return made[-1]

    return join


@pytest.fixture
def offer(house):
    def offer(entry, when="2026-01-14 10:00", **facts):
        wish = {"nurse": house.nurse, "by": house.desk, "now": NOW, **facts}
        return waiting.offer(entry=entry, starts_at=at(when), **wish)

    return offer


def starts(found):
    return [(fit.entry.patient.family_name, f"{fit.slots[0].starts_at:%m-%d %H:%M}") for fit in found]


def first_fit(now=NOW, **facts):
    found = waiting.fitting(now=now, **facts)
    return found[0].slots[0].starts_at if found else None


# --- Who is on it --------------------------------------------------------------------------------------------------


def test_a_patient_waits_once_for_a_service_and_sending_it_twice_is_harmless(house, join):
    entry = join(note="After ten")

    assert join(note="After ten") == entry
    with pytest.raises(booking.Refused) as refused:
        join(note="Something else")
    assert refused.value.rule == "waits"
    assert join(service=make_service()).service != house.service
    assert WaitListEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"last_date": date(2026, 1, 12)}, "dates"),
        ({"first_date": date(2026, 1, 20), "last_date": date(2026, 1, 19)}, "dates"),
        ({"weekdays": 0}, "weekdays"),
        ({"weekdays": 128}, "weekdays"),
        ({"parts_of_day": ["night"]}, "parts_of_day"),
        ({"note": "x" * 201}, "length"),
    ],
)
def test_wishes_that_cannot_be_are_refused(join, facts, rule):
    with pytest.raises(booking.Refused) as refused:
        join(**facts)

    assert refused.value.rule == rule
    assert not WaitListEntry.objects.exists()


def test_a_nurse_who_does_not_give_the_service_cannot_be_waited_for(house, join):
    with pytest.raises(booking.Refused) as refused:
        join(nurse=house.desk)

    assert refused.value.field == "nurse"


def test_who_is_booked_already_waits_to_move_that_visit(house, book, join):
    visit = book("2026-01-20 10:00")

    assert join().appointment == visit


def test_other_wishes_keep_the_place_in_the_order(house, join):
    entry = join()

    changed = waiting.change(entry=entry, parts_of_day=["morning"], note="Works nights", by=house.desk, now=NOW + DAY)

    assert (changed.created_at, changed.parts_of_day, changed.note) == (entry.created_at, ["morning"], "Works nights")


def test_leaving_ends_the_wait_and_its_open_offer_and_can_be_undone(house, join, offer, book):
    entry = join()
    kept = offer(entry)

    assert waiting.leave(entry=entry, by=house.desk, now=NOW)
    assert not waiting.leave(entry=entry, by=house.desk, now=NOW)

    kept.refresh_from_db()
    assert kept.answer == "taken_back"
    assert book("2026-01-14 10:00", patient=make_patient()).status == "booked"
    waiting.come_back(entry=entry, by=house.desk)
    assert [*WaitListEntry.objects.waiting()] == [entry]


def test_nobody_comes_back_twice(house, join):
    entry = join()
    waiting.leave(entry=entry, by=house.desk, now=NOW)
    join(note="Again")

    with pytest.raises(booking.Refused):
        waiting.come_back(entry=entry, by=house.desk)


# --- Whom a time fits ----------------------------------------------------------------------------------------------


def test_the_longest_waiting_comes_first(house, join):
    for name in ("Ash", "Birch", "Cedar"):
        join(patient=make_patient(family_name=name))

    found = waiting.fitting(now=NOW)

    assert starts(found) == [(name, "01-13 13:00") for name in ("Ash", "Birch", "Cedar")]


@pytest.mark.parametrize(
    ("wishes", "first"),
    [
        ({}, "2026-01-13 08:00"),
        ({"parts_of_day": ["afternoon"]}, "2026-01-13 12:00"),
        ({"parts_of_day": ["evening"]}, "2026-01-13 17:00"),
        ({"weekdays": 0b0001100}, "2026-01-14 08:00"),
        ({"first_date": date(2026, 1, 16)}, "2026-01-16 08:00"),
        ({"last_date": date(2026, 1, 13), "weekdays": 0b0000100}, None),
        ({"first_date": date(2026, 2, 20)}, None),
    ],
)
def test_dates_weekdays_and_parts_of_the_day_are_respected(house, join, wishes, first):
    join(**wishes)

    assert first_fit() == (at(first) if first else None)


def test_the_wished_nurse_is_respected(house, join):
    other = make_user(name="Zoe Other")
    make_hours(other, starts="14:00")
    make_room()
    join(nurse=other)

    [fit] = waiting.fitting(now=NOW)

    assert next((slot.nurse_name, slot.starts_at) for slot in fit.slots) == ("Zoe Other", at("2026-01-13 14:00"))
    assert {slot.nurse_name for slot in fit.slots} == {"Zoe Other"}


def test_the_notice_of_the_service_is_left(house, join):
    house.service.minimum_notice_minutes = 26 * 60
    house.service.save()
    join()

    assert first_fit() == at("2026-01-14 09:00")


def test_only_earlier_than_the_visit_that_is_booked(house, book, join):
    book("2026-01-13 09:00")
    join()

    assert first_fit() == at("2026-01-13 08:00")
    assert first_fit(now=at("2026-01-13 08:05")) is None


def test_the_patients_other_visits_are_in_the_way(house, join):
    other = make_user(name="Zoe Other")
    make_hours(other)
    make_appointment(patient=house.patient, nurse=house.nurse, room=house.room, starts_at=at("2026-01-13 08:00"))
    make_room()
    join()

    assert first_fit() == at("2026-01-13 09:00")


@pytest.fixture
def treatment(house):
    make_signed_protocol()
    return make_service(name="Treatment")


def treated(patient, service, when):
    visit = make_appointment(patient=patient, service=service, starts_at=at(when), status="done")
    make_signed_session(appointment=visit, patient=patient)


def test_nothing_before_the_repeat_window_is_proposed(house, join, treatment):
    treated(house.patient, treatment, "2026-01-08 10:00")
    join(service=treatment)

    assert first_fit() == at("2026-01-15 08:00")


def test_nothing_too_near_another_treatment_of_a_course_is_proposed(house, join, treatment):
    treated(house.patient, treatment, "2026-01-06 10:00")
    facts = {"patient": house.patient, "service": treatment, "nurse": house.nurse, "room": house.room}
    make_appointment(starts_at=at("2026-01-15 10:00"), **facts)
    later = make_appointment(starts_at=at("2026-01-29 10:00"), **facts)
    join(service=treatment, appointment=later)

    assert first_fit() == at("2026-01-22 08:00")


@pytest.mark.parametrize("asks_many", [False, True])
def test_whose_repeat_waits_for_a_clinician_is_left_out(house, join, treatment, asks_many):
    treated(house.patient, treatment, "2026-01-06 10:00")
    join(service=treatment)
    of_many = (lambda patients: [patient.pk for patient in patients]) if asks_many else None
    repeat.register_holds("test", lambda patient: [Hold.OPEN_ADVERSE_EVENT], of_many=of_many)
    try:
        assert first_fit() is None
    finally:
        repeat.unregister_holds("test")
    assert first_fit() == at("2026-01-13 08:00")


def test_a_freed_time_is_found_whatever_freed_it(house, book, join):
    """Cancelled, missed, moved away, reopened, or worked in anew: free is free."""
    join(last_date=date(2026, 1, 14), patient=make_patient())
    closure = booking.close(
        title="Fair", starts_at=at("2026-01-13 00:00"), ends_at=at("2026-01-15 00:00"), by=house.desk
    )
    assert first_fit() is None

    booking.reopen(closure=closure, by=house.desk)
    assert first_fit() == at("2026-01-13 08:00")

    house.service.chair_minutes, house.service.buffer_minutes = 230, 50
    house.service.save()
    morning, noon = book("2026-01-13 08:00"), book("2026-01-13 13:00", patient=make_patient())
    booking.close(title="Fair", starts_at=at("2026-01-14 00:00"), ends_at=at("2026-01-15 00:00"), by=house.desk)
    assert first_fit() is None
    moved = booking.move(appointment=morning, version=1, starts_at=at("2026-01-15 08:00"), by=house.desk, now=NOW)
    assert first_fit() == at("2026-01-13 08:00")

    booking.move(appointment=moved, version=moved.version, starts_at=at("2026-01-13 08:00"), by=house.desk, now=NOW)
    assert first_fit() is None
    booking.cancel(appointment=noon, version=1, reason="Ill", by=house.desk, now=NOW)
    assert first_fit() == at("2026-01-13 13:00")


def test_who_waits_for_a_freed_time_could_be_seen_with_a_part_of_it(house, join, book):
    book("2026-01-14 09:00", patient=make_patient())
    join()
    freed = Freed(Period(at("2026-01-14 10:00"), at("2026-01-14 10:30")), house.nurse.pk)

    [fit] = waiting.fitting(now=NOW, freed=freed)

    assert [f"{slot.starts_at:%H:%M}" for slot in fit.slots] == ["15:00", "15:15"]
    other = Freed(freed.period, make_user().pk)
    assert waiting.fitting(now=NOW, freed=other) == []


def test_whom_a_time_fits_costs_the_same_for_one_and_for_thirty(house, join, treatment):
    join(patient=make_patient())
    counts = []
    for number in (1, 30):
        for _ in range(number):
            patient = make_patient()
            join(patient=patient, service=treatment)
            treated(patient, treatment, "2026-01-06 10:00")
        with CaptureQueriesContext(connection) as queries:
            waiting.fitting(now=NOW)
        counts.append(len(queries))

    assert counts[0] == counts[1]


# --- Offers --------------------------------------------------------------------------------------------------------


def test_an_offer_keeps_the_time_for_as_long_as_the_clinic_says(house, join, offer, book):
    make_clinic(offer_minutes=20)
    made = offer(join())

    assert (made.expires_at, made.hold.patient, made.hold.nurse) == (NOW + 20 * MINUTE, house.patient, house.nurse)
    for desk in (house.desk, make_user(Role.FRONT_DESK)):
        with pytest.raises(booking.Taken):
            book("2026-01-14 10:00", patient=make_patient(), by=desk, now=NOW + 19 * MINUTE)


def test_an_offer_is_over_by_time_alone(house, join, offer, book):
    """BK-09: no job runs between these lines; only the clock moves."""
    make_clinic(offer_minutes=20)
    made = offer(join())
    later = NOW + 20 * MINUTE

    assert starts(waiting.fitting(now=later))  # the person waits as before
    with pytest.raises(booking.Refused) as refused:
        waiting.accept(offer=made, by=house.desk, now=later)
    assert refused.value.rule == "over"
    assert book("2026-01-14 10:00", patient=make_patient(), now=later).starts_at == at("2026-01-14 10:00")
    made.refresh_from_db()
    assert (made.hold, made.answer) == (None, "")


def test_two_desks_that_offer_one_time_get_one_winner_and_words(house, join, offer):
    offer(join())

    with pytest.raises(booking.Taken) as taken:
        offer(join(patient=make_patient()), by=make_user(Role.FRONT_DESK))

    assert (
        taken.value.message
        == "Wed 14 Jan, 10:00 with Nora Pike is kept for somebody else until 07:30. Choose another time."
    )
    assert next(slot.starts_at for slot in taken.value.alternatives) == at("2026-01-14 09:00")
    assert WaitListOffer.objects.count() == 1


def test_one_desk_cannot_offer_one_time_to_two_people(house, join, offer):
    offer(join())

    with pytest.raises(booking.Taken):
        offer(join(patient=make_patient()))


def test_one_person_gets_one_offer_at_a_time(house, join, offer):
    entry = join()
    offer(entry)

    with pytest.raises(booking.Refused) as refused:
        offer(entry, "2026-01-15 10:00")

    assert refused.value.rule == "offered"
    assert waiting.fitting(now=NOW) == []


def test_before_the_window_nothing_is_offered(house, join, offer, treatment):
    treated(house.patient, treatment, "2026-01-08 10:00")

    with pytest.raises(booking.EarlyNeedsClinician):
        offer(join(service=treatment))


def test_saying_yes_books_and_ends_the_wait(house, join, offer):
    entry = join()
    made = offer(entry)

    visit = waiting.accept(offer=made, by=make_user(Role.FRONT_DESK), now=NOW + MINUTE)

    entry.refresh_from_db()
    made.refresh_from_db()
    assert (visit.patient, visit.starts_at, visit.entry.nurse) == (house.patient, made.starts_at, house.nurse)
    assert (entry.ended_why, entry.appointment, made.answer) == ("booked", visit, "accepted")
    assert waiting.accept(offer=made, by=house.desk, now=NOW + HOUR) == visit
    assert Appointment.objects.count() == 1
    assert list(problems_of_records(NOW + HOUR)) == []


def test_saying_yes_moves_the_waiting_visit_and_frees_its_old_time(house, book, join, offer):
    visit = book("2026-01-20 10:00")
    made = offer(join())

    moved = waiting.accept(offer=made, by=house.desk, now=NOW + MINUTE)

    assert (moved.pk, moved.starts_at) == (visit.pk, at("2026-01-14 10:00"))
    assert book("2026-01-20 10:00", patient=make_patient()).status == "booked"
    assert CalendarEntry.objects.filter(kind="hold", active=True).count() == 0


# --- A yes that is taken back --------------------------------------------------------------------------------------


def undo(visit, by):
    visit.refresh_from_db()
    return booking.undo(appointment=visit, version=visit.version, by=by, now=NOW + 2 * MINUTE)


def test_who_said_yes_by_mistake_waits_again_at_the_old_place(house, join, offer):
    entry = join()
    visit = waiting.accept(offer=offer(entry), by=house.desk, now=NOW + MINUTE)

    undo(visit, house.desk)

    back = WaitListEntry.objects.waiting().get()
    assert (back.pk, back.created_at, back.ended_why, back.appointment) == (entry.pk, NOW, "", None)
    assert AuditEvent.objects.order_by("-id").first().action == "wait list joined again"
    assert list(problems_of_records(NOW + HOUR)) == []
    assert waiting.accept(offer=offer(back, "2026-01-15 10:00"), by=house.desk, now=NOW).status == "booked"


def test_who_moved_by_an_offer_and_back_waits_again_with_the_visit(house, book, join, offer):
    visit, entry = book("2026-01-20 10:00"), join()
    moved = waiting.accept(offer=offer(entry), by=house.desk, now=NOW + MINUTE)

    undone = undo(moved, house.desk)

    back = WaitListEntry.objects.waiting().get()
    assert (back.pk, back.appointment, undone.starts_at) == (entry.pk, visit, at("2026-01-20 10:00"))
    assert list(problems_of_records(NOW + HOUR)) == []


@pytest.mark.parametrize("has_visit", [False, True])
def test_a_later_change_of_the_same_instant_is_not_the_yes_and_its_undo_ends_no_booking(
    house, book, join, offer, has_visit
):
    if has_visit:
        book("2026-01-20 10:00")
    entry = join()
    visit = waiting.accept(offer=offer(entry), by=house.desk, now=NOW + MINUTE)
    moved = booking.move(
        appointment=visit, version=visit.version, starts_at=at("2026-01-16 09:00"), by=house.desk, now=NOW + MINUTE
    )

    undone = undo(moved, house.desk)

    entry.refresh_from_db()
    assert (undone.starts_at, undone.status) == (at("2026-01-14 10:00"), "booked")
    assert (entry.ended_why, entry.appointment) == ("booked", undone)


@pytest.mark.parametrize("has_visit", [False, True])
def test_a_yes_that_was_taken_back_is_not_said_again_by_the_old_page(house, book, join, offer, has_visit):
    if has_visit:
        book("2026-01-20 10:00")
    made = offer(join())
    undo(waiting.accept(offer=made, by=house.desk, now=NOW + MINUTE), house.desk)

    with pytest.raises(booking.Refused) as refused:
        waiting.accept(offer=made, by=house.desk, now=NOW + 3 * MINUTE)

    assert refused.value.rule == "answered"


def test_who_joined_anew_in_between_waits_once(house, join, offer):
    visit = waiting.accept(offer=offer(join()), by=house.desk, now=NOW + MINUTE)
    again = join(note="Anew")

    undo(visit, house.desk)

    assert WaitListEntry.objects.waiting().get() == again


def test_an_undo_after_the_booking_ended_no_wait_brings_nobody_back(house, book, join):
    entry = join()
    waiting.leave(entry=entry, by=house.desk, now=NOW)

    undo(book("2026-01-14 10:00"), house.desk)

    assert not WaitListEntry.objects.waiting().exists()


def test_who_was_booked_comes_back_once_the_visit_is_cancelled(house, join, offer):
    entry = join()
    visit = waiting.accept(offer=offer(entry), by=house.desk, now=NOW + MINUTE)
    with pytest.raises(booking.Refused) as refused:
        waiting.come_back(entry=entry, by=house.desk)
    booking.cancel(appointment=visit, version=1, reason="ill", by=house.desk, now=NOW + HOUR)

    waiting.come_back(entry=entry, by=house.desk)

    back = WaitListEntry.objects.waiting().get()
    assert (refused.value.message, back.pk, back.appointment) == (
        f"{house.patient.name} has a booking by now.", entry.pk, None,
    )  # fmt: skip
    waiting.come_back(entry=entry, by=house.desk)
    assert AuditEvent.objects.filter(action="wait list joined again").count() == 1


def test_a_refused_yes_leaves_everything_as_it_was(house, join, offer):
    entry = join()
    made = offer(entry)
    house.service.is_active = False
    house.service.save()

    with pytest.raises(booking.Refused):
        waiting.accept(offer=made, by=house.desk, now=NOW + MINUTE)

    entry.refresh_from_db()
    made.refresh_from_db()
    assert (entry.ended_at, made.answer, made.hold.active) == (None, "", True)


@pytest.mark.parametrize(("verb", "answer"), [("decline", "declined"), ("take_back", "taken_back")])
def test_no_gives_the_time_back_at_once(house, join, offer, book, verb, answer):
    made = offer(join())

    getattr(waiting, verb)(offer=made, by=house.desk, now=NOW + MINUTE)
    getattr(waiting, verb)(offer=made, by=house.desk, now=NOW + 2 * MINUTE)

    made.refresh_from_db()
    assert (made.answer, made.answered_at) == (answer, NOW + MINUTE)
    assert book("2026-01-14 10:00", patient=make_patient(), now=NOW + MINUTE).status == "booked"
    with pytest.raises(booking.Refused):
        waiting.accept(offer=made, by=house.desk, now=NOW + 2 * MINUTE)


def test_a_declined_time_is_not_proposed_to_that_person_again(house, join, offer):
    freed = Freed(Period(at("2026-01-14 10:00"), at("2026-01-14 10:15")), house.nurse.pk)
    first = join()
    join(patient=make_patient(family_name="Birch"))
    waiting.decline(offer=offer(first, "2026-01-14 10:00"), by=house.desk, now=NOW)

    found = waiting.fitting(now=NOW, freed=freed, times=10)

    assert at("2026-01-14 10:00") not in [slot.starts_at for slot in found[0].slots]
    assert at("2026-01-14 10:00") in [slot.starts_at for slot in found[1].slots]


def test_who_is_booked_another_way_into_the_offered_time_leaves_no_open_offer(house, join, offer, book):
    made = offer(join())

    book("2026-01-14 10:00", by=make_user(Role.FRONT_DESK), now=NOW + MINUTE)

    made.refresh_from_db()
    assert made.answer == "taken_back"
    assert list(problems_of_records(NOW + MINUTE)) == []


def test_no_closure_takes_a_time_that_is_offered(house, join, offer):
    offer(join())

    with pytest.raises(booking.Refused):
        booking.close(
            title="Fair", starts_at=at("2026-01-14 00:00"), ends_at=at("2026-01-15 00:00"), by=house.desk, now=NOW
        )


def test_a_longer_visit_is_offered_a_time_of_its_own_length(house, join, offer, book):
    book("2026-01-20 10:00")
    house.service.chair_minutes = 10
    house.service.save()
    made = offer(join())

    assert made.hold.ends_at - made.hold.starts_at == HOUR
    assert waiting.accept(offer=made, by=house.desk, now=NOW).entry.ends_at == at("2026-01-14 11:00")


def test_everything_is_in_the_trail(house, join, offer):
    entry = join()
    waiting.decline(offer=offer(entry), by=house.desk, now=NOW)
    waiting.leave(entry=entry, by=house.desk, now=NOW)
    waiting.come_back(entry=entry, by=house.desk)
    waiting.accept(offer=offer(entry, "2026-01-15 10:00"), by=house.desk, now=NOW)

    actions = [event.action for event in AuditEvent.objects.order_by("id") if "slot" not in event.action]
    assert actions == [
        "wait list joined",
        "time offered",
        "offer declined",
        "wait list left",
        "wait list joined again",
        "time offered",
        "appointment booked",
        "offer accepted",
    ]
    assert {event.patient_id for event in AuditEvent.objects.all()} == {house.patient.pk}


def test_an_offer_does_not_lift_the_rule_against_two_bookings(house, join, offer):
    """Past the action, straight at the calendar."""
    made = offer(join())

    with pytest.raises(Exception, match="overlap"):
        make_entry(
            kind="appointment",
            nurse=house.nurse,
            room=make_room(),
            patient=make_patient(),
            starts_at=made.starts_at,
            ends_at=made.starts_at + HOUR,
        )


def test_a_request_key_of_an_offer_books_once(house, join, offer):
    made = offer(join())
    visit = waiting.accept(offer=made, by=house.desk, now=NOW)

    assert visit.request_key == made.public_id
    assert isinstance(visit.request_key, uuid.UUID)
