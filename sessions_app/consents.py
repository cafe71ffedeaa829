"""Consent to a series of treatments: who may be treated and photographed on the strength of which signature.

A signature holds for its series, whatever texts are published later: a newer text is asked for when the next series
begins. It stops to hold when it is withdrawn, when a new series begins, and when it is older than the clinic allows.
Where a clinic wants everybody to read a new text, it ends the consents that stand, with that reason.
"""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic import audit
from clinic.models import Clinic, Patient, User
from clinic.protocol.checks.calendar import months_before
from clinic.protocol.zones import local_date
from sessions_app.consent_texts import newest_version
from sessions_app.facts import session_date
from sessions_app.models import ConsentText, SeriesConsent, TreatmentSession
from sessions_app.refusals import Refused
from sessions_app.retrying import retried
from sessions_app.signature_drawing import Line

LONGEST_NAME = 120
LONGEST_REASON = 200
OUTDATED = "Older than the clinic allows; signed anew"


# --- Reading -----------------------------------------------------------------------------------------------------


def consents_of(patient: Patient) -> list[SeriesConsent]:
    """All that a patient ever signed, newest first."""
    rows = SeriesConsent.objects.filter(patient=patient).select_related("text", "witnessed_by", "ended_by", "patient")
    return list(rows.order_by("-signed_at", "-pk"))


def living_consent(patient: Patient) -> SeriesConsent | None:
    """The consent that nobody ended; whether it is too old to treat on is `is_in_time`'s question."""
    return next((consent for consent in consents_of(patient) if consent.ended_at is None), None)


def is_in_time(consent: SeriesConsent, day: date, *, clinic: Clinic | None = None) -> bool:
    """Whether it was signed by that day and not longer ago than the clinic's months, both ends inclusive."""
    clinic = clinic or Clinic.current()
    return months_before(day, clinic.consent_months) <= local_date(consent.signed_at, clinic.zone) <= day


def over_at(session: TreatmentSession) -> datetime | None:
    """When the treatment was over: consent comes too late from then on. None while it goes on."""
    return session.ended_at or session.observation_started_at


def consent_holding(
    session: TreatmentSession, signed: Iterable[SeriesConsent], *, clinic: Clinic | None = None
) -> SeriesConsent | None:
    """Of what the patient ``signed``: in time on the session's day, and not ended before the session was over.

    What was signed when the treatment was over comes too late for it.
    """
    day = session_date(session)
    over = over_at(session)
    for consent in signed:
        if over is not None and consent.signed_at > over:
            continue
        is_ended = consent.ended_at is not None and not (session.ended_at and consent.ended_at > session.ended_at)
        if is_ended:
            continue
        clinic = clinic or Clinic.current()
        if is_in_time(consent, day, clinic=clinic):
            return consent
    return None


def allows_photographs(patient: Patient) -> bool:
    """True while a living consent says yes to photographs. Asked again at every use: a withdrawn consent ends it."""
    return SeriesConsent.objects.filter(patient=patient, ended_at__isnull=True, allows_photographs=True).exists()


# --- Signing -----------------------------------------------------------------------------------------------------


@retried
@transaction.atomic
def sign_consent(
    *,
    patient: Patient,
    text: ConsentText,
    signed_name: str,
    strokes: list[Line],
    allows_photographs: bool,
    request_key: UUID,
    by: User,
    now: datetime | None = None,
) -> SeriesConsent:
    """The patient's signature, witnessed by ``by``. Sent twice it is one consent: the first one is returned.

    ``strokes``: as `strokes_in` read them; [] when the patient signed with the typed name. `Refused` for a text that
    is no longer the newest, and while another consent holds. One that is too old is ended by the new one.
    """
    now = now or timezone.now()
    sent_before = SeriesConsent.objects.filter(request_key=request_key).first()
    if sent_before is not None:
        return _same(sent_before, patient)
    signed_name = " ".join(signed_name.split())[:LONGEST_NAME]
    if not signed_name:
        raise Refused("Enter the name of who signs.", rule="name", field="typed_name")
    if text.version != newest_version():
        raise Refused("A new text was published meanwhile. Read it with the patient and sign that.", rule="old text")
    standing = living_consent(patient)
    if standing is not None and standing.request_key == request_key:
        # Its twin was faster, between the first look and this one.
        return standing
    if standing is not None:
        _make_room(standing, by=by, now=now)
    try:
        with transaction.atomic():
            consent = SeriesConsent.objects.create(
                patient=patient,
                text=text,
                signed_name=signed_name,
                strokes=strokes,
                allows_photographs=allows_photographs,
                signed_at=now,
                witnessed_by=by,
                request_key=request_key,
            )
    except IntegrityError as error:
        # The same signature came twice at one moment, or a colleague had another one signed.
        twin = SeriesConsent.objects.filter(request_key=request_key).first()
        if twin is None:
            raise _stands_already(living_consent(patient)) from error
        return _same(twin, patient)
    audit.record(
        "consent signed",
        by=by,
        subject=consent,
        patient=patient,
        version=text.version,
        language=text.language,
        drawn=bool(strokes),
        photographs=allows_photographs,
    )
    return consent


def _same(consent: SeriesConsent, patient: Patient) -> SeriesConsent:
    if consent.patient_id != patient.pk:
        raise Refused("Load this page again; nothing was saved.", rule="key")
    return consent


def _make_room(standing: SeriesConsent, *, by: User, now: datetime) -> None:
    """End a consent that is too old; one that holds must be ended by a person, with a reason."""
    clinic = Clinic.current()
    if is_in_time(standing, local_date(now, clinic.zone), clinic=clinic):
        raise _stands_already(standing)
    end_consent(consent=standing, reason=OUTDATED, by=by, now=now)


def _stands_already(standing: SeriesConsent | None) -> Refused:
    day = local_date(standing.signed_at, Clinic.current().zone) if standing else None
    when = f" of {day.day} {day:%b %Y}" if day else ""
    return Refused(f"The consent{when} holds already. End it first if a new series begins.", rule="stands")


@retried
@transaction.atomic
def end_consent(*, consent: SeriesConsent, reason: str, by: User, now: datetime | None = None) -> SeriesConsent:
    """The patient withdraws, or a new series begins. What was done on the strength of it stays as it is recorded."""
    now = now or timezone.now()
    reason = " ".join(reason.split())
    if not reason:
        raise Refused("Write why this consent ends.", rule="reason", field="reason")
    if len(reason) > LONGEST_REASON:
        raise Refused(f"Shorten this to {LONGEST_REASON} characters.", rule="length", field="reason")
    ended = SeriesConsent.objects.filter(pk=consent.pk, ended_at__isnull=True).update(
        ended_at=now, ended_by=by, ended_why=reason
    )
    consent.refresh_from_db()
    if not ended:
        raise Refused("A colleague ended this consent already.", rule="ended")
    audit.record("consent ended", by=by, subject=consent, patient=consent.patient)
    return consent
