"""The clinical lead's page: every value of the protocol with its range, origin and source, by subject."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clinic.models import ProtocolVersion
from clinic.protocol import ListedValue, Origin, Protocol, ProtocolError
from clinic.protocol.catalogue import catalogue

# A group begins at its first key and ends before the next group's; the order is that of the shipped protocol.
GROUPS: tuple[tuple[str, str], ...] = (
    ("Stocking", "spider.continuous_days"),
    ("Walking", "walk_now_minutes"),
    ("Things to avoid", "avoid_days.heavy_exercise"),
    ("Next visit, review, warning signs", "repeat_min_days"),
    ("Dose", "max_total_ml"),
    ("Before and after the session", "session_minutes_min"),
    ("Messages", "reminder.send_at"),
    ("Words of the clinic", "emergency_number"),
)
# These stand in the clinic's own set-up, where messages and pages read them; the protocol only carries a default.
KEPT_ELSEWHERE = frozenset({"reminder.send_at", "emergency_number", "clinic_phone", "out_of_hours_phone", "language"})

ORIGINS: dict[Origin, tuple[str, str]] = {
    Origin.SEED: ("Founding text", "accent"),
    Origin.LABEL: ("US label", "accent"),
    Origin.EU: ("EU information", "plain"),
    Origin.GUIDE: ("Guideline or study", "plain"),
    Origin.CLINIC: ("Clinics' leaflets", "plain"),
    Origin.CHOICE: ("Our choice", "booked"),
}


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One value. `wider` is the range that a signature opens, "" when it is the same as `allowed`."""

    key: str
    title: str
    shown: str
    allowed: str
    wider: str
    origin: str
    origin_kind: str
    source: str
    must_confirm: bool
    is_fixed: bool
    is_changed: bool
    is_kept_elsewhere: bool


@dataclass(frozen=True, slots=True)
class ValueGroup:
    title: str
    ident: str
    rows: tuple[ValueRow, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a version; `usual` is the range that it leaves, which the signature signs off, "" inside of it."""

    title: str
    before: str
    after: str
    usual: str = ""


@dataclass(frozen=True, slots=True)
class VersionRow:
    version: ProtocolVersion
    changes: tuple[Change, ...]
    is_in_force: bool


def value_groups(protocol: Protocol) -> tuple[ValueGroup, ...]:
    """All values of a protocol by subject; none is left out."""
    starts = {first: title for title, first in GROUPS}
    groups: list[tuple[str, list[ValueRow]]] = []
    for listed in protocol.listing():
        if listed.key in starts:
            groups.append((starts[listed.key], []))
        groups[-1][1].append(_row(listed))
    return tuple(ValueGroup(title, f"group-{number}", tuple(rows)) for number, (title, rows) in enumerate(groups, 1))


def _row(listed: ListedValue) -> ValueRow:
    origin, kind = ORIGINS[listed.spec.origin]
    wider = listed.allowed_with_sign_off
    return ValueRow(
        key=listed.key,
        title=listed.spec.title,
        shown=listed.shown or "empty",
        allowed=listed.allowed,
        wider=wider if wider != listed.allowed else "",
        origin=origin,
        origin_kind=kind,
        source=listed.spec.source,
        must_confirm=listed.needs_sign_off,
        is_fixed=listed.spec.fixed,
        is_changed=listed.is_changed,
        is_kept_elsewhere=listed.key in KEPT_ELSEWHERE,
    )


def changes_between(before: Protocol, after: Protocol) -> tuple[Change, ...]:
    """What differs, in words."""
    return tuple(
        Change(
            spec.title,
            spec.shown(before.settings[key]) or "empty",
            spec.shown(after.settings[key]) or "empty",
            usual=spec.allowed(signed_off=False) if spec.needs_sign_off(after.settings[key]) else "",
        )
        for key, spec in catalogue().items()
        if before.settings[key] != after.settings[key]
    )


def refusal_words(error: ProtocolError) -> str:
    """What is wrong, as a sentence that names values by their titles."""
    message = error.message
    if error.other:
        message = message.replace(error.other, f"“{catalogue()[error.other].title}”")
    return f"{message[:1].upper()}{message[1:]}."


def version_rows(versions: Iterable[ProtocolVersion]) -> list[VersionRow]:
    """Signed versions, newest first, each with what it changed; the first one is compared with the shipped values."""
    return list(_version_rows(sorted(versions, key=lambda version: version.number)))[::-1]


def _version_rows(ordered: list[ProtocolVersion]) -> Iterator[VersionRow]:
    before = Protocol.default()
    for version in ordered:
        after = version.protocol()
        yield VersionRow(version, changes_between(before, after), version is ordered[-1])
        before = after
