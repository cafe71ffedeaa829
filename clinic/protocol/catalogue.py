"""The catalogue of protocol values: what ``default.toml`` says about each key, and how a value is read and checked."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeAlias

from clinic.protocol.errors import ProtocolError
from clinic.protocol.vocabulary import AVOID_ITEMS, Origin

Setting: TypeAlias = int | Decimal | bool | str | time | tuple[Decimal, ...] | None
"""One resolved value; ``None`` means "off"."""

OFF = "off"
PLAIN_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


@dataclass(frozen=True, slots=True)
class ValueSpec:
    """One key of the protocol: default, allowed range, where it comes from, whether it must be signed off.

    ``at_least``/``at_most`` bound what a clinic may set (for texts ``at_most`` counts characters); the
    ``signed_`` pair and ``signed_choices`` are the wider range that needs a recorded sign-off.
    """

    key: str
    title: str
    kind: str
    default: Setting
    unit: str
    origin: Origin
    source: str
    sign_off: bool
    fixed: bool
    may_be_off: bool
    at_least: Setting
    at_most: Setting
    signed_at_least: Setting
    signed_at_most: Setting
    choices: tuple[Setting, ...]
    signed_choices: tuple[Setting, ...]

    def read(self, raw: object, *, field: str = "") -> Setting:
        """A stored or typed value as a ``Setting``; ``ProtocolError`` on a wrong kind. Ranges are not checked."""
        if raw is None or raw == OFF:
            if self.may_be_off:
                return None
            raise ProtocolError(field or self.key, "enter a value; this one cannot be off")
        return _READERS[self.kind](raw, field or self.key)

    def check(self, value: Setting, *, signed_off: bool, field: str = "") -> Setting:
        """The value itself when it is allowed; otherwise ``ProtocolError`` naming the allowed range."""
        if value == self.default and type(value) is type(self.default):
            return value
        if self.fixed:
            raise ProtocolError(field or self.key, "leave it out; this value is part of a rule and cannot be changed")
        if value is None or self._allows(value, signed_off=False):
            return value
        if self._allows(value, signed_off=True):
            if signed_off:
                return value
            raise ProtocolError(
                field or self.key, f"enter {self.allowed(signed_off=False)}, or have it signed off by the clinical lead"
            )
        raise ProtocolError(field or self.key, f"enter {self.allowed(signed_off=signed_off)}")

    def needs_sign_off(self, value: Setting) -> bool:
        """Whether only the clinical lead's recorded sign-off makes this value an allowed one."""
        try:
            self.check(value, signed_off=False)
        except ProtocolError:
            return True
        return False

    def allowed(self, *, signed_off: bool) -> str:
        """The allowed range in words, for a page or an error."""
        if self.fixed:
            return f"always {self.shown(self.default)}"
        least, most, choices = self._bounds(signed_off)
        if self.kind == "text":
            return f"up to {most} characters"
        if choices:
            words = (" and/or " if self.kind == "percents" else " or ").join(self.shown(choice) for choice in choices)
        elif self.kind == "yes_no":
            words = "yes or no"
        else:
            words = f"{self.shown(least, unit=False)} to {self.shown(most)}"
        return f"{words}, or off" if self.may_be_off else words

    def shown(self, value: Setting, *, unit: bool = True) -> str:
        """A value as people read it: ``3 days``, ``10.0 mL``, ``yes``, ``off``."""
        if value is None:
            return OFF
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, tuple):
            text = " and ".join(str(part) for part in value)
        elif isinstance(value, time):
            text = value.strftime("%H:%M")
        else:
            text = str(value)
        return f"{text} {self.unit}" if unit and self.unit and self.kind != "text" else text

    def _bounds(self, signed_off: bool) -> tuple[Setting, Setting, tuple[Setting, ...]]:
        if not signed_off:
            return self.at_least, self.at_most, self.choices
        least = self.at_least if self.signed_at_least is None else self.signed_at_least
        most = self.at_most if self.signed_at_most is None else self.signed_at_most
        return least, most, self.signed_choices or self.choices

    def _allows(self, value: Setting, *, signed_off: bool) -> bool:
        least, most, choices = self._bounds(signed_off)
        if isinstance(value, tuple):
            return bool(value) and all(part in choices for part in value)
        if choices:
            return value in choices
        if isinstance(value, bool):
            return True
        if isinstance(value, str):
            return most is None or len(value) <= most  # type: ignore[operator]
        return (least is None or least <= value) and (most is None or value <= most)  # type: ignore[operator]


def write(value: Setting) -> Any:
    """A setting as plain JSON: decimals and times as strings, "off" as null; ``ValueSpec.read`` turns it back."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, tuple):
        return [str(part) for part in value]
    return value


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, ValueSpec]:
    """Every key of the shipped protocol, in the order of ``default.toml``. Do not change the answer."""
    return {key: _spec(key, entry) for key, entry in _shipped()["values"].items()}


def extensive_days_range() -> tuple[int, int]:
    """Fewest and most days of stocking that one session with extensive veins may be given: those of its prefill."""
    spec = catalogue()["extensive.prefill_days"]
    assert isinstance(spec.at_least, int)
    assert isinstance(spec.at_most, int)
    return spec.at_least, spec.at_most


@lru_cache(maxsize=1)
def shipped_version() -> str:
    """The version name of the shipped protocol."""
    return str(_shipped()["version"])


def keys_meant(key: str) -> tuple[str, ...]:
    """The catalogue keys a person means by ``key``: itself, or all four for ``avoid_days``.

    ``avoid_days.<item>`` takes the item's own key too (``avoid_days.AVOID_SUNBATHING``).
    """
    if key == "avoid_days":
        return tuple(avoid_key(item) for item in AVOID_ITEMS)
    group, _, item = key.partition(".")
    if group == "avoid_days":
        return (f"avoid_days.{item.lower().removeprefix('avoid_')}",)
    return (key,)


def avoid_key(item: str) -> str:
    """The catalogue key that holds the days of an "avoid" item."""
    return f"avoid_days.{item.removeprefix('AVOID_').lower()}"


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "default.toml").read_text(encoding="utf-8"), parse_float=Decimal)


def _spec(key: str, entry: dict[str, Any]) -> ValueSpec:
    kind = entry["kind"]

    def one(name: str) -> Setting:
        raw = entry.get(name)
        if raw is None:
            return None
        if kind == "text" and name != "value":
            return int(raw)
        return _READERS[kind](raw, f"{key}.{name}")

    def several(name: str) -> tuple[Setting, ...]:
        parts = entry.get(name, [])
        return _percents(parts, key) if kind == "percents" and parts else tuple(parts)

    return ValueSpec(
        key=key,
        title=entry["title"],
        kind=kind,
        default=one("value"),
        unit=entry.get("unit", ""),
        origin=Origin(entry["origin"]),
        source=entry["source"],
        sign_off=entry.get("sign_off", False),
        fixed=entry.get("fixed", False),
        may_be_off=entry.get("may_be_off", False),
        at_least=one("at_least"),
        at_most=one("at_most"),
        signed_at_least=one("signed_at_least"),
        signed_at_most=one("signed_at_most"),
        choices=several("choices"),
        signed_choices=several("signed_choices"),
    )


def _whole(raw: object, field: str) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**9:
        return raw
    raise ProtocolError(field, "enter a whole number, for example 3")


def _decimal(raw: object, field: str) -> Decimal:
    if isinstance(raw, Decimal) and raw.is_finite():
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**9:
        return Decimal(raw)
    if isinstance(raw, str) and PLAIN_NUMBER.fullmatch(raw):
        return Decimal(raw)
    raise ProtocolError(field, 'enter a number in quotes, for example "2.5"')


def _yes_no(raw: object, field: str) -> bool:
    if isinstance(raw, bool):
        return raw
    raise ProtocolError(field, "enter true or false")


def _text(raw: object, field: str) -> str:
    if isinstance(raw, str) and raw.isprintable():
        return raw
    raise ProtocolError(field, "enter a text on one line")


def _time(raw: object, field: str) -> time:
    if isinstance(raw, time):
        return raw
    if isinstance(raw, str) and _CLOCK.fullmatch(raw):
        return time.fromisoformat(raw)
    raise ProtocolError(field, 'enter a time of day, for example "09:00"')


def _percents(raw: object, field: str) -> tuple[Decimal, ...]:
    if isinstance(raw, list | tuple) and 0 < len(raw) <= 10:
        return tuple(sorted({_decimal(part, field) for part in raw}))
    raise ProtocolError(field, 'enter a list of strengths, for example ["0.5"]')


_READERS: Mapping[str, Callable[[object, str], Setting]] = {
    "whole": _whole,
    "decimal": _decimal,
    "yes_no": _yes_no,
    "choice": _text,
    "text": _text,
    "time": _time,
    "percents": _percents,
}
