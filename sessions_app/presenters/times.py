"""The times of the booking dialog: the best few with their reasons, one day in full, and the weeks around them.

One search of the calendar serves the weeks, the day, the wish and the offer of a repeat (`slots.offer_in`).
"""

from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from clinic.protocol.values import Protocol
from clinic.protocol.window import ON_HOLD, BookingWindow, days_to_keep_free
from clinic.protocol.zones import local_date, starting_instant
from sessions_app.free_times import Search, last_bookable_date
from sessions_app.models import PartOfDay, Service
from sessions_app.presenters.days import WEEKS, Booked, Days, Wanted, narrowed, weeks_of
from sessions_app.presenters.moving import without_itself
from sessions_app.presenters.time_options import Option, Times, option_of
from sessions_app.presenters.waits_fit import fitting_options, marked
from sessions_app.ranking import Ranking, Soonest
from sessions_app.repeat import RepeatRules, booked_treatment_days, protocol_in_force, repeat_rules, standing
from sessions_app.slots import BEST, RepeatOffer, offer_dates, offer_in
from sessions_app.wording import day_words, time_words


def times_for(wanted: Wanted) -> Times:
    """Everything that the dialog shows about times. The number of queries does not depend on what there is."""
    zone, patient = wanted.zone, wanted.patient
    rules = repeat_rules(patient, wanted.service) if patient else None
    window = rules.window if rules else None
    protocol, holds = standing(patient, wanted.service, rules)
    booked = _booked(wanted, protocol)
    first = _first_day(wanted, window)
    search, offer = _search_and_offer(wanted, rules, first, booked)
    if holds and offer is None:
        offer = RepeatOffer(None, ON_HOLD, [], [], [], on_hold=True)
    days = Days(wanted, search, window, booked)
    is_on_hold = bool(offer and offer.on_hold)
    day = wanted.day if wanted.day and not is_on_hold and not days.is_refused(wanted.day) else None
    early = [option_of(slot, zone, early=True) for slot in offer.early[:BEST]] if offer else []
    extra, problem = _wished(wanted, days)
    offered = {option.value for option in extra}
    usual = _usual_nurse(wanted, rules)
    fits = fitting_options(wanted, days, usual_nurse=usual, count=BEST) if not is_on_hold else []
    ranked = {option.value: option for option in (*fits, *_best(wanted, days, offer))}
    best = [option for option in list(ranked.values())[:BEST] if option.value not in offered]
    extra += _kept(wanted, days, offered | {option.value for option in (*best, *early)})
    times = Times(
        sentence=_sentence(wanted, offer, booked),
        is_on_hold=is_on_hold,
        heading=day_words(day) if day else "Best times" if window or fits else "The next free times",
        options=[] if day or is_on_hold else best,
        early=[] if day else early,
        groups=_by_nurse(days, day, first=usual) if day else [],
        weeks=[] if is_on_hold else weeks_of(days, first, day),
        weekdays=days.weekday_names(first),
        before=first - timedelta(days=7 * WEEKS) if first > _monday(wanted.today) else None,
        after=_after(wanted, first),
        nurses=[(nurse.id, nurse.name) for nurse in search.nurses],
        rooms=list(search.rooms),
        problem="" if day else problem,
        window=window,
        window_reason=_window_reason(rules) if rules else "",
        holds=holds,
        avoid_days=days_to_keep_free(protocol) if protocol else 0,
        flight_hours=protocol.long_flight_hours if protocol else 0,
        extra=[] if day or is_on_hold else extra,
        parts=tuple((str(part), part.label) for part in PartOfDay if part in days.parts or part == wanted.part),
        is_narrow=wanted.is_narrow,
        booked=booked,
        near=booked.near_words(day) if day else "",
    )
    return times.changed(lambda option: marked(option, wanted)) if wanted.waits else times


def _booked(wanted: Wanted, protocol: Protocol | None) -> Booked:
    patient, service = wanted.patient, wanted.service
    if patient is None or protocol is None:
        return Booked()
    if wanted.treatments is not None:
        days = [local_date(at, wanted.zone) for at in wanted.treatments]
    else:
        days = booked_treatment_days(patient, service, wanted.clinic, now=wanted.now, moves=wanted.moves)
    return Booked(tuple(days), protocol.repeat_min_days) if days else Booked()


def _usual_nurse(wanted: Wanted, rules: RepeatRules | None) -> int | None:
    """Who treated last time; of a visit that is moved, who is to come."""
    return wanted.moves.entry.nurse_id if wanted.moves else rules.nurse_id if rules else None


def _sentence(wanted: Wanted, offer: RepeatOffer | None, booked: Booked) -> str:
    if offer is None:
        return _without_window(wanted)
    # What is missing under a filter may well be there without it.
    hides_some = wanted.is_narrow or booked.days
    return offer.sentence.removesuffix(" Nothing is free in it.") if hides_some else offer.sentence


def _window_reason(rules: RepeatRules) -> str:
    """Where the window comes from, in days; the numbers are the protocol's."""
    protocol = rules.protocol
    return (
        f"That is day {protocol.repeat_min_days} to {protocol.repeat_max_days} after it, as the clinic's protocol says."
    )


def avoid_days(service: Service) -> int:
    """For how many days after the visit flights and events should be left; 0 where nobody is treated."""
    return days_to_keep_free(protocol_in_force()) if service.kind == Service.Kind.TREATMENT else 0


def _search_and_offer(
    wanted: Wanted, rules: RepeatRules | None, first: date, booked: Booked
) -> tuple[Search, RepeatOffer | None]:
    """One search for the weeks and the offer of a repeat; two where somebody looks at weeks far from the window.

    The offer keeps its distance from what is booked already.

    What the offer says about times after the window is not shown here: the weeks show them.
    """
    last = first + timedelta(days=7 * WEEKS - 1)
    if rules is None:
        return _search(wanted, first, last), None
    wants_first, wants_last = offer_dates(rules, today=wanted.today)
    wants_first = max(wants_first, wanted.today)
    if rules.window.last_date >= wanted.today:
        wants_last = rules.window.last_date
    offer = partial(offer_in, rules=rules, service=wanted.service, now=wanted.now, by=wanted.by)
    if first <= wants_last and wants_first <= last:
        search = _search(wanted, min(first, wants_first), max(last, wants_last))
        return search, offer(booked.apart(search))
    return _search(wanted, first, last), offer(booked.apart(_search(wanted, wants_first, wants_last)))


def _search(wanted: Wanted, first: date, last: date) -> Search:
    """Every nurse and room of the service is in it, because the selects offer all; only what is wished is free."""
    moves = wanted.moves
    search = Search(
        clinic=wanted.clinic,
        service=wanted.service,
        first_date=first,
        last_date=last,
        now=wanted.now,
        patient=wanted.patient,
        length=moves.entry.ends_at - moves.entry.starts_at if moves else None,
        ignore_entry=moves.entry_id if moves else None,
        keeps=(moves.entry.nurse_id, moves.entry.room_id) if moves else None,
    )
    return narrowed(without_itself(search, moves, room_id=wanted.room_id) if moves else search, wanted)


def _without_window(wanted: Wanted) -> str:
    if wanted.patient is None:
        return ""
    is_treatment = wanted.service.kind == Service.Kind.TREATMENT
    return f"{'No session signed yet' if is_treatment else wanted.service.name}: any day is possible."


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _first_day(wanted: Wanted, window: BookingWindow | None) -> date:
    """The Monday of the week where the weeks begin: asked for, of the chosen day, of the window, or this week."""
    present = _monday(wanted.today)
    if wanted.first_day:
        return max(_monday(wanted.first_day), present)
    shown = wanted.day or (wanted.wish and local_date(wanted.wish[0], wanted.zone))
    if shown is None and window is not None and window.last_date >= wanted.today:
        shown = window.first_date
    begins = present if shown is None or shown < present + timedelta(days=7 * WEEKS) else _monday(shown)
    return max(begins, present)


def _after(wanted: Wanted, first: date) -> date | None:
    following = first + timedelta(days=7 * WEEKS)
    return following if following <= last_bookable_date(wanted.clinic, wanted.now, wanted.service) else None


def _best(wanted: Wanted, days: Days, offer: RepeatOffer | None) -> list[Option]:
    """The offer of a repeat, or what comes soonest after its window; without a window, the soonest of half-days.

    Of somebody who prefers a part of the day that counts there, too.
    """
    if offer is not None and (offer.best or offer.later):
        return [option_of(slot, wanted.zone) for slot in offer.best or offer.later]
    today = wanted.today
    days = days.apart()
    if days.window is None and wanted.patient and wanted.patient.prefers:
        ranking = Ranking(days.search, wished=Soonest(wanted.now), nurse_id=None)
        slots = days.search.slots(days.search.starts.from_to(None, None) & days.free)
        return [option_of(slot, wanted.zone) for slot in ranking.best(slots, zone=wanted.zone, count=BEST)]
    earliest = max(days.window.first_date, today) if days.window else today
    soonest = days.first_of_half_days(earliest, earliest + timedelta(days=7 * WEEKS), BEST)
    reasons = ["The earliest free time", *[""] * len(soonest)]
    return [option_of(slot, wanted.zone, why=why) for slot, why in zip(soonest, reasons, strict=False)]


def _by_nurse(days: Days, day: date, *, first: int | None) -> list[tuple[str, list[Option]]]:
    """The times of a date by nurse, the one of last time on top."""
    nurses = sorted(days.search.nurses, key=lambda nurse: nurse.id != first)
    groups: dict[str, list[Option]] = {nurse.name: [] for nurse in nurses}
    early, asks = days.is_early(day), days.needs_clinician(day)
    for slot in days.slots(day):
        groups[slot.nurse_name].append(option_of(slot, days.zone, why="", early=early, asks=asks))
    return [(name, options) for name, options in groups.items() if options]


def _wished(wanted: Wanted, days: Days) -> tuple[list[Option], str]:
    """The time that was pressed on the board as the first option, or why it cannot be had."""
    if wanted.wish is None:
        return [], ""
    starts_at, nurse_id = wanted.wish
    day = local_date(starts_at, wanted.zone)
    when = time_words(starts_at, wanted.zone)
    if days.is_refused(day):
        return [], f"{when} is before the last session. Choose a later time."
    fitting = days.slots_at(starts_at, nurse_id)
    if not fitting and wanted.is_narrow:
        return [], ""  # somebody asked for other times meanwhile
    if not fitting:
        minutes = days.search.length // timedelta(minutes=1)
        return (
            [],
            f"{when} is not free for the {minutes} minutes that {wanted.service.name} takes. Choose another time.",
        )
    asks, problem = days.needs_clinician(day), ""
    if asks and days.window:
        first = day_words(days.window.first_date)
        problem = f"{when} is before the usual window, which opens {first}. A clinician may approve it."
    option = option_of(fitting[0], wanted.zone, why="The time you chose", early=days.is_early(day), asks=asks)
    return [option], problem


def _kept(wanted: Wanted, days: Days, offered: set[str]) -> list[Option]:
    """What was chosen before and is not among the offered times, while it can still be had."""
    if wanted.chosen is None or wanted.chosen == wanted.wish:
        return []
    day = local_date(wanted.chosen[0], wanted.zone)
    if days.is_refused(day):
        return []
    early, asks = days.is_early(day), days.needs_clinician(day)
    return [
        option
        for slot in days.slots_at(*wanted.chosen)[:1]
        if (option := option_of(slot, wanted.zone, why="The time you chose", early=early, asks=asks)).value
        not in offered
    ]


def not_free_words(slot: tuple[datetime, int] | None, zone: ZoneInfo) -> str:
    """For a time that came with the address and cannot be had."""
    when = time_words(slot[0], zone) if slot else "This time"
    return f"{when} is not free for this visit. Choose another time; the old one stays booked until then."


def wish_from(day: date | None, at: str, nurse_id: int | None, zone: ZoneInfo) -> tuple[datetime, int | None] | None:
    """A start on the clinic's wall clock as it stands in an address ("15:45")."""
    try:
        wall = time.fromisoformat(at) if day else None
    except ValueError:
        return None
    if day is None or wall is None or wall.tzinfo is not None:
        return None
    return starting_instant(datetime.combine(day, wall), zone), nurse_id
