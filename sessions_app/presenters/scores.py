"""Scores in words: how each leg stands, how it changed, who took them, and when a stocking may have added points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from clinic.access import Permission
from clinic.models import Clinic, Patient, User
from clinic.protocol.scores import CEAP_CLASSES, MOST_PER_ITEM, RVCSS_ITEMS, SEVERE_FROM
from clinic.protocol.zones import local_date, local_time
from sessions_app.forms.scores import LEGS
from sessions_app.models import Score
from sessions_app.scoring import scores_of
from sessions_app.wording import day_words

ON_PATIENT_PAGE = 6
MOST_POINTS = MOST_PER_ITEM * len(RVCSS_ITEMS)
# Full compliance with a stocking is one item's most.
STOCKING_ADDS = MOST_PER_ITEM


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One examination of one leg. `change` is from the same leg's score before ("+2", "-3", "as before"), or ""."""

    when: str
    leg: str
    scale: str
    result: str
    words: str
    change: str
    is_severe: bool
    during_plan: bool
    by: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LegNow:
    """The newest of both scales of one leg; None where it was never taken."""

    name: str
    ceap: ScoreLine | None
    rvcss: ScoreLine | None


def scores_panel(patient: Patient, reader: User, now: datetime) -> Mapping[str, Any] | None:
    lines = score_lines(scores_of(patient, reader=reader), zone=Clinic.current().zone, now=now)
    return {
        "places": (("scores-title", "Scores"),),
        "patient": patient,
        "legs": legs_now(lines) if lines else [],
        "lines": lines[:ON_PATIENT_PAGE],
        "number": len(lines),
        "most": MOST_POINTS,
        "may_score": reader.may(Permission.RECORD_SESSION),
    }


def score_lines(scores: Sequence[Score], *, zone: ZoneInfo, now: datetime) -> list[ScoreLine]:
    """Newest first, as they come."""
    before: dict[tuple[str, str], Score] = {}
    lines = []
    for score in reversed(scores):
        lines.append(_line(score, before.get((score.leg, score.scale)), zone, local_date(now, zone).year))
        before[score.leg, score.scale] = score
    return lines[::-1]


def _line(score: Score, former: Score | None, zone: ZoneInfo, year: int) -> ScoreLine:
    at = local_time(score.taken_at, zone)
    is_points = score.scale == Score.Scale.RVCSS
    words = "" if is_points else CEAP_CLASSES.get(str(score.answers.get("clinical", "")), "")
    return ScoreLine(
        when=f"{day_words(at.date())}{'' if at.year == year else f' {at.year}'}, {at:%H:%M}",
        leg=score.get_leg_display(),
        scale=score.get_scale_display(),
        result=score.result,
        words=words,
        change=_change(score, former),
        is_severe=is_points and int(score.result) >= SEVERE_FROM,
        during_plan=score.taken_during_plan,
        by=str(score.taken_by),
        answers=_answers(score) if is_points else (),
    )


def _change(score: Score, former: Score | None) -> str:
    if former is None:
        return ""
    if score.result == former.result:
        return "as before"
    if score.scale == Score.Scale.RVCSS:
        return f"{int(score.result) - int(former.result):+d}".replace("-", "−")
    return f"was {former.result}"


def _answers(score: Score) -> tuple[tuple[str, str], ...]:
    return tuple(
        (item.title, f"{score.answers[item.name]}: {item.answers[score.answers[item.name]]}") for item in RVCSS_ITEMS
    )


def legs_now(lines: Sequence[ScoreLine]) -> list[LegNow]:
    found = []
    for leg in LEGS:
        name = leg.value.capitalize()
        newest = {line.scale: line for line in reversed(lines) if line.leg == name}
        found.append(LegNow(f"{name} leg", newest.get(Score.Scale.CEAP.label), newest.get(Score.Scale.RVCSS.label)))
    return found
