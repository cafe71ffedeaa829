"""Free times: exactly what booking would take, at the same price for any clinic, and the best few for a repeat."""

import time
import uuid
from contextlib import suppress
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clinic.access import Role
from clinic.models import Clinic
from clinic.protocol.vocabulary import Hold
from sessions_app import booking, repeat, slots
from sessions_app.availability import day_period
from sessions_app.capacity import busy_rows, entries_meeting
from sessions_app.free_times import Search
from sessions_app.models import CalendarEntry
from sessions_app.slots import SlotKind
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_dated_hours,
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
TUESDAY, WEDNESDAY = date(2026, 1, 13), date(2026, 1, 14)


@pytest.fixture
def find(house):
    def find(first=WEDNESDAY, last=None, **facts):
        facts = {"service": house.service, "now": NOW, **facts}
        return slots.find_slots(first_date=first, last_date=last or first, **facts)

    return find


def starts(found):
    return [slot.starts_at for slot in found]


# --- find_slots -----------------------------------------------------------------------------------------------


def test_a_free_day_offers_every_start_of_the_grid_that_fits(house, find):
    found = find()

    assert starts(found) == [at("2026-01-14 08:00") + timedelta(minutes=15 * n) for n in range(37)]
    first = found[0]
    assert (first.ends_at, first.nurse_id, first.nurse_name) == (at("2026-01-14 09:00"), house.nurse.pk, "Nora Pike")
    assert (first.room_id, first.room_name, first.why, first.kind) == (house.room.pk, "Room 1", "", SlotKind.FREE)


def test_what_is_booked_is_not_offered_and_its_neighbours_are(house, find, book):
    book("2026-01-14 10:00")

    around = [start for start in starts(find()) if at("2026-01-14 08:45") <= start <= at("2026-01-14 11:15")]

    assert around == [at("2026-01-14 08:45"), at("2026-01-14 09:00"), at("2026-01-14 11:00"), at("2026-01-14 11:15")]


def test_each_free_nurse_is_offered_in_her_own_room_of_the_day_and_a_colleagues_at_last(house, find, book):
    other = make_user(name="Zoe Other")
    make_hours(other)
    second = make_room(name="Room 2")
    book("2026-01-14 10:00", nurse=house.nurse, room=house.room)
    book("2026-01-14 13:00", nurse=house.nurse, room=second, patient=make_patient())
    book("2026-01-15 10:00", nurse=house.nurse, room=second, patient=make_patient())
    nora, zoe, one, two = house.nurse.pk, other.pk, house.room.pk, second.pk

    found = find(WEDNESDAY, date(2026, 1, 16))

    def at_that(time):
        return [(slot.nurse_id, slot.room_id) for slot in found if slot.starts_at == at(time)]

    # Of two rooms with as many visits it is the one where she begins.
    assert at_that("2026-01-14 08:00") == [(nora, one), (zoe, two)]
    assert at_that("2026-01-14 10:00") == [(zoe, two)]
    assert at_that("2026-01-14 13:00") == [(zoe, one)]
    assert at_that("2026-01-15 08:00") == [(nora, two), (zoe, one)]
    assert at_that("2026-01-16 08:00") == [(nora, one), (zoe, one)]


def test_where_she_was_in_the_morning_she_is_in_the_afternoon(house, find, book):
    second = make_room(name="Room 2")
    book("2026-01-14 08:00", room=second)

    found = find(now=at("2026-01-14 12:00"))

    assert {slot.room_id for slot in found} == {second.pk}


def test_wishes_for_nurse_and_room_are_kept(house, find, book):
    make_hours(make_user(name="Zoe Other"))
    second = make_room(name="Room 2")
    book("2026-01-14 10:00", nurse=house.nurse, room=house.room)

    found = find(nurse=house.nurse, room=second)

    assert {(slot.nurse_id, slot.room_id) for slot in found} == {(house.nurse.pk, second.pk)}
    assert at("2026-01-14 10:00") not in starts(found)


def test_past_times_notice_and_horizon_limit_the_days(find):
    make_clinic(booking_horizon_days=2)
    now = at("2026-01-13 16:50")

    assert starts(find(date(2026, 1, 1), date(2026, 12, 31), now=now, limit=2)) == [
        at("2026-01-13 17:00"),
        at("2026-01-14 08:00"),
    ]
    assert starts(find(date(2026, 1, 1), date(2026, 12, 31), now=now))[-1] == at("2026-01-15 17:00")
    careful = make_service(kind="review", minimum_notice_minutes=24 * 60)
    assert starts(find(TUESDAY, now=now, service=careful)) == []
    assert starts(find(WEDNESDAY, now=now, service=careful)) == [at("2026-01-14 17:00")]


def test_a_service_may_be_booked_less_far_ahead_than_the_clinic_books_and_never_farther(find):
    make_clinic(booking_horizon_days=3)
    near = make_service(kind="review", booking_horizon_days=1)
    far = make_service(kind="review", booking_horizon_days=200)

    last = [starts(find(last=date(2026, 1, 30), service=service))[-1] for service in (near, far)]

    assert last == [at("2026-01-14 17:00"), at("2026-01-16 17:00")]


def test_hours_of_one_date_are_offered_and_booked_instead_of_the_weekly_ones(house, find, book):
    make_dated_hours(house.nurse, WEDNESDAY, "13:00", "15:00")
    make_dated_hours(make_user(name="Zoe Saturday"), date(2026, 1, 17), "09:00", "10:00")

    assert starts(find()) == [at("2026-01-14 13:00") + timedelta(minutes=15 * n) for n in range(5)]
    assert [(slot.starts_at, slot.nurse_name) for slot in find(date(2026, 1, 17))] == [
        (at("2026-01-17 09:00"), "Zoe Saturday")
    ]
    with pytest.raises(booking.Refused) as refused:
        book("2026-01-14 10:00", nurse=house.nurse)
    assert refused.value.message.endswith("Nora Pike works 13:00 to 15:00. Choose another time.")
    assert book("2026-01-14 13:00").entry.nurse == house.nurse


@pytest.mark.parametrize("limit", [0, 1, 2, 5, 40, 1000])
def test_a_short_list_is_the_beginning_of_the_long_one(house, find, book, limit):
    make_hours(make_user(name="Zoe Other"), starts="08:30", ends="12:00")
    make_room(name="Room 2")
    book("2026-01-14 08:30")

    assert find(last=date(2026, 1, 15), limit=limit) == find(last=date(2026, 1, 15))[:limit]


def test_nothing_is_offered_without_nurse_hours_or_rooms(house, find):
    assert find(date(2026, 1, 17)) == []  # a Saturday
    assert find(last=date(2026, 1, 10)) == []
    house.room.is_active = False
    house.room.save()
    assert find() == []


def test_times_of_another_visit_of_the_patient_are_left_out(house, find, book):
    make_hours(make_user(name="Zoe Other"))
    make_room(name="Room 2")
    book("2026-01-14 10:00", nurse=house.nurse)

    assert at("2026-01-14 10:30") in starts(find())
    assert at("2026-01-14 10:30") not in starts(find(patient=house.patient))


def test_a_hold_hides_its_time_until_it_is_over(house, find):
    booking.hold(service=house.service, starts_at=at("2026-01-14 10:00"), by=house.desk, now=NOW)

    assert at("2026-01-14 10:00") not in starts(find(now=NOW + timedelta(minutes=4)))
    assert at("2026-01-14 10:00") in starts(find(now=NOW + timedelta(minutes=5)))


def test_an_entry_over_midnight_blocks_both_days(house, find):
    make_entry(nurse=house.nurse, starts_at=at("2026-01-13 16:00"), ends_at=at("2026-01-14 10:00"))

    assert starts(find())[0] == at("2026-01-14 10:00")
    assert starts(find(TUESDAY))[-1] == at("2026-01-13 15:00")


def test_a_repeated_hour_offers_its_starts_twice(house, find):
    owl = make_user(name="Olga Owl")
    make_hours(owl, weekdays=[6], starts="00:00", ends="03:00")

    found = starts(find(date(2026, 11, 1)))

    assert len(found) == len(set(found)) == 13  # four hours of the clock on the wall, minus the hour of the visit
    assert starts(find(date(2027, 3, 14), now=at("2027-03-01 08:00")))[-1] == at("2027-03-14 01:00")


@pytest.fixture
def server_in_india(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_servers_own_zone_makes_no_difference(house, find, book, server_in_india):
    made = book("2026-01-14 10:00")

    assert made.starts_at.isoformat() == "2026-01-14T15:00:00+00:00"
    assert starts(find())[0] == at("2026-01-14 08:00")
    assert at("2026-01-14 10:00") not in starts(find())


# --- The repeat window ----------------------------------------------------------------------------------------


@pytest.fixture
def treated(house):
    """The patient had a session on Tuesday 13 January 2026 with Nora Pike; it is the same day, 18:30."""
    make_signed_protocol()
    visit = make_appointment(patient=house.patient, nurse=house.nurse, room=house.room, status="in_treatment")
    make_signed_session(appointment=visit)
    house.treatment = make_service(name="Treatment")
    house.now = at("2026-01-13 18:30")
    return house


@pytest.fixture
def offer(treated):
    def offer(**facts):
        facts = {
            "patient": treated.patient,
            "service": treated.treatment,
            "now": treated.now,
            "by": treated.desk,
            **facts,
        }
        return slots.repeat_offer(**facts)

    return offer


def test_dates_before_the_window_are_offered_only_when_asked_for(treated, find):
    facts = {"service": treated.treatment, "patient": treated.patient, "now": treated.now}
    january = (date(2026, 1, 14), date(2026, 1, 30))

    usual, all_days = find(*january, **facts), find(*january, include_early=True, **facts)

    assert starts(usual)[0] == at("2026-01-20 08:00")
    assert starts(all_days)[0] == at("2026-01-14 08:00")
    kinds = {slot.kind: slot.why for slot in all_days}
    assert kinds == {"early": "before the window", "in_window": "in the window", "later": "after the window"}
    assert next(slot.starts_at.date() for slot in usual if slot.kind == SlotKind.LATER) == date(2026, 1, 28)


def test_a_hold_of_the_patient_offers_nothing(treated, find, offer):
    repeat.register_holds("test", lambda patient: [Hold.OPEN_ADVERSE_EVENT])
    try:
        found = find(date(2026, 1, 20), patient=treated.patient, service=treated.treatment)
        offered = offer()
    finally:
        repeat.unregister_holds("test")

    assert found == []
    assert (offered.on_hold, offered.best, offered.later, offered.early) == (True, [], [], [])
    assert offered.sentence == "Booking is on hold. Ask a clinician to clear it first."


def test_the_offer_says_the_window_and_why(treated, offer):
    offered = offer()

    assert offered.sentence == "Session on Tue 13 Jan: the usual window is Tue 20 to Tue 27 Jan."
    assert (offered.window.first_date, offered.window.last_date) == (date(2026, 1, 20), date(2026, 1, 27))
    assert len(offered.best) == len(offered.later) == 4
    assert all(slot.kind == SlotKind.IN_WINDOW for slot in offered.best)
    assert next((slot.why, slot.kind) for slot in offered.later) == ("1 day after the window", SlotKind.LATER)
    assert offered.early == []


def test_the_best_are_near_the_middle_with_the_same_nurse_and_in_different_half_days(treated, offer):
    make_hours(make_user(name="Ada Other"))
    make_room()

    best = offer().best

    # The middle of 20 to 27 January is Friday the 23rd and a Saturday, on which nobody works.
    assert starts(best) == [
        at("2026-01-23 08:00"),
        at("2026-01-23 12:00"),
        at("2026-01-22 08:00"),
        at("2026-01-22 12:00"),
    ]
    assert {slot.nurse_name for slot in best} == {"Nora Pike"}
    halves = {(slot.starts_at.date(), slot.starts_at.hour >= 17) for slot in best}
    assert len(halves) == 4
    assert best[0].why.startswith("same nurse as last time, middle of the window")


def test_a_slot_that_leaves_a_useless_gap_comes_after_one_that_does_not(treated, offer):
    # Friday 23 January: free from 8 to 10:15 only. 8:00 leaves 75 minutes, 9:15 too; 8:30 leaves two useless ends.
    make_entry(nurse=treated.nurse, starts_at=at("2026-01-23 10:15"), ends_at=at("2026-01-23 18:00"))
    for day in (20, 21, 22, 26, 27):
        make_entry(nurse=treated.nurse, starts_at=at(f"2026-01-{day} 08:00"), ends_at=at(f"2026-01-{day} 18:00"))

    best = offer().best

    assert [(slot.starts_at, slot.why) for slot in best] == [
        (at("2026-01-23 08:00"), "same nurse as last time, middle of the window, leaves no gap"),
        (at("2026-01-23 09:15"), "same nurse as last time, middle of the window, leaves no gap"),
        (at("2026-01-23 08:15"), "same nurse as last time, middle of the window"),
        (at("2026-01-23 08:30"), "same nurse as last time, middle of the window"),
    ]


def test_a_full_window_is_said_and_the_next_times_follow(treated, offer):
    for day in (20, 21, 22, 23, 26, 27):
        make_entry(nurse=treated.nurse, starts_at=at(f"2026-01-{day} 08:00"), ends_at=at(f"2026-01-{day} 18:00"))

    offered = offer()

    assert offered.sentence.endswith("the usual window is Tue 20 to Tue 27 Jan. Nothing is free in it.")
    assert offered.best == []
    assert starts(offered.later) == [
        at("2026-01-28 08:00"),
        at("2026-01-28 12:00"),
        at("2026-01-29 08:00"),
        at("2026-01-29 12:00"),
    ]


def test_an_offer_out_of_a_wider_search_is_the_same(treated, offer):
    for by, now in ((treated.clinician, treated.now), (treated.desk, at("2026-02-10 07:00"))):
        rules = repeat.repeat_rules(treated.patient, treated.treatment)
        wider = Search(
            clinic=Clinic.current(),
            service=treated.treatment,
            first_date=date(2026, 1, 1),
            last_date=date(2026, 4, 1),
            now=now,
            patient=treated.patient,
        )

        shared = slots.offer_in(wider, rules=rules, service=treated.treatment, now=now, by=by)

        assert shared == offer(by=by, now=now)


def test_a_clinician_also_sees_the_days_before_the_window_nearest_first(treated, offer):
    early = offer(by=treated.clinician).early

    assert [(slot.starts_at, slot.why) for slot in early] == [
        (at("2026-01-19 08:00"), "day 6, before the window: needs a reason"),
        (at("2026-01-19 12:00"), "day 6, before the window: needs a reason"),
        (at("2026-01-16 08:00"), "day 3, before the window: needs a reason"),
        (at("2026-01-16 12:00"), "day 3, before the window: needs a reason"),
    ]
    assert {slot.kind for slot in early} == {SlotKind.EARLY}


def test_after_the_window_the_soonest_times_are_the_best(treated, offer):
    offered = offer(now=at("2026-02-10 07:00"))

    assert offered.sentence == (
        "Session on Tue 13 Jan: the usual window was Tue 20 to Tue 27 Jan. Later is possible and is noted."
    )
    assert offered.best[0].starts_at == at("2026-02-10 08:00")
    assert offered.best[0].why == "same nurse as last time, soonest, leaves no gap"
    assert {slot.kind for slot in offered.best} == {SlotKind.LATER}


def test_inside_of_the_window_the_past_part_is_not_offered(treated, offer):
    offered = offer(now=at("2026-01-27 12:00"))

    assert [slot.starts_at for slot in offered.best if slot.starts_at < at("2026-01-27 12:00")] == []
    assert {slot.starts_at.date() for slot in offered.best} == {date(2026, 1, 27)}


def test_a_window_over_two_months_names_both(treated, offer):
    visit = make_appointment(patient=treated.patient, status="in_treatment", starts_at=at("2026-01-20 15:00"))
    make_signed_session(appointment=visit)

    assert offer(now=at("2026-01-21 08:00")).sentence == (
        "Session on Tue 20 Jan: the usual window is Tue 27 Jan to Tue 3 Feb."
    )


def test_a_session_that_was_corrected_counts_with_its_correction(treated, offer):
    old = treated.patient.sessions.get()
    make_signed_session(
        appointment=old.appointment,
        amends=old,
        amendment_reason="wrong day",
        started_at=at("2026-01-12 10:00"),
        ended_at=at("2026-01-12 10:30"),
    )

    assert offer().sentence == "Session on Mon 12 Jan: the usual window is Mon 19 to Mon 26 Jan."


def test_without_a_session_any_day_is_possible(treated, offer):
    offered = offer(patient=make_patient(), now=NOW)

    assert (offered.window, offered.sentence) == (None, "No session signed yet: any day is possible.")
    assert offered.best[0].starts_at == at("2026-01-13 08:00")
    assert {slot.kind for slot in offered.best} == {SlotKind.FREE}
    assert (
        offer(service=make_service(kind="review", name="Review visit")).sentence == "Review visit: any day is possible."
    )


# --- What it costs --------------------------------------------------------------------------------------------


def queries_of(call):
    with CaptureQueriesContext(
        connection,
    ) as context:
        call()
    return len(context)


def test_a_search_costs_the_same_queries_with_1_and_with_30_rows(treated, find, offer):
    def search():
        return find(date(2026, 1, 14), date(2026, 1, 27), patient=treated.patient, service=treated.treatment)

    few = queries_of(search), queries_of(lambda: offer(by=treated.clinician))
    for number in range(30):
        nurse, room = make_user(name=f"Nurse {number}"), make_room()
        make_hours(nurse)
        make_appointment(nurse=nurse, room=room, starts_at=at("2026-01-21 10:00"), service=treated.service)

    assert (queries_of(search), queries_of(lambda: offer(by=treated.clinician))) == few
    assert max(few) <= 8


def test_the_length_of_the_search_does_not_change_its_price(treated, find):
    assert queries_of(lambda: find(WEDNESDAY)) == queries_of(lambda: find(WEDNESDAY, date(2026, 12, 31)))


@pytest.fixture
def full_calendar(house):
    """Forty days of a busy clinic, so that a database would rather scan if it could not use an index."""
    nurses = [make_user() for _ in range(10)]
    rooms = [make_room() for _ in range(10)]
    patient = make_patient()
    CalendarEntry.objects.bulk_create(
        CalendarEntry(
            kind="appointment" if not number else "time_off",
            nurse=nurse,
            room=room,
            patient=patient if not number else None,
            starts_at=(start := at("2026-01-01 08:00") + timedelta(days=day, minutes=30 * slot)),
            ends_at=start + timedelta(minutes=30),
        )
        for day in range(40)
        for slot in range(16)
        for number, (nurse, room) in enumerate(zip(nurses, rooms, strict=True))
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sessions_app_calendarentry")
    return nurses


def plan_of(queryset):
    return queryset.explain()


def test_reading_entries_never_scans_the_table(house, full_calendar):
    day = entries_meeting(at("2026-01-20 08:00"), at("2026-01-21 08:00"))
    of_nurse = entries_meeting(at("2026-01-20 10:00"), at("2026-01-20 11:00")).filter(nurse=full_calendar[0])

    for queryset in (day.values_list("nurse_id", "starts_at"), of_nurse):
        plan = plan_of(queryset)
        assert "Seq Scan on sessions_app_calendarentry" not in plan
        assert "SCAN sessions_app_calendarentry" not in plan
        assert "entry_" in plan


def test_busy_rows_are_what_takes_time_between_two_instants(house, book):
    made = book("2026-01-14 10:00")

    rows = list(busy_rows(at("2026-01-14 10:59"), at("2026-01-14 11:30"), now=NOW))

    entry = made.entry
    assert rows == [(house.nurse.pk, house.room.pk, house.patient.pk, entry.starts_at, entry.ends_at)]
    assert list(busy_rows(at("2026-01-14 11:00"), at("2026-01-14 11:30"), now=NOW)) == []
    assert list(busy_rows(at("2026-01-14 10:00"), at("2026-01-14 10:30"), now=NOW, ignore_entry=entry.pk)) == []


# --- Searching and booking agree ------------------------------------------------------------------------------

NEW_YORK = ZoneInfo("America/New_York")
# A Tuesday, the Sunday without 02:00 to 03:00, and the one on which 01:00 to 02:00 comes twice.
DAYS = [date(2026, 1, 20), date(2026, 3, 8), date(2026, 11, 1)]
GRID = 30
quarters = st.integers(min_value=0, max_value=95)


@st.composite
def clinics(draw):
    """Two nurses with up to two stretches of hours, hours of the one date perhaps, two rooms, and what is booked."""
    stretches = st.lists(st.tuples(quarters, quarters).map(sorted).filter(lambda p: p[0] < p[1]), max_size=2)
    busy = st.lists(
        st.tuples(quarters, st.integers(min_value=5, max_value=180), st.booleans(), st.booleans(), st.booleans()),
        max_size=5,
    )
    day = draw(st.sampled_from(DAYS))
    return {
        "day": day,
        "hours": [draw(stretches), draw(stretches)],
        "dated": draw(st.one_of(st.just([]), stretches)),
        "busy": draw(busy),
        "length": draw(st.sampled_from([20, 50, 65])),
        "notice": draw(st.sampled_from([0, 600])),
        "treated_days_ago": draw(st.sampled_from([None, 5, 7, 20])),
        "restricted": draw(st.booleans()),
        "wished": draw(st.sampled_from([None, 0, 1])),
        "now": day_period(day, NEW_YORK).starts_at
        + timedelta(minutes=draw(st.integers(min_value=-600, max_value=900))),
    }


class SearchAndBookingAgree(TestCase):
    @settings(max_examples=30)
    @given(clinics(), st.booleans())
    def test_every_offer_can_be_booked_and_every_booking_is_offered(self, drawn, clinician):
        make_clinic(grid_minutes=GRID)
        day, whole_day = drawn["day"], day_period(drawn["day"], NEW_YORK)
        nurses, rooms = [make_user(), make_user()], [make_room(), make_room()]
        for nurse, stretches in zip(nurses, drawn["hours"], strict=True):
            for first, last in stretches:
                make_hours(nurse, weekdays=[day.weekday()], starts=clock(first), ends=clock(last))
        for first, last in {first: (first, last) for first, last in drawn["dated"]}.values():
            make_dated_hours(nurses[0], day, clock(first), clock(last))
        patient, by = make_patient(), make_user(Role.CLINICIAN if clinician else Role.FRONT_DESK)
        service = make_service(
            chair_minutes=drawn["length"],
            walk_minutes=0,
            buffer_minutes=0,
            minimum_notice_minutes=drawn["notice"],
            nurses=nurses[:1] if drawn["restricted"] else (),
        )
        self.make_busy(whole_day.starts_at, drawn["busy"], nurses, rooms, patient)
        if drawn["treated_days_ago"] is not None:
            start = whole_day.starts_at + timedelta(hours=10) - timedelta(days=drawn["treated_days_ago"])
            make_signed_session(appointment=make_appointment(patient=patient, starts_at=start, status="in_treatment"))

        nurse = None if drawn["wished"] is None else nurses[drawn["wished"]]
        wish = {"service": service, "nurse": nurse, "room": rooms[0], "patient": patient, "now": drawn["now"]}
        offered = slots.find_slots(first_date=day, last_date=day, include_early=clinician, **wish)

        assert {slot.starts_at for slot in offered} == {
            start for start in self.grid(whole_day) if self.can_book(start, by=by, **wish)
        }

    def make_busy(self, midnight, busy, nurses, rooms, patient):
        for first, minutes, with_nurse, with_room, with_patient in busy:
            start = midnight + timedelta(minutes=15 * first)
            with suppress(IntegrityError), transaction.atomic():  # what meets an earlier one of this draw is left out
                make_entry(
                    nurse=nurses[0] if with_nurse else None,
                    room=rooms[0] if with_room or not with_nurse else None,
                    patient=patient if with_patient else None,
                    starts_at=start,
                    ends_at=start + timedelta(minutes=minutes),
                )

    def grid(self, whole_day):
        """Every half hour of the day: 46 to 50 of them."""
        step = timedelta(minutes=GRID)
        return [
            whole_day.starts_at + step * number for number in range((whole_day.ends_at - whole_day.starts_at) // step)
        ]

    def can_book(self, start, **wish):
        undo = transaction.savepoint()
        try:
            booking.book(starts_at=start, request_key=uuid.uuid4(), early_reason="asked by the test", **wish)
        except booking.Refused:
            return False
        finally:
            transaction.savepoint_rollback(undo)
        return True


def clock(quarter):
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"
