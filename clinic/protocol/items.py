"""What a plan is made of: items with the rule behind each, and how they are written as plain text."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from clinic.protocol.vocabulary import DecidedBy, ItemKey, Leg, VeinType
from clinic.protocol.zones import local_date, zone_named


@dataclass(frozen=True, slots=True)
class Rule:
    """Why an item is as long as it is: what decided, and the values that went in, as (key, value) texts."""

    decided_by: VeinType | DecidedBy
    values: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.decided_by}: " + ", ".join(f"{key} = {value}" for key, value in self.values)

    @staticmethod
    def parse(text: str) -> "Rule":
        """The rule that ``str`` wrote, for plans read back from storage."""
        decided_by, _, values = text.partition(": ")
        return Rule(_decider(decided_by), tuple(_pair(value) for value in values.split(", ")))


def _decider(name: str) -> VeinType | DecidedBy:
    return VeinType(name) if name in set(VeinType) else DecidedBy(name)


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition(" = ")
    return key, value


@dataclass(frozen=True, slots=True)
class TimedItem:
    """An item bounded by instants (UTC). ``min_ends_at`` is the shortest end, ``None`` where there is none."""

    key: ItemKey
    leg: Leg | None
    rule: Rule
    starts_at: datetime
    ends_at: datetime
    min_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DatedItem:
    """An item bounded by calendar dates in the clinic's zone, both inclusive."""

    key: ItemKey
    leg: Leg | None
    rule: Rule
    first_date: date
    last_date: date
    min_last_date: date | None = None


PlanItem: TypeAlias = TimedItem | DatedItem
"""One thing the patient does; ``leg`` is ``None`` when it holds for all treated legs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one session asks of its patient; no items when nothing was injected."""

    session_end: datetime
    time_zone: str
    protocol_version: str
    legs: frozenset[Leg]
    items: tuple[PlanItem, ...]
    ref: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was injected, so that nothing follows."""
        return not self.items

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's zone."""
        return zone_named(self.time_zone)

    @property
    def session_date(self) -> date:
        """The calendar date of the session end in the clinic's zone, day 0 of the plan."""
        return local_date(self.session_end, self.zone)

    def timed(self, key: ItemKey) -> tuple[TimedItem, ...]:
        """The items of that key that are bounded by instants: none, one, or one per leg."""
        return tuple(item for item in self.items if item.key == key and isinstance(item, TimedItem))

    def dated(self, key: ItemKey) -> tuple[DatedItem, ...]:
        """The items of that key that are bounded by dates: none, one, or one per leg."""
        return tuple(item for item in self.items if item.key == key and isinstance(item, DatedItem))


def instant_text(instant: datetime) -> str:
    """A UTC instant as the command writes it: ``2026-03-09T20:00:00Z``."""
    return instant.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def item_as_dict(item: PlanItem) -> dict[str, Any]:
    """An item as plain JSON, as the command prints it."""
    shared = {"key": str(item.key), "leg": item.leg and str(item.leg), "rule": str(item.rule)}
    if isinstance(item, TimedItem):
        return shared | {
            "starts_at": instant_text(item.starts_at),
            "ends_at": instant_text(item.ends_at),
            "min_ends_at": item.min_ends_at and instant_text(item.min_ends_at),
        }
    return shared | {
        "first_date": item.first_date.isoformat(),
        "last_date": item.last_date.isoformat(),
        "min_last_date": item.min_last_date and item.min_last_date.isoformat(),
    }
