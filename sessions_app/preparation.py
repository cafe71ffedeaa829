"""What a session stands on before the first injection: the clinic's day, and the patient's consent to the series.

A draft follows both as they are now, so that a check set once holds for everybody who treats, and a consent signed
beside the open page counts at once. The signature writes them into the session; from then on it keeps what it says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from clinic import audit
from clinic.access import Permission
from clinic.models import Clinic, User
from clinic.protocol.zones import local_date
from sessions_app.consents import consent_holding, consents_of
from sessions_app.facts import session_date
from sessions_app.models import DayCheck, SeriesConsent, TreatmentSession
from sessions_app.refusals import Refused, Stale
from sessions_app.retrying import retried

KIT, CONSENT = "kit", "consent"
_TICKED = "kit_checked_today"
# A place has a name: "x" finds no paper, "Folder 3" does.
SHORTEST_PLACE = 6
# No date of the clinic is longer; which of them are of today is asked of each.
_OF_TODAY = timedelta(hours=26)


# --- What holds for one session ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ready:
    """The day's check and the consent that hold for a session; None where nothing holds.

    ``standing``: a consent that nobody ended but that holds no longer, because it is too old.
    """

    day: DayCheck | None = None
    consent: SeriesConsent | None = None
    standing: SeriesConsent | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """Answers that nobody has to give again, by the fact names of the checks."""
        known = {}
        if self.consent is not None:
            known["consent_signed"] = True
        if self.day is not None and self.day.kit_checked_at is not None:
            known["kit_checked_today"] = True
        return known

    @property
    def clinician(self) -> User | None:
        return self.day.responsible_clinician if self.day else None


def ready_for(session: TreatmentSession) -> Ready:
    """What holds for a draft. A closed session says itself what held: nothing is added to it."""
    if session.status != TreatmentSession.Status.DRAFT:
        return Ready()
    return ready_of(session, check_of(session_date(session)), consents_of(session.patient))


def ready_of(
    session: TreatmentSession, check: DayCheck | None, signed: Sequence[SeriesConsent], *, clinic: Clinic | None = None
) -> Ready:
    """As `ready_for`, from the check of the session's day and all that the patient ever signed, newest first."""
    if session.status != TreatmentSession.Status.DRAFT:
        return Ready()
    living = next((consent for consent in signed if consent.ended_at is None), None)
    return Ready(check, consent_holding(session, signed, clinic=clinic), living)


def recorded(session: TreatmentSession, ready: Ready) -> dict[str, Any]:
    """The fields of the session as its signature locks them: with what it stood on written into it."""
    screening = {**session.screening, **ready.facts}
    if ready.consent is not None:
        screening[CONSENT] = consent_note(ready.consent)
    if ready.day is not None and not session.screening.get(KIT) and (note := kit_note(ready.day)):
        screening[KIT] = note
    fields: dict[str, Any] = {"screening": screening}
    if session.responsible_clinician_id is None and ready.clinician is not None:
        fields["responsible_clinician"] = ready.clinician
    return fields


def is_on_paper_somewhere(session: TreatmentSession, ready: Ready) -> bool:
    """Whether a consent on paper was ticked and nobody wrote yet where the paper is, in words that help to find it."""
    asked = session.screening
    on_paper = asked.get("consent_signed") and CONSENT not in asked and ready.consent is None
    return bool(on_paper) and len(asked.get("consent_paper", "").strip()) < SHORTEST_PLACE


def consent_note(consent: SeriesConsent) -> dict[str, Any]:
    return {
        "id": str(consent.public_id),
        "version": consent.text.version,
        "language": consent.text.language,
        "signed_at": consent.signed_at.isoformat(),
    }


def kit_note(day: DayCheck) -> dict[str, str]:
    """Who checked and when, as a session keeps it."""
    if day.kit_checked_at is None:
        return {}
    return {"by_name": str(day.kit_checked_by), "at": day.kit_checked_at.isoformat()}


# --- The day -----------------------------------------------------------------------------------------------------


def check_of(day: date) -> DayCheck | None:
    """The check of a date of the clinic; one of another date says nothing about it."""
    return DayCheck.objects.filter(date=day).select_related("kit_checked_by", "responsible_clinician").first()


def today_of(now: datetime) -> date:
    """The clinic's date: a check ends at its midnight."""
    return local_date(now, Clinic.current().zone)


def clinicians() -> list[User]:
    """Who may be responsible: active staff who may lift a check, by name."""
    return [person for person in User.objects.staff().order_by("name") if person.may(Permission.OVERRIDE_CHECK)]


@retried
@transaction.atomic
def check_kit(*, by: User, now: datetime | None = None) -> DayCheck:
    """Emergency kit and oxygen are complete and in date. Pressed by two at once, the first one has checked it."""
    now = now or timezone.now()
    check = _today(now)
    changed = DayCheck.objects.filter(pk=check.pk, kit_checked_at__isnull=True).update(
        kit_checked_at=now, kit_checked_by=by
    )
    if changed:
        audit.record("kit checked", by=by, subject=check, date=check.date.isoformat())
    check.refresh_from_db()
    return check


@retried
@transaction.atomic
def uncheck_kit(*, by: User, now: datetime | None = None) -> DayCheck:
    """The kit is not ready after all, used or incomplete: drafts of today are held until it is checked again.

    Also those in which somebody had ticked it for the one visit: the tick goes, and a page that still shows it is told
    that the session was changed.
    """
    now = now or timezone.now()
    check = _today(now)
    if DayCheck.objects.filter(pk=check.pk, kit_checked_at__isnull=False).update(
        kit_checked_at=None, kit_checked_by=None
    ):
        audit.record(
            "kit check taken back",
            by=by,
            subject=check,
            date=check.date.isoformat(),
            was_by=check.kit_checked_by_id,
            was_at=check.kit_checked_at.isoformat() if check.kit_checked_at else "",
        )
        _untick_drafts(check.date, by=by, now=now)
    check.refresh_from_db()
    return check


def _untick_drafts(day: date, *, by: User, now: datetime) -> None:
    ticked = TreatmentSession.objects.filter(
        status=TreatmentSession.Status.DRAFT, screening__kit_checked_today=True, started_at__gt=now - _OF_TODAY
    )
    for draft in ticked.select_for_update(of=("self",)).order_by("pk"):
        if session_date(draft) != day:
            continue
        draft.screening = {name: said for name, said in draft.screening.items() if name not in (KIT, _TICKED)}
        draft.version += 1
        draft.save(update_fields=["screening", "version"])
        audit.record(
            "session saved", by=by, subject=draft, patient=draft.patient, fields=["screening"], version=draft.version
        )


@retried
@transaction.atomic
def name_clinician(
    *, clinician: User, by: User, instead_of: int | None = None, now: datetime | None = None
) -> DayCheck:
    """Who is responsible from now on. ``instead_of``: the id of the one whom the page showed, None for nobody.

    `Refused` for a person who may not answer for a treatment; `Stale` when a colleague named somebody else meanwhile.
    """
    if not (clinician.is_active and clinician.may(Permission.OVERRIDE_CHECK)):
        raise Refused("Choose a clinician: only they may be responsible.", rule="role", field="clinician")
    now = now or timezone.now()
    check = _today(now)
    seen = Q(responsible_clinician=instead_of) if instead_of else Q(responsible_clinician__isnull=True)
    changed = (
        DayCheck.objects.filter(pk=check.pk)
        .filter(seen)
        .exclude(responsible_clinician=clinician)
        .update(responsible_clinician=clinician, clinician_set_at=now, clinician_set_by=by)
    )
    check.refresh_from_db()
    if changed:
        audit.record(
            "clinician of the day named",
            by=by,
            subject=check,
            date=check.date.isoformat(),
            clinician=clinician.pk,
            instead_of=instead_of,
        )
    elif check.responsible_clinician_id != clinician.pk:
        raise Stale(f"{check.clinician_set_by} named {check.responsible_clinician} meanwhile. Look again.")
    return check


def _today(now: datetime) -> DayCheck:
    """The row of today, made by who comes first."""
    day = today_of(now)
    try:
        with transaction.atomic():
            return DayCheck.objects.get_or_create(date=day)[0]
    except IntegrityError:
        return DayCheck.objects.get(date=day)
