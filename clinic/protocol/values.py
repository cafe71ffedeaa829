"""The resolved numbers of one protocol version, as one frozen object that every rule takes.

The defaults are in ``default.toml``; a clinic's signed version overrides some of them; a stored plan keeps the
resolved numbers it was made from, so that a later change never touches it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from clinic.protocol.catalogue import Setting, ValueSpec, avoid_key, catalogue, keys_meant, shipped_version, write
from clinic.protocol.errors import ProtocolError
from clinic.protocol.vocabulary import AVOID_ITEMS, CompressionScope, DaytimeAnchor, ItemKey, VeinType


@dataclass(frozen=True, slots=True)
class VeinValues:
    """What holds for one vein type. Days are calendar days from the session end, diameters mm, strengths %."""

    continuous_days: int
    continuous_days_min: int
    walk_daily_days: int
    strengths_percent: tuple[Decimal, ...]
    diameter_mm_min: Decimal
    diameter_mm_max: Decimal


@dataclass(frozen=True, slots=True)
class ReminderValues:
    """When reminders go out (patient's local time) and how many texts a patient may get."""

    send_at: time
    text_from: time
    text_until: time
    texts_per_date: int
    texts_per_7_dates: int
    check_day: int
    weekly_day_1: int
    weekly_day_2: int
    activity_switch: bool
    join_same_date: bool


@dataclass(frozen=True, slots=True)
class Protocol:
    """All values of one version. Field names are the keys of ``default.toml`` with ``_`` for ``.``.

    Units are in the names. ``None`` means the value is switched off. ``settings`` holds the same values by key.
    """

    version: str
    veins: Mapping[VeinType, VeinValues]
    avoid_days: Mapping[ItemKey, int]
    reminder: ReminderValues
    extensive_prefill_days: int
    extensive_continuous_days_min: int
    walk_daily_days_extensive: int
    daytime_days: int
    daytime_days_min: int
    daytime_anchor: DaytimeAnchor
    compression_scope: CompressionScope
    garment_default: str
    walk_now_minutes: int
    walk_now_minutes_min: int
    walk_daily_minutes_min: int
    walk_daily_minutes_max: int
    avoid_days_min: int
    flight_advisory_days: int | None
    long_flight_hours: int
    breastfeeding_pause_hours: int
    repeat_min_days: int
    repeat_max_days: int
    same_area_min_days: int
    coagulum_window_first_day: int
    coagulum_window_last_day: int
    watch_days: int
    observation_minutes: int
    observation_minutes_min: int
    max_total_ml: Decimal
    near_total_percent: int
    warn_total_ml: Decimal
    injection_ml_min: Decimal
    injection_ml_max: Decimal
    max_mg_per_kg_day: Decimal | None
    no_weight_note_mg: int
    product_strengths_percent: tuple[Decimal, ...]
    studied_diameter_mm_max: Decimal
    ampoule_ml: Decimal
    cm_per_injection: Decimal
    injections_per_spacing_max: int
    needle_gauge_min: int
    needle_gauge_max: int
    allow_foam: bool
    session_minutes_min: int
    session_minutes_max: int
    minimum_age_years: int
    vte_lookback_months: int
    pregnancy_override: bool
    abpi_block: Decimal
    abpi_reduced: Decimal
    ankle_pressure_mmhg_min: int
    toe_pressure_mmhg_min: int
    late_signature_days: int
    emergency_number: str
    clinic_phone: str
    out_of_hours_phone: str
    language: str
    shower_text: str
    storage_text: str
    settings: Mapping[str, Setting] = field(repr=False)

    @staticmethod
    def default() -> "Protocol":
        """The shipped protocol of ``default.toml``."""
        return _default()

    def with_overrides(
        self,
        overrides: Mapping[str, object],
        *,
        signed_off: bool = False,
        to_be_signed: bool = False,
        version: str | None = None,
    ) -> "Protocol":
        """This protocol with some keys changed, e.g. ``{"spider.continuous_days": 2}``.

        Values are plain (whole numbers, decimal strings, true/false, "off"). Raises ``ProtocolError`` whose field is
        the key when the key is unknown, the kind is wrong, or the value lies outside the allowed range
        (``signed_off=True`` opens the wider range that needs the clinical lead's recorded sign-off). What a clinic
        signs (``to_be_signed``) has no limit below the value above which one asks either; who only asks what would be
        (the command) may lower the limit alone.
        """
        settings = dict(self.settings)
        for given, raw in overrides.items():
            for key in keys_meant(given):
                spec = catalogue().get(key)
                if spec is None:
                    raise ProtocolError(given, "leave it out; the protocol has no value of this name")
                settings[key] = spec.check(spec.read(raw, field=given), signed_off=signed_off, field=given)
        not_above = (*NOT_ABOVE, *LIMITS_NOT_BELOW) if to_be_signed else NOT_ABOVE
        changed_keys = {key for given in overrides for key in keys_meant(given)}
        _refuse_contradictions(settings, not_above, changed=changed_keys)
        changed = settings != self.settings
        return _built(version or (f"{self.version}+changed" if changed else self.version), settings)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON: ``{"version": ..., "values": {key: value}}``, decimals as strings, off as null."""
        return {"version": self.version, "values": {key: write(value) for key, value in self.settings.items()}}

    @staticmethod
    def from_dict(stored: Mapping[str, Any]) -> "Protocol":
        """The protocol that ``as_dict`` wrote, whatever the ranges are today.

        A key that did not exist when it was stored takes its shipped default; a key that exists no more is ignored.
        """
        values = stored["values"]
        settings = {key: spec.read(values[key]) if key in values else spec.default for key, spec in catalogue().items()}
        return _built(str(stored["version"]), settings)

    def listing(self) -> tuple["ListedValue", ...]:
        """Every key with its value here, its range, origin and source, for the clinical lead's page."""
        return tuple(ListedValue(spec=spec, value=self.settings[key]) for key, spec in catalogue().items())


@dataclass(frozen=True, slots=True)
class ListedValue:
    """One row of the clinical lead's page: a value of a protocol and what the catalogue says about it."""

    spec: ValueSpec
    value: Setting

    @property
    def key(self) -> str:
        """The key, as in overrides."""
        return self.spec.key

    @property
    def shown(self) -> str:
        """The value with its unit, as people read it."""
        return self.spec.shown(self.value)

    @property
    def allowed(self) -> str:
        """What may be set without sign-off, in words."""
        return self.spec.allowed(signed_off=False)

    @property
    def allowed_with_sign_off(self) -> str:
        """What may be set with the clinical lead's sign-off, in words."""
        return self.spec.allowed(signed_off=True)

    @property
    def is_changed(self) -> bool:
        """Whether the value differs from the shipped default."""
        return self.value != self.spec.default

    @property
    def needs_sign_off(self) -> bool:
        """Whether the clinical lead must confirm it: its default asks for it, or it is outside the usual range."""
        if self.spec.sign_off:
            return True
        try:
            self.spec.check(self.value, signed_off=False)
        except ProtocolError:
            return True
        return False


@lru_cache(maxsize=1)
def _default() -> Protocol:
    return _built(shipped_version(), {key: spec.default for key, spec in catalogue().items()})


_GROUPED = frozenset({"version", "veins", "avoid_days", "reminder", "settings", "daytime_anchor", "compression_scope"})


@lru_cache(maxsize=1)
def _plain_fields() -> tuple[tuple[str, str], ...]:
    """Field name and catalogue key of every value that is neither grouped nor an enum."""
    key_of = {key.replace(".", "_"): key for key in catalogue()}
    return tuple((each.name, key_of[each.name]) for each in fields(Protocol) if each.name not in _GROUPED)


def _built(version: str, settings: Mapping[str, Setting]) -> Protocol:
    get: Mapping[str, Any] = settings
    return Protocol(
        version=version,
        settings=settings,
        veins={vein_type: _vein_values(vein_type, get) for vein_type in VeinType},
        avoid_days={item: get[avoid_key(item)] for item in AVOID_ITEMS},
        reminder=ReminderValues(**{each.name: get[f"reminder.{each.name}"] for each in fields(ReminderValues)}),
        daytime_anchor=DaytimeAnchor(get["daytime_anchor"]),
        compression_scope=CompressionScope(get["compression_scope"]),
        **{name: get[key] for name, key in _plain_fields()},
    )


def _vein_values(vein_type: VeinType, get: Mapping[str, Any]) -> VeinValues:
    days = get[f"{vein_type}.continuous_days"]
    return VeinValues(
        continuous_days=days,
        # A signed-off default below the usual shortest is its own shortest.
        continuous_days_min=min(days, get[f"{vein_type}.continuous_days_min"]),
        walk_daily_days=get[f"walk_daily_days.{vein_type}"],
        strengths_percent=get[f"{vein_type}.strengths_percent"],
        diameter_mm_min=get[f"{vein_type}.diameter_mm_min"],
        diameter_mm_max=get[f"{vein_type}.diameter_mm_max"],
    )


# The first of two values is at most the second: both are in the same unit and of the same thing.
NOT_ABOVE = (
    ("repeat_min_days", "repeat_max_days"),
    ("injection_ml_min", "injection_ml_max"),
    ("walk_daily_minutes_min", "walk_daily_minutes_max"),
)
# Of what is signed, besides: nobody is stopped before they were asked.
LIMITS_NOT_BELOW = (("injection_ml_max", "max_total_ml"), ("warn_total_ml", "max_total_ml"))


def _refuse_contradictions(
    settings: Mapping[str, Any], not_above: Collection[tuple[str, str]], *, changed: Collection[str]
) -> None:
    """Values that are right alone may contradict each other; the error stands at the one that was changed."""
    for lower, upper in not_above:
        if settings[lower] <= settings[upper]:
            continue
        if upper in changed and lower not in changed:
            raise ProtocolError(upper, f"enter at least {settings[lower]}, the value of {lower}", other=lower)
        raise ProtocolError(lower, f"enter at most {settings[upper]}, the value of {upper}", other=upper)
    send_at, text_from, text_until = (settings[f"reminder.{name}"] for name in ("send_at", "text_from", "text_until"))
    if not text_from <= send_at < text_until:
        hours = f"from {text_from:%H:%M} to before {text_until:%H:%M}"
        raise ProtocolError("reminder.send_at", f"enter a time {hours}, when texts may go out")
