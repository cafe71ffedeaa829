"""Consents in words and parts, for the chair, the patient's page, paper and the portal."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.access import Permission
from clinic.models import Clinic, Patient, User
from clinic.protocol.zones import local_date, local_time
from sessions_app.consent_texts import SHIPPED_VERSION, Block, blocks_of
from sessions_app.consents import consents_of, is_in_time
from sessions_app.models import SeriesConsent
from sessions_app.presenters.patient_words import write_day
from sessions_app.signature_drawing import HEIGHT, WIDTH, svg_paths
from sessions_app.wording import day_words


@dataclass(frozen=True, slots=True)
class ConsentCopy:
    """A signed consent to read. ``paths``: of an SVG with the box ``box``, none when the name was typed.

    ``state``: "holds", "old" (too long ago to treat on) or "ended".
    """

    public_id: UUID
    title: str
    version: int
    language: str
    language_words: str
    blocks: list[Block]
    paths: list[str]
    box: str
    signed_name: str
    signed_at: Any
    signed_day: str
    witness: str
    allows_photographs: bool
    is_shipped: bool
    state: str
    ended_words: str

    @property
    def signed_date(self) -> str:
        """`Sun 8 Nov 2026`, `dom 8 nov 2026`: in the language of the page."""
        return write_day(self.signed_at, "D j M Y")


def copy_of(consent: SeriesConsent, clinic: Clinic) -> ConsentCopy:
    text, signed = consent.text, local_time(consent.signed_at, clinic.zone)
    return ConsentCopy(
        public_id=consent.public_id,
        title=text.title,
        version=text.version,
        language=text.language,
        language_words=Patient.Language(text.language).label,
        blocks=blocks_of(text.body),
        paths=svg_paths(consent.strokes),
        box=f"0 0 {WIDTH} {HEIGHT}",
        signed_name=consent.signed_name,
        signed_at=signed,
        signed_day=day_words(signed.date()),
        witness=str(consent.witnessed_by),
        allows_photographs=consent.allows_photographs,
        is_shipped=text.version == SHIPPED_VERSION and text.published_by_id is None,
        state=_state(consent, clinic),
        ended_words=_ended(consent, clinic.zone),
    )


def _state(consent: SeriesConsent, clinic: Clinic) -> str:
    if consent.ended_at is not None:
        return "ended"
    return "holds" if is_in_time(consent, local_date(timezone.now(), clinic.zone), clinic=clinic) else "old"


def _ended(consent: SeriesConsent, zone: ZoneInfo) -> str:
    if consent.ended_at is None:
        return ""
    return f"Ended {day_words(local_date(consent.ended_at, zone))} by {consent.ended_by}: {consent.ended_why}"


def consent_panel(patient: Patient, reader: User, now: Any) -> dict[str, Any]:
    """The patient page's panel: the consent that stands, and the way to all of them."""
    clinic = Clinic.current()
    signed = [copy_of(consent, clinic) for consent in consents_of(patient)]
    standing = next((copy for copy in signed if copy.state != "ended"), None)
    return {
        "places": (("consent-title", "Consent"),),
        "patient": patient,
        "standing": standing,
        "count": len(signed),
        "may_sign": reader.may(Permission.RECORD_SESSION),
    }
