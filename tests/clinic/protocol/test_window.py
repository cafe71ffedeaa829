from datetime import date

import pytest

from clinic.protocol import BookingResult, DayType, Hold, booking_answer, booking_window
from tests.clinic.protocol.helpers import NEW_YORK, SHIPPED, local

LAST_END = local("2026-05-04 14:00")


def ask(day, **facts):
    facts = {"protocol": SHIPPED, **facts}
    return booking_answer(last_session_end=LAST_END, time_zone=NEW_YORK, asked_date=date.fromisoformat(day), **facts)


@pytest.mark.parametrize(
    ("day", "result", "rule", "may_approve"),
    [
        ("2026-05-08", "refused", "B1", True),
        ("2026-05-10", "refused", "B1", True),
        ("2026-05-11", "accepted", "B2", False),
        ("2026-05-18", "accepted", "B2", False),
        ("2026-05-19", "accepted_with_note", "B3", False),
    ],
)
def test_the_front_desk_is_told_by_the_day_after_the_last_session(day, result, rule, may_approve):
    told = ask(day)

    assert (told.result, told.rule, told.may_approve) == (result, rule, may_approve)
    assert (told.window.first_date, told.window.last_date) == (date(2026, 5, 11), date(2026, 5, 18))


@pytest.mark.parametrize("hold", Hold)
@pytest.mark.parametrize("day", ["2026-05-08", "2026-05-12", "2026-05-30"])
def test_a_hold_refuses_every_date_until_a_clinician_clears_it(hold, day):
    told = ask(day, holds=[hold])

    assert (told.result, told.rule, told.may_approve) == (BookingResult.REFUSED, "B4", False)


def test_a_date_before_the_last_session_cannot_be_approved():
    told = ask("2026-05-03")

    assert (told.result, told.rule, told.may_approve) == (BookingResult.REFUSED, "B1", False)


def test_the_date_of_the_last_session_needs_a_clinician():
    assert ask("2026-05-04").may_approve


def test_the_same_area_waits_as_long_as_the_protocol_says():
    slow = SHIPPED.with_overrides({"same_area_min_days": 28})

    assert ask("2026-05-31", same_area=True, protocol=slow).rule == "B5"
    assert ask("2026-05-31", same_area=True, protocol=slow).may_approve
    assert ask("2026-06-01", same_area=True, protocol=slow).rule == "B3"
    assert ask("2026-05-12", same_area=False, protocol=slow).rule == "B2"


@pytest.mark.parametrize(("event", "rule"), [("2026-05-12", "B6"), ("2026-05-15", "B6"), ("2026-05-16", "B2")])
def test_a_flight_inside_the_days_to_avoid_is_a_note(event, rule):
    assert ask("2026-05-12", events=[date.fromisoformat(event)]).rule == rule


def test_the_days_to_keep_free_are_those_of_the_longest_avoid():
    longer = SHIPPED.with_overrides({"avoid_days.hot_bath_sauna": 7}, signed_off=True)

    assert [ask("2026-05-12", events=[date(2026, 5, day)], protocol=longer).rule for day in (19, 20)] == ["B6", "B2"]


@pytest.mark.parametrize(("day", "notes"), [("2026-05-31", ("B3", "B5")), ("2026-06-01", ("B3",))])
def test_while_nobody_knows_the_area_that_the_same_one_waits_is_a_note(day, notes):
    told = ask(day, same_area=None, protocol=SHIPPED.with_overrides({"same_area_min_days": 28}))

    assert (told.result, told.notes) == (BookingResult.ACCEPTED_WITH_NOTE, notes)
    assert ("The same area waits 28 days" in told.text) == ("B5" in notes)


def test_two_notes_are_both_said():
    told = ask("2026-05-19", events=[date(2026, 5, 20)])

    assert (told.rule, told.notes) == ("B3", ("B3", "B6"))
    assert told.text == (
        "Later than usual: the window ended on day 14. "
        "The patient plans a flight or an event in the days after this date. Ask if another date is better."
    )


def test_every_date_has_a_type():
    window = booking_window(last_session_end=LAST_END, time_zone=NEW_YORK, protocol=SHIPPED)

    types = {day: window.day_type(date.fromisoformat(f"2026-05-{day:02}")) for day in (3, 4, 10, 11, 18, 19)}

    assert types == {
        3: DayType.BEFORE_SESSION,
        4: DayType.TOO_EARLY,
        10: DayType.TOO_EARLY,
        11: DayType.IN_WINDOW,
        18: DayType.IN_WINDOW,
        19: DayType.LATER,
    }


def test_the_window_counts_dates_in_the_clinics_zone():
    late_evening = local("2026-05-04 23:30")

    window = booking_window(last_session_end=late_evening, time_zone=NEW_YORK, protocol=SHIPPED)

    assert (window.session_date, window.first_date) == (date(2026, 5, 4), date(2026, 5, 11))
