"""When the next session may be booked, and what the front desk is told about a date."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import BookingResult, DayType, Hold
from clinic.protocol.zones import local_date, zone_named

ON_HOLD = "Booking is on hold. Ask a clinician to clear it first."


@dataclass(frozen=True, slots=True)
class BookingWindow:
    """The dates of the usual repeat, both inclusive, in the clinic's zone, counted from ``session_date``."""

    session_date: date
    first_date: date
    last_date: date

    def day_type(self, day: date) -> DayType:
        """Where a date lies relative to the window."""
        if day < self.session_date:
            return DayType.BEFORE_SESSION
        if day < self.first_date:
            return DayType.TOO_EARLY
        return DayType.IN_WINDOW if day <= self.last_date else DayType.LATER


@dataclass(frozen=True, slots=True)
class BookingAnswer:
    """What the front desk is told: the result, the rule that made it, and whether a clinician may still approve.

    ``may_approve`` is false for a hold (a clinician clears the hold first) and for a date before the last session.
    ``text`` says it in words; ``notes`` lists the rules of all notes (B3, B6).
    """

    result: BookingResult
    rule: str
    may_approve: bool
    window: BookingWindow
    text: str
    notes: tuple[str, ...] = ()


def booking_window(*, last_session_end: datetime, time_zone: str, protocol: Protocol) -> BookingWindow:
    """The repeat window after a session: day 7 to day 14 in the shipped protocol.

    Source: founding clinic text and the US Asclera prescribing information, repeat sessions 1 to 2 weeks apart.
    """
    day = local_date(last_session_end, zone_named(time_zone))
    return BookingWindow(
        session_date=day,
        first_date=day + timedelta(days=protocol.repeat_min_days),
        last_date=day + timedelta(days=protocol.repeat_max_days),
    )


def booking_answer(
    *,
    last_session_end: datetime,
    time_zone: str,
    asked_date: date,
    protocol: Protocol,
    holds: Collection[Hold | str] = (),
    same_area: bool | None = False,
    events: Iterable[date] = (),
) -> BookingAnswer:
    """Whether the front desk may book ``asked_date`` for a repeat after the last session.

    ``holds`` are the reasons why booking waits for a clinician (any one refuses); ``same_area`` says that the same
    area is treated again, None that nobody knows yet (the front desk): then rule B5 is a note; ``events`` are dates of
    flights, sport or sun the patient plans.
    """
    window = booking_window(last_session_end=last_session_end, time_zone=time_zone, protocol=protocol)
    day_type = window.day_type(asked_date)

    def answer(result: BookingResult, rule: str, text: str, *, may_approve: bool = False) -> BookingAnswer:
        notes = (rule,) if result is BookingResult.ACCEPTED_WITH_NOTE else ()
        return BookingAnswer(result, rule, may_approve, window, text, notes)

    if holds:
        return answer(BookingResult.REFUSED, "B4", ON_HOLD)
    if day_type is DayType.BEFORE_SESSION:
        return answer(BookingResult.REFUSED, "B1", "This date is before the last session. Choose a later one.")
    if day_type is DayType.TOO_EARLY:
        text = f"Before day {protocol.repeat_min_days} after the last session. Choose a later date or ask a clinician."
        return answer(BookingResult.REFUSED, "B1", text, may_approve=True)
    if same_area and asked_date < window.session_date + timedelta(days=protocol.same_area_min_days):
        text = f"The same area waits {protocol.same_area_min_days} days. Choose a later date or ask a clinician."
        return answer(BookingResult.REFUSED, "B5", text, may_approve=True)
    other_area_only = same_area is None and asked_date < window.session_date + timedelta(
        days=protocol.same_area_min_days
    )
    return _accepted(window, asked_date, day_type, tuple(events), protocol, other_area_only=other_area_only)


def days_to_keep_free(protocol: Protocol) -> int:
    """For how many days after a treatment flights and events should be left (rule B6): the longest "avoid"."""
    return max(protocol.avoid_days.values())


def _accepted(
    window: BookingWindow,
    asked_date: date,
    day_type: DayType,
    events: tuple[date, ...],
    protocol: Protocol,
    *,
    other_area_only: bool,
) -> BookingAnswer:
    notes: dict[str, str] = {}
    if day_type is DayType.LATER:
        notes["B3"] = f"Later than usual: the window ended on day {protocol.repeat_max_days}."
    if other_area_only:
        notes["B5"] = f"The same area waits {protocol.same_area_min_days} days: plan another area, or a later date."
    avoid_until = asked_date + timedelta(days=days_to_keep_free(protocol))
    if any(asked_date <= event <= avoid_until for event in events):
        notes["B6"] = (
            "The patient plans a flight or an event in the days after this date. Ask if another date is better."
        )
    if not notes:
        return BookingAnswer(BookingResult.ACCEPTED, "B2", False, window, "Inside the usual window.")
    first = next(iter(notes))
    return BookingAnswer(BookingResult.ACCEPTED_WITH_NOTE, first, False, window, " ".join(notes.values()), tuple(notes))
