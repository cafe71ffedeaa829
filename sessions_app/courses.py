"""A course of treatments as a proposal: one free time per visit, each in the window of the one before it.

Booking it is `sessions_app.booking.book_course`; a proposal holds nothing and checks everything again by then.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from clinic.models import Clinic, Patient, User
from clinic.protocol.window import ON_HOLD
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.course_places import progress_of
from sessions_app.free_times import Search, Slot, SlotKind
from sessions_app.models import Service
from sessions_app.ranking import Middle, Ranking, Soonest
from sessions_app.repeat import Chain, RepeatRules
from sessions_app.wording import day_words, range_words

__all__ = ["CourseProposal", "ProposedVisit", "progress_of", "propose_course"]

_OFFERED = 4
_DAYS_BEYOND = 14
_DAY = timedelta(days=1)
_FAR = datetime.max.replace(tzinfo=UTC)

# Where a time lies, by whether it is inside of the window; None: no window applies.
_PLACES: dict[bool | None, tuple[SlotKind, str]] = {
    None: (SlotKind.FREE, "free"),
    True: (SlotKind.IN_WINDOW, "in the window"),
    False: (SlotKind.LATER, "after the window"),
}


@dataclass(frozen=True, slots=True)
class ProposedVisit:
    """A free time for one visit and up to three `others`, best first, between two dates of the window, inclusive.

    `note` says what is unusual about it ("Later than usual: …"), and is empty otherwise.
    """

    slot: Slot
    window_first: date
    window_last: date
    others: list[Slot]
    note: str = ""


@dataclass(frozen=True, slots=True)
class CourseProposal:
    """The visits that were found, in order, and what to say of them; fewer than asked where nothing is free."""

    visits: list[ProposedVisit]
    sentence: str
    on_hold: bool = False


def propose_course(
    *,
    patient: Patient,
    service: Service,
    count: int,
    now: datetime,
    nurse: User | None = None,
    first_date: date | None = None,
) -> CourseProposal:
    """Free times for the next `count` treatments, after those that are booked already; the first not before a date.

    `nurse` restricts it to one nurse; otherwise each visit prefers the nurse of the one before it. The number of
    queries does not depend on `count`.
    """
    clinic = Clinic.current()
    chain = Chain(patient, service, clinic=clinic, now=now)
    if chain.holds:
        return CourseProposal([], ON_HOLD, on_hold=True)
    today = local_date(now, clinic.zone)
    earliest = max(first_date or today, today, local_date(chain.end, clinic.zone) if chain.end else today)
    reach = count * chain.protocol.repeat_max_days + 2 * _DAYS_BEYOND
    search = Search(
        clinic=clinic,
        service=service,
        first_date=earliest,
        last_date=earliest + timedelta(days=reach),
        now=now,
        nurse=nurse,
        patient=patient,
    )
    proposer = _Proposer(search)
    visits: list[ProposedVisit] = []
    while len(visits) < count:
        rules = chain.rules_before(visits[-1].slot.ends_at if visits else _FAR)
        found = proposer.visit(rules, earliest=earliest)
        if found is None:
            break
        visits.append(found)
        chain.add(found.slot.starts_at, nurse_id=found.slot.nurse_id)
    return CourseProposal(visits, _sentence(visits, count, search))


class _Proposer:
    """Finds one visit after the other in one search."""

    def __init__(self, search: Search) -> None:
        self.search = search

    def visit(self, rules: RepeatRules | None, *, earliest: date) -> ProposedVisit | None:
        """The best time of the window, or the soonest after it; None when nothing is free as far as one may book."""
        zone = self.search.zone
        if rules is None or rules.window.last_date < earliest:
            first, last = earliest, earliest + _DAYS_BEYOND * _DAY
            offers = self._best(first, last, rules, wished=Soonest(start_of_day(first, zone)))
        else:
            window = rules.window
            first, last = max(window.first_date, earliest), window.last_date
            offers = self._best(first, last, rules, wished=Middle(window.first_date, last, zone))
        if not offers:
            beyond = last + _DAY
            soonest = Soonest(start_of_day(beyond, zone))
            offers = self._best(beyond, beyond + _DAYS_BEYOND * _DAY, rules, wished=soonest)
        if not offers:
            return None
        return ProposedVisit(offers[0], first, last, offers[1:], self._note(offers[0], rules))

    def _best(self, first: date, last: date, rules: RepeatRules | None, *, wished: Middle | Soonest) -> list[Slot]:
        search, zone = self.search, self.search.zone
        ranking = Ranking(search, wished=wished, nurse_id=rules.nurse_id if rules else None)
        bits = search.starts.from_to(start_of_day(first, zone), start_of_day(last + _DAY, zone))
        inside = rules is not None and rules.window.first_date <= first and last <= rules.window.last_date
        kind, why = _PLACES[None if rules is None else inside]
        return ranking.best(search.slots(bits, kind=kind, why=why), zone=zone, count=_OFFERED)

    def _note(self, slot: Slot, rules: RepeatRules | None) -> str:
        if rules is None:
            return ""
        answer = rules.answer(local_date(slot.starts_at, self.search.zone))
        return answer.text if answer.notes else ""


def _sentence(visits: list[ProposedVisit], count: int, search: Search) -> str:
    if not visits:
        return "Nothing is free for a first visit as far ahead as can be booked. Try another nurse or date."
    first, last = (local_date(visit.slot.starts_at, search.zone) for visit in (visits[0], visits[-1]))
    if len(visits) < count:
        return f"Only {len(visits)} of {count} visits: after {day_words(last)} nothing is free or open for booking yet."
    when = day_words(first) if first == last else range_words(first, last)
    return f"{count} {'visit' if count == 1 else 'visits'}, {when}; each in the window of the one before it."
