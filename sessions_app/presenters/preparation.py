"""The card of the questions before a session: what is settled already, and what is left to confirm, in words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse

from clinic.models import User
from clinic.protocol.checks.findings import plain
from clinic.protocol.zones import local_date, local_time
from sessions_app.charting import Chart
from sessions_app.consents import over_at
from sessions_app.facts import session_date, zone_of
from sessions_app.forms.before import BeforeForm
from sessions_app.forms.choices import RISK_ITEMS
from sessions_app.group_gaps import GROUPS, RISK
from sessions_app.models import DayCheck, SeriesConsent, TreatmentSession
from sessions_app.preparation import CONSENT, KIT, check_of, clinicians, is_on_paper_somewhere, today_of
from sessions_app.wording import day_words


@dataclass(frozen=True, slots=True)
class DayView:
    """The clinic's day in words. ``kit`` is empty until somebody checked it; ``clinician`` until one is named.

    ``lacks_number``: no number is on file where the clinician is called in an emergency.
    """

    kit: str
    clinician: str
    lacks_number: bool
    clinician_id: int | None
    choices: list[User]

    @property
    def is_done(self) -> bool:
        return bool(self.kit and self.clinician)


def day_view(now: datetime, zone: ZoneInfo) -> DayView:
    check = check_of(today_of(now))
    named = check.responsible_clinician if check else None
    return DayView(
        kit=kit_by(check, zone),
        clinician=clinician_by(check, zone),
        lacks_number=named is not None and not named.phone,
        clinician_id=check.responsible_clinician_id if check else None,
        choices=clinicians(),
    )


def kit_by(check: DayCheck | None, zone: ZoneInfo) -> str:
    """ "Checked 07:50, Imani Rowanfield" """
    if check is None or check.kit_checked_at is None:
        return ""
    return f"Checked {local_time(check.kit_checked_at, zone):%H:%M}, {check.kit_checked_by}"


def clinician_by(check: DayCheck | None, zone: ZoneInfo) -> str:
    """ "Hugo Ashdown, since 07:52" """
    if check is None or check.responsible_clinician is None:
        return ""
    since = f", since {local_time(check.clinician_set_at, zone):%H:%M}" if check.clinician_set_at else ""
    return f"{check.responsible_clinician}{since}"


@dataclass(frozen=True, slots=True)
class Prep:
    """``kit``, ``consent``: words of what is settled, "" when it is to be done on the page.

    ``consent_why``: why none holds. ``changes``: answers that are not those of last time. ``digest`` changes with all.
    """

    kit: str
    kit_is_own: bool
    day_clinician: str
    clinician_differs: bool
    consent: str
    consent_url: str
    consent_why: str
    consent_is_recorded: bool
    sign_url: str
    changes: str
    weight: str
    needs_weight: bool
    digest: str


def prep_of(chart: Chart) -> Prep:
    session, ready = chart.session, chart.ready
    zone, asked = zone_of(session), session.screening
    patient_id = session.patient.public_id
    named, days = session.responsible_clinician, ready.clinician
    sign = f"{reverse('sessions_app:consent_sign', args=[patient_id])}?session={session.public_id}"
    facts: dict[str, Any] = {
        "kit": kit_by(ready.day, zone) or _recorded_kit(asked, zone),
        "kit_is_own": not kit_by(ready.day, zone) and bool(asked.get("kit_checked_today")),
        "day_clinician": str(days) if days else "",
        "clinician_differs": bool(days and named and named.pk != days.pk),
        "consent": _consent_words(ready.consent, zone) or _recorded_consent(asked, zone),
        "consent_url": reverse("sessions_app:consents", args=[patient_id]),
        "consent_why": _why_not(chart),
        "consent_is_recorded": CONSENT in asked,
        "sign_url": sign,
        "changes": changes_of(asked, session.patient.risk_factors),
        "weight": f"{plain(session.weight_kg)} kg" if session.weight_kg is not None else "",
        "needs_weight": session.weight_kg is None and any(each.finding.id == "L5b" for each in chart.findings),
    }
    return Prep(**facts, digest="|".join(str(value) for value in facts.values()))


def recall(form: BeforeForm, chart: Chart) -> None:
    """What is remembered, said on the form for confirmation."""
    last, days = chart.last_session, chart.ready.clinician
    form.recall(
        last_day=day_words(session_date(last)) if last else "",
        day_clinician=str(days) if days else "",
        weight=_weight_on_file(chart.session.patient.weight_kg, last),
    )


def _weight_on_file(on_file: Decimal | None, last: TreatmentSession | None) -> str:
    """ "On file: 84 kg (Tue 3 Nov)": with the day of the last session where it is from there."""
    if on_file is None:
        return "No weight on file."
    day = f" ({day_words(session_date(last))})" if last is not None and last.weight_kg == on_file else ""
    return f"On file: {plain(on_file)} kg{day}"


def _recorded_kit(asked: Mapping[str, Any], zone: ZoneInfo) -> str:
    note = asked.get(KIT) or {}
    if not asked.get("kit_checked_today") or not note.get("at") or not note.get("by_name"):
        return ""
    return f"Checked {local_time(datetime.fromisoformat(note['at']), zone):%H:%M}, {note['by_name']}"


def _consent_words(consent: SeriesConsent | None, zone: ZoneInfo) -> str:
    if consent is None:
        return ""
    photographs = "photographs allowed" if consent.allows_photographs else "no photographs"
    day = day_words(local_date(consent.signed_at, zone))
    return f"Signed {day} by {consent.signed_name}, version {consent.text.version}, {photographs}"


def _recorded_consent(asked: Mapping[str, Any], zone: ZoneInfo) -> str:
    note = asked.get(CONSENT) or {}
    if not note.get("signed_at"):
        return ""
    day = day_words(local_date(datetime.fromisoformat(note["signed_at"]), zone))
    return f"Signed {day}, version {note.get('version')}"


def _why_not(chart: Chart) -> str:
    if is_on_paper_somewhere(chart.session, chart.ready):
        return "Ticked as signed on paper. Write where the paper is, such as Folder 3."
    if chart.ready.consent is not None or chart.session.screening.get("consent_signed"):
        return ""
    standing = chart.ready.standing
    if standing is None:
        return "Nothing is signed for this series."
    signed = local_date(standing.signed_at, zone_of(chart.session))
    over = over_at(chart.session)
    if over is not None and standing.signed_at > over and signed == session_date(chart.session):
        zone = zone_of(chart.session)
        return (
            f"Signed {local_time(standing.signed_at, zone):%H:%M}, after the treatment was over at "
            f"{local_time(over, zone):%H:%M}. If that time is wrong, correct it under After."
        )
    if signed > session_date(chart.session) or (over is not None and standing.signed_at > over):
        return f"The one of {day_words(signed)} was signed after this session."
    return f"The one of {day_words(signed)} is too old: have it read and signed again."


def changes_of(asked: Mapping[str, Any], on_file: Collection[str]) -> str:
    """What the answers on risks say that the file does not, and the other way round; "" while they agree."""
    if not asked.get(GROUPS, {}).get(RISK):
        return ""
    remembered = set(on_file)
    new = [words for name, words in RISK_ITEMS.items() if asked.get(name) is True and name not in remembered]
    gone = [words for name, words in RISK_ITEMS.items() if name in remembered and not asked.get(name)]
    parts = [f"New: {', '.join(new).lower()}"] if new else []
    parts += [f"No longer: {', '.join(gone).lower()}"] if gone else []
    return ". ".join(parts)
