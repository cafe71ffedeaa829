"""Strict reading of JSON objects: every refusal names the field and says what to do."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from clinic.protocol.catalogue import PLAIN_NUMBER
from clinic.protocol.errors import ProtocolError
from clinic.protocol.vocabulary import Answer
from clinic.protocol.zones import ending_instant

_Word = TypeVar("_Word", bound=StrEnum)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII
)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,6}", re.ASCII)
# Far enough for any session; keeps every sum of days inside the calendar.
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


class Fields:
    """One JSON object, read field by field. ``null`` counts as left out.

    ``known`` are the fields it may have, ``where`` is put before field names in errors (``sites[0].``).
    """

    __slots__ = ("_raw", "_where")

    def __init__(self, raw: object, known: Collection[str], where: str = "") -> None:
        if not isinstance(raw, dict):
            raise ProtocolError(where.rstrip(".") or "input", "enter a JSON object")
        self._raw: Mapping[str, Any] = raw
        self._where = where
        for name in raw:
            if name not in known:
                raise self.error(_safe(name), _unknown(str(name), known))

    def error(self, name: str, what_to_do: str) -> ProtocolError:
        """The error for one of the fields, to be raised."""
        return ProtocolError(f"{self._where}{name}", what_to_do)

    def get(self, name: str) -> Any:
        """The raw value, ``None`` when left out."""
        return self._raw.get(name)

    def names(self, name: str) -> bool:
        """Whether the field is present, even as null."""
        return name in self._raw

    def path(self, name: str) -> str:
        """The field's name as errors write it."""
        return f"{self._where}{name}"

    def text(self, name: str, *, limit: int = 200) -> str | None:
        """A text on one line."""
        raw = self.get(name)
        if raw is None or (isinstance(raw, str) and len(raw) <= limit and raw.isprintable()):
            return raw
        raise self.error(name, f"enter a text of at most {limit} characters on one line")

    def flag(self, name: str) -> bool | None:
        """True or false."""
        raw = self.get(name)
        if raw is None or isinstance(raw, bool):
            return raw
        raise self.error(name, "enter true or false")

    def decimal(self, name: str, *, least: int | None = None) -> Decimal | None:
        """An exact number: a decimal string or a whole number, never a binary float."""
        raw = self.get(name)
        return None if raw is None else self._decimal(raw, name, least)

    def decimals(self, name: str, *, limit: int) -> tuple[Decimal, ...] | None:
        """A list of exact numbers."""
        raws = self.get(name)
        if raws is None:
            return None
        return tuple(
            self._decimal(raw, f"{name}[{at}]", None) for at, raw in enumerate(self.list_of(name, limit=limit))
        )

    def whole(self, name: str, *, least: int, most: int, quoted: bool = False) -> int | None:
        """A whole number in a range; ``quoted`` also takes it as a string of digits."""
        raw = self.get(name)
        if raw is None:
            return None
        if quoted and isinstance(raw, str) and _WHOLE.fullmatch(raw):
            raw = int(raw)
        if isinstance(raw, int) and not isinstance(raw, bool) and least <= raw <= most:
            return raw
        raise self.error(name, f"enter a whole number from {least} to {most}")

    def day(self, name: str) -> date | None:
        """A calendar date, ``2026-03-09``."""
        raw = self.get(name)
        return None if raw is None else self._date(raw, name)

    def clock(self, name: str) -> time | None:
        """A time of day, ``09:00``."""
        raw = self.get(name)
        if raw is None:
            return None
        if isinstance(raw, str) and _CLOCK.fullmatch(raw):
            return time.fromisoformat(raw)
        raise self.error(name, 'enter a time of day, for example "09:00"')

    def instant(self, name: str, zone: ZoneInfo | None) -> datetime | None:
        """An aware instant; wall-clock time without offset is read in ``zone`` (the later one in a repeated hour)."""
        raw = self.get(name)
        return None if raw is None else self._instant(raw, name, zone)

    def instants(self, name: str, zone: ZoneInfo, *, limit: int) -> tuple[datetime, ...]:
        """A list of instants; empty when left out."""
        return tuple(
            self._instant(raw, f"{name}[{at}]", zone) for at, raw in enumerate(self.list_of(name, limit=limit))
        )

    def word(self, name: str, words: type[_Word]) -> _Word | None:
        """One of a closed list of words."""
        raw = self.get(name)
        if raw is None:
            return None
        if isinstance(raw, str):
            try:
                return words(raw)
            except ValueError:
                pass
        raise self.error(name, f"enter {' or '.join(words)}")

    def answer(self, name: str) -> Answer | None:
        """Yes, no or not known."""
        raw = self.get(name)
        if isinstance(raw, bool):
            return Answer.YES if raw else Answer.NO
        return Answer.UNKNOWN if raw == "possible" else self.word(name, Answer)

    def when(self, name: str) -> date | bool | None:
        """A date, or just yes or no."""
        raw = self.get(name)
        if raw is None or isinstance(raw, bool):
            return raw
        if isinstance(raw, str):
            return self._date(raw, name)
        raise self.error(name, 'enter a date, for example "2026-03-09", or true or false')

    def list_of(self, name: str, *, limit: int) -> list[Any]:
        """A list; empty when left out."""
        raw = self.get(name)
        if raw is None:
            return []
        if not isinstance(raw, list):
            raise self.error(name, "enter a list")
        if len(raw) > limit:
            raise self.error(name, f"enter at most {limit}")
        return raw

    def texts(self, name: str, *, limit: int, example: str) -> list[str]:
        """A list of short texts; empty when left out."""
        raws = self.list_of(name, limit=limit)
        if all(isinstance(raw, str) and raw.strip() and len(raw) <= 60 for raw in raws):
            return raws
        raise self.error(name, f'enter a list of words, for example ["{example}"]')

    def objects(self, name: str, known: Collection[str], *, limit: int) -> Iterator["Fields"]:
        """A list of objects, each with the known fields; empty when left out."""
        for at, raw in enumerate(self.list_of(name, limit=limit)):
            yield Fields(raw, known, f"{self._where}{name}[{at}].")

    def _decimal(self, raw: object, name: str, least: int | None) -> Decimal:
        if not isinstance(raw, str | int) or isinstance(raw, bool) or not PLAIN_NUMBER.fullmatch(str(raw)[:40]):
            raise self.error(name, 'enter a number in quotes, for example "0.3"')
        number = Decimal(raw)
        if least is not None and number < least:
            raise self.error(name, f"enter {least} or more")
        return number

    def _date(self, raw: object, name: str) -> date:
        if isinstance(raw, str) and _DATE.fullmatch(raw):
            try:
                day = date.fromisoformat(raw)
            except ValueError:
                pass
            else:
                if _FIRST_YEAR <= day.year <= _LAST_YEAR:
                    return day
        raise self.error(name, 'enter a date, for example "2026-03-09"')

    def _instant(self, raw: object, name: str, zone: ZoneInfo | None) -> datetime:
        if isinstance(raw, str) and _INSTANT.fullmatch(raw):
            try:
                instant = datetime.fromisoformat(raw)
            except ValueError:
                pass
            else:
                if _FIRST_YEAR <= instant.year <= _LAST_YEAR:
                    return self._aware(instant, name, zone)
        raise self.error(name, 'enter a date and time, for example "2026-03-06T16:00:00"')

    def _aware(self, instant: datetime, name: str, zone: ZoneInfo | None) -> datetime:
        if instant.tzinfo is not None:
            return instant
        if zone is None:
            raise self.error(name, "add the offset, or enter a time_zone")
        return ending_instant(instant, zone)


def _safe(name: object) -> str:
    text = str(name)
    return text if text.isidentifier() and text.isascii() and len(text) <= 60 else repr(text[:60])


def _unknown(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name[:60], list(known), n=1)
    return f"leave it out, or did you mean {close[0]}?" if close else "leave it out; there is no field of this name"
