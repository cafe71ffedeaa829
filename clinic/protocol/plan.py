"""From what was injected to what the patient does: one function per item.

``E`` is the session end (the instant compression goes on), ``D`` its calendar date in the clinic's zone. Minutes
and hours are elapsed time, days are wall-clock days. Over several vein types the strictest holds: latest end, for
the default end and the shortest end separately. Where the numbers come from is written beside each value in
``default.toml``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from clinic.protocol.catalogue import avoid_key
from clinic.protocol.errors import ProtocolError
from clinic.protocol.items import DatedItem, Plan, PlanItem, Rule, TimedItem, instant_text
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import (
    AVOID_ITEMS,
    CompressionScope,
    DaytimeAnchor,
    DecidedBy,
    ItemKey,
    Leg,
    VeinType,
)
from clinic.protocol.zones import days_later, local_date, zone_named


@dataclass(frozen=True, slots=True)
class InjectedSite:
    """One treated area; a volume of 0 mL means that nothing was injected there."""

    leg: Leg
    vein_type: VeinType
    volume_ml: Decimal


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What a plan is made from.

    ``session_end`` is an aware instant, ``time_zone`` the clinic's IANA zone. ``extensive_days`` are the days the
    clinician entered for extensive veins (``None``: not extensive). ``vte_risk`` means that a thrombosis risk is
    recorded. ``ref`` is the caller's own name of the session; it comes back on the plan and its messages.
    """

    session_end: datetime
    time_zone: str
    sites: tuple[InjectedSite, ...]
    extensive_days: int | None = None
    breastfeeding: bool = False
    vte_risk: bool = False
    ref: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON in the form the command reads, to be stored beside a plan; ``ref`` is the caller's own."""
        return {
            "session_end": instant_text(self.session_end),
            "time_zone": self.time_zone,
            "sites": [
                {"leg": str(site.leg), "vein_type": str(site.vein_type), "volume_ml": format(site.volume_ml, "f")}
                for site in self.sites
            ],
            "extensive_days": self.extensive_days,
            "breastfeeding": self.breastfeeding,
            "vte_risk": self.vte_risk,
        }


@dataclass(frozen=True, slots=True)
class _Session:
    """The facts in the form the rules use."""

    end: datetime
    zone: ZoneInfo
    day: date
    types: tuple[VeinType, ...]
    extensive_days: int | None

    def after(self, days: int) -> datetime:
        return days_later(self.end, days, self.zone)

    def date_after(self, days: int) -> date:
        return self.day + timedelta(days=days)


def plan_for(facts: SessionFacts, protocol: Protocol) -> Plan:
    """What the patient does after the session, strictest rule over all treated vein types.

    Days are wall-clock days in ``facts.time_zone``; minutes and hours are elapsed time. Returns a plan without
    items when nothing was injected. Raises ``ProtocolError`` when the facts cannot be: a session end without
    offset, an unknown zone, a negative volume, too few days for extensive veins.
    """
    zone = _refuse_impossible(facts, protocol)
    injected = [site for site in facts.sites if site.volume_ml > 0]
    end = facts.session_end.astimezone(UTC)
    session = _Session(end, zone, local_date(end, zone), _types_of(injected), facts.extensive_days)
    return Plan(
        session_end=end,
        time_zone=facts.time_zone,
        protocol_version=protocol.version,
        legs=frozenset(site.leg for site in injected),
        items=tuple(_items(session, injected, facts, protocol)) if injected else (),
        ref=facts.ref,
    )


def _refuse_impossible(facts: SessionFacts, protocol: Protocol) -> ZoneInfo:
    if facts.session_end.utcoffset() is None:
        raise ProtocolError("session_end", "give an instant with its offset from UTC")
    for number, site in enumerate(facts.sites):
        if not site.volume_ml.is_finite() or site.volume_ml < 0:
            raise ProtocolError(f"sites[{number}].volume_ml", "enter a volume of 0 mL or more")
    least = protocol.extensive_continuous_days_min
    if facts.extensive_days is not None and facts.extensive_days < least:
        raise ProtocolError("extensive_days", f"enter {least} days or more, or leave it empty")
    return zone_named(facts.time_zone)


def _types_of(sites: Iterable[InjectedSite]) -> tuple[VeinType, ...]:
    present = {site.vein_type for site in sites}
    return tuple(vein_type for vein_type in VeinType if vein_type in present)


def _items(session: _Session, sites: list[InjectedSite], facts: SessionFacts, protocol: Protocol) -> Iterator[PlanItem]:
    yield _observation(session, protocol)
    yield _walk_immediate(session, protocol)
    yield from _compression(session, sites, protocol)
    yield _walk_daily(session, protocol)
    for key in AVOID_ITEMS:
        yield _avoid(key, session, facts.vte_risk, protocol)
    if facts.breastfeeding:
        yield _breastfeeding_pause(session, protocol)
    yield _repeat_window(session, protocol)
    yield _coagulum_review_window(session, protocol)
    yield _watch_window(session, protocol)


def _observation(session: _Session, protocol: Protocol) -> TimedItem:
    """Minutes under observation, from E."""
    return _minutes(
        ItemKey.OBSERVATION,
        session,
        "observation_minutes",
        protocol.observation_minutes,
        protocol.observation_minutes_min,
    )


def _walk_immediate(session: _Session, protocol: Protocol) -> TimedItem:
    """Minutes of walking straight after the session, from E."""
    return _minutes(
        ItemKey.WALK_IMMEDIATE, session, "walk_now_minutes", protocol.walk_now_minutes, protocol.walk_now_minutes_min
    )


def _minutes(key: ItemKey, session: _Session, name: str, minutes: int, least: int) -> TimedItem:
    return TimedItem(
        key=key,
        leg=None,
        rule=Rule(DecidedBy.EVERY_TYPE, ((name, str(minutes)), (f"{name}_min", str(least)))),
        starts_at=session.end,
        ends_at=session.end + timedelta(minutes=minutes),
        min_ends_at=session.end + timedelta(minutes=least),
    )


def _compression(session: _Session, sites: list[InjectedSite], protocol: Protocol) -> Iterator[PlanItem]:
    """Both phases of compression, for all treated legs together or for each leg by its own sites."""
    if protocol.compression_scope is CompressionScope.SESSION:
        yield _continuous(session, protocol)
        yield _daytime(session, protocol)
        return
    of_leg = {
        leg: replace(session, types=_types_of(site for site in sites if site.leg is leg))
        for leg in Leg
        if any(site.leg is leg for site in sites)
    }
    yield from _per_leg({leg: _continuous(each, protocol) for leg, each in of_leg.items()})
    yield from _per_leg({leg: _daytime(each, protocol) for leg, each in of_leg.items()})


def _per_leg(items: Mapping[Leg, PlanItem]) -> Iterator[PlanItem]:
    """One item for all legs when they agree, otherwise one per leg."""
    if len(set(items.values())) == 1:
        yield next(iter(items.values()))
        return
    for leg, item in items.items():
        yield replace(item, leg=leg)


@dataclass(frozen=True, slots=True)
class _ContinuousDays:
    """Days of continuous compression over the types of a session, with what decided them."""

    days: int
    least: int
    rule: Rule


def _continuous_days(session: _Session, protocol: Protocol) -> _ContinuousDays:
    """The longest default and the longest shortest over the treated types and the entered days."""
    strictest = max(session.types, key=lambda vein_type: protocol.veins[vein_type].continuous_days)
    days = protocol.veins[strictest].continuous_days
    least = max(protocol.veins[vein_type].continuous_days_min for vein_type in session.types)
    values = [(f"{strictest}.continuous_days", str(days)), ("shortest", str(least))]
    decided_by: VeinType | DecidedBy = strictest
    if session.extensive_days is not None:
        least = max(least, protocol.extensive_continuous_days_min)
        values += [("extensive_days entered", str(session.extensive_days)), ("extensive shortest", str(least))]
        if session.extensive_days > days:
            days, decided_by = session.extensive_days, DecidedBy.EXTENSIVE
    return _ContinuousDays(days, least, Rule(decided_by, tuple(values)))


def _continuous(session: _Session, protocol: Protocol) -> TimedItem:
    """Stocking day and night: from E, days of the strictest vein type."""
    chosen = _continuous_days(session, protocol)
    return TimedItem(
        key=ItemKey.COMPRESSION_CONTINUOUS,
        leg=None,
        rule=chosen.rule,
        starts_at=session.end,
        ends_at=session.after(chosen.days),
        min_ends_at=session.after(chosen.least),
    )


def _daytime(session: _Session, protocol: Protocol) -> DatedItem:
    """Stocking by day: from the date on which the continuous phase ends; never shorter than that phase."""
    chosen = _continuous_days(session, protocol)
    if protocol.daytime_anchor is DaytimeAnchor.AFTER_CONTINUOUS:
        last, least = chosen.days + protocol.daytime_days, chosen.least + protocol.daytime_days_min
    else:
        last, least = max(protocol.daytime_days, chosen.days), max(protocol.daytime_days_min, chosen.least)
    decided_by = DecidedBy.EVERY_TYPE
    if last == chosen.days and chosen.rule.decided_by is DecidedBy.EXTENSIVE:
        decided_by = DecidedBy.EXTENSIVE
    first_date = local_date(session.after(chosen.days), session.zone)
    return DatedItem(
        key=ItemKey.COMPRESSION_DAYTIME,
        leg=None,
        rule=Rule(
            decided_by,
            (
                ("daytime_days", str(protocol.daytime_days)),
                ("daytime_days_min", str(protocol.daytime_days_min)),
                ("daytime_anchor", str(protocol.daytime_anchor)),
                ("continuous days", str(chosen.days)),
            ),
        ),
        first_date=first_date,
        last_date=max(session.date_after(last), first_date),
        min_last_date=session.date_after(least),
    )


def _walk_daily(session: _Session, protocol: Protocol) -> DatedItem:
    """A walk each day from the day after the session."""
    strictest = max(session.types, key=lambda vein_type: protocol.veins[vein_type].walk_daily_days)
    days = protocol.veins[strictest].walk_daily_days
    decided_by: VeinType | DecidedBy = strictest
    if session.extensive_days is not None and protocol.walk_daily_days_extensive > days:
        days, decided_by = protocol.walk_daily_days_extensive, DecidedBy.EXTENSIVE
    return DatedItem(
        key=ItemKey.WALK_DAILY,
        leg=None,
        rule=Rule(
            decided_by,
            (
                (f"walk_daily_days.{decided_by}", str(days)),
                ("minutes a day", f"{protocol.walk_daily_minutes_min}-{protocol.walk_daily_minutes_max}"),
            ),
        ),
        first_date=session.date_after(1),
        last_date=session.date_after(days),
    )


def _avoid(key: ItemKey, session: _Session, vte_risk: bool, protocol: Protocol) -> TimedItem:
    """Something to avoid from E; long flights for longer when a thrombosis risk is recorded."""
    days = protocol.avoid_days[key]
    least = min(days, protocol.avoid_days_min)
    rule = Rule(DecidedBy.EVERY_TYPE, ((avoid_key(key), str(days)), ("avoid_days_min", str(least))))
    advised = protocol.flight_advisory_days
    if key is ItemKey.AVOID_LONG_FLIGHT and vte_risk and advised is not None and advised > days:
        rule = Rule(DecidedBy.VTE_RISK, (("flight_advisory_days", str(advised)), *rule.values))
        days = advised
    return TimedItem(
        key=key,
        leg=None,
        rule=rule,
        starts_at=session.end,
        ends_at=session.after(days),
        min_ends_at=session.after(least),
    )


def _breastfeeding_pause(session: _Session, protocol: Protocol) -> TimedItem:
    """Hours without breastfeeding, from E, elapsed time."""
    hours = protocol.breastfeeding_pause_hours
    return TimedItem(
        key=ItemKey.BREASTFEEDING_PAUSE,
        leg=None,
        rule=Rule(DecidedBy.BREASTFEEDING, (("breastfeeding_pause_hours", str(hours)),)),
        starts_at=session.end,
        ends_at=session.end + timedelta(hours=hours),
    )


def _repeat_window(session: _Session, protocol: Protocol) -> DatedItem:
    """The dates on which the next session usually takes place."""
    return _window(
        ItemKey.REPEAT_WINDOW,
        session,
        ("repeat_min_days", protocol.repeat_min_days),
        ("repeat_max_days", protocol.repeat_max_days),
    )


def _coagulum_review_window(session: _Session, protocol: Protocol) -> DatedItem:
    """The dates on which trapped blood can be looked for and let out."""
    return _window(
        ItemKey.COAGULUM_REVIEW_WINDOW,
        session,
        ("coagulum_window.first_day", protocol.coagulum_window_first_day),
        ("coagulum_window.last_day", protocol.coagulum_window_last_day),
    )


def _watch_window(session: _Session, protocol: Protocol) -> DatedItem:
    """The dates on which the warning signs stay in view, from the day of the session."""
    return _window(ItemKey.WATCH_WINDOW, session, ("first day", 0), ("watch_days", protocol.watch_days))


def _window(key: ItemKey, session: _Session, first: tuple[str, int], last: tuple[str, int]) -> DatedItem:
    return DatedItem(
        key=key,
        leg=None,
        rule=Rule(DecidedBy.EVERY_TYPE, tuple((name, str(days)) for name, days in (first, last))),
        first_date=session.date_after(first[1]),
        last_date=session.date_after(last[1]),
    )
