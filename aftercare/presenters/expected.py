"""What is normal now and what may come later, in the language of the page; and the same texts for who edits them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import get_language, gettext

from aftercare.expected_course import HELP, OFF, Words, expected_on
from aftercare.models import Tick
from aftercare.presenters.words import short_day


@dataclass(frozen=True, slots=True)
class Later:
    since: str
    text: str


@dataclass(frozen=True, slots=True)
class Normal:
    """`now` are sentences; `later` each with the date from which it may come."""

    now: tuple[str, ...]
    later: tuple[Later, ...]


def normal_on(days: Collection[int], words: Iterable[Words], *, today: date) -> Normal:
    """By the days since each session that still counts; empty before the first one."""
    language = get_language() or ""
    now, later = expected_on(days, words)
    newest = min(days, default=0)
    return Normal(
        now=tuple(each.text(language) for each in now),
        later=tuple(
            Later(
                gettext("From %(day)s") % {"day": short_day(today + timedelta(days=each.first_day - newest))},
                each.text(language),
            )
            for each in later
        ),
    )


def days_words(words: Words) -> str:
    """For staff: `Day 0 to day 28`, `From day 7`; nothing for a tip, which knows no day."""
    if words.is_help:
        return ""
    if words.last_day is None:
        return f"From day {words.first_day}" if words.first_day else "From the day of the session"
    if words.first_day == words.last_day:
        return f"Day {words.first_day}"
    return f"Day {words.first_day} to day {words.last_day}"


@dataclass(frozen=True, slots=True)
class TextLine:
    """One text in the list of the clinical lead. `state`: "shipped", "own" or "hidden"."""

    key: str
    when: str
    en: str
    es: str
    source: str
    state: str
    number: int


def text_line(words: Words) -> TextLine:
    state = "hidden" if not words.is_shown else "own" if words.number else "shipped"
    when = help_name(words) if words.is_help else days_words(words)
    return TextLine(words.key, when, words.en, words.es, words.source, state, words.number)


def help_name(words: Words) -> str:
    """`Stocking: hard to put on`, `Stocking is off: hard to put on`"""
    task, _, reason = words.key.removeprefix(HELP).partition("-")
    label = str(Tick.Reason(reason.removesuffix(OFF).replace("-", "_")).label)
    name = f"{Tick.Task(task).label}{' is off' if reason.endswith(OFF) else ''}"
    return f"{name}: {label[:1].lower()}{label[1:]}"
