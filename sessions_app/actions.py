"""What the nurse does with a session: open it, save the draft, end it without treatment, close it when it is signed.

A draft is saved whole or not at all, by conditional update on its version: who was opened on an older one gets `Stale`
and overwrites nothing. Signing with its plan is `aftercare.actions.sign_session`, which calls `close_session` here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clinic import audit
from clinic.models import AuditEvent, Clinic, ProtocolVersion, StaffTask, User
from sessions_app import answers as given_answers
from sessions_app import booking
from sessions_app.amending import voided
from sessions_app.ampoules import give_back, use_ampoules
from sessions_app.beginning import beginning_of
from sessions_app.charting import Chart, chart_of
from sessions_app.group_gaps import GROUPS
from sessions_app.missing import UNFINISHED, Missing
from sessions_app.models import Appointment, SessionAmpoule, SessionFinding, TreatedSite, TreatmentSession
from sessions_app.preparation import CONSENT, KIT, recorded
from sessions_app.refusals import Refused, Stale
from sessions_app.retrying import retried
from sessions_app.signature import events_of_signature, finding_rows, remember, tasks_of_signature
from sessions_app.statuses import finish_treated

_TO_TREATMENT = (Appointment.Status.ARRIVED, Appointment.Status.IN_TREATMENT)
_OVER = (Appointment.Status.DONE, *Appointment.RELEASED)


class NotComplete(Refused):
    """The session cannot be signed yet; `missing` says why, entry by entry, with the place to go to."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        super().__init__(f"Not signed. Still missing: {'; '.join(each.words for each in missing)}.", rule="incomplete")
        self.missing = list(missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftValues:
    """What a page holds of a draft, valid parts only.

    ``fields``: model fields of the session by name; ``facts``: answers to the safety questions by fact name, complete;
    ``groups``: how each group was answered; ``sites`` and ``ampoules``: the rows in order, as keyword arguments of
    their models, positions included; ``unfinished``: what was typed and is no value yet; ``answers``: to findings.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    sites: Sequence[Mapping[str, Any]] = ()
    ampoules: Sequence[Mapping[str, Any]] = ()
    unfinished: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)


@retried
@transaction.atomic
def open_visit(*, appointment: Appointment, by: User, now: datetime | None = None) -> TreatmentSession:
    """The one session of the visit: made when nobody opened it yet, otherwise the one that is there.

    Opening means that the patient is with the nurse, so the appointment goes to "in treatment".
    """
    now = now or timezone.now()
    found = _session_of(appointment)
    if found is not None:
        return found
    if appointment.status in _OVER:
        raise Refused(
            f"This appointment is {appointment.get_status_display().lower()}. Ask the front desk to book it again.",
            rule="status",
        )
    try:
        with transaction.atomic():
            session = TreatmentSession.objects.create(**beginning_of(appointment, by=by, now=now))
    except IntegrityError:
        # A colleague opened it in the same moment.
        found = _session_of(appointment)
        if found is None:
            raise
        return found
    _move_on(appointment, _TO_TREATMENT, by=by)
    audit.record("session opened", by=by, subject=session, patient=session.patient)
    return session


@retried
@transaction.atomic
def save_draft(
    *,
    session: TreatmentSession,
    version: int,
    values: DraftValues,
    by: User,
    now: datetime | None = None,
    protocol_version: ProtocolVersion | None = None,
) -> Chart:
    """Save what the page holds and answer the chart that follows from it. Nothing is written when nothing changed.

    Raises `Stale` when somebody saved meanwhile, `Refused` when the session is closed. What is there already is no
    overwriting, whatever `version` it comes from: the answer to a first save may have been lost on its way. The session
    object is brought up to date. `protocol_version`: what the chart is judged by, the one in force if None.
    """
    now = now or timezone.now()
    _refuse_closed(session)
    screening = _screening(session, values, by=by, now=now)
    changed = {name: value for name, value in values.fields.items() if getattr(session, name) != value}
    if screening != session.screening:
        changed["screening"] = screening
    rows_changed = [
        name
        for name, model, rows in (("sites", TreatedSite, values.sites), ("ampoules", SessionAmpoule, values.ampoules))
        if _differ(getattr(session, name).all(), rows)
    ]
    if changed or rows_changed:
        if session.version != version:
            raise _stale(session)
        _update(session, version, changed)
        _forget_rows(session)
        if "sites" in rows_changed:
            _rewrite(session, TreatedSite, values.sites)
        if "ampoules" in rows_changed:
            _rewrite(session, SessionAmpoule, values.ampoules)
    chart = chart_of(session, now=now, version=protocol_version)
    is_saved = bool(changed or rows_changed)
    answered = _save_answers(chart, values.answers, version=version, by=by, now=now, is_saved=is_saved)
    if changed or rows_changed or answered:
        names = sorted([*changed, *rows_changed, *(["answers"] if answered else [])])
        audit.record(
            "session saved", by=by, subject=session, patient=session.patient, fields=names, version=session.version
        )
    return chart.answered() if answered else chart


@retried
@transaction.atomic
def mark_not_treated(
    *, session: TreatmentSession, version: int, reason: str, by: User, now: datetime | None = None
) -> TreatmentSession:
    """End the visit without treatment: no plan, no messages. Refused when a site is recorded, because it happened."""
    now = now or timezone.now()
    _refuse_closed(session)
    if not reason.strip():
        raise Refused("Write why the patient was not treated.", rule="reason", field="reason")
    unfinished = session.screening.get(UNFINISHED, {}).get("sites")
    if unfinished or session.sites.exists():
        raise Refused(
            "Treated sites are recorded. Sign the session, or remove them if nothing was injected.", rule="sites"
        )
    _update(
        session,
        version,
        {"status": TreatmentSession.Status.NOT_TREATED, "not_treated_reason": reason.strip(), "ended_at": None},
    )
    _move_on(session.appointment, (Appointment.Status.DONE,), by=by)
    audit.record("session not treated", by=by, subject=session, patient=session.patient)
    if session.amends_id is not None:
        give_back(session, by=by, now=now)
        voided(session, by=by, now=now)
    return session


@transaction.atomic(savepoint=False)
def close_session(
    *,
    session: TreatmentSession,
    by: User,
    protocol_version: ProtocolVersion,
    answers: Mapping[str, Any] | None = None,
    now: datetime,
    version: int | None = None,
    clinic: Clinic | None = None,
) -> list[AuditEvent] | None:
    """Lock the session as signed by `by`. None when it was signed already, otherwise the events of the signature.

    The events are not saved yet: the caller writes them with its own, in the same transaction. The patient's row is
    held until that ends, so that two sessions of one patient are signed one after the other.

    `answers` are given on the sign page and join those of the draft. Everything is judged again here, by
    `protocol_version` and with what was left open counting as missing. Raises `NotComplete`, or `Stale` when the
    session is not what the signer saw (`version`, the object's own when None).
    """
    version = session.version if version is None else version
    if not _is_as_seen(session, version):
        session.refresh_from_db()
        if session.status == TreatmentSession.Status.SIGNED:
            return None
        _refuse_closed(session)
        raise _stale(session)
    _forget_rows(session)
    chart = chart_of(session, now=now, version=protocol_version, clinic=clinic, signing=True)
    if answers and (screening := _with_answers(chart, answers, by=by, now=now)):
        session.screening = screening  # stored with the signature below
        chart = chart.answered()
    if chart.missing:
        raise NotComplete(chart.missing)
    if rows := finding_rows(chart):
        SessionFinding.objects.bulk_create(rows)
    use_ampoules(chart, by=by, now=now)
    signed = {
        "status": TreatmentSession.Status.SIGNED,
        "signed_by": by,
        "signed_at": now,
        "protocol_version": protocol_version,
        **recorded(session, chart.ready),
    }
    _update(session, version, signed)
    remember(session, by=by)
    visit = session.appointment
    done = finish_treated(appointment=visit, patient=session.patient, by=by, now=now)
    if done is None:
        visit.refresh_from_db(fields=["status"])
        _move_on(visit, (*_TO_TREATMENT, Appointment.Status.DONE), by=by)
    if tasks := tasks_of_signature(chart):
        StaffTask.objects.bulk_create(tasks)
    return [*([done] if done else []), *events_of_signature(chart, by=by)]


# --- Opening -----------------------------------------------------------------------------------------------------


def _session_of(appointment: Appointment) -> TreatmentSession | None:
    return appointment.sessions.filter(amends__isnull=True).first()


def _move_on(appointment: Appointment, steps: Sequence[Appointment.Status], *, by: User) -> None:
    """Take the appointment through the steps that still lie before it; one that is over stays as it is."""
    order = [Appointment.Status.BOOKED, *_TO_TREATMENT, Appointment.Status.DONE]
    for step in steps:
        if appointment.status in order and order.index(step) > order.index(Appointment.Status(appointment.status)):
            booking.change_status(appointment=appointment, to=step, by=by)
            appointment.status = step


# --- Saving ------------------------------------------------------------------------------------------------------


def _refuse_closed(session: TreatmentSession) -> None:
    if session.status == TreatmentSession.Status.SIGNED:
        raise Refused("This session is signed and locked. Correct it by an amendment.", rule="closed")
    if session.status == TreatmentSession.Status.NOT_TREATED:
        raise Refused("This visit ended without treatment and is closed.", rule="closed")


def _stale(session: TreatmentSession) -> Stale:
    return Stale("Somebody else saved this session meanwhile. Nothing of yours was saved over it.")


def _update(session: TreatmentSession, version: int, changes: Mapping[str, Any]) -> None:
    """Write the changes if the draft is still at `version`; the conditional update also holds the row until commit."""
    open_draft = TreatmentSession.objects.filter(pk=session.pk, version=version, status=TreatmentSession.Status.DRAFT)
    if not open_draft.update(**changes, version=version + 1):
        session.refresh_from_db()
        _refuse_closed(session)
        raise _stale(session)
    _set(session, {**changes, "version": version + 1})


def _is_as_seen(session: TreatmentSession, version: int) -> bool:
    """Whether the draft is still at `version`; holds it and its patient until the transaction ends.

    SQLite has one writer as it is.
    """
    rows = TreatmentSession.objects.filter(pk=session.pk).only("status", "version")
    if connection.features.has_select_for_update:
        held = rows.select_related("patient").only("status", "version", "patient__id")
        rows = held.select_for_update(no_key=True, of=("self", "patient"))
    stored = rows.get()
    return stored.status == TreatmentSession.Status.DRAFT and stored.version == version


def _set(session: TreatmentSession, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(session, name, value)


def _screening(session: TreatmentSession, values: DraftValues, *, by: User, now: datetime) -> dict[str, Any]:
    """The answers as the page has them; the answers to findings are judged later, with the findings."""
    notes = (given_answers.ANSWERS, KIT, CONSENT)
    kept = {name: session.screening[name] for name in notes if name in session.screening}
    screening = {**values.facts, **kept}
    if values.facts.get("kit_checked_today") and not kept.get(KIT):
        screening[KIT] = {"by_name": str(by), "at": now.isoformat()}
    if not values.facts.get("kit_checked_today"):
        screening.pop(KIT, None)
    for name, part in ((GROUPS, values.groups), (UNFINISHED, values.unfinished)):
        if part:
            screening[name] = dict(part)
    return screening


def _save_answers(
    chart: Chart, given: Mapping[str, Any], *, version: int, by: User, now: datetime, is_saved: bool
) -> bool:
    """Take the answers into the draft; True when one changed. ``is_saved``: this transaction holds the row already."""
    session, screening = chart.session, _with_answers(chart, given, by=by, now=now)
    if screening is None:
        return False
    if is_saved:
        TreatmentSession.objects.filter(pk=session.pk).update(screening=screening)
        session.screening = screening
    else:
        _update(session, version, {"screening": screening})
    return True


def _with_answers(chart: Chart, given: Mapping[str, Any], *, by: User, now: datetime) -> dict[str, Any] | None:
    """The draft's screening with the answers in it; None when they change nothing."""
    screening = chart.session.screening
    before = screening.get(given_answers.ANSWERS, {})
    after = given_answers.merged(before, given, findings=[each.finding for each in chart.findings], by=by, now=now)
    return None if after == before else {**screening, given_answers.ANSWERS: after}


def _forget_rows(session: TreatmentSession) -> None:
    """Parts that were loaded with the session are read anew: they are judged as they are now."""
    session._prefetched_objects_cache = {}  # type: ignore[attr-defined]


def _differ(stored: Any, rows: Sequence[Mapping[str, Any]]) -> bool:
    stored = list(stored)
    if len(stored) != len(rows):
        return True
    # The page has ampoules in its own order, the table by strength; rows of one strength stay in the order of the page.
    rows = sorted(rows, key=lambda row: row.get("position", row.get("strength_percent", 0)))
    return any(
        getattr(old, name) != value for old, new in zip(stored, rows, strict=True) for name, value in new.items()
    )


def _rewrite(session: TreatmentSession, model: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Parts of a draft have no life of their own: they are written anew, in two statements whatever their number."""
    model.objects.filter(session=session).delete()
    model.objects.bulk_create(model(session=session, **row) for row in rows)
