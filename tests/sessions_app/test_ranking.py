"""Which free times are offered first, and why: nurse, middle of the window, part of the day, no useless gap."""

from datetime import date

import pytest

from clinic.models import Patient
from sessions_app.free_times import Search
from sessions_app.models import PartOfDay, Service
from sessions_app.ranking import Middle, bits_of_parts, part_of_day
from sessions_app.slots import repeat_offer
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_hours,
    make_room,
    make_service,
    make_signed_session,
    make_user,
)

pytestmark = pytest.mark.django_db

NOW = at("2026-05-05 07:00")
Prefers = Patient.Prefers


@pytest.fixture
def offer(house):
    """Nora Pike treated the patient on Monday 4 May; the window is 11 to 18 May, its middle the 14th and the 15th."""
    visit = make_appointment(
        patient=house.patient, nurse=house.nurse, room=house.room, status="in_treatment",
        starts_at=at("2026-05-04 10:00"),
    )  # fmt: skip
    make_signed_session(appointment=visit)
    treatment = make_service(name="Treatment")

    def offer(**facts):
        for name, value in facts.items():
            setattr(house.patient, name, value)
        house.patient.save()
        return repeat_offer(patient=house.patient, service=treatment, now=NOW, by=house.desk).best

    return offer


def parts(slots):
    zone = make_clinic().zone
    return [part_of_day(slot.starts_at, zone) for slot in slots]


@pytest.mark.parametrize(
    ("when", "part"),
    [
        ("2026-05-12 08:00", PartOfDay.MORNING),
        ("2026-05-12 11:59", PartOfDay.MORNING),
        ("2026-05-12 12:00", PartOfDay.AFTERNOON),
        ("2026-05-12 16:59", PartOfDay.AFTERNOON),
        ("2026-05-12 17:00", PartOfDay.EVENING),
    ],
)
def test_parts_of_the_day_are_the_clinics_wall_clock(when, part):
    assert part_of_day(at(when), make_clinic().zone) == part
    kolkata = make_clinic(time_zone="Asia/Kolkata").zone
    assert part_of_day(at(when, "Asia/Kolkata"), kolkata) == part


def test_every_start_of_a_search_is_in_its_part_of_the_day_also_where_the_clock_changes(house):
    make_hours(house.nurse, weekdays=range(7), starts="07:00", ends="21:00")
    search = Search(
        clinic=make_clinic(), service=make_service(), now=at("2026-03-01 07:00"),
        first_date=date(2026, 3, 6), last_date=date(2026, 3, 10),
    )  # fmt: skip
    instants, bits = search.starts.instants, bits_of_parts(search)

    found = {part: [instants[number] for number in search.starts.numbers(bits[part])] for part in PartOfDay.values}

    assert found == {
        part: [start for start in instants if part_of_day(start, search.zone) == part] for part in PartOfDay.values
    }
    assert all(found.values())


@pytest.mark.parametrize("prefers", [Prefers.MORNING, Prefers.AFTERNOON])
def test_the_preferred_part_of_the_day_comes_first_and_says_so(offer, prefers):
    best = offer(prefers=prefers)

    assert parts(best)[:3] == [prefers] * 3
    assert all(f"in the {prefers}, as preferred" in slot.why for slot in best[:3])


def test_without_a_preference_no_part_of_the_day_is_named(offer):
    best = offer(prefers=Prefers.ANY)

    assert not any("preferred" in slot.why for slot in best)
    assert len(set(parts(best))) > 1


def test_evenings_are_offered_to_those_who_like_them_where_there_are_any(house, offer):
    make_hours(house.nurse, starts="18:00", ends="20:00")

    assert parts(offer(prefers=Prefers.EVENING))[:3] == [PartOfDay.EVENING] * 3


def test_the_nurse_outweighs_the_part_of_the_day(house, offer):
    house.nurse.hours.all().delete()
    make_hours(house.nurse, starts="08:00", ends="12:00", weekdays=[3])
    other = make_user(name="Ada First")
    make_hours(other, starts="13:00", ends="18:00", weekdays=[3])
    make_room()

    first = offer(prefers=Prefers.AFTERNOON)[0]

    assert (first.nurse_id, first.starts_at.date()) == (house.nurse.pk, date(2026, 5, 14))
    assert first.why.startswith("same nurse as last time")


def test_a_time_that_leaves_no_useless_gap_comes_before_its_neighbours(house, offer):
    house.nurse.hours.all().delete()
    make_hours(house.nurse, starts="09:00", ends="11:00", weekdays=[3])

    assert [slot.starts_at for slot in offer(prefers=Prefers.MORNING)][:3] == [
        at("2026-05-14 09:00"),
        at("2026-05-14 10:00"),
        at("2026-05-14 09:15"),
    ]


def clocks(slots):
    zone = make_clinic().zone
    return [f"{slot.starts_at.astimezone(zone):%a %H:%M}" for slot in slots]


def test_in_one_half_day_the_times_of_one_nurse_stand_well_apart(house, offer):
    house.nurse.hours.all().delete()
    make_hours(house.nurse, starts="08:00", ends="12:00", weekdays=[3])

    assert clocks(offer(prefers=Prefers.ANY)) == ["Thu 08:00", "Thu 09:00", "Thu 10:00", "Thu 11:00"]


def test_in_one_half_day_a_short_visit_is_offered_every_hour_and_not_every_quarter(house, offer):
    make_clinic(grid_minutes=15)
    Service.objects.filter(kind="treatment").update(chair_minutes=15, walk_minutes=0, buffer_minutes=0)
    house.nurse.hours.all().delete()
    make_hours(house.nurse, starts="08:00", ends="12:00", weekdays=[3])

    assert clocks(offer(prefers=Prefers.ANY)) == ["Thu 08:00", "Thu 09:00", "Thu 10:00", "Thu 11:00"]


def test_another_nurse_at_about_the_same_time_is_offered_before_the_same_one_a_quarter_later(house, offer):
    house.nurse.hours.all().delete()
    other = make_user(name="Ada First")
    make_room()
    for nurse in (house.nurse, other):
        make_hours(nurse, starts="09:00", ends="10:30", weekdays=[3])

    best = offer(prefers=Prefers.ANY)

    nurses = {house.nurse.pk: "same", other.pk: "other"}
    assert [(nurses[slot.nurse_id], *clocks([slot])) for slot in best[:2]] == [
        ("same", "Thu 09:00"),
        ("other", "Thu 09:00"),
    ]
    assert len(best) == len(set(best)) == 4


def test_the_last_time_of_an_evening_is_no_nearer_to_the_middle_than_the_first_of_a_morning(house, offer):
    house.nurse.hours.all().delete()
    make_hours(house.nurse, starts="08:00", ends="19:00")

    best = offer(prefers=Prefers.ANY)

    assert [slot.starts_at for slot in best] == [
        at("2026-05-14 08:00"),
        at("2026-05-14 12:00"),
        at("2026-05-15 08:00"),
        at("2026-05-15 12:00"),
    ]
    assert {slot.why.removesuffix(", leaves no gap") for slot in best} == {
        "same nurse as last time, middle of the window"
    }


@pytest.mark.parametrize(
    ("last_date", "days"),
    [(date(2026, 5, 18), [3, 2, 1, 0, 0, 1, 2, 3]), (date(2026, 5, 17), [3, 2, 1, 0, 1, 2, 3, 4])],
)
def test_the_middle_is_a_whole_day_or_two_and_every_hour_of_a_day_is_equally_near(last_date, days):
    middle = Middle(date(2026, 5, 11), last_date, make_clinic().zone)

    for clock in ("00:00", "12:00", "23:59"):
        assert [middle.days_to(at(f"2026-05-{day} {clock}")) for day in range(11, 19)] == days


def test_a_time_near_the_middle_says_near_and_one_far_away_nothing(house, offer):
    house.nurse.hours.all().delete()
    make_hours(house.nurse, starts="09:00", ends="10:00", weekdays=[0, 1, 2, 3])

    assert [(slot.starts_at, slot.why) for slot in offer(prefers=Prefers.ANY)] == [
        (at("2026-05-14 09:00"), "same nurse as last time, middle of the window, leaves no gap"),
        (at("2026-05-13 09:00"), "same nurse as last time, near the middle of the window, leaves no gap"),
        (at("2026-05-12 09:00"), "same nurse as last time, leaves no gap"),
        (at("2026-05-11 09:00"), "same nurse as last time, leaves no gap"),
    ]
