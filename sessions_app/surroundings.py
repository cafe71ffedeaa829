"""What other rows say to the judgement of a session: earlier ones, the same day's, its events, what it stands on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import (
    BigIntegerField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    Exists,
    F,
    Subquery,
    Sum,
    UUIDField,
)
from django.db.models.fields.json import KeyTextTransform

from clinic.models import AuditEvent, Clinic, User
from clinic.prepared import Blank, Prepared
from clinic.protocol.zones import start_of_day
from sessions_app import facts, history
from sessions_app.models import (
    AdverseEvent,
    Appointment,
    ConsentText,
    DayCheck,
    SeriesConsent,
    Service,
    TreatedSite,
    TreatmentSession,
)
from sessions_app.preparation import Ready, ready_of
from sessions_app.repeat import HoldRows, hold_rows
from sessions_app.visit_clashes import ElsewhereSaid
from sessions_app.visit_holds import exists_against

_MG = Sum(F("volume_ml") * F("strength_percent") * 10, output_field=DecimalField(max_digits=12, decimal_places=4))


def last_session_before(session: TreatmentSession) -> TreatmentSession | None:
    """The patient's newest signed session before this one, corrections counted once."""
    found: TreatmentSession | None = earlier_sessions(session).first()
    return found


def earlier_sessions(session: TreatmentSession) -> Any:
    """Signed sessions of the patient before this one, newest first."""
    return _earlier(session.patient_id, session.lineage, session.started_at)


def _earlier(patient: Any, lineage: Any, started_at: Any) -> Any:
    return (
        TreatmentSession.objects.current()
        .filter(patient_id=patient, started_at__lt=started_at)
        .exclude(lineage=lineage)
        .order_by("-started_at")
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around a session, read at one moment.

    ``earlier_mg_today``: mg that the patient got in other sessions of the same date, signed or not. ``holds``: the
    kinds of holds that let the patient's treatment wait, without what came out of this visit (rule B4). ``elsewhere``:
    what else is on record about the time of this session.
    """

    last_ended_at: datetime | None
    earlier_mg_today: Decimal
    has_events: bool
    ready: Ready
    is_treatment: bool
    holds: tuple[HoldRows, ...]
    elsewhere: ElsewhereSaid


def surroundings_of(session: TreatmentSession, *, clinic: Clinic | None = None) -> Surroundings:
    """One query, as every save and every signature asks. ``clinic``: reads it itself to judge a consent when None."""
    zone, day = facts.zone_of(session), facts.session_date(session)
    kinds = hold_rows()
    rows = _around(kinds).rows(
        pk=session.pk,
        visit=session.appointment_id,
        visit_id=str(session.appointment.public_id),
        nurse=session.nurse_id,
        ended_at=session.ended_at or session.started_at,
        patient=session.patient_id,
        lineage=session.lineage,
        started_at=session.started_at,
        day=day,
        day_begins=start_of_day(day, zone),
        day_ends=start_of_day(day + timedelta(days=1), zone),
    )
    ended_at, earlier_mg, has_events = rows[0][:3]
    kind, *held = rows[0][_HELD : _HELD + 1 + len(kinds)]
    checked_in, *other = rows[0][_HELD + 1 + len(kinds) :][:3]
    checked_in_at = datetime.fromisoformat(checked_in) if checked_in else None
    return Surroundings(
        ended_at,
        earlier_mg or Decimal(0),
        has_events,
        ready_of(session, _check(rows[0]), [*_consents(session, rows)], clinic=clinic),
        is_treatment=kind == Service.Kind.TREATMENT,
        holds=tuple(each for each, is_held in zip(kinds, held, strict=True) if is_held),
        elsewhere=ElsewhereSaid(checked_in_at, *other),
    )


# What judging and showing need of the day's check and of a consent, in the order of their models.
_CHECK = ("id", "kit_checked_at", "kit_checked_by_id", "responsible_clinician_id", "clinician_set_at")
_PEOPLE = ("kit_checked_by__name", "responsible_clinician__name")
_TEXT = ("version", "language")
_CONSENT = ("id", "public_id", "text_id", "signed_name", "allows_photographs", "signed_at", "ended_at")
# Behind the three facts and the check: what the visit is, a column for each kind of hold, three of `ElsewhereSaid`.
_HELD = 3 + len(_CHECK) + len(_PEOPLE)


@lru_cache(maxsize=8)
def _around(kinds: tuple[HoldRows, ...]) -> Prepared:
    """`kinds`: the holds that are registered; tests know others than the product."""
    return Prepared(lambda: _rows_around(kinds))


def _rows_around(kinds: tuple[HoldRows, ...]) -> Any:
    """A row for each consent that the patient ever signed, newest first; one row where there is none."""
    patient, lineage = Blank("patient", BigIntegerField()), Blank("lineage", UUIDField())
    earlier = _earlier(patient, lineage, Blank("started_at", DateTimeField()))
    that_day = _sites_between(
        patient, lineage, Blank("day_begins", DateTimeField()), Blank("day_ends", DateTimeField())
    )
    check = DayCheck.objects.filter(date=Blank("day", DateField()))
    return (
        TreatmentSession.objects.filter(pk=Blank("pk", BigIntegerField()))
        .order_by("-patient__series_consents__signed_at", "-patient__series_consents__pk")
        .values_list(
            Subquery(earlier.values("ended_at")[:1]),
            Subquery(that_day.order_by().values("session__patient_id").annotate(mg=_MG).values("mg")),
            Exists(AdverseEvent.objects.filter(session__lineage=lineage)),
            *(Subquery(check.values(name)) for name in (*_CHECK, *_PEOPLE)),
            "appointment__service__kind",
            *(exists_against(each, patient=patient, visit=Blank("visit", BigIntegerField())) for each in kinds),
            Subquery(_check_ins(lineage).values_list(KeyTextTransform("status_at", "details"))[:1]),
            *(Subquery(_meeting(lineage).values(name)[:1]) for name in ("started_at", "ended_at")),
            *(f"patient__series_consents__text__{name}" for name in _TEXT),
            *(f"patient__series_consents__{name}" for name in _CONSENT),
        )
    )


def _check(row: tuple[Any, ...]) -> DayCheck | None:
    *values, kit_checked_by, clinician = row[3:_HELD]
    if values[0] is None:
        return None
    check = DayCheck.from_db(DEFAULT_DB_ALIAS, _CHECK, values)
    if check.kit_checked_by_id is not None:
        check.kit_checked_by = _named(check.kit_checked_by_id, kit_checked_by)
    if check.responsible_clinician_id is not None:
        check.responsible_clinician = _named(check.responsible_clinician_id, clinician)
    return check


def _named(pk: int, name: str) -> User:
    return User.from_db(DEFAULT_DB_ALIAS, ("id", "name"), (pk, name))


def _consents(session: TreatmentSession, rows: Sequence[tuple[Any, ...]]) -> Iterator[SeriesConsent]:
    for row in rows:
        pk, *_ = values = row[-len(_CONSENT) :]
        if pk is None:
            continue
        consent = SeriesConsent.from_db(DEFAULT_DB_ALIAS, _CONSENT, values)
        consent.patient = session.patient
        text = row[-len(_CONSENT) - len(_TEXT) : -len(_CONSENT)]
        consent.text = ConsentText.from_db(DEFAULT_DB_ALIAS, ("id", *_TEXT), (consent.text_id, *text))
        yield consent


def _check_ins(lineage: Any) -> Any:
    """When the visit was marked as arrived before anybody opened it, the last one first; opening marks it as well.

    The first version says when that was: a correction is opened long after its visit.
    """
    opened = TreatmentSession.objects.filter(lineage=lineage, amends__isnull=True)
    return AuditEvent.objects.filter(
        subject=Appointment._meta.label,
        subject_id=Blank("visit_id", CharField()),
        action=history.STATUS,
        details__status=str(Appointment.Status.ARRIVED),
        at__lt=Subquery(opened.values("created_at")[:1]),
    ).order_by("-id")


def _meeting(lineage: Any) -> Any:
    """Other sessions of the nurse that day of which a part lies within this one, each in the version that holds."""
    return _each_once(
        TreatmentSession.objects.filter(
            nurse_id=Blank("nurse", BigIntegerField()),
            started_at__gte=Blank("day_begins", DateTimeField()),
            started_at__lt=Blank("ended_at", DateTimeField()),
            ended_at__gt=Blank("started_at", DateTimeField()),
        ).exclude(lineage=lineage)
    ).order_by("started_at", "pk")


def _each_once(sessions: Any) -> Any:
    """Of treatments that took place; a correction counts when it is signed, not before."""
    status = TreatmentSession.Status
    return (
        sessions.exclude(status=status.NOT_TREATED)
        .exclude(amended_by__status__in=(status.SIGNED, status.NOT_TREATED))
        .exclude(status=status.DRAFT, amends__status=status.SIGNED)
    )


def _sites_between(patient: Any, lineage: Any, begins: Any, ends: Any) -> Any:
    """What was injected in other sessions of the time, each once: a correction counts when it is signed, not before."""
    return (
        TreatedSite.objects.filter(
            session__patient_id=patient, session__started_at__gte=begins, session__started_at__lt=ends
        )
        .exclude(session__lineage=lineage)
        .exclude(session__amended_by__status__in=(TreatmentSession.Status.SIGNED, TreatmentSession.Status.NOT_TREATED))
        .exclude(session__status=TreatmentSession.Status.NOT_TREATED)
        .exclude(
            session__status=TreatmentSession.Status.DRAFT,
            session__amends__status=TreatmentSession.Status.SIGNED,
        )
    )
