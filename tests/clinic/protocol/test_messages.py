from datetime import date, datetime, time

import pytest

from clinic.protocol import (
    AppointmentTime,
    Leg,
    MessageKind,
    ProtocolError,
    schedule_for,
    text_instant,
    text_time,
)
from tests.clinic.protocol.helpers import NEW_YORK, RETICULAR, SHIPPED, SPIDER, local, plan, site, utc

V1 = plan("2026-01-13 10:30", SPIDER, ref="v1")
V2 = plan("2026-01-13 10:30", RETICULAR, ref="v1")
VISIT = AppointmentTime(local("2026-01-20 10:00"), ref="visit")


# The shipped schedule is the source's own; ours is the one with both additions, which a clinical lead can sign.
OURS = SHIPPED.with_overrides({"reminder.activity_switch": True, "reminder.join_same_date": True}, signed_off=True)


def schedule(plans=(), appointments=(), *, protocol=OURS, patient_zone=NEW_YORK, **facts):
    return schedule_for(plans, appointments, patient_zone=patient_zone, protocol=protocol, **facts)


def short(messages):
    """Messages as (key, local date and time, channel)."""
    return [(str(each.key), f"{each.local_due:%m-%d %H:%M}", str(each.channel)) for each in messages]


def test_a_spider_plan_with_a_repeat_visit_keeps_to_three_texts_in_seven_days():
    assert short(schedule([V1], [VISIT])) == [
        ("CHECK_1", "01-14 09:00", "text"),
        ("COMP_SWITCH", "01-16 09:00", "text"),
        ("APPT_3", "01-17 09:00", "email"),
        ("APPT_1", "01-19 09:00", "text"),
        ("WEEKLY", "01-20 09:00", "email"),
        ("WEEKLY", "01-27 09:00", "text"),
        ("WEEKLY", "02-03 09:00", "text"),
    ]


def test_reminders_are_due_at_nine_on_the_patients_wall():
    assert [each.due_at for each in schedule([V1], [VISIT])][:2] == [utc("2026-01-14 14:00"), utc("2026-01-16 14:00")]
    far_west = schedule([V1], [VISIT], patient_zone="America/Los_Angeles")
    assert [each.due_at for each in far_west][:2] == [utc("2026-01-14 17:00"), utc("2026-01-16 17:00")]


def test_a_correction_to_reticular_moves_the_stocking_step_and_makes_it_news():
    [before] = [each for each in schedule([V1]) if each.key == "COMP_SWITCH"]
    [after] = [each for each in schedule([V2]) if each.key == "COMP_SWITCH"]

    assert (before.local_due.date(), after.local_due.date()) == (date(2026, 1, 16), date(2026, 1, 20))
    assert [(each.ref, each.occurrence) for each in (before, after)] == [("v1", 3), ("v1", 7)]


def test_the_name_of_a_stocking_step_does_not_move_with_the_hour_or_the_patients_zone():
    def names(**facts):
        return {(each.ref, each.occurrence) for each in schedule([V2], **facts) if each.key == "COMP_SWITCH"}

    assert names(send_at=time(20)) == names(patient_zone="Pacific/Auckland") == names() == {("v1", 7)}


def test_a_reticular_plan_tells_when_the_things_to_avoid_are_over():
    assert short(schedule([V2])) == [
        ("CHECK_1", "01-14 09:00", "text"),
        ("ACT_SWITCH", "01-16 09:00", "text"),
        ("COMP_SWITCH", "01-20 09:00", "text"),
        ("WEEKLY", "01-27 09:00", "text"),
        ("WEEKLY", "02-03 09:00", "text"),
    ]


def test_as_shipped_the_schedule_is_the_sources_own():
    assert short(schedule([V2], protocol=SHIPPED)) == [
        ("CHECK_1", "01-14 09:00", "text"),
        ("COMP_SWITCH", "01-20 09:00", "text"),
        ("WEEKLY", "01-20 09:00", "email"),
        ("WEEKLY", "01-27 09:00", "text"),
        ("WEEKLY", "02-03 09:00", "text"),
    ]


def test_the_activity_step_takes_no_text_from_the_others():
    visit = AppointmentTime(local("2026-01-20 10:00"))
    with_step = {each[:2]: each[2] for each in short(schedule([V2], [visit])) if each[0] != "ACT_SWITCH"}
    joined = SHIPPED.with_overrides({"reminder.join_same_date": True})

    assert with_step == {each[:2]: each[2] for each in short(schedule([V2], [visit], protocol=joined))}


def test_no_activity_step_on_the_date_of_the_stocking_step():
    assert "ACT_SWITCH" not in [each.key for each in schedule([V1])]


def test_no_activity_step_the_day_before_an_appointment():
    next_day = AppointmentTime(local("2026-01-17 10:00"))

    assert short(schedule([V2], [next_day]))[:2] == [
        ("CHECK_1", "01-14 09:00", "text"),
        ("APPT_3", "01-14 09:00", "email"),
    ]
    assert "ACT_SWITCH" not in [each.key for each in schedule([V2], [next_day])]


def test_a_longer_flight_advice_has_an_end_of_its_own():
    risky = plan("2026-01-13 10:30", SPIDER, vte_risk=True)

    [switch] = [each for each in schedule([risky]) if each.key == "ACT_SWITCH"]
    assert (switch.local_due, switch.occurrence) == (datetime(2026, 2, 10, 9), 28)


def test_overlapping_plans_give_one_schedule():
    first, repeat = plan("2026-04-06 14:00", RETICULAR, ref="a"), plan("2026-04-16 11:00", SPIDER, ref="b")

    messages = schedule([first, repeat])

    assert [(str(each.key), each.ref, each.occurrence, each.local_due.date().isoformat()) for each in messages] == [
        ("CHECK_1", "a", 1, "2026-04-07"),
        ("ACT_SWITCH", "a", 3, "2026-04-09"),
        ("COMP_SWITCH", "a", 7, "2026-04-13"),
        ("CHECK_1", "b", 1, "2026-04-17"),
        ("COMP_SWITCH", "b", 3, "2026-04-19"),
        ("WEEKLY", "b", 1, "2026-04-23"),
        ("WEEKLY", "b", 2, "2026-04-30"),
        ("WEEKLY", "b", 3, "2026-05-07"),
    ]
    assert schedule([repeat, first]) == messages


def test_a_stretch_that_goes_on_has_one_end():
    first, second = plan("2026-04-06 14:00", RETICULAR, ref="a"), plan("2026-04-08 10:00", RETICULAR, ref="b")

    switches = [each for each in schedule([first, second]) if each.key == "COMP_SWITCH"]

    assert [(each.ref, each.local_due.date()) for each in switches] == [("b", date(2026, 4, 15))]


def test_the_last_weekly_is_on_the_last_date_of_all_plans():
    long = plan("2026-04-06 14:00", RETICULAR, extensive_days=60, ref="a")
    repeat = plan("2026-04-16 11:00", SPIDER, ref="b")

    last = schedule([long, repeat])[-1]

    # The 60 days end and the stocking step takes the date of the last weekly.
    assert (last.key, last.ref, last.local_due.date()) == ("COMP_SWITCH", "a", date(2026, 6, 5))


def test_two_sessions_on_one_date_ask_once_how_the_patient_is():
    twice = [plan("2026-04-06 09:00", SPIDER), plan("2026-04-06 15:00", SPIDER)]

    assert [str(each.key) for each in schedule(twice)].count("CHECK_1") == 1


def test_each_leg_has_its_stocking_step_when_plans_are_per_leg():
    made = plan(
        "2026-07-14 10:00",
        sites=(site(SPIDER, Leg.LEFT), site(RETICULAR, Leg.RIGHT)),
        protocol=SHIPPED.with_overrides({"compression_scope": "LEG"}),
    )

    switches = [each for each in schedule([made]) if each.key == "COMP_SWITCH"]

    assert [(each.occurrence, each.local_due.date()) for each in switches] == [
        (3, date(2026, 7, 17)),
        (7, date(2026, 7, 21)),
    ]


def test_a_text_wanted_in_the_quiet_hours_waits_for_the_morning():
    assert text_time(datetime(2026, 1, 13, 22, 30), SHIPPED.reminder) == datetime(2026, 1, 14, 8)
    assert text_time(datetime(2026, 1, 13, 20, 59), SHIPPED.reminder) == datetime(2026, 1, 13, 20, 59)
    assert text_time(datetime(2026, 1, 13, 21, 0), SHIPPED.reminder) == datetime(2026, 1, 14, 8)
    assert text_time(datetime(2026, 1, 13, 7, 59), SHIPPED.reminder) == datetime(2026, 1, 13, 8)
    assert text_time(datetime(2026, 1, 13, 8, 0), SHIPPED.reminder) == datetime(2026, 1, 13, 8)


def test_quiet_hours_are_the_patients():
    ten_at_night_in_new_york = local("2026-01-13 22:30")

    assert text_instant(ten_at_night_in_new_york, NEW_YORK, SHIPPED) == local("2026-01-14 08:00")
    assert text_instant(ten_at_night_in_new_york, "America/Los_Angeles", SHIPPED) == ten_at_night_in_new_york


def test_a_late_hour_moves_texts_and_not_mails():
    assert short(schedule([V1], [VISIT], send_at=time(22, 30)))[:4] == [
        ("CHECK_1", "01-15 08:00", "text"),
        ("COMP_SWITCH", "01-17 08:00", "text"),
        ("APPT_3", "01-17 22:30", "email"),
        ("APPT_1", "01-20 08:00", "text"),
    ]


def test_a_reminder_after_its_appointment_is_dropped():
    early = AppointmentTime(local("2026-01-20 07:30"))

    assert [each.key for each in schedule([], [early], send_at=time(22, 30))] == ["APPT_3"]


def test_what_was_due_before_now_is_left_out():
    now = local("2026-01-16 09:00")

    assert short(schedule([V1], not_before=now))[0] == ("COMP_SWITCH", "01-16 09:00", "text")


def test_texts_that_went_out_count_for_the_caps():
    sent = [date(2026, 1, 9), date(2026, 1, 10), date(2026, 1, 13)]

    assert short(schedule([V1], sent_text_dates=sent))[:2] == [
        ("CHECK_1", "01-14 09:00", "email"),
        ("COMP_SWITCH", "01-16 09:00", "text"),
    ]


def test_a_clinic_may_send_no_texts_at_all():
    none = SHIPPED.with_overrides({"reminder.texts_per_date": 0})

    assert {each.channel for each in schedule([V1], [VISIT], protocol=none)} == {"email"}


def test_every_message_says_why_and_until_when_it_makes_sense():
    check, switch, mail, visit, *_ = schedule([V1], [VISIT])

    assert (check.reason, check.not_after) == ("the day after the session", local("2026-01-15 21:00"))
    assert switch.reason == "stocking day and night ends Fri 16 Jan, 10:30"
    assert (mail.reason, mail.held_back) == ("3 days before the appointment", "no text: 3 in 7 days")
    assert (visit.not_after, visit.ref) == (VISIT.starts_at, "visit")


def test_every_message_has_the_task_that_sends_it():
    kinds = {str(each.key): each.kind for each in (*schedule([V2], [VISIT]), *schedule([V1]))}

    assert kinds == {
        "CHECK_1": MessageKind.ACTIVITY,
        "ACT_SWITCH": MessageKind.ACTIVITY,
        "COMP_SWITCH": MessageKind.COMPRESSION,
        "WEEKLY": MessageKind.COMPRESSION,
        "APPT_1": MessageKind.APPOINTMENT,
        "APPT_3": MessageKind.APPOINTMENT,
    }


def test_names_of_messages_are_unique_in_a_schedule():
    plans = [plan(f"2026-04-{day:02} 11:00", RETICULAR, vte_risk=True) for day in (1, 8, 15, 22, 29)]
    visits = [AppointmentTime(local(f"2026-04-{day:02} 10:00")) for day in (8, 15, 22)]

    messages = schedule(plans, visits)

    names = [(each.ref, each.key, each.occurrence) for each in messages]
    assert len(set(names)) == len(names)


def test_nothing_injected_and_no_appointment_sends_nothing():
    assert schedule([plan("2026-01-13 10:30")]) == ()


def test_a_message_in_the_repeated_hour_goes_out_at_the_first():
    no_texts = SHIPPED.with_overrides({"reminder.texts_per_date": 0})

    check = schedule([plan("2026-10-31 10:30", SPIDER)], send_at=time(1, 30), protocol=no_texts)[0]

    assert (check.local_due, check.due_at) == (datetime(2026, 11, 1, 1, 30), utc("2026-11-01 05:30"))


def test_an_unknown_zone_is_refused_by_name():
    with pytest.raises(ProtocolError, match="patient_time_zone"):
        schedule([V1], patient_zone="New York")
