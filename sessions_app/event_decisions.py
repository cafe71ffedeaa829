"""What a clinician says to an adverse event: seen, allergy confirmed, closed, opened again; and "it was a mistake"."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps
from typing import ParamSpec

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from clinic import audit
from clinic.access import Permission
from clinic.models import Patient, StaffTask, User
from sessions_app.adverse_events import claim, is_serious, refuse_closed, was_general_allergy
from sessions_app.models import AdverseEvent
from sessions_app.refusals import Refused, Stale
from sessions_app.retrying import with_retries
from sessions_app.wording import without_nul

LONGEST_NOTE = 500
P = ParamSpec("P")


def _decision(action: Callable[P, AdverseEvent]) -> Callable[P, AdverseEvent]:
    """One transaction, tried again when the database gave it up; refused to who may not decide."""

    @wraps(action)
    def decided(*args: P.args, **kwargs: P.kwargs) -> AdverseEvent:
        by = kwargs["by"]
        assert isinstance(by, User)
        if not by.may(Permission.OVERRIDE_CHECK):
            raise Refused("A clinician decides this. Ask one.", rule="permission")
        return with_retries(lambda: transaction.atomic(action)(*args, **kwargs))

    return decided


@_decision
def acknowledge(*, event: AdverseEvent, version: int, by: User, now: datetime | None = None) -> AdverseEvent:
    """A clinician has seen it as it is at `version`: the alert ends. `Stale` when it became another one meanwhile."""
    now = now or timezone.now()
    unseen = AdverseEvent.objects.filter(pk=event.pk, acknowledged_at__isnull=True)
    if unseen.filter(version=version).update(acknowledged_at=now, acknowledged_by=by):
        _end_task(event, by=by, now=now)
        audit.record("adverse event seen", by=by, subject=event, patient=event.patient)
    elif unseen.exists():
        raise Stale("Somebody saved this event meanwhile. Look at what is new; the alert stands.")
    return AdverseEvent.objects.select_related("patient", "session").get(pk=event.pk)


@_decision
def confirm_allergy(*, event: AdverseEvent, by: User) -> AdverseEvent:
    """The patient is allergic to polidocanol: every further session is blocked (P1). Twice is once."""
    if not was_general_allergy(event):
        raise Refused("This event is no generalised allergic reaction. Correct its kind first.", rule="kind")
    patient = event.patient
    unknown = Patient.objects.filter(pk=patient.pk, polidocanol_allergy=False)
    if unknown.update(polidocanol_allergy=True, version=F("version") + 1):
        patient.refresh_from_db()
        audit.record("allergy confirmed", by=by, subject=event, patient=patient, event=str(event.public_id))
    return event


@_decision
def close(
    *,
    event: AdverseEvent,
    version: int,
    note: str,
    by: User,
    allergy_ruled_out: bool = False,
    now: datetime | None = None,
) -> AdverseEvent:
    """Nothing is left to do: treatments can be booked again. `Stale` when somebody saved since `version`.

    `Refused` without a note or a grade, for a serious event without its outcome, and after a generalised allergic
    reaction until the allergy is confirmed or ruled out.
    """
    now = now or timezone.now()
    stored = AdverseEvent.objects.select_related("patient", "session").get(pk=event.pk)
    if stored.closed_at is not None:
        return stored
    note = without_nul(note).strip()
    _check_closing(stored, note, allergy_ruled_out=allergy_ruled_out)
    closed = claim(
        stored,
        version,
        closed_at=now,
        closed_by=by,
        closing_note=note,
        acknowledged_at=stored.acknowledged_at or now,
        acknowledged_by=stored.acknowledged_by or by,
    )
    _end_task(closed, by=by, now=now)
    details = {"allergy_ruled_out": True} if _asks_for_allergy(stored) else {}
    audit.record("adverse event closed", by=by, subject=closed, patient=closed.patient, **details)
    return closed


def may_withdraw(event: AdverseEvent, by: User) -> bool:
    """Whether `by` may say that it was recorded by mistake: nothing but its beginning is recorded.

    The press that began it may have stamped a step; whatever was recorded after it makes the event a clinician's. One
    query at most.
    """
    is_theirs = event.reported_by_id == by.pk and by.may(Permission.RECORD_SESSION)
    if event.closed_at is not None or not (is_theirs or by.may(Permission.OVERRIDE_CHECK)):
        return False
    if event.version != 1 or event.acknowledged_at is not None:
        return False
    return not event.steps.exclude(recorded_at=event.recorded_at).exists()


def withdraw(*, event: AdverseEvent, note: str, by: User, now: datetime | None = None) -> AdverseEvent:
    """It never happened: closed as a mistake, with the reason; kept, and audited.

    `Refused` without a reason, and once more than its beginning is recorded.
    """
    now = now or timezone.now()
    note = " ".join(without_nul(note).split())
    if not note:
        raise Refused("Write how it came to this, in a few words.", rule="note", field="mistake_note")
    if len(note) > LONGEST_NOTE:
        raise Refused(f"Shorten this to {LONGEST_NOTE} characters.", rule="length", field="mistake_note")
    return with_retries(lambda: _write_withdrawal(event, note, by, now))


@transaction.atomic
def _write_withdrawal(event: AdverseEvent, note: str, by: User, now: datetime) -> AdverseEvent:
    # Waits for a step that is being written, as a step waits for this.
    stored = AdverseEvent.objects.select_for_update(of=("self",)).select_related("patient", "session").get(pk=event.pk)
    if stored.is_mistake:
        return stored
    if not may_withdraw(stored, by):
        text = "More than its beginning is recorded by now, or somebody else began it. A clinician closes it."
        raise Refused(text, rule="more", field="mistake_note")
    closed = claim(stored, stored.version, closed_at=now, closed_by=by, closing_note=note, is_mistake=True)
    _end_task(closed, by=by, now=now)
    audit.record("adverse event was a mistake", by=by, subject=closed, patient=closed.patient, kind=closed.kind)
    return closed


@_decision
def reopen(*, event: AdverseEvent, version: int, by: User) -> AdverseEvent:
    """Something is left to do after all: treatments wait again. The note of the closing stays until the next one."""
    stored = AdverseEvent.objects.get(pk=event.pk)
    if stored.closed_at is None:
        return stored
    opened = claim(stored, version, closed_at=None, closed_by=None, is_mistake=False)
    audit.record("adverse event opened again", by=by, subject=opened, patient=opened.patient)
    return opened


def _check_closing(event: AdverseEvent, note: str, *, allergy_ruled_out: bool) -> None:
    refuse_closed(event)
    missing = list(_missing_to_close(event, note, allergy_ruled_out=allergy_ruled_out))
    if missing:
        first, *also = missing
        raise Refused(first.message, rule=first.rule, field=first.field, also=also)


def _missing_to_close(event: AdverseEvent, note: str, *, allergy_ruled_out: bool) -> Iterator[Refused]:
    if event.severity_grade is None:
        yield Refused("Say how severe it was before you close it.", rule="grade", field="severity_grade")
    if is_serious(event) and not event.outcome:
        yield Refused("Enter the outcome of a serious event before you close it.", rule="outcome", field="outcome")
    if _asks_for_allergy(event) and not allergy_ruled_out:
        text = "Say whether the patient is allergic to polidocanol: confirm it, or tick that it is ruled out."
        yield Refused(text, rule="allergy", field="allergy_ruled_out")
    if not note:
        yield Refused("Write how it ended, in a few words.", rule="note", field="closing_note")
    if len(note) > LONGEST_NOTE:
        yield Refused(f"Shorten this to {LONGEST_NOTE} characters.", rule="length", field="closing_note")


def _asks_for_allergy(event: AdverseEvent) -> bool:
    return was_general_allergy(event) and not event.patient.polidocanol_allergy


def _end_task(event: AdverseEvent, *, by: User, now: datetime) -> None:
    tasks = StaffTask.objects.open().filter(kind=StaffTask.Kind.ADVERSE_EVENT, about_id=event.public_id)
    tasks.update(done_at=now, done_by=by)
