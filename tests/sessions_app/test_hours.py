"""Hours of nurses change from a date on; visits that fall outside are shown first and become tasks."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import AuditEvent, StaffTask
from sessions_app import booking, hours
from sessions_app.models import DatedHours, NurseHours
from sessions_app.outside import VisitsOutside, open_tasks
from sessions_app.refusals import Refused, Stale
from tests.makers import at, make_appointment, make_dated_hours, make_hours, make_patient, make_room, make_user
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db
TUESDAY, WEDNESDAY = date(2026, 1, 13), date(2026, 1, 14)


def spans(text):
    """`spans("08:00-12:00 13:00-17:00")`"""
    pairs = [part.split("-") for part in text.split()]
    return [(time.fromisoformat(a), time.fromisoformat(b)) for a, b in pairs]


@pytest.fixture
def lead(house):
    return house.clinician


@pytest.fixture
def change(house, lead):
    def change(week, first=WEDNESDAY, **facts):
        week = {day: spans(text) for day, text in week.items()}
        return hours.change_week(
            **{"nurse": house.nurse, "week": week, "first_date": first, "by": lead, "now": NOW, **facts}
        )

    return change


def rows(nurse, weekday=2):
    found = NurseHours.objects.filter(nurse=nurse, weekday=weekday).order_by("valid_from", "starts")
    return [(f"{r.starts:%H:%M}-{r.ends:%H:%M}", r.valid_from, r.valid_until) for r in found]


def open_about():
    return set(StaffTask.objects.open().filter(kind="visit_outside_hours").values_list("about_id", flat=True))


def test_a_change_ends_the_old_lines_the_day_before_and_begins_new_ones(house, change):
    change({2: "08:00-12:00 13:00-17:00"}, date(2026, 2, 2))

    assert rows(house.nurse) == [
        ("08:00-18:00", date(2020, 1, 1), date(2026, 2, 1)),
        ("08:00-12:00", date(2026, 2, 2), None),
        ("13:00-17:00", date(2026, 2, 2), None),
    ]
    assert rows(house.nurse, 3) == [("08:00-18:00", date(2020, 1, 1), date(2026, 2, 1))]
    event = AuditEvent.objects.get(action="hours changed")
    assert (event.details["first_date"], event.details["week"]) == (
        "2026-02-02",
        {"2": ["08:00-12:00", "13:00-17:00"]},
    )


def test_a_change_with_a_last_day_gives_way_to_the_former_hours(house, change):
    change({2: "10:00-11:00"}, date(2026, 2, 2), last_date=date(2026, 2, 15))

    assert rows(house.nurse) == [
        ("08:00-18:00", date(2020, 1, 1), date(2026, 2, 1)),
        ("10:00-11:00", date(2026, 2, 2), date(2026, 2, 15)),
        ("08:00-18:00", date(2026, 2, 16), None),
    ]


def test_a_change_that_had_not_begun_gives_way_to_a_later_decision(house, change):
    change({2: "10:00-11:00"}, date(2026, 3, 2))
    change({2: "09:00-10:00"}, date(2026, 2, 2))

    assert rows(house.nurse) == [
        ("08:00-18:00", date(2020, 1, 1), date(2026, 2, 1)),
        ("09:00-10:00", date(2026, 2, 2), None),
    ]


def test_what_was_worked_is_not_rewritten(house, change):
    with pytest.raises(Refused) as refused:
        change({2: "10:00-11:00"}, date(2026, 1, 12))

    assert (refused.value.field, refused.value.message) == (
        "first_date",
        "Choose Tue 13 Jan or later: what was worked stays as it is.",
    )
    assert rows(house.nurse) == [("08:00-18:00", date(2020, 1, 1), None)]


@pytest.mark.parametrize(
    ("week", "facts", "field"),
    [
        ({2: "10:00-10:00"}, {}, "day_2"),
        ({2: "12:00-10:00"}, {}, "day_2"),
        ({2: "08:00-12:00 11:00-13:00"}, {}, "day_2"),
        ({}, {"last_date": date(2026, 1, 13)}, "last_date"),
        ({}, {"first_date": date(2101, 1, 13)}, "first_date"),
    ],
)
def test_hours_that_cannot_be_are_refused_at_their_field(change, week, facts, field):
    with pytest.raises(Refused) as refused:
        change(week, **facts)

    assert refused.value.field == field
    assert not AuditEvent.objects.exists()


def test_hours_are_those_of_nurses(house, change):
    with pytest.raises(Refused) as refused:
        change({}, nurse=house.desk)

    assert refused.value.rule == "nurse"


def test_visits_outside_are_shown_first_and_become_tasks(house, change, book):
    inside, outside = book("2026-01-14 08:00"), book("2026-01-14 12:30", patient=make_patient())
    book("2026-01-13 12:30", patient=make_patient())  # before the change

    with pytest.raises(VisitsOutside) as shown:
        change({2: "08:00-13:00"})
    assert shown.value.visits == [outside]
    assert rows(house.nurse) == [("08:00-18:00", date(2020, 1, 1), None)]
    assert open_about() == set()

    assert change({2: "08:00-13:00"}, accepted={outside.public_id}) == [outside]
    assert [(row.appointment, row.patient, row.why) for row in open_tasks()] == [
        (outside, outside.patient, ("Nora Pike does not work then.",))
    ]
    assert inside.public_id not in open_about()


def test_a_visit_that_came_meanwhile_is_shown_before_anything_is_saved(change, book):
    first = book("2026-01-14 12:30")
    second = book("2026-01-21 12:30", patient=make_patient())

    with pytest.raises(VisitsOutside) as shown:
        change({2: "08:00-10:00"}, accepted={first.public_id})

    assert shown.value.visits == [first, second]


def test_the_task_closes_when_the_visit_is_moved_or_fits_again(house, change, book):
    moved, kept = book("2026-01-14 12:30"), book("2026-01-14 14:00", patient=make_patient())
    change({2: "08:00-10:00", 3: "08:00-18:00"}, accepted={moved.public_id, kept.public_id})

    booking.move(appointment=moved, version=1, starts_at=at("2026-01-15 10:00"), by=house.desk, now=NOW)
    assert open_about() == {kept.public_id}
    change({2: "13:00-18:00", 3: "08:00-18:00"})

    assert open_about() == set()
    assert StaffTask.objects.filter(done_by__isnull=False).count() == 2


def test_who_was_outside_before_is_no_news(house, change, book):
    visit = book("2026-01-14 12:30")
    change({2: "08:00-10:00"}, accepted={visit.public_id})
    StaffTask.objects.update(done_at=NOW, done_by=house.desk, note="she stays longer")

    assert change({2: "09:00-11:00"}) == []
    assert open_about() == set()


def test_hours_that_changed_while_somebody_booked_make_the_same_task(house, book, monkeypatch):
    candidates = booking.candidates_for

    def then_they_change(*args, **facts):
        found = candidates(*args, **facts)
        hours.change_week(nurse=house.nurse, week={}, first_date=WEDNESDAY, by=house.clinician, now=NOW)
        return found

    monkeypatch.setattr(booking, "candidates_for", then_they_change)
    visit = book("2026-01-14 10:00")

    assert open_about() == {visit.public_id}


def test_hours_that_somebody_else_changed_are_looked_at_again(house, change):
    stamp = hours.hours_stamp(house.nurse)
    change({2: "08:00-10:00"}, stamp=stamp)

    with pytest.raises(Stale):
        change({2: "09:00-10:00"}, stamp=stamp)


def test_one_date_has_its_own_hours_until_they_are_cleared(house, book):
    facts = {"nurse": house.nurse, "day": WEDNESDAY, "by": house.clinician, "now": NOW}
    visit = book("2026-01-14 10:00")

    with pytest.raises(VisitsOutside):
        hours.set_date(spans=spans("12:00-14:00"), **facts)
    hours.set_date(spans=spans("12:00-14:00 15:00-16:00"), note="Fair", accepted={visit.public_id}, **facts)
    hours.set_date(spans=spans("12:00-13:00"), **facts)
    assert [(f"{row.starts:%H:%M}", row.note) for row in DatedHours.objects.all()] == [("12:00", "")]
    assert open_about() == {visit.public_id}

    assert [hours.clear_date(**facts) for _ in range(2)] == [[], []]
    assert open_about() == set()
    assert not DatedHours.objects.exists()
    assert AuditEvent.objects.filter(action="hours of a date cleared").count() == 1


def test_an_exception_needs_hours_and_a_day_to_come(house):
    facts = {"nurse": house.nurse, "by": house.clinician, "now": NOW}

    with pytest.raises(Refused, match="enter time off"):
        hours.set_date(day=WEDNESDAY, spans=[], **facts)
    with pytest.raises(Refused, match="or later"):
        hours.set_date(day=date(2026, 1, 12), spans=spans("08:00-09:00"), **facts)
    with pytest.raises(Refused, match="is over"):
        hours.clear_date(day=date(2026, 1, 12), **facts)


def test_a_nurse_who_gets_hours_later_is_off_when_the_clinic_is_closed(house, book):
    booking.close(title="Holiday", starts_at=at("2026-01-14 00:00"), ends_at=at("2026-01-15 00:00"), by=house.desk)
    later, room = make_user(name="Zoe Later"), make_room()

    hours.change_week(nurse=later, week={2: spans("08:00-18:00")}, first_date=WEDNESDAY, by=house.clinician, now=NOW)

    with pytest.raises(booking.Taken):
        book("2026-01-14 10:00", nurse=later, room=room)


def test_the_list_of_visits_outside_costs_the_same_with_1_and_with_30(house):
    def many(number):
        for _ in range(number):
            nurse = make_user()
            make_hours(nurse, starts="08:00", ends="09:00")
            make_dated_hours(nurse, TUESDAY, "12:00", "13:00")
            visit = make_appointment(nurse=nurse)
            StaffTask.objects.create(kind="visit_outside_hours", patient=visit.patient, about_id=visit.public_id)

    counted = []
    for number in (1, 29):
        many(number)
        with CaptureQueriesContext(connection) as queries:
            found = open_tasks()
        counted.append((len(found), len(queries)))

    assert counted == [(1, counted[0][1]), (30, counted[0][1])]
    assert counted[0][1] <= 9
    assert timedelta(0) < found[0].appointment.starts_at - NOW
