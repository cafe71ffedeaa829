"""Sites in words: the rows of the visit's page, and sites as they are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clinic.protocol.checks.findings import plain
from clinic.protocol.vocabulary import Moment, Severity
from clinic.templatetags.drawings import place_name
from sessions_app.charting import Chart
from sessions_app.forms.treatment import SiteForm
from sessions_app.models import TreatedSite
from sessions_app.wording import amount_words

# Up to so many injections that were logged one by one are written out.
_FEW_INJECTIONS = 4


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
        ml=f"{amount_words(ml)} mL" if ml is not None else "",
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
    return f"{amount_words(site.volume_ml)} mL"


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
