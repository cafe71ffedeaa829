"""Booked visits that no longer fit the set-up: outside of their nurse's hours, in a closure, in a room out of use.

A change of the set-up never moves a visit. Who makes the change is shown first which visits fall outside by it
(`VisitsOutside`, nothing is written); sent again with these, it is written together with one open task for each visit,
which closes when the visit is moved or cancelled (`sessions_app.visit_tasks`) or fits again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from clinic import audit
from clinic.models import AuditEvent, Clinic, Patient, StaffTask, User
from clinic.protocol.zones import local_date
from sessions_app.availability import DatedHours, Period, WeeklyHours, days_between, is_covered, opening_periods
from sessions_app.capacity import LONGEST_ENTRY
from sessions_app.models import Appointment, CalendarEntry, NurseHours
from sessions_app.models import DatedHours as DatedRow
from sessions_app.refusals import Refused

OUTSIDE_HOURS = StaffTask.Kind.VISIT_OUTSIDE_HOURS

Reasons = dict[str, str]
"""What is wrong with one visit: kind (hours, closed, room, nurse) and a sentence."""


class VisitsOutside(Refused):
    """Nothing was changed: these visits would fall outside, and the person has not been shown all of them.

    `stay` means that nothing happens to them: they are of a service that is no longer offered.
    """

    def __init__(self, visits: Sequence[Appointment], why: Mapping[int, Reasons], *, stay: bool = False) -> None:
        many = "1 visit falls" if len(visits) == 1 else f"{len(visits)} visits fall"
        super().__init__(f"{many} outside. Look at what happens to them, then save.", rule="visits")
        self.visits, self.stay = list(visits), stay
        self.why = {visit.pk: tuple(why.get(visit.pk, {}).values()) for visit in visits}


@dataclass(frozen=True, slots=True)
class OutsideRow:
    """A row of the desk's list: an open task, its visit, and why it is outside, a sentence for each reason."""

    task: StaffTask
    appointment: Appointment
    why: tuple[str, ...]

    @property
    def patient(self) -> Patient:
        return self.appointment.patient


def booked_visits() -> QuerySet[Appointment]:
    """Visits that are still to come about, by start, with what pages and `reasons_of` read."""
    return (
        Appointment.objects.filter(status=Appointment.Status.BOOKED)
        .select_related("entry__patient", "entry__nurse", "entry__room", "service")
        .prefetch_related("service__nurses", "service__rooms")
        .order_by("entry__starts_at", "pk")
    )


def visits_meeting(
    period: Period, nurse_ids: Collection[int] = (), room_ids: Collection[int] = ()
) -> QuerySet[Appointment]:
    """The booked visits of these nurses or in these rooms with a moment in the period."""
    return booked_visits().filter(
        Q(entry__nurse__in=nurse_ids) | Q(entry__room__in=room_ids),
        entry__starts_at__gt=period.starts_at - LONGEST_ENTRY,
        entry__starts_at__lt=period.ends_at,
        entry__ends_at__gt=period.starts_at,
    )


def with_consequences(
    change: Callable[[], None], visits: QuerySet[Appointment], *, accepted: Collection[UUID], by: User, now: datetime
) -> list[Appointment]:
    """Make the change and the tasks that follow from it; returns the visits that fall outside by it.

    Inside the caller's transaction, after it has locked what the change is about. `visits` are those that the change
    could concern. Raises `VisitsOutside` when one of them is not in `accepted`; the transaction is then undone.
    """
    before = reasons_of(visits.all())
    change()
    concerned = list(visits.all())  # read again: a visit brings its room and service along
    after = reasons_of(concerned)
    fallen = [visit for visit in concerned if after[visit.pk].keys() - before.get(visit.pk, {}).keys()]
    if any(visit.public_id not in accepted for visit in fallen):
        raise VisitsOutside(fallen, after)
    open_tasks_for(fallen, by=by, now=now)
    close_tasks_of([visit for visit in concerned if before.get(visit.pk) and not after[visit.pk]], by=by, now=now)
    return fallen


def open_tasks_for(visits: Sequence[Appointment], *, by: User | None, now: datetime) -> None:
    """One open task for each visit that has none."""
    ids = [visit.public_id for visit in visits]
    known = set(
        StaffTask.objects.open().filter(kind=OUTSIDE_HOURS, about_id__in=ids).values_list("about_id", flat=True)
    )
    new = [visit for visit in visits if visit.public_id not in known]
    StaffTask.objects.bulk_create(
        [
            StaffTask(kind=OUTSIDE_HOURS, patient=visit.patient, about_id=visit.public_id, created_at=now)
            for visit in new
        ],
        ignore_conflicts=True,
    )
    AuditEvent.objects.bulk_create(
        audit.event("visit outside of hours", by=by, subject=visit, patient=visit.patient) for visit in new
    )


def close_tasks_of(visits: Sequence[Appointment], *, by: User, now: datetime) -> None:
    """These visits fit again."""
    ids = [visit.public_id for visit in visits]
    if ids:
        StaffTask.objects.open().filter(kind=OUTSIDE_HOURS, about_id__in=ids).update(done_at=now, done_by=by)


def open_tasks(*, limit: int | None = None) -> list[OutsideRow]:
    """The visits outside that wait for the desk, soonest first. Seven queries for any number."""
    tasks = {task.about_id: task for task in StaffTask.objects.open().filter(kind=OUTSIDE_HOURS) if task.about_id}
    visits = list(booked_visits().filter(public_id__in=tasks)[:limit])
    why = reasons_of(visits)
    return [OutsideRow(tasks[visit.public_id], visit, tuple(why[visit.pk].values())) for visit in visits]


def reasons_of(visits: Sequence[Appointment] | QuerySet[Appointment]) -> dict[int, Reasons]:
    """What is wrong with each visit as things stand, by its key; nothing for one that fits. Five queries at most."""
    visits = list(visits)
    if not visits:
        return {}
    zone = Clinic.current().zone
    opened = _Opened(visits, zone)
    gaps = _gaps_by_resource(visits)
    nurses = set(User.objects.nurses().values_list("pk", flat=True))
    return {visit.pk: _reasons(visit, opened, gaps, nurses) for visit in visits}


def _reasons(
    visit: Appointment,
    opened: "_Opened",
    gaps: Mapping[tuple[str, int], list[CalendarEntry]],
    nurses: Collection[int],
) -> Reasons:
    entry, service, found = visit.entry, visit.service, Reasons()
    assert entry.nurse is not None
    assert entry.room is not None
    if entry.nurse_id not in nurses:
        found["nurse"] = f"{entry.nurse} no longer treats here."
    elif not opened.covers(entry):
        found["hours"] = f"{entry.nurse} does not work then."
    for whom, id in (("nurse_id", entry.nurse_id), ("room_id", entry.room_id)):
        for gap in gaps.get((whom, id or 0), []):
            if gap.starts_at < entry.ends_at and entry.starts_at < gap.ends_at and gap.closure:
                found[f"closed {gap.closure_id}"] = f"Closed: {gap.closure.title}."
    if not entry.room.is_active:
        found["room"] = f"{entry.room} is out of use."
    elif (rooms := service.rooms.all()) and entry.room not in rooms:
        found["room of service"] = f"{service} is not given in {entry.room}."
    if (chosen := service.nurses.all()) and entry.nurse not in chosen:
        found["nurse of service"] = f"{entry.nurse} does not give {service}."
    return found


class _Opened:
    """When the nurses of some visits work on the days of those visits. Two queries."""

    def __init__(self, visits: Sequence[Appointment], zone: ZoneInfo) -> None:
        days: dict[int, set[date]] = {}
        for visit in visits:
            entry = visit.entry
            dates = days_between(local_date(entry.starts_at, zone), local_date(entry.ends_at, zone))
            days.setdefault(entry.nurse_id or 0, set()).update(dates)
        every = set().union(*days.values())
        weekly, dated = hours_rows(days, min(every), max(every))
        self._periods = {
            nurse: opening_periods(weekly.get(nurse, ()), sorted(dates), zone, dated.get(nurse, ()))
            for nurse, dates in days.items()
        }

    def covers(self, entry: CalendarEntry) -> bool:
        return is_covered(Period(entry.starts_at, entry.ends_at), self._periods[entry.nurse_id or 0])


def hours_rows(
    nurses: Iterable[int], first: date, last: date
) -> tuple[dict[int, list[WeeklyHours]], dict[int, list[DatedHours]]]:
    weekly: dict[int, list[WeeklyHours]] = {}
    dated: dict[int, list[DatedHours]] = {}
    rows = NurseHours.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=first), nurse__in=nurses, valid_from__lte=last
    )
    for row in rows:
        hours = WeeklyHours(row.weekday, row.starts, row.ends, row.valid_from, row.valid_until)
        weekly.setdefault(row.nurse_id, []).append(hours)
    for one in DatedRow.objects.filter(nurse__in=nurses, date__range=(first, last)):
        dated.setdefault(one.nurse_id, []).append(DatedHours(one.date, one.starts, one.ends))
    return weekly, dated


def gaps_meeting(starts_at: datetime, ends_at: datetime) -> QuerySet[CalendarEntry]:
    """Time of visits inside of closures that hold: closed for everybody else, and when the visit goes."""
    return CalendarEntry.objects.filter(
        kind__in=CalendarEntry.SHUT,
        active=False,
        closure__isnull=False,
        closure__ended_at__isnull=True,
        starts_at__gt=starts_at - LONGEST_ENTRY,
        starts_at__lt=ends_at,
        ends_at__gt=starts_at,
    )


def _gaps_by_resource(visits: Sequence[Appointment]) -> dict[tuple[str, int], list[CalendarEntry]]:
    first = min(visit.entry.starts_at for visit in visits)
    last = max(visit.entry.ends_at for visit in visits)
    found: dict[tuple[str, int], list[CalendarEntry]] = {}
    for gap in gaps_meeting(first, last + timedelta(microseconds=1)).select_related("closure"):
        key = ("nurse_id", gap.nurse_id) if gap.nurse_id else ("room_id", gap.room_id or 0)
        found.setdefault(key, []).append(gap)
    return found
