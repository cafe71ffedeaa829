"""Reading the audit trail page by page, newest first, by person, patient, action or day. Quick at a million rows.

A page begins after the last event of the page before it (its moment and its id), never by counting rows: each of the
four filters has an index that ends in the moment, which both databases walk backwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db import connection
from django.db.models import QuerySet

from clinic.models import AuditEvent, Patient, User

PAGE = 50
SYSTEM = "system"
_SALT = "audit page"


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What is looked for; nothing is everything. `since` and `until` are the instants of one day."""

    person: User | None = None
    by_system: bool = False
    patient: Patient | None = None
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def as_details(self) -> dict[str, Any]:
        """For the trail: ids and codes."""
        found: dict[str, Any] = {}
        if self.person is not None:
            found["person"] = str(self.person.public_id)
        if self.by_system:
            found["person"] = SYSTEM
        if self.action:
            found["looked_for"] = self.action
        if self.since is not None:
            found["day"] = self.since.isoformat()
        return found


@dataclass(frozen=True, slots=True)
class EventPage:
    """`before` is where the next page begins, "" on the last one; `is_first`: nothing newer is left out."""

    events: Sequence[AuditEvent]
    before: str
    is_first: bool


def page_of_events(wanted: AuditFilter, *, before: str = "") -> EventPage:
    """One query. A `before` that was not made here begins at the newest event."""
    place = _place(before)
    rows = events_of(wanted)
    if place is not None:
        at, pk = place
        # The first condition is what the index is entered by; the second only drops the rows of the same moment.
        rows = rows.filter(at__lte=at).exclude(at=at, pk__gte=pk)
    found = list(rows[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    following = signing.dumps([last.at.isoformat(), last.pk], salt=_SALT) if last else ""
    return EventPage(found[:PAGE], following, place is None)


def events_of(wanted: AuditFilter) -> QuerySet[AuditEvent]:
    rows = AuditEvent.objects.order_by("-at", "-pk")
    if wanted.person is not None:
        rows = rows.filter(by_id=wanted.person.pk)
    if wanted.by_system:
        rows = rows.filter(by_id__isnull=True)
    if wanted.patient is not None:
        rows = rows.filter(patient_id=wanted.patient.pk)
    if wanted.action:
        rows = rows.filter(action=wanted.action)
    if wanted.since is not None:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(at__lt=wanted.until)
    return rows


def _place(before: str) -> tuple[datetime, int] | None:
    try:
        at, pk = signing.loads(before, salt=_SALT)
        return datetime.fromisoformat(at), int(pk)
    except (signing.BadSignature, TypeError, ValueError):
        return None


def known_actions() -> list[str]:
    """Every action that was ever written, from A to Z.

    Hops from one to the next in the index instead of reading a million rows to find eighty words.
    """
    table = connection.ops.quote_name(AuditEvent._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE hop(action) AS (SELECT MIN(action) FROM {table} UNION ALL "  # nosec B608
            f"SELECT (SELECT MIN(action) FROM {table} WHERE action > hop.action) FROM hop "
            "WHERE hop.action IS NOT NULL) "
            "SELECT action FROM hop WHERE action IS NOT NULL"
        )
        return sorted(action for (action,) in cursor.fetchall())
