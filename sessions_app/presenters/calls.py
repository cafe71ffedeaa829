"""Whom the front desk should call: due for a repeat and not booked, and not reached by a message."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery

from clinic.access import Permission
from clinic.models import Patient, StaffTask, User
from clinic.protocol.zones import local_date
from sessions_app.charting import protocol_in_force
from sessions_app.due import DueRepeat, due_for_repeat, missed_repeats
from sessions_app.wording import day_words, days_words, range_words, time_words

BESIDE_THE_BOARD, ON_THE_PAGE = 6, 200


@dataclass(frozen=True, slots=True)
class DueCall:
    """`opens_in` and `ends_in` are whole days from today, for the window's bar; `ends` says the end in words."""

    patient_id: UUID
    name: str
    phone: str
    session: str
    ends: str
    is_last_day: bool
    opens_in: int
    ends_in: int
    label: str


@dataclass(frozen=True, slots=True)
class UnreachedCall:
    task_id: UUID
    name: str
    phone: str
    why: str


@dataclass(frozen=True, slots=True)
class Calls:
    """`due_count` and `unreached_count` are words, because beyond the limit they are not counted: "6+"."""

    due: list[DueCall]
    due_count: str
    missed: list[DueCall]
    unreached: list[UnreachedCall]
    unreached_count: str


def calls_for(user: User, *, now: datetime, zone: ZoneInfo, limit: int, with_missed: bool = False) -> Calls:
    """The lists of `user`, each as long as `limit`; empty where the person has nothing to do with them."""
    today = local_date(now, zone)
    due, missed = [], []
    if user.may(Permission.BOOK):
        protocol = protocol_in_force()
        due = due_for_repeat(now=now, zone=zone, protocol=protocol, limit=limit + 1)
        missed = missed_repeats(now=now, zone=zone, protocol=protocol, limit=limit) if with_missed else []
    unreached = _unreached(zone, limit + 1) if user.may(Permission.WORK_TASKS) else []
    return Calls(
        due=[_due_call(each, today) for each in due[:limit]],
        due_count=_count(due, limit),
        missed=[_due_call(each, today) for each in missed],
        unreached=unreached[:limit],
        unreached_count=_count(unreached, limit),
    )


def _count(rows: list[DueRepeat] | list[UnreachedCall], limit: int) -> str:
    return f"{limit}+" if len(rows) > limit else str(len(rows))


def _due_call(due: DueRepeat, today: date) -> DueCall:
    opens_in, ends_in = (due.first_date - today).days, (due.last_date - today).days
    if ends_in < 0:
        ends = f"Ended {day_words(due.last_date)}"
    elif ends_in == 0:
        ends = "Ends today"
    elif opens_in > 0:
        ends = f"Opens {day_words(due.first_date)}"
    else:
        ends = f"Ends {day_words(due.last_date)}"
    return DueCall(
        patient_id=due.patient_id,
        name=due.name,
        phone=due.phone,
        session=f"{due.session_date.day} {due.session_date:%b}",
        ends=ends,
        is_last_day=ends_in <= 0,
        opens_in=opens_in,
        ends_in=ends_in,
        label=f"Window {range_words(due.first_date, due.last_date)}, {_left(opens_in, ends_in)}",
    )


def _left(opens_in: int, ends_in: int) -> str:
    if ends_in < 0:
        return f"over since {days_words(-ends_in)}"
    if ends_in == 0:
        return "today is its last day"
    if opens_in > 0:
        return f"opens in {days_words(opens_in)}"
    return f"{days_words(ends_in)} left"


def _unreached(zone: ZoneInfo, limit: int) -> list[UnreachedCall]:
    """Open tasks about messages, oldest first. One query; the patients are looked up per row, because a planner that
    may join as it likes can begin with all of them."""
    patient = Patient.objects.filter(pk=OuterRef("patient_id"))
    columns = {name: Subquery(patient.values(name)) for name in ("given_name", "family_name", "phone")}
    tasks = StaffTask.objects.open().order_by("created_at").annotate(**columns)
    rows = tasks.values_list("public_id", *columns, "kind", "created_at")[:limit]
    labels = dict(StaffTask.Kind.choices)
    return [
        UnreachedCall(task, f"{given} {family}", str(phone or ""), f"{labels[kind]}, {time_words(at, zone)}")
        for task, given, family, phone, kind, at in rows
    ]
