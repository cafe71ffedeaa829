"""JSON objects as facts, for the command and for answers a caller stored as JSON."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from types import UnionType
from typing import Any
from zoneinfo import ZoneInfo

from clinic.protocol.catalogue import extensive_days_range
from clinic.protocol.checks.calendar import last_valid_day
from clinic.protocol.checks.facts import AmpouleFacts, BeforeFacts, LoggingFacts, SiteFacts, When
from clinic.protocol.errors import ProtocolError
from clinic.protocol.plan import InjectedSite, SessionFacts
from clinic.protocol.reading import Fields
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Answer, Leg, ProductForm, StockingLegs, VeinType
from clinic.protocol.zones import local_date, zone_named

MOST_SITES = 200
MOST_INJECTIONS = 500
MOST_AMPOULES = 200
CONFIG_FIELDS = frozenset({"config", "signed_off"})
PLAN_FIELDS = CONFIG_FIELDS | {"session_end", "time_zone", "sites", "extensive_days", "breastfeeding", "vte_risk"}
SITE_FIELDS = frozenset(each.name for each in fields(SiteFacts))
AMPOULE_FIELDS = frozenset(each.name for each in fields(AmpouleFacts))
BEFORE_FIELDS = frozenset(each.name for each in fields(BeforeFacts))
LOGGING_FIELDS = frozenset(each.name for each in fields(LoggingFacts))
# Other names that people use for the facts of the checks.
ALSO_CALLED: Mapping[str, str] = {
    "session_start": "started_at",
    "session_end": "ended_at",
    "allergy_polidocanol": "polidocanol_allergy",
    "acute_thromboembolic_disease": "acute_thromboembolism",
    "history_of_dvt_or_pe": "history_of_clot",
    "history_of_dvt_pe": "history_of_clot",
    "vte_history": "history_of_clot",
    "major_surgery_on": "major_surgery",
    "major_surgery_date": "major_surgery",
    "prolonged_hospital_stay": "hospital_stay",
    "hypercoagulable_state": "thrombophilia",
    "estrogen": "oestrogen",
    "age": "age_years",
    "kit_checked": "kit_checked_today",
    "responsible_physician": "responsible_clinician",
    "last_session": "last_session_date",
    "last_session_on": "last_session_date",
    "medication_reconfirmed": "medication_confirmed",
    "two_identifiers_confirmed": "identifiers_confirmed",
    "walk_immediate_minutes": "walk_minutes",
    "suspected_perivascular": "suspected_extravasation",
}


def read_zone(given: Fields, name: str = "time_zone") -> ZoneInfo:
    """The zone in a required field."""
    text = given.text(name, limit=64)
    if text is None:
        raise given.error(name, "enter an IANA time zone, for example America/New_York")
    return zone_named(text, given.path(name))


def read_protocol(given: Fields) -> Protocol:
    """The shipped protocol with the object's ``config``; ``signed_off: true`` opens the wider ranges."""
    config = given.get("config")
    signed_off = given.flag("signed_off") or False
    if config is None:
        return Protocol.default()
    if not isinstance(config, dict) or len(config) > MOST_SITES:
        raise given.error("config", 'enter an object of values, for example {"spider.continuous_days": 2}')
    try:
        return _with_config(json.dumps(config, sort_keys=True), signed_off)
    except ProtocolError as error:
        raise given.error(f"config.{error.field[:60]}", error.message) from error


@lru_cache(maxsize=64)
def _with_config(config: str, signed_off: bool) -> Protocol:
    return Protocol.default().with_overrides(json.loads(config), signed_off=signed_off)


def read_session(given: Fields) -> SessionFacts:
    """The facts of a plan; the fields are ``PLAN_FIELDS``."""
    zone = read_zone(given)
    session_end = given.instant("session_end", zone)
    if session_end is None:
        raise given.error("session_end", 'enter a date and time, for example "2026-03-06T16:00:00"')
    if given.get("sites") is None:
        raise given.error("sites", "enter the treated sites, an empty list when nothing was injected")
    fewest, most = extensive_days_range()
    return SessionFacts(
        session_end=session_end,
        time_zone=zone.key,
        sites=tuple(_injected(site) for site in given.objects("sites", SITE_FIELDS, limit=MOST_SITES)),
        extensive_days=given.whole("extensive_days", least=fewest, most=most),
        breastfeeding=given.flag("breastfeeding") or False,
        vte_risk=given.flag("vte_risk") or False,
    )


def _injected(given: Fields) -> InjectedSite:
    site = read_site(given)
    if site.leg is None:
        raise given.error("leg", "enter left or right")
    if site.vein_type is None:
        raise given.error("vein_type", f"enter {' or '.join(VeinType)}")
    if site.ml is None or any(part < 0 for part in (site.ml, *(site.injections or ()))):
        raise given.error("volume_ml", 'enter a volume of 0 or more in quotes, for example "0.4"')
    return InjectedSite(site.leg, site.vein_type, site.ml)


def read_site(given: Fields) -> SiteFacts:
    """One treated area; impossible volumes are left for check L19 to say."""
    return SiteFacts(
        leg=given.word("leg", Leg),
        segment=given.text("segment", limit=60),
        vein_type=given.word("vein_type", VeinType),
        diameter_mm=given.decimal("diameter_mm", least=0),
        strength_percent=given.decimal("strength_percent", least=0),
        injections=given.decimals("injections", limit=MOST_INJECTIONS),
        injection_count=given.whole("injection_count", least=0, most=MOST_INJECTIONS, quoted=True),
        volume_ml=given.decimal("volume_ml"),
        treated_length_cm=given.decimal("treated_length_cm", least=0),
        needle_gauge=given.whole("needle_gauge", least=1, most=50, quoted=True),
    )


def _read_ampoule(given: Fields) -> AmpouleFacts:
    expiry = given.text("expiry", limit=20)
    if expiry and last_valid_day(expiry) is None:
        raise given.error("expiry", 'enter it as printed, for example "2027-05" or "2027-05-31"')
    opened = given.get("opened")
    return AmpouleFacts(
        strength_percent=given.decimal("strength_percent", least=0),
        lot=given.text("lot", limit=60),
        expiry=expiry,
        # One ampoule per row may be ticked instead of counted.
        opened=int(opened) if isinstance(opened, bool) else given.whole("opened", least=0, most=500, quoted=True),
        already_used=given.flag("already_used"),
        withdrawn=given.flag("withdrawn"),
    )


def before_facts_from(answers: Mapping[str, Any]) -> BeforeFacts:
    """The screening facts from plain JSON by fact name; ``ProtocolError`` names what cannot be read."""
    return read_before(Fields(dict(answers), BEFORE_FIELDS))


def read_before(given: Fields) -> BeforeFacts:
    """The screening facts; an explicit null for the responsible clinician means that nobody is named."""
    return BeforeFacts(**{name: _by_type(given, name, kind, None) for name, kind in _kinds(BeforeFacts).items()})


def read_logging(given: Fields, zone: ZoneInfo | None) -> LoggingFacts:
    """The facts of a logged session; the session date follows from the end when it is left out."""
    plain = {
        name: _by_type(given, name, kind, zone)
        for name, kind in _kinds(LoggingFacts).items()
        if name not in {"sites", "ampoules"}
    }
    if plain["session_date"] is None and plain["ended_at"] is not None and zone is not None:
        plain["session_date"] = local_date(plain["ended_at"], zone)
    ampoules = given.objects("ampoules", AMPOULE_FIELDS, limit=MOST_AMPOULES)
    return LoggingFacts(
        sites=tuple(read_site(site) for site in given.objects("sites", SITE_FIELDS, limit=MOST_SITES)),
        ampoules=None if given.get("ampoules") is None else tuple(_read_ampoule(each) for each in ampoules),
        **plain,
    )


@lru_cache(maxsize=4)
def _kinds(facts: type) -> Mapping[str, Any]:
    return {each.name: each.type for each in fields(facts)}


_NULL_MEANS_MISSING = frozenset({"observation_status", "responsible_clinician"})
_NOT_BELOW_ZERO = frozenset({"earlier_mg_today", "observation_minutes", "walk_minutes", "abpi"})


def _by_type(given: Fields, name: str, kind: type | UnionType, zone: ZoneInfo | None) -> Any:
    """A fact read by the type of its field in the dataclass."""
    if kind is bool:
        return given.flag(name) or False
    if kind == bool | None:
        return given.flag(name)
    if kind == Decimal | None:
        return given.decimal(name, least=0 if name in _NOT_BELOW_ZERO else None)
    if kind == date | None:
        return given.day(name)
    if kind == datetime | None:
        return given.instant(name, zone)
    if kind == int | None:
        return given.whole(name, least=0, most=1000, quoted=True)
    if kind == Answer | None:
        return given.answer(name)
    if kind == ProductForm | None:
        return given.word(name, ProductForm)
    if kind == StockingLegs | None:
        return given.word(name, StockingLegs)
    if kind == When | None:
        return given.when(name)
    text = given.text(name)
    return "" if text is None and name in _NULL_MEANS_MISSING and given.names(name) else text


def session_facts_from(stored: Mapping[str, Any], *, ref: str = "") -> SessionFacts:
    """The facts that ``SessionFacts.as_dict`` wrote; ``ref`` is the caller's name of the session."""
    return replace(read_session(Fields(dict(stored), PLAN_FIELDS)), ref=ref)
