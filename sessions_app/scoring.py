"""Scores of a patient's legs: CEAP and the revised VCSS, taken by a person at a moment. Rows are only ever added.

Whether an aftercare plan runs (its stocking alone can add points) is known by an upper app, which registers the answer.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from clinic import audit
from clinic.access import Permission
from clinic.models import Patient, User
from clinic.protocol.errors import ProtocolError
from clinic.protocol.scores import Ceap, rvcss
from clinic.protocol.vocabulary import Leg
from sessions_app.models import Score, TreatmentSession
from sessions_app.refusals import Refused
from sessions_app.retrying import retried

PlanRuns = Callable[[Patient, datetime], bool]
_asked: dict[str, PlanRuns] = {}


def register_plan_runs(name: str, function: PlanRuns) -> None:
    _asked[name] = function


def plan_runs(patient: Patient, *, now: datetime) -> bool:
    """Whether the patient follows an aftercare plan now."""
    return any(function(patient, now) for function in _asked.values())


@dataclass(frozen=True, slots=True)
class LegScores:
    """What was found on one leg; a scale that was not taken is None. `was_copied`: filled from the last time, then
    confirmed by the examiner."""

    leg: Leg
    ceap: Ceap | None = None
    rvcss: Mapping[str, int] | None = None
    was_copied: bool = False


def ceap_answers(ceap: Ceap) -> dict[str, Any]:
    return {
        "clinical": ceap.clinical,
        "symptoms": ceap.symptoms,
        "cause": ceap.cause,
        "places": list(ceap.places),
        "mechanism": ceap.mechanism,
    }


@retried
@transaction.atomic
def record_scores(
    *, patient: Patient, legs: Iterable[LegScores], opened_at: datetime, by: User, now: datetime | None = None
) -> list[Score]:
    """New rows, one a leg and scale. `Refused` when nothing was examined or an answer is missing or cannot be.

    The same page sent twice makes no second row: `opened_at` is when it was opened, and what the same person has
    stored since with the same answers is returned as it is.
    """
    now = now or timezone.now()
    # The patient's row makes two requests of one page wait for each other.
    Patient.objects.select_for_update().get(pk=patient.pk)
    runs = plan_runs(patient, now=now)
    latest = TreatmentSession.objects.current().filter(patient=patient).order_by("-started_at").first()
    made: list[Score] = []
    for found in legs:
        for scale, answers, result in _results(found):
            facts = {"patient": patient, "leg": found.leg.value, "scale": scale, "answers": answers, "result": result}
            again = _sent_before(facts, opened_at, by)
            made.append(again or _store(facts, found, session=latest, runs=runs, by=by, now=now))
    if not made:
        raise Refused("Examine at least one leg: choose a CEAP class, or answer the ten items.", rule="nothing")
    return made


def _results(found: LegScores) -> list[tuple[str, dict[str, Any], str]]:
    results: list[tuple[str, dict[str, Any], str]] = []
    if found.ceap is not None:
        results.append((Score.Scale.CEAP.value, ceap_answers(found.ceap), found.ceap.text))
    if found.rvcss is not None:
        try:
            total = rvcss(found.rvcss).total
        except ProtocolError as error:
            raise Refused(error.message, rule="answers", field=f"{found.leg.value}-{error.field}") from error
        results.append((Score.Scale.RVCSS.value, dict(found.rvcss), str(total)))
    return results


def _sent_before(facts: Mapping[str, Any], opened_at: datetime, by: User) -> Score | None:
    since = Score.objects.filter(
        patient=facts["patient"], leg=facts["leg"], scale=facts["scale"], taken_by=by, taken_at__gte=opened_at
    )
    return next((row for row in since if row.answers == facts["answers"]), None)


def _store(
    facts: Mapping[str, Any],
    found: LegScores,
    *,
    session: TreatmentSession | None,
    runs: bool,
    by: User,
    now: datetime,
) -> Score:
    score = Score.objects.create(**facts, session=session, taken_during_plan=runs, taken_at=now, taken_by=by)
    audit.record(
        "score recorded",
        by=by,
        subject=score,
        patient=facts["patient"],
        leg=facts["leg"],
        scale=facts["scale"],
        during_plan=runs,
        from_last_time=found.was_copied,
    )
    return score


def scores_of(patient: Patient, *, reader: User) -> list[Score]:
    """Newest first; empty for somebody who may not see charts. One query."""
    if not reader.may(Permission.VIEW_CHART):
        return []
    return list(Score.objects.filter(patient=patient).select_related("taken_by").order_by("-taken_at", "-pk"))


def last_scores(patient: Patient, leg: Leg) -> dict[str, Score]:
    """The newest row of each scale of a leg."""
    found: dict[str, Score] = {}
    for row in Score.objects.filter(patient=patient, leg=leg.value).order_by("taken_at", "pk"):
        found[row.scale] = row
    return found
