"""Signing a session, with everything that follows from it, in one transaction: all of it is written, or none."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from aftercare.issuing import SOURCE, Issue, due_messages, preview_of
from aftercare.models import AftercarePlan, PlanItem
from aftercare.stored import end_of, item_rows, ref_of
from aftercare.telling import former_plan, telling
from clinic import audit, notifications
from clinic.models import AuditEvent, Clinic, Patient, ProtocolVersion, User
from sessions_app.actions import close_session
from sessions_app.models import TreatmentSession
from sessions_app.refusals import Refused, Stale
from sessions_app.retrying import retried
from sessions_app.wording import day_words


class NoProtocol(Refused):
    """Nobody can sign a session before the clinical lead has signed a protocol."""

    def __init__(self) -> None:
        super().__init__(
            "No protocol is signed yet, so no plan can be made. Ask the clinical lead to sign one.", rule="protocol"
        )


@retried
@transaction.atomic
def sign_session(
    *,
    session: TreatmentSession,
    version: int,
    answers: Mapping[str, Any],
    by: User,
    now: datetime | None = None,
    clinic: Clinic | None = None,
    seen_protocol: int | None = None,
) -> AftercarePlan | None:
    """Sign the session as `by`: lock it, issue its plan by the protocol in force, plan every message.

    `version` and `seen_protocol` are what the signer saw. Returns the plan, or None when nothing was injected. Signing
    a signed session again returns what it has and writes nothing. Raises `NoProtocol`, and what `close_session` raises:
    `NotComplete`, `Stale`, `Refused`; nothing is left behind then.
    """
    now, clinic = now or timezone.now(), clinic or Clinic.current()
    protocol_version = ProtocolVersion.in_force()
    if protocol_version is None:
        raise NoProtocol
    if seen_protocol is not None and seen_protocol != protocol_version.number:
        raise Stale(f"{protocol_version} was signed meanwhile. The plan below follows it; look at it, then sign.")
    events = close_session(
        session=session,
        by=by,
        protocol_version=protocol_version,
        answers=answers,
        now=now,
        version=version,
        clinic=clinic,
    )
    if events is None:
        return AftercarePlan.objects.filter(session=session).first()
    issue = preview_of(session, version=protocol_version, clinic=clinic, now=now)
    return issue_plan(issue=issue, by=by, now=now, events=events)


@transaction.atomic(savepoint=False)
def issue_plan(*, issue: Issue, by: User, now: datetime, events: Sequence[AuditEvent] = ()) -> AftercarePlan | None:
    """Store the plan of a signed session and plan its messages. A correction replaces the plan of its lineage.

    `events` of the same step are written to the trail together with its own.

    What the older plans, and the replaced one, have not sent yet is called off and planned again from the united
    timeline in the same transaction; a step that was sent keeps its key and is not sent again.
    """
    former = former_plan(issue)
    replaced = _replace(former, now)
    plan = None if issue.plan.is_empty else _store(issue, former, by=by, now=now)
    if plan is None and replaced is None:
        AuditEvent.objects.bulk_create(events)
        return None
    sources = {ref_of(row.lineage): row.public_id for row in (*issue.running, *([plan] if plan else []))}
    _call_off(issue, former)
    messages = [
        *telling(former, plan, issue=issue, now=now),
        *due_messages(issue.messages, patient=issue.session.patient, sources=sources),
    ]
    notifications.plan(messages, replaces=[former.public_id] if former else [])
    issued = audit.event(
        "plan replaced" if replaced else "plan issued",
        by=by,
        subject=plan or replaced,
        patient=issue.session.patient,
        session=str(issue.session.public_id),
        protocol=issue.version.number,
        messages=len(messages),
    )
    AuditEvent.objects.bulk_create([*events, issued])
    return plan


def _one_at_a_time(patient: Patient) -> None:
    """Two plans of one patient are united in the order in which they are signed. SQLite has one writer as it is."""
    if connection.features.has_select_for_update:
        Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)


def _replace(former: AftercarePlan | None, now: datetime) -> AftercarePlan | None:
    """The plan of the corrected session, marked as replaced; None when it had none, or one that was taken back."""
    if former is None or not AftercarePlan.objects.current().filter(pk=former.pk).update(replaced_at=now):
        return None
    return former


def _store(issue: Issue, former: AftercarePlan | None, *, by: User, now: datetime) -> AftercarePlan:
    session, plan = issue.session, issue.plan
    row = AftercarePlan.objects.create(
        patient=session.patient,
        session=session,
        lineage=session.lineage,
        number=former.number + 1 if former else 1,
        time_zone=plan.time_zone,
        starts_at=plan.session_end,
        ends_at=end_of(plan),
        protocol_version=issue.version,
        facts=issue.facts.as_dict(),
        values=issue.protocol.as_dict(),
        issued_at=now,
        issued_by=by,
    )
    PlanItem.objects.bulk_create(item_rows(plan, row))
    return row


def _call_off(issue: Issue, former: AftercarePlan | None) -> None:
    if issue.running:
        reason = f"part of the united plan after the session of {day_words(issue.plan.session_date)}"
        notifications.cancel(source=SOURCE, source_ids=[row.public_id for row in issue.running], reason=reason)
    if former is not None:
        notifications.cancel(source=SOURCE, source_id=former.public_id, reason="the plan was corrected")


def take_back_plan(session: TreatmentSession, by: User, now: datetime) -> None:
    """A correction says that nothing was injected after all: its plan holds no longer, and the patient is told.

    Registered with `sessions_app.amending`; inside its transaction.
    """
    if not AftercarePlan.objects.current().filter(lineage=session.lineage).exists():
        return
    version = ProtocolVersion.in_force()
    if version is None:
        raise NoProtocol
    _one_at_a_time(session.patient)
    issue = preview_of(session, version=version, clinic=Clinic.current(), now=now, is_void=True)
    issue_plan(issue=issue, by=by, now=now)
