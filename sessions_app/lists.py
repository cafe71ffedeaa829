"""What waits for the front desk: visits that nobody confirmed, wishes and changes that became tasks, offers that run.

Each list is read in a constant number of queries, as far as asked. Whom to call for a repeat is `due`, who fits a free
time `waiting_fit`, who asked on the public page `requests`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Case, QuerySet
from django.utils import timezone

from clinic import audit
from clinic.access import Permission
from clinic.models import StaffTask, User
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.models import Appointment, VisitRequest, WaitListOffer
from sessions_app.visit_holds import holds_column
from sessions_app.visit_tasks import has_to_move

Kind = StaffTask.Kind
MESSAGE_TASKS = (Kind.MESSAGE_FAILED, Kind.MESSAGE_EXPIRED, Kind.MESSAGE_UNCERTAIN, Kind.MESSAGE_UNREACHABLE)
VISIT_TASKS = (Kind.VISIT_MOVE_ASKED, Kind.VISIT_OUTSIDE_HOURS)
# Early enough to ask a clinician before the first reminder goes out.
_WAITS_SHOWN_DAYS = 7
_OF_THE_DESK = (*MESSAGE_TASKS, *VISIT_TASKS, Kind.STOCKING_HELP)


@dataclass(frozen=True, slots=True)
class VisitTask:
    """A task about a visit that still stands."""

    id: UUID
    created_at: datetime
    visit: Appointment


def unconfirmed(*, now: datetime, zone: ZoneInfo, limit: int) -> list[Appointment]:
    """Visits of today and tomorrow, from now on, that nobody has confirmed, by start. One query.

    Who asked for another time, has to be moved, or waits for a clinician stands on those lists instead. Who was booked
    today and not moved since has just agreed to the time, on the phone or at the desk.
    """
    today = local_date(now, zone)
    tomorrow_ends = start_of_day(today + timedelta(days=2), zone)
    visits = Appointment.objects.upcoming(now).filter(entry__starts_at__lt=tomorrow_ends, confirmed_at__isnull=True)
    visits = visits.filter(move_asked_at__isnull=True).exclude(version=1, booked_at__gte=start_of_day(today, zone))
    return list(_with_people(visits.filter(~has_to_move()).annotate(waits=_waits()).filter(waits=""))[:limit])


def waiting_treatments(*, now: datetime, zone: ZoneInfo, limit: int) -> list[Appointment]:
    """Treatments of the next seven days that a clinician has to clear first (rule B4), by start, each with its `waits`.

    They were booked before the hold began, and the patient is reminded of them as of every other visit. One query.
    """
    ends = start_of_day(local_date(now, zone) + timedelta(days=_WAITS_SHOWN_DAYS + 1), zone)
    visits = Appointment.objects.upcoming(now).filter(entry__starts_at__lt=ends).annotate(waits=_waits())
    return list(_with_people(visits.exclude(waits=""))[:limit])


def _waits() -> Case:
    return holds_column(patient="entry__patient")


def moves_asked(*, limit: int) -> list[VisitTask]:
    """Patients who ask for another time of a visit that is still booked, the oldest wish first. Two queries."""
    asked = StaffTask.objects.open().filter(kind=Kind.VISIT_MOVE_ASKED)
    tasks = list(asked.order_by("created_at", "pk")[:limit])
    visits = Appointment.objects.filter(
        public_id__in=[task.about_id for task in tasks if task.about_id], status=Appointment.Status.BOOKED
    )
    by_id = {visit.public_id: visit for visit in _with_people(visits)}
    return [
        VisitTask(task.public_id, task.created_at, by_id[task.about_id]) for task in tasks if task.about_id in by_id
    ]


def open_offers(*, now: datetime, limit: int) -> list[WaitListOffer]:
    """Times that are kept for somebody on the wait list; what ends first stands first. One query."""
    related = ("waiting__patient", "waiting__service", "hold__nurse", "hold__room", "offered_by")
    return list(_running(now).select_related(*related).order_by("expires_at", "pk")[:limit])


def waiting_for_the_desk(user: User) -> int:
    """What cannot wait, in one query: requests, tasks and offers that are open. Read for the navigation of each page.

    Who is due for a repeat is not counted here: that list has no end that somebody could reach. Who treats has other
    work and reads no number.
    """
    if user.may(Permission.RECORD_SESSION):
        return 0
    now = timezone.now()
    parts: list[QuerySet] = [
        VisitRequest.objects.visible_to(user).open().values("pk"),
        StaffTask.objects.visible_to(user).open().filter(kind__in=_OF_THE_DESK).values("pk"),
        _running(now).values("pk"),
    ]
    first, *others = parts
    return first.order_by().union(*(each.order_by() for each in others), all=True).count()


@transaction.atomic
def let_stay(*, task: StaffTask, by: User, now: datetime) -> bool:
    """A visit outside of the hours stays as it is, somebody has decided. False when that was settled already."""
    done = StaffTask.objects.open().filter(pk=task.pk, kind=Kind.VISIT_OUTSIDE_HOURS).update(done_at=now, done_by=by)
    if done:
        audit.record("task done", by=by, subject=task, patient=task.patient, kind=str(task.kind))
    return bool(done)


@transaction.atomic
def reopen(*, task: StaffTask, by: User) -> bool:
    """Undo `let_stay`. False when the visit is not booked any more, or an open task about it exists again already."""
    if task.about_id is None:
        return False
    if not Appointment.objects.filter(public_id=task.about_id, status=Appointment.Status.BOOKED).exists():
        return False
    if StaffTask.objects.open().filter(kind=task.kind, about_id=task.about_id).exclude(pk=task.pk).exists():
        return False
    opened = StaffTask.objects.filter(pk=task.pk, done_at__isnull=False, kind=Kind.VISIT_OUTSIDE_HOURS)
    if opened.update(done_at=None, done_by=None):
        audit.record("task reopened", by=by, subject=task, patient=task.patient, kind=str(task.kind))
    return True


def _running(now: datetime) -> QuerySet[WaitListOffer]:
    return WaitListOffer.objects.filter(answer="", expires_at__gt=now, hold__active=True)


def _with_people(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    return visits.select_related("entry__patient", "entry__nurse", "service")
