"""The visit page in words: patient, totals against their limits, findings, what is missing, leg map, last time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from clinic.models import Patient, User
from clinic.protocol.checks.calendar import age_on
from clinic.protocol.checks.findings import plain
from clinic.protocol.vocabulary import Moment, Override, Severity
from clinic.protocol.zones import local_time
from clinic.templatetags.drawings import place_name
from sessions_app.answers import facts_of, may_answer, needs_prescriber, wants_answer
from sessions_app.charting import Chart, Judged, Missing
from sessions_app.facts import zone_of
from sessions_app.forms.treatment import SiteForm
from sessions_app.models import TreatedSite, TreatmentSession

_MISSING_ICONS = {"field": "circle-dashed", "time": "hourglass", "finding": "triangle-alert"}
# Up to so many injections that were logged one by one are written out.
_FEW_INJECTIONS = 4


def patient_line(patient: Patient, *, on: date, weight_kg: Decimal | None, number: int | None = None) -> str:
    """ "4 Mar 1967 (58), 68 kg, session 3" """
    born = patient.birth_date
    parts = [f"{born.day} {born:%b %Y} ({age_on(on, born)})"]
    if weight_kg is not None:
        parts.append(f"{plain(weight_kg)} kg")
    if number is not None:
        parts.append(f"session {number}")
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Warn:
    words: str
    kind: str
    icon: str


def warnings(patient: Patient) -> list[Warn]:
    """What must catch the eye in the head of every page of this patient."""
    found = [Warn("Allergy to polidocanol", "danger", "octagon-alert")] if patient.polidocanol_allergy else []
    if patient.allergies.strip():
        found.append(Warn(f"Allergies: {patient.allergies.strip()}", "attention", "triangle-alert"))
    return found


# --- Totals ------------------------------------------------------------------------------------------------------


def _ml(value: Decimal) -> str:
    return plain(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


def totals(chart: Chart, wrong_sites: Sequence[int] = (), *, is_ampoule_wrong: bool = False) -> list[dict[str, Any]]:
    """Rows for `components/totals.html`.

    While a number of a site (`wrong_sites`, by position) or of an ampoule line cannot be, there is no total that would
    be true: a dash stands there, with the reason.
    """
    rows = [_volume(chart), _dose(chart), _by_weight(chart), _injections(chart)]
    if wrong_sites:
        reason = f"correct site {' and '.join(str(each) for each in wrong_sites[:2])}"
        rows = [_unknown(row, reason) for row in rows]
    ampoules = _ampoules(chart)
    if is_ampoule_wrong:
        ampoules = _unknown(ampoules, "correct the ampoules")
    elif wrong_sites:
        ampoules = {**ampoules, "limit_text": "", "level": ""}
    return [*rows, ampoules]


def _unknown(row: Mapping[str, Any], reason: str) -> dict[str, Any]:
    return {"label": row["label"], "value": "–", "limit_text": reason, "level": "attention"}


def _volume(chart: Chart) -> dict[str, Any]:
    ml, protocol = chart.totals.ml, chart.protocol
    level = "danger" if ml > protocol.max_total_ml else "attention" if ml > protocol.warn_total_ml else ""
    return {
        "label": "Volume",
        "value": _ml(ml),
        "unit": "mL",
        "number": ml,
        "limit": protocol.max_total_ml,
        "ask_at": protocol.warn_total_ml,
        "limit_text": f"ask at {plain(protocol.warn_total_ml)}, limit {plain(protocol.max_total_ml)}",
        "level": level,
    }


def _dose(chart: Chart) -> dict[str, Any]:
    mg, kg, per_kg = chart.totals.known_mg, chart.session.weight_kg, chart.protocol.max_mg_per_kg_day
    row: dict[str, Any] = {"label": "Dose today", "value": plain(mg), "unit": "mg", "limit_text": "enter the weight"}
    if per_kg is None:
        return {**row, "limit_text": "no limit set"}
    if kg:
        limit = per_kg * kg
        row |= {"number": mg, "limit": limit, "limit_text": f"limit {plain(limit.quantize(Decimal(1)))} mg"}
        row["level"] = "attention" if mg > limit else ""
    return row


def _by_weight(chart: Chart) -> dict[str, Any]:
    per_kg, value = chart.protocol.max_mg_per_kg_day, chart.totals.mg_per_kg
    row: dict[str, Any] = {"label": "By weight", "value": "–", "unit": "mg/kg", "limit_text": "enter the weight"}
    if value is not None:
        row["value"] = str(value.quantize(Decimal("0.01"), ROUND_HALF_UP))
        row |= {"number": value, "limit": per_kg, "limit_text": f"limit {per_kg} a day" if per_kg else "no limit set"}
        row["level"] = "attention" if per_kg and value > per_kg else ""
    return row


def _injections(chart: Chart) -> dict[str, Any]:
    sites = len(chart.sites)
    return {
        "label": "Injections",
        "value": str(chart.totals.injections),
        "limit_text": f"at {sites} site{'' if sites == 1 else 's'}",
    }


def _ampoules(chart: Chart) -> dict[str, Any]:
    needed = {strength: count for strength, count in chart.totals.ampoules_min.items() if count}
    opened = sum(ampoule.opened for ampoule in chart.ampoules)
    words = " + ".join(str(count) for count in needed.values())
    row: dict[str, Any] = {"label": "Ampoules", "value": str(opened), "unit": "opened", "limit_text": ""}
    if needed:
        row |= {"number": opened, "limit": max(sum(needed.values()), opened), "limit_text": f"{words} needed"}
        row["level"] = "attention" if opened < sum(needed.values()) else ""
    return row


# --- Findings ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as it is shown. ``digest`` changes when anything but the person's own typing changed."""

    id: str
    severity: str
    title: str
    text: str
    is_open: bool
    may_answer: bool
    wants_answer: bool
    is_override: bool
    reason: str
    ack: bool
    who: str
    digest: str

    @property
    def state(self) -> str:
        """Kind for the look: the severity while it is open, "done" once it was answered."""
        return self.severity.lower() if self.is_open or self.severity == Severity.NOTE else "done"

    @property
    def reason_label(self) -> str:
        return "Reason to go on all the same" if self.is_override else "Reason"


def findings(judged: Iterable[Judged], user: User) -> list[FindingView]:
    return [_finding_view(each, user) for each in judged]


def _finding_view(judged: Judged, user: User) -> FindingView:
    finding, reply = judged.finding, judged.reply
    may = may_answer(finding, user)
    who = ""
    if reply.ack and reply.by_name and not judged.is_open:
        who = f"Answered by {reply.by_name}"
    elif wants_answer(finding) and not may:
        who = "A clinician answers this: ask one to open this visit and write the reason."
    elif needs_prescriber(finding) and reply.of and reply.of != facts_of(finding):
        who = "The facts changed after it was answered. Answer it again."
    elif judged.is_open and reply.ack and not reply.reason.strip():
        who = "Write the reason too."
    elif finding.severity is Severity.BLOCK and finding.override is Override.NONE:
        who = (
            "Nobody can lift this. Correct the answer, or end the visit as not treated."
            if judged.moment is Moment.BEFORE
            else "Nobody can lift this: correct what is wrong."
        )
    return FindingView(
        id=finding.id,
        severity=str(finding.severity),
        title=finding.title,
        text=finding.text,
        is_open=judged.is_open,
        may_answer=may,
        wants_answer=wants_answer(finding),
        is_override=finding.severity is Severity.BLOCK,
        reason=reply.reason,
        ack=reply.ack,
        who=who,
        digest=f"{finding.severity}|{finding.text}|{judged.is_open}|{who}|{may}",
    )


def tray(before: Sequence[FindingView], logging: Sequence[FindingView]) -> dict[str, Any]:
    """What the tray above the totals shows: everything open, severest first; notes and answers on what was logged.

    The worst is unfolded, the others wait behind their number, so that findings never cover the page.

    Notes and answers to the questions before the session stand with those questions.
    """
    order = list(Severity)
    unanswered = [view for view in (*before, *logging) if view.is_open]
    return {
        "is_alone": len(unanswered) == 1,
        "open": sorted(unanswered, key=lambda view: order.index(Severity(view.severity))),
        "done": [view for view in logging if not view.is_open and view.severity != Severity.NOTE],
        "notes": [view for view in logging if view.severity == Severity.NOTE],
    }


# --- Missing -----------------------------------------------------------------------------------------------------


def missing(chart: Chart, keys: Mapping[int, str]) -> list[dict[str, str]]:
    """Rows of the list of what is missing; `keys` are the row keys of the page's sites by position."""
    return [
        {"words": each.words, "anchor": _anchor(each, keys), "icon": _MISSING_ICONS[each.kind]}
        for each in chart.missing
    ]


def _anchor(each: Missing, keys: Mapping[int, str]) -> str:
    name, _, position = each.anchor.partition("-")
    if name == "site" and position.isdigit():
        return f"site-{keys.get(int(position), position)}"
    return each.anchor


# --- Sites ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SiteView:
    form: SiteForm
    number: int
    name: str
    summary: str
    ml: str
    mg: str
    tags: list[tuple[str, str]]


def sites(forms: Sequence[SiteForm], chart: Chart | None = None) -> list[SiteView]:
    """The rows of the list. `chart`: as saved, for the findings that concern single sites."""
    tags: dict[int, list[tuple[str, str]]] = {}
    if chart is not None:
        for judged in chart.at(Moment.LOGGING):
            for index in judged.finding.sites:
                kind = {Severity.BLOCK: "danger", Severity.ACK: "attention"}.get(judged.finding.severity, "plain")
                kind = kind if judged.is_open else "plain"
                tags.setdefault(chart.sites[index].position, []).append((kind, judged.finding.title))
    return [_site_view(form, tags.get(form.position, [])) for form in forms]


def _site_view(form: SiteForm, tags: list[tuple[str, str]]) -> SiteView:
    given = form.cleaned_data if form.is_bound and hasattr(form, "cleaned_data") else {}
    ml, strength = given.get("total_ml"), given.get("strength_percent")
    return SiteView(
        form=form,
        number=form.position,
        name=_place(str(form["place"].value() or "")),
        summary=_site_words(given),
        ml=f"{_ml(ml)} mL" if ml is not None else "",
        mg=f"{plain(ml * strength * 10)} mg" if ml is not None and strength is not None else "",
        tags=tags,
    )


def _place(value: str) -> str:
    leg, _, segment = value.partition(":")
    try:
        return place_name(segment, leg)
    except KeyError:
        return "New site"


def _site_words(given: Mapping[str, Any]) -> str:
    parts = [str(given["vein_type"]).capitalize()] if given.get("vein_type") else []
    if given.get("strength_percent") is not None:
        parts.append(f"{plain(given['strength_percent'])} %")
    count, each, whole = given.get("injection_count"), given.get("each_ml"), given.get("total_ml")
    one_by_one = given.get("injections") or ()
    if 0 < len(one_by_one) <= _FEW_INJECTIONS:
        parts.append(f"{' + '.join(map(plain, one_by_one))} mL")
    elif count and each is not None and not one_by_one:
        parts.append(f"{count} × {plain(each)} mL")
    elif count and whole is not None:
        parts.append(f"{count} injections")
    if given.get("treated_length_cm") is not None:
        parts.append(f"{plain(given['treated_length_cm'])} cm")
    return ", ".join(parts) or "Nothing entered yet"


def ml_words(site: TreatedSite) -> str:
    """ "1.6 mL" """
    return f"{_ml(site.volume_ml)} mL"


def site_words(site: TreatedSite) -> str:
    """ "Spider, 0.5 %, 8 × 0.2 mL, 20 cm" of a stored site."""
    each = site.each_ml
    return _site_words(
        {
            "vein_type": site.vein_type,
            "strength_percent": site.strength_percent,
            "injection_count": site.injection_count,
            "injections": [Decimal(ml) for ml in site.injections_ml],
            "each_ml": each if each == each.quantize(Decimal("0.01")) else None,
            "total_ml": site.volume_ml,
            "treated_length_cm": site.treated_length_cm,
        }
    )


def stocking_words(session: TreatmentSession) -> str:
    """ "Both legs, thigh stocking, 20-30 mmHg" """
    if not session.compression_legs:
        return "not recorded"
    if session.compression_legs == session.CompressionLegs.NONE:
        return "none"
    parts = [session.get_compression_legs_display(), session.compression_garment]
    if session.compression_mmhg:
        parts.append(f"{session.compression_mmhg} mmHg")
    return ", ".join(part for part in parts if part)


# --- Clock -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Walk:
    """The observed walk while it runs."""

    started_at: datetime
    may_leave_at: datetime
    minutes: int


def walk(chart: Chart) -> Walk | None:
    """The running walk, None before and after. The gate is the protocol's least time."""
    session, minutes = chart.session, chart.protocol.observation_minutes_min
    if session.observation_started_at is None or session.observation_ended_at is not None:
        return None
    began = session.observation_started_at
    return Walk(began, began + timedelta(minutes=minutes), minutes)


def clock_words(instant: datetime | None, session: TreatmentSession) -> str:
    return f"{local_time(instant, zone_of(session)):%H:%M}" if instant else ""
