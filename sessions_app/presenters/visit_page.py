"""What the templates of the visit page get: the whole page, the fragments of an autosave, a conflict of two people."""

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django import forms as django_forms
from django.utils import timezone
from django.utils.crypto import salted_hmac

from clinic.models import AuditEvent, User
from clinic.protocol.checks.findings import plain
from clinic.protocol.vocabulary import Moment
from clinic.protocol.zones import local_time
from clinic.requests import SignedInRequest
from sessions_app.charting import Chart
from sessions_app.facts import session_date, zone_of
from sessions_app.forms.choices import PLACES, garments_offered, pressures_offered
from sessions_app.forms.nurse import VisitForms
from sessions_app.models import TreatmentSession
from sessions_app.presenters import visit
from sessions_app.presenters.preparation import prep_of, recall
from sessions_app.presenters.stock_lines import ampoule_lines
from sessions_app.presenters.visit_findings import findings, tray, with_consent
from sessions_app.presenters.visit_places import MOST_EARLIER, earlier_views, marks
from sessions_app.presenters.visit_sites import sites
from sessions_app.presenters.visit_totals import totals
from sessions_app.surroundings import earlier_sessions


@dataclass(frozen=True, slots=True)
class Earlier:
    """Earlier signed sessions, newest first and with their sites, and how many there are in all."""

    shown: Sequence[TreatmentSession]
    count: int


def earlier_of(session: TreatmentSession) -> Earlier:
    found = earlier_sessions(session)
    shown = list(found.prefetch_related("sites")[:MOST_EARLIER])
    return Earlier(shown, count=len(shown) if len(shown) < MOST_EARLIER else found.count())


def page_context(request: SignedInRequest, chart: Chart, forms: VisitForms) -> dict[str, Any]:
    """The whole page."""
    session, patient = chart.session, chart.session.patient
    earlier, today = earlier_of(session), session_date(session)
    recall(forms.before, chart)
    return {
        **_living_parts(request, chart, forms),
        **_map(forms, earlier),
        "patient": patient,
        "line": visit.patient_line(patient, on=today, weight_kg=None, number=earlier.count + 1),
        "warnings": visit.warnings(patient),
        "earlier": earlier_views(earlier.shown, earlier.count, today=today),
        "travel_note": session.appointment.travel_note,
        "places": PLACES,
        "garments": garments_offered(chart.protocol.garment_default),
        "pressures": pressures_offered(chart.protocol.garment_default),
        "storage": chart.protocol.storage_text,
        "strengths_json": json.dumps(
            {vein.value: plain(values.strengths_percent[0]) for vein, values in chart.protocol.veins.items()}
        ),
        "who": request.user.pk,
        "copy_key": copy_key(session, request.user),
    }


def copy_key(session: TreatmentSession, person: User) -> str:
    """Key of the copy that a browser keeps of what is not saved yet: 32 bytes, base64.

    It comes with the page and is stored nowhere, so that without this person's signing in the copy cannot be read.
    """
    sealed = salted_hmac("legwork.draft-copy", f"{session.public_id}:{person.pk}", algorithm="sha256")
    return base64.b64encode(sealed.digest()).decode()


def saved_context(request: SignedInRequest, chart: Chart, forms: VisitForms) -> dict[str, Any]:
    """The fragments that an autosave answers with; the map only when its marks changed."""
    context = _living_parts(request, chart, forms)
    if forms.data.get("map", "") != map_digest(forms):
        context |= _map(forms, earlier_of(chart.session)) | {"with_map": True}
    return context


def _living_parts(request: SignedInRequest, chart: Chart, forms: VisitForms) -> dict[str, Any]:
    keys = {form.position: form.key for form in forms.sites}
    logging = findings(chart.at(Moment.LOGGING), request.user)
    prep = prep_of(chart)
    before = with_consent(findings(chart.at(Moment.BEFORE), request.user), prep.consent_why)
    missing = visit.missing(chart, keys)
    return {
        "session": chart.session,
        "chart": chart,
        "forms": forms,
        "sites": sites(forms.sites, chart),
        "totals": totals(
            chart,
            [form.position for form in forms.sites if form.errors],
            is_ampoule_wrong=any(form.errors for form in forms.ampoules),
        ),
        "ampoule_lines": ampoule_lines(forms.ampoules, chart),
        "tray": tray(before, logging),
        "before_findings": [view for view in before if not view.is_open],
        "stops": [view for view in before if view.is_stop],
        "before_is_done": _before_is_done(chart),
        "before_words": _before_words(chart),
        "missing": missing,
        "walk": visit.walk(chart),
        "prep": prep,
        "errors": forms.errors(),
        "errors_json": json.dumps(forms.errors()),
        "unsaved_words": ", ".join(forms.error_words()),
        "saved_at": visit.clock_words(timezone.now(), chart.session),
        "now": timezone.now(),
        "clinic_now": clinic_now(chart.session),
    }


def clinic_now(session: TreatmentSession) -> str:
    """The wall clock of the session's clinic, "10:30:00": what "Now" on the page stamps, counted on from here."""
    return f"{local_time(timezone.now(), zone_of(session)):%H:%M:%S}"


_BEFORE_ANCHORS = {
    "id_identifiers_confirmed",
    "group-stop",
    "group-risk",
    "id_medication_confirmed",
    "consent",
    "id_consent_paper",
    "id_kit_checked_today",
    "id_responsible_clinician",
}


def _before_is_done(chart: Chart) -> bool:
    is_asked = not any(gap.anchor in _BEFORE_ANCHORS for gap in chart.gaps)
    return is_asked and not any(judged.is_open for judged in chart.at(Moment.BEFORE))


def _before_words(chart: Chart) -> str:
    """Second line of the closed card: what is done, or how much is not."""
    left = sum(gap.anchor in _BEFORE_ANCHORS for gap in chart.gaps)
    unanswered = sum(judged.is_open for judged in chart.at(Moment.BEFORE))
    if not left and not unanswered:
        return "identity, safety, consent, kit"
    parts = [f"{left} to confirm"] if left else []
    return ", ".join([*parts, *([f"{unanswered} to answer"] if unanswered else [])])


def map_digest(forms: VisitForms) -> str:
    """Changes when a mark of today does; the page sends it back, so that the map is drawn anew only then."""
    return ";".join(f"{form.position}={form['place'].value() or ''}" for form in forms.sites)


def _map(forms: VisitForms, earlier: Earlier) -> dict[str, Any]:
    current = [(str(form["place"].value() or ""), form.position) for form in forms.sites]
    return {
        "marks": marks(current, earlier.shown, earlier.count),
        "map_digest": map_digest(forms),
    }


# --- Two people on one draft -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    label: str
    here: str
    saved: str


def conflict_context(session: TreatmentSession, forms: VisitForms) -> dict[str, Any]:
    """What somebody else saved meanwhile, beside what stands on this page. `session` is as stored now."""
    stored = VisitForms(session, protocol=forms.protocol, clinicians=forms.clinicians)
    stored.values()
    here, saved = _described(forms), _described(stored)
    last = AuditEvent.objects.filter(
        subject=session._meta.label, subject_id=str(session.public_id), action="session saved"
    ).last()
    return {
        "session": session,
        "conflict_by": last.by_name if last else "",
        "conflict_at": visit.clock_words(last.at, session) if last else "",
        "differences": [
            asdict(Difference(label, here.get(label, "–"), saved.get(label, "–")))
            for label in dict.fromkeys([*here, *saved])
            if here.get(label) != saved.get(label)
        ],
    }


_LABELS = {
    "identifiers_confirmed": "Name and birth date",
    "stop": "Reasons not to treat",
    "stop_items": "Reasons not to treat, which",
    "risk": "Risks and plans",
    "risk_items": "Risks and plans, which",
    "medication_confirmed": "Medication and allergies",
    "consent_signed": "Consent on paper",
    "kit_checked_today": "Emergency kit",
}


def _described(forms: VisitForms) -> dict[str, str]:
    """Every field that says something, in words."""
    words: dict[str, str] = {}
    hidden = forms.before.not_asked()
    for form in (forms.before, forms.after):
        for name in form.fields:
            if name not in hidden and (shown := _shown(form, name)):
                words[_LABELS.get(name) or str(form.fields[name].label)] = shown
    for view in sites(forms.sites):
        words[f"Site {view.number}"] = f"{view.name}: {view.summary}"
    for number, line in enumerate((each for each in forms.ampoules if not each.is_empty), start=1):
        typed = line.described()
        words[f"Ampoules {number}"] = "{} %, lot {}, expiry {}, {} opened".format(*typed)
    return words


def _shown(form: django_forms.Form, name: str) -> str:
    field, value = form.fields[name], form[name].value()
    if isinstance(field, django_forms.BooleanField):
        return "yes" if value else ""
    if isinstance(field, django_forms.ChoiceField):
        choices: Any = field.choices
        labels = {str(key): str(label) for key, label in choices if key not in (None, "")}
        chosen = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(str(each), str(each)) for each in chosen if each not in (None, ""))
    return str(value or "")
