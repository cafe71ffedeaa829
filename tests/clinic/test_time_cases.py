"""Time as the clinic and the patient live it (TZ-01 to TZ-05 of `tests/architecture/test_cases_have_tests.py`).

The days before and after every clock change of 2027 in five zones, the hour that is missing, the hour that comes twice,
elapsed time beside calendar days, a server that stands elsewhere, the turn of the year and a leap day.
"""

import time as clock
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery import current_app

from clinic.models import Clinic, Delivery
from clinic.protocol import Protocol
from clinic.protocol.messages import AppointmentTime, schedule_for
from clinic.protocol.vocabulary import ItemKey
from sessions_app import slots
from sessions_app.reminders import plan_reminders
from tests.clinic.protocol.helpers import RETICULAR, SPIDER, local, plan, utc
from tests.makers import at, make_appointment, make_clinic, make_hours, make_patient, make_room, make_service, make_user

SHIPPED = Protocol.default()
# The dates on which the clock is set forward and set back, of the zone's own calendar. Casablanca leaves its summer
# time for Ramadan; Lord Howe changes by half an hour.
CHANGES = [
    ("America/New_York", date(2027, 3, 14), date(2027, 11, 7)),
    ("Europe/London", date(2027, 3, 28), date(2027, 10, 31)),
    ("Australia/Adelaide", date(2027, 10, 3), date(2027, 4, 4)),
    ("Australia/Lord_Howe", date(2027, 10, 3), date(2027, 4, 4)),
    ("Africa/Casablanca", date(2027, 3, 14), date(2027, 2, 7)),
]
AROUND_A_CHANGE = [(zone, day) for zone, *days in CHANGES for day in days]


def offset(zone, day, hour):
    return datetime.combine(day, time(hour), ZoneInfo(zone)).utcoffset()


@pytest.mark.parametrize(("zone", "day"), AROUND_A_CHANGE)
def test_the_named_days_are_those_of_a_change(zone, day):
    assert offset(zone, day, 0) != offset(zone, day, 12)


# --- TZ-01 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("zone", "day"), AROUND_A_CHANGE)
def test_daily_at_nine_is_nine_on_the_wall_each_day_and_once(zone, day):
    """A visit on each of nine days, so that each of the days before it has one reminder."""
    days = [day + timedelta(days=number) for number in range(-4, 5)]
    visits = [AppointmentTime(local(f"{each} 15:00", zone), ref=f"{each}") for each in days]

    made = schedule_for(
        [], visits, patient_zone=zone, protocol=SHIPPED, send_at=time(9), not_before=utc("2026-01-01 00:00")
    )

    tomorrow = [message for message in made if message.key == "APPT_1"]
    assert [message.due_at.astimezone(ZoneInfo(zone)).isoformat()[:16] for message in tomorrow] == [
        f"{each - timedelta(days=1)}T09:00" for each in days
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "day"), AROUND_A_CHANGE)
def test_each_visit_around_a_change_has_one_row_at_nine_the_day_before(zone, day):
    clinic = make_clinic(time_zone=zone)
    patient = make_patient(email_allowed=True, time_zone=zone)
    visits = [
        make_appointment(patient=patient, starts_at=at(f"{day + timedelta(days=number)} 15:00", zone))
        for number in range(-2, 3)
    ]

    for visit in visits * 2:  # planned twice, as after a retry
        plan_reminders(visit, clinic=clinic, protocol=SHIPPED, now=utc("2026-01-01 00:00"))

    rows = Delivery.objects.filter(step="APPT_1").order_by("due_at")
    assert [row.due_at.astimezone(ZoneInfo(zone)).isoformat()[:16] for row in rows] == [
        f"{day + timedelta(days=number - 1)}T09:00" for number in range(-2, 3)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "day"), AROUND_A_CHANGE)
def test_a_clinic_opens_at_nine_on_the_wall_on_each_day_around_a_change(zone, day):
    make_clinic(time_zone=zone, booking_horizon_days=1000)
    make_hours(make_user(), weekdays=range(7), starts="09:00", ends="10:00")
    make_room()

    found = slots.find_slots(
        service=make_service(kind="review"), first_date=day - timedelta(days=3), last_date=day + timedelta(days=3),
        now=utc("2026-01-01 00:00"),
    )  # fmt: skip

    assert [slot.starts_at.astimezone(ZoneInfo(zone)).isoformat()[:16] for slot in found] == [
        f"{day + timedelta(days=number)}T09:00" for number in range(-3, 4)
    ]


# --- TZ-02 ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("send_at", "visit", "due_at"),
    [
        # 02:30 on 14 March does not exist: the offset before the change makes it 03:30.
        (time(2, 30), "2027-03-15 15:00", "2027-03-14 07:30"),
        # 01:30 on 7 November comes twice: the first of them.
        (time(1, 30), "2027-11-08 15:00", "2027-11-07 05:30"),
    ],
)
def test_a_missing_hour_is_late_and_a_repeated_hour_counts_once(send_at, visit, due_at):
    clinic = make_clinic(send_at=send_at)
    without_texts = SHIPPED.with_overrides({"reminder.texts_per_date": 0})  # they would wait for the morning
    appointment = make_appointment(patient=make_patient(email_allowed=True), starts_at=at(visit))

    for _ in range(2):
        plan_reminders(appointment, clinic=clinic, protocol=without_texts, now=utc("2026-01-01 00:00"))

    assert [row.due_at for row in Delivery.objects.filter(step="APPT_1")] == [utc(due_at)]


# --- TZ-03 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session_end", "length"),
    [("2027-03-13 16:00", timedelta(hours=71)), ("2027-11-06 16:00", timedelta(hours=73))],
)
def test_days_are_of_the_calendar_and_hours_elapse(session_end, length):
    """Three days end at the same time on the wall; hours are as long as hours are."""
    hours = SHIPPED.with_overrides({"breastfeeding_pause_hours": 24}, signed_off=True)

    made = plan(session_end, SPIDER, protocol=hours, breastfeeding=True)

    [worn] = made.timed(ItemKey.COMPRESSION_CONTINUOUS)
    [pause] = made.timed(ItemKey.BREASTFEEDING_PAUSE)
    assert worn.ends_at - worn.starts_at == length
    assert worn.ends_at.astimezone(ZoneInfo("America/New_York")).time() == time(16)
    assert pause.ends_at - pause.starts_at == timedelta(hours=24)
    assert pause.ends_at.astimezone(ZoneInfo("America/New_York")).time() != time(16)


# --- TZ-04 ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["Asia/Kolkata", "Pacific/Kiritimati", "America/New_York"])
def server_zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    clock.tzset()
    yield request.param
    monkeypatch.undo()
    clock.tzset()


@pytest.mark.django_db
@pytest.mark.parametrize("celery_zone", ["UTC", "Asia/Kolkata"])
def test_where_the_server_and_celery_think_they_are_makes_no_difference(server_zone, celery_zone, monkeypatch):
    monkeypatch.setattr(current_app.conf, "timezone", celery_zone)
    patient = make_patient(email_allowed=True)
    visit = make_appointment(patient=patient, starts_at=at("2027-03-15 10:00"))

    plan_reminders(visit, clinic=Clinic.current(), protocol=SHIPPED, now=utc("2027-03-01 00:00"))
    worn = plan("2027-03-12 16:00", SPIDER).timed(ItemKey.COMPRESSION_CONTINUOUS)

    assert sorted(row.due_at for row in Delivery.objects.all()) == [utc("2027-03-12 14:00"), utc("2027-03-14 13:00")]
    assert [each.ends_at for each in worn] == [utc("2027-03-15 20:00")]
    assert visit.starts_at == datetime(2027, 3, 15, 14, tzinfo=UTC)


# --- TZ-05 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session_end", "last_of_seven", "two_weeks"),
    [
        ("2027-12-25 10:00", date(2028, 1, 1), date(2028, 1, 8)),
        ("2027-12-24 10:00", date(2027, 12, 31), date(2028, 1, 7)),
        ("2028-02-22 10:00", date(2028, 2, 29), date(2028, 3, 7)),
        ("2028-02-23 10:00", date(2028, 3, 1), date(2028, 3, 8)),
        ("2027-02-22 10:00", date(2027, 3, 1), date(2027, 3, 8)),
    ],
)
def test_plans_end_on_the_right_dates_at_the_turn_of_the_year_and_in_a_leap_year(session_end, last_of_seven, two_weeks):
    """Reticular veins: the stocking and the walks for seven days, the repeat from the seventh to the fourteenth."""
    made = plan(session_end, RETICULAR)

    [worn] = made.timed(ItemKey.COMPRESSION_CONTINUOUS)
    [walk] = made.dated(ItemKey.WALK_DAILY)
    [window] = made.dated(ItemKey.REPEAT_WINDOW)
    assert worn.ends_at == local(f"{last_of_seven} 10:00")
    assert (walk.first_date, walk.last_date) == (made.session_date + timedelta(days=1), last_of_seven)
    assert (window.first_date, window.last_date) == (last_of_seven, two_weeks)
