"""From the rows of a draft to the page: the data that the page would send, so that one set of forms shows and reads."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from clinic.protocol.checks import Group, says_what_applies
from clinic.protocol.checks.findings import plain
from clinic.protocol.values import Protocol
from clinic.protocol.zones import local_time
from sessions_app.facts import before_facts, zone_of
from sessions_app.forms.after import INSTANTS
from sessions_app.forms.before import DATES
from sessions_app.forms.choices import CLEARED, OTHER, QUICK, RISK_ITEMS, SEEN_ITEMS, SOME, STOP_ITEMS
from sessions_app.group_gaps import GROUPS, RISK, STOP
from sessions_app.missing import UNFINISHED
from sessions_app.models import SessionAmpoule, TreatedSite, TreatmentSession


def stored_as_data(session: TreatmentSession, protocol: Protocol) -> QueryDict:
    """The draft as the page would send it, with what was typed and is no value yet in its place.

    Every strength of the product has a line for its ampoules, also before one was opened.
    """
    data = QueryDict(mutable=True)
    _put_screening(data, session)
    _put_fields(data, session, protocol)
    unfinished = session.screening.get(UNFINISHED, {})
    sites = [*(site_as_data(site, protocol) for site in session.sites.all()), *unfinished.get("sites", ())]
    _put_rows(data, "site", sorted(sites, key=lambda row: int(row.get("position", 0))))
    ampoules = [*map(ampoule_as_data, session.ampoules.all()), *unfinished.get("ampoules", ())]
    listed = {row.get("strength_percent") for row in ampoules}
    blank = [{"strength_percent": s} for s in map(plain, protocol.product_strengths_percent) if s not in listed]
    _put_rows(data, "ampoule", sorted([*ampoules, *blank], key=lambda row: str(row.get("strength_percent", "9"))))
    for name, typed in unfinished.get("fields", {}).items():
        data.setlist(name, typed if isinstance(typed, list) else [typed])
        if name == "extensive_days":
            data["extensive"] = "on"
    return data


def _put_rows(data: QueryDict, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    for number, row in enumerate(rows, start=1):
        key = str(number)
        data.appendlist(name, key)
        for field, value in row.items():
            if field != "position" and value not in (None, ""):
                data[f"{name}-{key}-{field}"] = str(value)


def _put_screening(data: QueryDict, session: TreatmentSession) -> None:
    asked = session.screening
    for name in ("identifiers_confirmed", "medication_confirmed", "consent_signed", "kit_checked_today"):
        if asked.get(name):
            data[name] = "on"
    remembered = set(session.patient.risk_factors)
    groups = asked.get(GROUPS, {})
    for name, choice in groups.items():
        # With nothing on file "none of these any more" is "none of these".
        data[name] = QUICK if choice == CLEARED and not remembered else choice
    known = {"polidocanol_allergy": True} if session.patient.polidocanol_allergy else {}
    data.setlist("stop_items", [name for name in STOP_ITEMS if {**asked, **known}.get(name)])
    ticked = asked if groups.get(RISK) else dict.fromkeys(remembered, True)
    data.setlist("risk_items", [name for name in RISK_ITEMS if ticked.get(name)])
    data.setlist("seen", [name for name in SEEN_ITEMS if asked.get(name)])
    if asked.get("pregnant") and _is_pregnancy_said(session):
        data["pregnant"] = str(asked["pregnant"])
    for name in (
        "nyha_class", "abpi", "ankle_pressure_mmhg", "toe_pressure_mmhg", "ceap", "consent_paper", *DATES
    ):  # fmt: skip
        if asked.get(name) not in (None, ""):
            data[name] = str(asked[name])
    for name in ("duplex_on_file", "ampoule_used_before"):
        if asked.get(name):
            data[name] = "on"


def _is_pregnancy_said(session: TreatmentSession) -> bool:
    """Whether the stored answer is somebody's own.

    The "no" that comes with "none of these" is not shown as chosen when "something applies" takes its place, nor the
    one that older drafts got with "something applies" alone: it is asked again.
    """
    is_some = session.screening.get(GROUPS, {}).get(STOP) == SOME
    return is_some and says_what_applies(Group.STOP, before_facts(session))


def _put_fields(data: QueryDict, session: TreatmentSession, protocol: Protocol) -> None:
    zone = zone_of(session)
    for name in INSTANTS:
        if (instant := getattr(session, name)) is not None:
            data[name] = f"{local_time(instant, zone):%H:%M}"
    for name in (
        "compression_legs",
        "compression_garment",
        "compression_mmhg",
        "observation_status",
        "reaction",
        "reaction_note",
        "note",
    ):
        data[name] = getattr(session, name)
    if session.weight_kg is not None:
        data["weight_kg"] = plain(session.weight_kg)
    if session.responsible_clinician_id is not None:
        data["responsible_clinician"] = str(session.responsible_clinician_id)
    # Without the tick the days are an offer, which nothing reads.
    data["extensive_days"] = str(session.extensive_days or protocol.extensive_prefill_days)
    if session.extensive_days is not None:
        data["extensive"] = "on"
    if session.foam:
        data["foam"] = "on"


def site_as_data(site: TreatedSite, protocol: Protocol) -> dict[str, Any]:
    strength = plain(site.strength_percent)
    is_usual = site.strength_percent in protocol.product_strengths_percent
    each = site.each_ml
    equal = each == each.quantize(Decimal("0.01"))
    return {
        "position": site.position,
        "place": f"{site.leg}:{site.segment}",
        "vein_type": site.vein_type,
        "strength": strength if is_usual else OTHER,
        "strength_other": "" if is_usual else strength,
        "injection_count": site.injection_count,
        "each_ml": plain(each) if equal else "",
        "one_by_one": "on" if site.injections_ml else "",
        "injections_ml": " ".join(site.injections_ml),
        "volume_ml": "" if equal or site.injections_ml else plain(site.volume_ml),
        "treated_length_cm": "" if site.treated_length_cm is None else plain(site.treated_length_cm),
        "diameter_mm": "" if site.diameter_mm is None else plain(site.diameter_mm),
        "needle_gauge": site.needle_gauge,
        "technique": site.technique,
    }


def ampoule_as_data(ampoule: SessionAmpoule) -> dict[str, Any]:
    return {
        "strength_percent": plain(ampoule.strength_percent),
        "lot": ampoule.lot,
        "expiry": ampoule.expiry,
        "opened": ampoule.opened,
    }
