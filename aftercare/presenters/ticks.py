"""The patient's own answers: what is asked today, what was said, and the words around a day that did not work."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftercare.models import Tick
from aftercare.ticks import LEADS_TO_QUESTIONS, REASONS, tasks_on
from clinic.protocol import Timeline
from sessions_app.presenters.patient_words import heading_day
from sessions_app.refusals import Refused

Task, Answer, Reason = Tick.Task, Tick.Answer, Tick.Reason

REASON_WORDS: dict[str, tuple[Promise, str]] = {
    Reason.HEAT: (_("Too warm"), "thermometer"),
    Reason.TOO_TIGHT: (_("It is too tight"), "ruler"),
    Reason.SLIPS: (_("It is too loose, or it slips"), "arrow-down"),
    Reason.HARD_TO_PUT_ON: (_("Hard to put on"), "stocking"),
    Reason.SKIN: (_("The skin is sore or itches"), "bandage"),
    Reason.LOST: (_("I cannot wear it: lost, torn or wet"), "circle-alert"),
    Reason.FORGOT: (_("Forgot"), "clock"),
    Reason.OTHER: (_("Something else"), "circle-help"),
}
_SHORT: dict[str, Promise] = {
    Reason.HEAT: pgettext_lazy("reason in a sentence", "too warm"),
    Reason.TOO_TIGHT: pgettext_lazy("reason in a sentence", "too tight"),
    Reason.SLIPS: pgettext_lazy("reason in a sentence", "too loose or slips"),
    Reason.HARD_TO_PUT_ON: pgettext_lazy("reason in a sentence", "hard to put on"),
    Reason.SKIN: pgettext_lazy("reason in a sentence", "sore skin"),
    Reason.LOST: pgettext_lazy("reason in a sentence", "lost, torn or wet"),
    Reason.FORGOT: pgettext_lazy("reason in a sentence", "forgot"),
    Reason.OTHER: pgettext_lazy("reason in a sentence", "something else"),
}
_ANSWERS: dict[str, dict[str, Promise]] = {
    Task.STOCKING: {Answer.YES: _("It is on"), Answer.PART: _("It is on, but…"), Answer.NO: _("Not at all")},
    Task.WALK: {Answer.YES: _("I walked"), Answer.PART: _("A shorter walk"), Answer.NO: _("No walk")},
}
_REFUSED: dict[str, Promise] = {
    "day": _("There is nothing to answer for that day any more. Look at today instead."),
    "reason": _("Choose what got in the way."),
    "key": _("This page was used before. Load it again."),
    "busy": _("That did not work just now. Please send it again."),
}


def refused_words(refused: Refused) -> str:
    return str(_REFUSED.get(refused.rule, _REFUSED["busy"]))


@dataclass(frozen=True, slots=True)
class Asked:
    """One task of today. `said` is empty while nothing was answered, which is no "no".

    `yesterday` is set while yesterday asked the same and was not answered.
    """

    name: str
    question: str
    yes: str
    other: str
    day: str
    request_key: str
    kind: str
    said: str
    yesterday: str
    links: str  # words of the quiet link to the page of the day, where no button leads there


def asked_today(timeline: Timeline, answers: Mapping[tuple[date, str], Tick], *, today: date) -> dict[str, Asked]:
    """By task, for those that hold today. `answers` are the newest ones, of yesterday and today at least."""
    tasks, before = tasks_on(timeline, today), today - timedelta(days=1)
    late = tasks_on(timeline, before)
    return {
        task.value: _asked(
            task,
            answers.get((today, task.value)),
            today,
            yesterday=before if task in late and (before, task.value) not in answers else None,
        )
        for task in Task
        if task in tasks
    }


def _asked(task: Tick.Task, tick: Tick | None, today: date, *, yesterday: date | None) -> Asked:
    is_stocking = task is Task.STOCKING
    return Asked(
        name=gettext("Stocking") if is_stocking else gettext("Walk"),
        question=gettext("Is the stocking on?") if is_stocking else gettext("Did you walk today?"),
        yes=gettext("It is on") if is_stocking else gettext("I walked today"),
        other=gettext("It does not work") if is_stocking else gettext("Only a little, or not today"),
        day=today.isoformat(),
        request_key=str(uuid.uuid4()),
        kind=tick.answer if tick else "",
        said=said_words(tick) if tick else "",
        links=_link_words(tick) if not is_stocking else "",
        yesterday=yesterday.isoformat() if yesterday else "",
    )


def _link_words(tick: Tick | None) -> str:
    """Of a walk, whose card has one button only."""
    if tick is None:
        return gettext("Only a little, or not today")
    return gettext("Change the answer") if tick.answer == Answer.YES else ""


def said_words(tick: Tick) -> str:
    """`You said: “It is on”`, `You said: “It is on, but…” (too tight)`"""
    said = gettext("You said: “%(answer)s”") % {"answer": _ANSWERS[tick.task][tick.answer]}
    return f"{said} ({_SHORT[tick.reason]})" if tick.reason else said


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """The page of one day and task. `said` and `help_text` are of the answer that stands.

    `answers` are value, words, and what else is meant; `warns_first`: what the toes say comes before what helps.
    """

    title: str
    day: str
    day_words: str
    answers: tuple[tuple[str, str, str], ...]
    reasons: tuple[tuple[str, str, str], ...]  # value, words, icon
    is_stocking: bool
    said: str
    help_text: str
    warns_first: bool
    leads_to_questions: bool
    kind: str


def answer_page(task: Tick.Task, day: date, *, today: date, tick: Tick | None, help_text: str) -> AnswerPage:
    is_stocking = task is Task.STOCKING
    reason = tick.reason if tick else ""
    words = dict(_ANSWERS[task])
    if is_stocking and day != today:
        words |= {Answer.YES: _("It was on"), Answer.PART: _("It was on, but…")}
    more: dict[str, str] = {Answer.PART: gettext("Or only part of the day")} if is_stocking else {}
    return AnswerPage(
        title=gettext("How did it go with the stocking?") if is_stocking else gettext("How did it go with the walk?"),
        day=day.isoformat(),
        day_words=heading_day(day),
        answers=tuple((value, str(each), more.get(value, "")) for value, each in words.items()),
        reasons=tuple((each.value, str(REASON_WORDS[each][0]), REASON_WORDS[each][1]) for each in REASONS[task]),
        is_stocking=is_stocking,
        said=said_words(tick) if tick else "",
        help_text=help_text,
        warns_first=reason == Reason.TOO_TIGHT,
        leads_to_questions=reason in LEADS_TO_QUESTIONS,
        kind=tick.answer if tick else "",
    )


def answered_toast(tick: Tick) -> str:
    """One quiet sentence; no praise, no counting."""
    return gettext("Noted, thank you.") if tick.answer == Answer.YES else gettext("Noted.")
