"""Free times as pages ask for them: every one that `sessions_app.booking` would take now, and the best for a repeat.

Four queries at most, whatever the number of nurses, rooms and days.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.access import Permission
from clinic.models import Clinic, Patient, Room, User
from clinic.protocol.window import ON_HOLD, BookingWindow
from clinic.protocol.zones import local_date, start_of_day, starting_instant
from sessions_app.availability import days_between
from sessions_app.free_times import Search, Slot, SlotKind
from sessions_app.models import Service
from sessions_app.ranking import Middle, Ranking, Soonest
from sessions_app.repeat import RepeatRules, repeat_rules, waits
from sessions_app.wording import day_words, days_words, range_words

__all__ = [
    "RepeatOffer",
    "Slot",
    "SlotKind",
    "find_slots",
    "nearest_slots",
    "offer_dates",
    "offer_in",
    "repeat_offer",
]

BEST = 4
_DAYS_WITHOUT_WINDOW = 14
_DAYS_AROUND_WINDOW = 7
_DAY = timedelta(days=1)


def find_slots(
    *,
    service: Service,
    first_date: date,
    last_date: date,
    now: datetime,
    nurse: User | None = None,
    room: Room | None = None,
    patient: Patient | None = None,
    include_early: bool = False,
    limit: int | None = None,
) -> list[Slot]:
    """The free times between two dates of the clinic's calendar, both inclusive, by start, then nurse.

    Each start has one slot per free nurse, in the first free room by name. With a patient, times at which the patient
    has another visit are left out, and for a treatment so are dates that the repeat rules refuse; `include_early` keeps
    those before the window, which a clinician may book with a reason.
    """
    clinic = Clinic.current()
    rules = repeat_rules(patient, service) if patient else None
    search = Search(
        clinic=clinic,
        service=service,
        first_date=first_date,
        last_date=last_date,
        now=now,
        nurse=nurse,
        room=room,
        patient=patient,
    )
    return _allowed(search, rules, include_early=include_early, limit=limit)


def nearest_slots(
    *,
    clinic: Clinic,
    service: Service,
    starts_at: datetime,
    now: datetime,
    nurse: User | None = None,
    patient: Patient | None = None,
    include_early: bool = False,
    length: timedelta | None = None,
    ignore_entry: int | None = None,
    count: int = 3,
) -> list[Slot]:
    """The free times nearest to a wanted one that is taken; the wished nurse outweighs four hours."""
    wanted = local_date(starts_at, clinic.zone)
    search = Search(
        clinic=clinic,
        service=service,
        first_date=wanted - timedelta(days=_DAYS_AROUND_WINDOW),
        last_date=wanted + timedelta(days=_DAYS_AROUND_WINDOW),
        now=now,
        patient=patient,
        length=length,
        ignore_entry=ignore_entry,
    )
    rules = repeat_rules(patient, service) if patient else None

    def distance(slot: Slot) -> timedelta:
        other_nurse = nurse is not None and slot.nurse_id != nurse.pk
        return abs(slot.starts_at - starts_at) + timedelta(hours=4 * other_nurse)

    return sorted(_allowed(search, rules, include_early=include_early), key=distance)[:count]


def _allowed(search: Search, rules: RepeatRules | None, *, include_early: bool, limit: int | None = None) -> list[Slot]:
    """Every slot of the search that the repeat rules let somebody book, each with its place in the window."""
    if waits(search.patient, search.service, rules):
        return []
    if rules is None:
        return search.slots(search.starts.all, limit=limit)
    edges = _Edges(rules.window, search.zone)
    parts = [
        (edges.inside(search), SlotKind.IN_WINDOW, "in the window"),
        (edges.later(search), SlotKind.LATER, "after the window"),
    ]
    if include_early:
        parts.insert(0, (edges.early(search), SlotKind.EARLY, "before the window"))
    found: list[Slot] = []
    for bits, kind, why in parts:
        found += search.slots(bits, kind=kind, why=why, limit=None if limit is None else limit - len(found))
    return found


class _Edges:
    """The window's dates as instants of the clinic's calendar, and the parts of a search they cut."""

    def __init__(self, window: BookingWindow, zone: ZoneInfo) -> None:
        self.session_day = start_of_day(window.session_date, zone)
        self.opens = start_of_day(window.first_date, zone)
        self.closes = start_of_day(window.last_date + timedelta(days=1), zone)

    def early(self, search: Search) -> int:
        return search.starts.from_to(self.session_day, self.opens)

    def inside(self, search: Search) -> int:
        return search.starts.from_to(self.opens, self.closes)

    def later(self, search: Search) -> int:
        return search.starts.from_to(self.closes, None)


@dataclass(frozen=True, slots=True)
class RepeatOffer:
    """What the repeat dialog opens on.

    `sentence` says which window and why. `best` are up to four slots, best first, inside the window; the soonest ones
    where no window applies or it is over. `later` and `early` lie just outside, nearest first; `early` is empty for
    people who may not approve it. `on_hold` means that nothing can be booked until a clinician clears the hold.
    """

    window: BookingWindow | None
    sentence: str
    best: list[Slot]
    later: list[Slot]
    early: list[Slot]
    on_hold: bool = False


def repeat_offer(*, patient: Patient, service: Service, now: datetime, by: User) -> RepeatOffer:
    """The best few free times for the patient's next visit, and what is just outside of the window."""
    rules, clinic = repeat_rules(patient, service), Clinic.current()
    first_date, last_date = offer_dates(rules, today=local_date(now, clinic.zone))
    search = Search(
        clinic=clinic, service=service, first_date=first_date, last_date=last_date, now=now, patient=patient
    )
    return offer_in(search, rules=rules, service=service, now=now, by=by)


def offer_dates(rules: RepeatRules | None, *, today: date) -> tuple[date, date]:
    """The first and last date that a search must cover for `offer_in`."""
    if rules is None or rules.window.last_date < today:
        return today, today + timedelta(days=_DAYS_WITHOUT_WINDOW)
    return rules.window.session_date, rules.window.last_date + timedelta(days=_DAYS_AROUND_WINDOW)


def offer_in(search: Search, *, rules: RepeatRules | None, service: Service, now: datetime, by: User) -> RepeatOffer:
    """The offer out of a search of the patient's free times that covers `offer_dates` (and may cover more)."""
    if waits(search.patient, service, rules):
        return RepeatOffer(rules.window if rules else None, ON_HOLD, [], [], [], on_hold=True)
    if rules is None or rules.window.last_date < local_date(now, search.zone):
        return _soonest_offer(search, rules, service=service, now=now)
    return _window_offer(search, rules, service=service, may_be_early=by.may(Permission.APPROVE_EARLY_REPEAT))


def _window_offer(search: Search, rules: RepeatRules, *, service: Service, may_be_early: bool) -> RepeatOffer:
    window, zone = rules.window, search.zone
    edges = _Edges(window, zone)
    ranking = Ranking(search, wished=Middle(window.first_date, window.last_date, zone), nurse_id=rules.nurse_id)
    inside = search.slots(edges.inside(search), kind=SlotKind.IN_WINDOW, why="in the window")
    days_after = days_between(window.last_date + _DAY, window.last_date + _DAYS_AROUND_WINDOW * _DAY)
    days_before = days_between(window.session_date, window.first_date - _DAY)[::-1] if may_be_early else []
    return RepeatOffer(
        window=window,
        sentence=f"{_window_sentence(window, 'is')}{'' if inside else ' Nothing is free in it.'}",
        best=ranking.best(inside, zone=zone, count=BEST),
        later=[_after_window(slot, window, zone) for slot in _first_of_half_days(search, days_after, SlotKind.LATER)],
        early=[_before_window(slot, window, zone) for slot in _first_of_half_days(search, days_before, SlotKind.EARLY)],
    )


def _first_of_half_days(search: Search, days: list[date], kind: SlotKind) -> list[Slot]:
    """The first free time of each half-day, as the days are given, up to four."""
    found: list[Slot] = []
    for day in days:
        noon = starting_instant(datetime.combine(day, time(12)), search.zone)
        for first, end in ((start_of_day(day, search.zone), noon), (noon, start_of_day(day + _DAY, search.zone))):
            found += search.slots(search.starts.from_to(first, end), kind=kind, limit=1)
        if len(found) >= BEST:
            break
    return found[:BEST]


def _soonest_offer(search: Search, rules: RepeatRules | None, *, service: Service, now: datetime) -> RepeatOffer:
    """Where no window applies, or the window is over: the soonest times of the next two weeks."""
    ranking = Ranking(search, wished=Soonest(now), nurse_id=rules.nurse_id if rules else None)
    soon = search.starts.from_to(None, now + _DAYS_WITHOUT_WINDOW * _DAY)
    slots = search.slots(soon, kind=SlotKind.LATER if rules else SlotKind.FREE, why="within two weeks")
    return RepeatOffer(
        window=rules.window if rules else None,
        sentence=_sentence_without_window(rules, service),
        best=ranking.best(slots, zone=search.zone, count=BEST),
        later=[],
        early=[],
    )


def _sentence_without_window(rules: RepeatRules | None, service: Service) -> str:
    if rules is not None:
        return f"{_window_sentence(rules.window, 'was')} Later is possible and is noted."
    if service.kind == Service.Kind.TREATMENT:
        return "No session signed yet: any day is possible."
    return f"{service.name}: any day is possible."


def _window_sentence(window: BookingWindow, verb: str) -> str:
    session, dates = day_words(window.session_date), range_words(window.first_date, window.last_date)
    return f"Session on {session}: the usual window {verb} {dates}."


def _after_window(slot: Slot, window: BookingWindow, zone: ZoneInfo) -> Slot:
    days = (local_date(slot.starts_at, zone) - window.last_date).days
    return slot._replace(why=f"{days_words(days)} after the window")


def _before_window(slot: Slot, window: BookingWindow, zone: ZoneInfo) -> Slot:
    days = (local_date(slot.starts_at, zone) - window.session_date).days
    return slot._replace(why=f"day {days}, before the window: needs a reason")
