"""What hangs on the appointments: courses, wait list, offers, confirmations and tasks, each against what it names.

Called by `sessions_app.integrity`; a query per question that finds nothing when all is well, whatever the number of
rows.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum

from clinic.models import StaffTask
from clinic.protocol.checks.findings import plain
from sessions_app.models import (
    Appointment,
    CalendarEntry,
    Course,
    SessionAmpoule,
    StockMovement,
    TreatedSite,
    TreatmentSession,
    WaitListEntry,
    WaitListOffer,
)

_ABOUT_VISITS = (StaffTask.Kind.VISIT_OUTSIDE_HOURS, StaffTask.Kind.VISIT_MOVE_ASKED)
_BATCH = 1000
Row = TypeVar("Row")


def problems_of_records(now: datetime) -> Iterator[str]:
    yield from _courses()
    yield from _waiting()
    yield from _offers(now)
    yield from _confirmations()
    yield from _tasks()
    yield from _injections()
    yield from _used_ampoules()


def _courses() -> Iterator[str]:
    """The visits of a course are of its patient and its service, and not more than it has left."""
    visits = Appointment.objects.filter(course__isnull=False)
    for course, visit in _pairs(visits.exclude(entry__patient=F("course__patient")), "course__public_id"):
        yield f"Course {course}: its visit {visit} is of another patient."
    for course, visit in _pairs(visits.exclude(service=F("course__service")), "course__public_id"):
        yield f"Course {course}: its visit {visit} is for another service."
    standing = ~Q(appointments__status__in=Appointment.RELEASED)
    counted = Course.objects.annotate(booked=Count("appointments", filter=standing))
    crowded = counted.filter(booked__gt=F("planned_sessions") - F("done_before")).order_by("id")
    for public_id, booked, left in crowded.values_list(
        "public_id", "booked", F("planned_sessions") - F("done_before")
    ).iterator(chunk_size=_BATCH):
        yield f"Course {public_id}: it has {booked} visits and needs {left}."


def _waiting() -> Iterator[str]:
    """The visit that would move earlier is the waiting patient's own, and for the same service."""
    rows = WaitListEntry.objects.filter(appointment__isnull=False)
    for waiting, visit in _pairs(
        rows.exclude(appointment__entry__patient=F("patient")), "public_id", "appointment__public_id"
    ):
        yield f"Wait list {waiting}: its visit {visit} is of another patient."
    for waiting, visit in _pairs(
        rows.exclude(appointment__service=F("service")), "public_id", "appointment__public_id"
    ):
        yield f"Wait list {waiting}: its visit {visit} is for another service."


def _offers(now: datetime) -> Iterator[str]:
    """While an offer is open its time is kept, for its patient and as long as was said; afterwards it is not."""
    offers = WaitListOffer.objects.order_by("id")
    is_kept = Q(hold__active=True)
    still_open = Q(answer="", expires_at__gt=now)
    for public_id in _ids(offers.filter(still_open).exclude(is_kept)):
        yield f"Offer {public_id}: it is open, but its time is not kept."
    for public_id in _ids(offers.filter(still_open, waiting__ended_at__isnull=False)):
        yield f"Offer {public_id}: it is open, but nobody waits for it any more."
    for public_id in _ids(offers.filter(is_kept, hold__hold_expires_at__gt=now).exclude(answer="")):
        yield f"Offer {public_id}: it is answered, but its time is still kept."
    as_said = Q(
        hold__kind=CalendarEntry.Kind.HOLD,
        hold__patient=F("waiting__patient"),
        hold__starts_at=F("starts_at"),
        hold__hold_expires_at=F("expires_at"),
    )
    for public_id in _ids(offers.filter(is_kept).exclude(as_said)):
        yield f"Offer {public_id}: what is kept in the calendar is not what was offered."


def _confirmations() -> Iterator[str]:
    """Nobody confirms a visit that is not booked yet, and a visit that was moved since is confirmed anew."""
    confirmed = Appointment.objects.filter(confirmed_at__isnull=False)
    for public_id in _ids(confirmed.filter(confirmed_at__lt=F("booked_at")).order_by("id")):
        yield f"Appointment {public_id}: it was confirmed before it was booked."


def _tasks() -> Iterator[str]:
    """A task about a visit names one that exists, of the same patient."""
    tasks = StaffTask.objects.filter(kind__in=_ABOUT_VISITS).order_by("id")
    for some in _batches(tasks.values_list("public_id", "about_id", "patient")):
        about = {visit for _, visit, _ in some if visit is not None}
        patients = dict(Appointment.objects.filter(public_id__in=about).values_list("public_id", "entry__patient"))
        for public_id, visit, patient in some:
            if visit not in patients:
                yield f"Task {public_id}: the visit it is about does not exist."
            elif patients[visit] != patient:
                yield f"Task {public_id}: the visit it is about is of another patient."


def _injections() -> Iterator[str]:
    """Injections that were logged one by one are as many, and as much, as their site says."""
    sites = TreatedSite.objects.exclude(injections_ml=[]).order_by("id")
    rows = sites.values_list("session__public_id", "position", "injection_count", "volume_ml", "injections_ml")
    for public_id, position, count, volume, listed in rows.iterator(chunk_size=_BATCH):
        total = sum(map(Decimal, listed), Decimal(0))
        if (len(listed), total) != (count, volume):
            yield (
                f"Session {public_id}, site {position}: it has {count} injections of {plain(volume)} mL, "
                f"its list says {len(listed)} of {plain(total)} mL."
            )


def _used_ampoules() -> Iterator[str]:
    """What a signed session took out of stock is what its newest version says, per lot."""
    used = StockMovement.objects.filter(kind=StockMovement.Kind.USED).order_by("session_lineage", "lot")
    for some in _batches(used.values_list("session_lineage", "lot", "lot__lot").annotate(Sum("ampoules"))):
        lineages = {lineage for lineage, *_ in some}
        current = SessionAmpoule.objects.filter(
            session__in=TreatmentSession.objects.current().filter(lineage__in=lineages), stock_lot__isnull=False
        )
        said = {
            (lineage, lot): opened
            for lineage, lot, opened in current.order_by("session__lineage", "stock_lot")
            .values_list("session__lineage", "stock_lot")
            .annotate(Sum("opened"))
        }
        first = dict(
            TreatmentSession.objects.filter(lineage__in=lineages, amends=None).values_list("lineage", "public_id")
        )
        for lineage, lot, number, moved in some:
            if said.get((lineage, lot), 0) != -moved:
                yield (
                    f"Session {first.get(lineage, lineage)}: it used {said.get((lineage, lot), 0)} of lot {number}, "
                    f"its movements say {-moved}."
                )


def _pairs(rows: QuerySet[Any], whose: str, what: str = "public_id") -> Iterator[tuple[UUID, UUID]]:
    yield from rows.order_by("id").values_list(whose, what).iterator(chunk_size=_BATCH)


def _ids(rows: QuerySet[Any]) -> Iterator[UUID]:
    yield from rows.values_list("public_id", flat=True).iterator(chunk_size=_BATCH)


def _batches(rows: QuerySet[Any, Row]) -> Iterator[list[Row]]:
    found = rows.iterator(chunk_size=_BATCH)
    while some := list(islice(found, _BATCH)):
        yield some
