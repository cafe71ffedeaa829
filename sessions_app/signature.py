"""What a signature leaves besides the lock: findings with their answers, the trail, what the next visit knows."""

from datetime import datetime
from typing import Any

from django.db.models import F

from clinic import audit
from clinic.models import AuditEvent, Patient, StaffTask, User
from clinic.protocol.vocabulary import Severity
from sessions_app.answers import wants_answer
from sessions_app.charting import Chart
from sessions_app.cosigning import review_task
from sessions_app.group_gaps import GROUPS, RISK
from sessions_app.models import SessionFinding, TreatmentSession


def finding_rows(chart: Chart) -> list[SessionFinding]:
    rows = []
    for judged in chart.findings:
        finding, reply = judged.finding, judged.reply
        answered = wants_answer(finding)
        rows.append(
            SessionFinding(
                session=chart.session,
                check_id=finding.id,
                severity=finding.severity,
                text=f"{finding.title}. {finding.text}"[:400],
                reason=reply.reason if answered else "",
                answered_by_id=reply.by if answered else None,
                answered_at=datetime.fromisoformat(reply.at) if answered and reply.at else None,
                overridden=finding.severity is Severity.BLOCK,
            )
        )
    return rows


def events_of_signature(chart: Chart, *, by: User) -> list[AuditEvent]:
    session = chart.session
    events = [
        audit.event(
            "check overridden",
            by=by,
            subject=session,
            patient=session.patient,
            check=judged.finding.id,
            answered_by=judged.reply.by,
            opens_incident=judged.finding.opens_incident,
        )
        for judged in chart.findings
        if judged.finding.severity is Severity.BLOCK
    ]
    checks = [judged.finding.id for judged in chart.findings]
    signed = audit.event("session signed", by=by, subject=session, patient=session.patient, checks=checks)
    return [*events, signed]


def _is_followed(session: TreatmentSession) -> bool:
    later = TreatmentSession.objects.current().filter(patient=session.patient, started_at__gt=session.started_at)
    return later.exclude(lineage=session.lineage).exists()


def tasks_of_signature(chart: Chart) -> list[StaffTask]:
    """What the clinical lead looks at afterwards: the blocks that were lifted, in one task for the session."""
    lifted = [each.finding.id for each in chart.findings if each.finding.severity is Severity.BLOCK]
    return [review_task(chart.session, lifted)] if lifted else []


def remember(session: TreatmentSession, *, by: User) -> None:
    """Keep for the next visit what the patient said today: weight and risk factors.

    The correction of a session that others have followed says nothing of today.
    """
    patient = session.patient
    if session.amends_id is not None and _is_followed(session):
        return
    changes: dict[str, Any] = {}
    if session.weight_kg is not None and session.weight_kg != patient.weight_kg:
        changes["weight_kg"] = session.weight_kg
    if session.screening.get(GROUPS, {}).get(RISK):
        risks = [risk.value for risk in Patient.RiskFactor if session.screening.get(risk.value) is True]
        if set(risks) != set(patient.risk_factors):
            changes["risk_factors"] = risks
    if changes:
        Patient.objects.filter(pk=patient.pk).update(**changes, version=F("version") + 1)
        audit.record(
            "patient updated", by=by, subject=patient, patient=patient, fields=sorted(changes), source="session"
        )
