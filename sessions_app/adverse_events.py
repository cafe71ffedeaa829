"""Adverse events: begin one, stamp what is done, write down the rest. What clinicians decide is `event_decisions`.

An event begins with its kind and its onset; nothing else is asked while somebody may come to harm. Steps are
append-only and never wait for the details: they do not raise the event's version. The details are saved by conditional
update on the version, and only those that somebody touched.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from clinic import audit
from clinic.access import Permission
from clinic.models import Clinic, Patient, StaffTask, User
from clinic.protocol.zones import local_date, local_time
from sessions_app.emergency import GENERAL_ALLERGY, GRAVE_KINDS
from sessions_app.models import AdverseEvent, AdverseStep, AdverseVersion, TreatmentSession
from sessions_app.refusals import Refused, Stale
from sessions_app.retrying import with_retries

# Clocks differ a little; what lies further ahead is a slip.
_AHEAD = timedelta(minutes=2)
# The same words by the same person within it are one press that was sent twice.
_ONE_PRESS = timedelta(minutes=1)
_LONGEST_STEP = 200
DETAILS = frozenset(
    {
        "kind", "onset_at", "session", "reporter_words", "description", "severity_grade", "clavien_dindo",
        "serious_because", "relation_drug", "relation_procedure", "relation_compression", "outcome", "outcome_on",
        "reported_to_authority_on", "reported_to_manufacturer_on",
    }
)  # fmt: skip


def begin(
    *,
    patient: Patient,
    kind: str,
    request_key: UUID,
    by: User,
    onset_at: datetime | None = None,
    session: TreatmentSession | None = None,
    now: datetime | None = None,
) -> AdverseEvent:
    """A new event, or the one that the same form began already. `onset_at`: now if None.

    Another kind is another event, also from the same form: the answer to the first press may never have arrived. So is
    a press after that event was closed, by a clinician or as a mistake: what happens then nobody has seen.

    Alerts the clinicians and holds the patient's treatments from this moment. `Refused` for an onset in the future, a
    session of somebody else, or a form that was used for another patient.
    """
    now = now or timezone.now()
    _may_record(by)
    if kind not in AdverseEvent.Kind.values:
        raise Refused("Choose what happened.", rule="kind", field="kind")
    onset = _checked_onset(onset_at or now, patient=patient, now=now)
    root = _root_of(session, patient)

    def write() -> AdverseEvent:
        begun, key = _begun(patient, request_key), request_key
        if begun is not None and begun.kind != kind:
            key = uuid5(request_key, kind)
            begun = _begun(patient, key)
        while begun is not None and begun.closed_at is not None:
            key = uuid5(key, str(begun.public_id))
            begun = _begun(patient, key)
        return begun or _write_event(
            patient=patient, session=root, request_key=key, kind=kind, onset_at=onset, by=by, now=now
        )

    try:
        return with_retries(write)
    except IntegrityError:
        # Another press of the form was written in the same moment: its event for the same kind, one more for another.
        return with_retries(write)


def _begun(patient: Patient, request_key: UUID) -> AdverseEvent | None:
    found = AdverseEvent.objects.select_related("patient").filter(request_key=request_key).first()
    if found is not None and found.patient_id != patient.pk:
        raise Refused("This form was used for another patient. Open it again.", rule="request_key")
    return found


@transaction.atomic
def _write_event(*, by: User, now: datetime, **facts: Any) -> AdverseEvent:
    event = AdverseEvent.objects.create(reported_by=by, recorded_at=now, **facts)
    StaffTask.objects.create(
        kind=StaffTask.Kind.ADVERSE_EVENT, patient=event.patient, about_id=event.public_id, created_at=now
    )
    keep_version(event, by=by, at=now)
    audit.record("adverse event begun", by=by, subject=event, patient=event.patient, kind=event.kind)
    return event


def add_step(
    *, event: AdverseEvent, what: str, by: User, at: datetime | None = None, now: datetime | None = None
) -> AdverseStep:
    """Stamp what was done, at this moment or at an earlier one; the same press sent twice is one step."""
    now = now or timezone.now()
    _may_record(by)
    what = " ".join(what.split())
    if not what or len(what) > _LONGEST_STEP:
        raise Refused(f"Write what was done, in at most {_LONGEST_STEP} characters.", rule="step", field="own_step")
    moment = at or now
    refuse_closed(event)
    if moment > now + _AHEAD:
        raise Refused("This time is still to come. Enter when it was done.", rule="future", field="step_at")
    if local_date(moment, _zone()) < local_date(event.onset_at, _zone()) - timedelta(days=1):
        raise Refused("This is long before the event began. Enter when it was done.", rule="early", field="step_at")
    return with_retries(lambda: _write_step(event, what, moment, by, now))


@transaction.atomic
def _write_step(event: AdverseEvent, what: str, at: datetime, by: User, now: datetime) -> AdverseStep:
    # Waits for a press or a closing that is being written, so that a copy of the one and the other are seen.
    refuse_closed(AdverseEvent.objects.select_for_update(of=("self",)).get(pk=event.pk))
    same = AdverseStep.objects.filter(
        event=event, what=what, by=by, at__gt=at - _ONE_PRESS, at__lt=at + _ONE_PRESS
    ).first()
    if same is not None:
        return same
    step = AdverseStep.objects.create(event=event, what=what, at=at, by=by, recorded_at=now)
    audit.record("adverse event step", by=by, subject=event, patient=event.patient, step=step.pk)
    return step


def correct_time(*, step: AdverseStep, at: datetime, by: User, now: datetime | None = None) -> AdverseStep:
    """Another step with the right time, which says what was noted first; what was written stays."""
    noted = f" (time corrected; noted first as {local_time(step.at, _zone()):%H:%M})"
    what = step.what[: _LONGEST_STEP - len(noted)].rstrip() + noted
    return add_step(event=step.event, what=what, at=at, by=by, now=now)


def save_details(
    *, event: AdverseEvent, version: int, changes: Mapping[str, Any], by: User, now: datetime | None = None
) -> AdverseEvent:
    """Write the touched details (names of `DETAILS`) if nobody saved since `version`; else `Stale`.

    Death in one place is death in the list of what makes an event serious. An event whose seriousness, grades or grave
    kind somebody changes who is no clinician alerts again. What was saved before stays readable as `AdverseVersion`.
    `Refused` for impossible times and for a closed event.
    """
    now = now or timezone.now()
    _may_record(by)
    if unknown := set(changes) - DETAILS:
        raise ValueError(f"no detail of an event: {sorted(unknown)}")
    return with_retries(lambda: _write_details(event, version, dict(changes), by, now))


@transaction.atomic
def _write_details(event: AdverseEvent, version: int, changes: dict[str, Any], by: User, now: datetime) -> AdverseEvent:
    stored = AdverseEvent.objects.select_for_update(of=("self",)).select_related("patient", "session").get(pk=event.pk)
    changes = {name: value for name, value in changes.items() if getattr(stored, name) != value}
    if not changes:
        return stored
    refuse_closed(stored)
    if stored.version != version:
        raise Stale(_STALE)
    if not stored.versions.exists():
        keep_version(stored, by=stored.reported_by, at=stored.recorded_at)
    before = details_of(stored)
    for name, value in changes.items():
        setattr(stored, name, value)
    if "session" in changes:
        stored.session = _root_of(stored.session, stored.patient)
    _check_times(stored, changes, now)
    stored.serious_because = _serious_reasons(stored)
    if not by.may(Permission.OVERRIDE_CHECK) and _wants_eyes(before, stored) and stored.acknowledged_at is not None:
        stored.acknowledged_at = stored.acknowledged_by = None
        StaffTask.objects.get_or_create(
            kind=StaffTask.Kind.ADVERSE_EVENT, patient=stored.patient, about_id=stored.public_id, done_at=None
        )
    stored.version += 1
    stored.save()
    keep_version(stored, by=by, at=now)
    audit.record(
        "adverse event saved", by=by, subject=stored, patient=stored.patient, fields=sorted(changes),
        version=stored.version, serious=is_serious(stored),
    )  # fmt: skip
    return stored


# From these grades on a first judgement, too, is one that a clinician looks at.
_SEVERE_GRADE = 3
_CLAVIEN_ORDER = {grade: place for place, grade in enumerate(("", "I", "II", "IIIa", "IIIb", "IVa", "IVb", "V"))}
_SEVERE_CLAVIEN = _CLAVIEN_ORDER["IIIa"]


def _wants_eyes(before: Mapping[str, Any], after: AdverseEvent) -> bool:
    """Whether a clinician must see it again: what makes it serious, a grade or a grave kind is another, up or down.

    A grade that is written for the first time is what every event gets, and asks for eyes only when it is severe.
    """
    grave = {before["kind"], after.kind} & GRAVE_KINDS
    clavien = [_CLAVIEN_ORDER[each] for each in (before["clavien_dindo"], after.clavien_dindo)]
    return bool(
        set(before["serious_because"]) != set(after.serious_because)
        or (grave and after.kind != before["kind"])
        or _is_judged_anew(before["severity_grade"] or 0, after.severity_grade or 0, severe=_SEVERE_GRADE)
        or _is_judged_anew(*clavien, severe=_SEVERE_CLAVIEN)
    )


def _is_judged_anew(before: int, after: int, *, severe: int) -> bool:
    return before != after and (before > 0 or after >= severe)


def details_of(event: AdverseEvent) -> dict[str, Any]:
    """The details as JSON keeps them: days and times as text, the session by its public id."""
    details = {name: getattr(event, name) for name in sorted(DETAILS - {"session"})}
    written = {name: value.isoformat() if isinstance(value, date) else value for name, value in details.items()}
    return {**written, "session": str(event.session.public_id) if event.session else ""}


def keep_version(event: AdverseEvent, *, by: User, at: datetime) -> AdverseVersion:
    """Keep the details as they are saved in this transaction; the row never changes."""
    return AdverseVersion.objects.create(
        event=event, version=event.version, saved_by=by, saved_at=at, fields=details_of(event)
    )


def was_general_allergy(event: AdverseEvent) -> bool:
    """Whether any saved version calls it a generalised allergic reaction: the question stays due until answered."""
    return event.kind in GENERAL_ALLERGY or event.versions.filter(fields__kind__in=sorted(GENERAL_ALLERGY)).exists()


_STALE = "Somebody else saved this event meanwhile. Nothing of yours was saved over it."


def claim(event: AdverseEvent, version: int, **values: Any) -> AdverseEvent:
    """Write a decision if the event is at `version`; `Stale` otherwise. Called inside of a transaction."""
    mine = AdverseEvent.objects.filter(pk=event.pk, version=version)
    if not mine.update(**values, version=F("version") + 1):
        raise Stale(_STALE)
    return AdverseEvent.objects.select_related("patient", "session").get(pk=event.pk)


def is_serious(event: AdverseEvent) -> bool:
    return bool(event.serious_because)


def refuse_closed(event: AdverseEvent) -> None:
    if event.closed_at is not None:
        raise Refused("This event is closed. A clinician can open it again.", rule="closed")


def _serious_reasons(event: AdverseEvent) -> list[str]:
    """In the order of the list. The grades are independent of it, but for death, which is a fact."""
    died = event.severity_grade == 5 or event.clavien_dindo == "V" or event.outcome == AdverseEvent.Outcome.FATAL
    return [
        reason.value
        for reason in AdverseEvent.Serious
        if reason.value in event.serious_because or (died and reason is AdverseEvent.Serious.DEATH)
    ]


def _check_times(event: AdverseEvent, changes: Mapping[str, Any], now: datetime) -> None:
    _checked_onset(event.onset_at, patient=event.patient, now=now)
    began, today = local_date(event.onset_at, _zone()), local_date(now, _zone())
    for name in ("outcome_on", "reported_to_authority_on", "reported_to_manufacturer_on"):
        day: date | None = getattr(event, name)
        if day is None or not {name, "onset_at"} & set(changes):
            continue
        if day < began:
            raise Refused("This is before the event began. Enter a later date.", rule="early", field=name)
        if day > today:
            raise Refused("This date is still to come. Enter the day on which it was.", rule="future", field=name)


def _checked_onset(onset: datetime, *, patient: Patient, now: datetime) -> datetime:
    if onset > now + _AHEAD:
        raise Refused("This is still to come. Enter when it began.", rule="future", field="onset_at")
    if local_date(onset, _zone()) < patient.birth_date:
        raise Refused("This is before the patient was born. Enter when it began.", rule="early", field="onset_at")
    return onset


def _root_of(session: TreatmentSession | None, patient: Patient) -> TreatmentSession | None:
    """The first version: the draft of a correction can be given up, and an event stays."""
    if session is None:
        return None
    if session.patient_id != patient.pk:
        raise Refused("This session is of another patient. Choose one of the list.", rule="session", field="session")
    if session.amends_id is None:
        return session
    return TreatmentSession.objects.get(lineage=session.lineage, amends__isnull=True)


def _may_record(by: User) -> None:
    if not by.may(Permission.RECORD_SESSION):
        raise Refused("Nurses and clinicians record adverse events. Ask one.", rule="permission")


def _zone() -> ZoneInfo:
    return Clinic.current().zone
