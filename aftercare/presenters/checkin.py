"""The steps of "How are you?": questions, list, and what the red panel says, in the language of the page."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.forms import BaseForm
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext

from aftercare.presenters.symptoms import LISTED, QUESTIONS, TOPICS, Listed, said_words
from aftercare.presenters.words import short_day
from aftercare.reports import Said, treated_at
from aftercare.told import advice_for
from clinic.language import page_language
from clinic.models import Clinic
from clinic.protocol.zones import local_date, zone_named
from sessions_app.models import TreatmentSession

_LISTED = {each.code: each for each in LISTED}
_TOPICS = tuple((title, tuple(_LISTED[code] for code in codes)) for title, codes in TOPICS)


@dataclass(frozen=True, slots=True)
class Emergency:
    """What the red panel says. It is part of each page from the first byte on, so it needs nothing to appear."""

    number: str
    phone: str
    say: str  # what to tell the emergency service; empty before any session


@dataclass(frozen=True, slots=True)
class Ask:
    """One core question as it stands on a form. `second` are its words in the caller's language."""

    key: str
    words: str
    second: str
    answer: str
    error: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list with what follows from ticking it: advice at once, and a line that makes an emergency."""

    code: str
    words: str
    second: str
    is_ticked: bool
    advice: str
    follow_key: str = ""
    follow_words: str = ""
    follow_second: str = ""
    follow_is_ticked: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    title: str
    rows: tuple[Row, ...]


def emergency_of(clinic: Clinic, session: TreatmentSession | None) -> Emergency:
    """`session` is what the patient had last, signed or not yet: what an emergency service must hear of."""
    say = ""
    if session is not None:
        day = short_day(local_date(treated_at(session), zone_named(session.time_zone)))
        say = gettext("Say: leg veins treated on %(day)s with polidocanol.") % {"day": day}
    return Emergency(clinic.emergency_number, clinic.phone, say)


def asks(form: BaseForm, *, second: str = "") -> list[Ask]:
    """The core questions of a form. `second` is the language of a caller, where it is not the page's."""
    return [
        Ask(
            key=question.key,
            words=str(question.words),
            second=_in(second, question.words),
            answer=str(form[question.key].value() or ""),
            error=" ".join(map(str, form[question.key].errors)) if form.is_bound else "",
        )
        for question in QUESTIONS
    ]


def topics(ticked: Iterable[str], more: Iterable[str], clinic: Clinic, *, second: str = "") -> list[Topic]:
    """The list by what people look for; `ticked` and `more` are the keys of what is chosen."""
    codes, follows = set(ticked), set(more)
    return [
        Topic(str(title), tuple(_row(each, codes, follows, clinic, second) for each in listed))
        for title, listed in _TOPICS
    ]


def _row(each: Listed, codes: set[str], follows: set[str], clinic: Clinic, second: str) -> Row:
    follow = each.follow
    return Row(
        code=each.code,
        words=str(each.words),
        second=_in(second, each.words),
        is_ticked=each.code in codes,
        advice=advice_for(each.code, clinic.emergency_number) if follow else "",
        follow_key=follow.key if follow else "",
        follow_words=str(follow.words) if follow else "",
        follow_second=_in(second, follow.words) if follow else "",
        follow_is_ticked=bool(follow and follow.key in follows),
    )


def _in(language: str, words: Promise) -> str:
    if not language:
        return ""
    with translation.override(page_language(language)):
        return str(words)


def asks_leg(said: Said) -> bool:
    """Whether which leg it is matters for what was chosen."""
    return any(_LISTED[code].asks_leg for code in said.symptoms if code in _LISTED)


def what_words(said: Said) -> list[str]:
    """What was chosen, in words."""
    return said_words(said.symptoms, affirmed=said.affirmed, denied=said.denied)
