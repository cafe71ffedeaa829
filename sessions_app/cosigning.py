"""When only a clinician can go on: the nurse asks, the clinician answers and signs, or hands back. And what was lifted.

A lifted block is looked at afterwards by the clinical lead; that is a staff task about the session.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from clinic import audit
from clinic.access import Permission
from clinic.alerts import Alert
from clinic.models import StaffTask, User
from sessions_app.answers import needs_prescriber
from sessions_app.charting import chart_of
from sessions_app.models import TreatmentSession
from sessions_app.refusals import Refused, Stale
from sessions_app.retrying import retried
from sessions_app.wording import without_nul

LONGEST_NOTE = 300
_DRAFT = TreatmentSession.Status.DRAFT


@retried
@transaction.atomic
def ask_clinician(
    *, session: TreatmentSession, version: int, by: User, now: datetime | None = None
) -> TreatmentSession:
    """Put the draft into the clinicians' queue. `Refused` when nothing in it waits for one. Asking twice is once."""
    now = now or timezone.now()
    if session.status != _DRAFT:
        raise Refused("This session is closed. Nothing waits for a clinician any more.", rule="closed")
    open_for_clinicians = [
        each.finding.id
        for each in chart_of(session, now=now).findings
        if each.is_open and needs_prescriber(each.finding)
    ]
    if not open_for_clinicians:
        raise Refused("Nothing in this session needs a clinician. You can sign it.", rule="nothing_to_answer")
    if session.clinician_asked_at is not None:
        return session
    _change(session, version, clinician_asked_at=now, clinician_asked_by=by)
    audit.record("clinician asked", by=by, subject=session, patient=session.patient, checks=open_for_clinicians)
    return session


@retried
@transaction.atomic
def hand_back(*, session: TreatmentSession, version: int, by: User) -> TreatmentSession:
    """Take the draft out of the clinicians' queue without signing it; its nurse goes on."""
    if session.clinician_asked_at is None:
        return session
    _change(session, version, clinician_asked_at=None, clinician_asked_by=None)
    audit.record("session handed back", by=by, subject=session, patient=session.patient)
    return session


def _change(session: TreatmentSession, version: int, **values: object) -> None:
    """What the page holds is not touched, so its version stays: nobody's typing is refused because somebody asked."""
    mine = TreatmentSession.objects.filter(pk=session.pk, version=version, status=_DRAFT)
    if not mine.update(**values, version=F("version")):
        raise Stale("Somebody else saved this session meanwhile. Look at it again.")
    for name, value in values.items():
        setattr(session, name, value)


def waiting_for_clinician(user: User) -> QuerySet[TreatmentSession]:
    """Drafts that wait for somebody who may answer for the clinician, the longest waiting first."""
    return (
        TreatmentSession.objects.visible_to(user)
        .filter(status=_DRAFT, clinician_asked_at__isnull=False)
        .order_by("clinician_asked_at")
    )


def clinician_alerts(user: User) -> Iterable[Alert]:
    """One line for those who can answer, on every staff page."""
    if not user.may(Permission.OVERRIDE_CHECK):
        return
    number = waiting_for_clinician(user).count()
    if number:
        what = "A session waits" if number == 1 else f"{number} sessions wait"
        yield Alert(f"{what} for a clinician.", reverse("sessions_app:to_sign"), "Open the list")


def review_task(session: TreatmentSession, checks: Iterable[str]) -> StaffTask:
    """Unsaved: the clinical lead looks at the blocks that were lifted in a signed session."""
    return StaffTask(
        kind=StaffTask.Kind.OVERRIDE_TO_REVIEW,
        patient=session.patient,
        about_id=session.public_id,
        note=f"Lifted: {', '.join(checks)}",
    )


@retried
@transaction.atomic
def review_override(*, task: StaffTask, note: str, by: User, now: datetime | None = None) -> None:
    """The lead has looked at a lifted block, and says what follows. Twice is once."""
    note = without_nul(note).strip()
    if not note:
        raise Refused("Write what you found, or that nothing needs to change.", rule="note", field="note")
    if len(note) > LONGEST_NOTE:
        raise Refused(f"Shorten this to {LONGEST_NOTE} characters.", rule="length", field="note")
    open_task = StaffTask.objects.filter(pk=task.pk, kind=StaffTask.Kind.OVERRIDE_TO_REVIEW, done_at__isnull=True)
    if open_task.update(done_at=now or timezone.now(), done_by=by):
        audit.record("override reviewed", by=by, subject=task, patient=task.patient, note=note)
