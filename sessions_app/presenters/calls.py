"""Whom the front desk should call: the lists of `presenters.lists`, who is due for a repeat, who was not reached."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery

from clinic.access import Permission
from clinic.models import Clinic, Patient, StaffTask, User
from clinic.protocol.zones import local_date
from sessions_app.due import DueRepeat, due_for_repeat, missed_repeats
from sessions_app.lists import MESSAGE_TASKS
from sessions_app.presenters.lists import (
    WorkList,
    counted,
    fits_list,
    moves_list,
    offers_list,
    outside_list,
    requests_list,
    unconfirmed_list,
    waits_list,
)
from sessions_app.repeat import protocol_in_force
from sessions_app.wording import day_words, days_words, range_words, time_words

BESIDE_THE_BOARD, ON_THE_PAGE, ONE_LIST = 4, 8, 200
NAMES = ("requests", "outside", "offers", "fits", "moves", "waits", "unconfirmed", "due", "missed", "unreached")
# What the board has room for; the page has all of them.
BESIDE = ("requests", "outside", "offers", "fits", "moves", "due", "unreached")


class ListMaker(Protocol):
    """Makes a list of at most `limit` rows; its name is that under which it was registered."""

    def __call__(self, *, now: datetime, zone: ZoneInfo, limit: int) -> WorkList: ...


_registered: dict[str, tuple[Permission, ListMaker]] = {}


def register_list(name: str, *, needs: Permission, maker: ListMaker) -> None:
    """Let an upper app add a list at the end of the page; called in its `AppConfig.ready`."""
    _registered[name] = (needs, maker)


def names() -> tuple[str, ...]:
    return (*NAMES, *_registered)


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
    is_on_hold: bool


@dataclass(frozen=True, slots=True)
class UnreachedCall:
    task_id: UUID
    name: str
    phone: str
    why: str


@dataclass(frozen=True, slots=True)
class Calls:
    """Every list that this person works on, in the order of the page."""

    lists: tuple[WorkList, ...]

    def named(self, name: str) -> WorkList:
        return next(each for each in self.lists if each.name == name)

    @property
    def busy(self) -> list[WorkList]:
        return [each for each in self.lists if each.rows]

    @property
    def idle(self) -> list[WorkList]:
        return [each for each in self.lists if not each.rows]

    @property
    def unreached(self) -> Sequence[UnreachedCall]:
        return next((each.rows for each in self.lists if each.name == "unreached"), ())


def calls_for(user: User, *, now: datetime, clinic: Clinic, limit: int, only: Collection[str] = ()) -> Calls:
    """The lists of `user`, each as long as `limit`; `only` names those that are wanted, all of them when empty."""
    zone, today = clinic.zone, local_date(now, clinic.zone)
    makers: dict[str, tuple[Permission, Callable[[], WorkList]]] = {
        "requests": (Permission.BOOK, lambda: requests_list(now=now, zone=zone, limit=limit)),
        "outside": (Permission.WORK_TASKS, lambda: outside_list(now=now, zone=zone, limit=limit)),
        "offers": (Permission.BOOK, lambda: offers_list(now=now, zone=zone, limit=limit)),
        "fits": (Permission.BOOK, lambda: fits_list(now=now, clinic=clinic, limit=limit)),
        "moves": (Permission.WORK_TASKS, lambda: moves_list(now=now, zone=zone, limit=limit)),
        "waits": (Permission.BOOK, lambda: waits_list(now=now, zone=zone, limit=limit)),
        "unconfirmed": (Permission.BOOK, lambda: unconfirmed_list(now=now, zone=zone, limit=limit)),
        "due": (Permission.BOOK, lambda: _due_list(now, zone, today, limit)),
        "missed": (Permission.BOOK, lambda: _missed_list(now, zone, today, limit)),
        "unreached": (Permission.WORK_TASKS, lambda: _unreached_list(zone, limit)),
    }
    for name, (needs, maker) in _registered.items():
        makers[name] = (needs, partial(maker, now=now, zone=zone, limit=limit))
    wanted = [makers[name] for name in makers if not only or name in only]
    return Calls(tuple(make() for permission, make in wanted if user.may(permission)))


def _due_list(now: datetime, zone: ZoneInfo, today: date, limit: int) -> WorkList:
    due = due_for_repeat(now=now, zone=zone, protocol=protocol_in_force(), limit=limit + 1)
    return WorkList(
        name="due",
        title="Due for repeat",
        text="Not booked yet. The window that ends first is on top.",
        rows=[_due_call(each, today) for each in due[:limit]],
        count=counted(due, limit),
        icon="calendar-check",
        empty="Everybody whose window is open is booked.",
        template="sessions_app/desk/due_row.html",
    )


def _missed_list(now: datetime, zone: ZoneInfo, today: date, limit: int) -> WorkList:
    missed = missed_repeats(now=now, zone=zone, protocol=protocol_in_force(), limit=limit + 1)
    return WorkList(
        name="missed",
        title="Window over, still not booked",
        text="Later than usual is possible and is noted. They stay here for two weeks.",
        rows=[_due_call(each, today) for each in missed[:limit]],
        count=counted(missed, limit),
        icon="calendar-off",
        empty="Nobody's window ended without a booking.",
        template="sessions_app/desk/due_row.html",
    )


def _unreached_list(zone: ZoneInfo, limit: int) -> WorkList:
    unreached = _unreached(zone, limit + 1)
    return WorkList(
        name="unreached",
        title="Not reached",
        text="A message did not arrive. Call, then say how it ended.",
        rows=unreached[:limit],
        count=counted(unreached, limit),
        icon="mail-check",
        empty="Every message has reached its patient.",
        template="sessions_app/desk/unreached_row.html",
    )


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
        is_on_hold=due.is_on_hold,
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
    tasks = StaffTask.objects.open().filter(kind__in=MESSAGE_TASKS).order_by("created_at").annotate(**columns)
    rows = tasks.values_list("public_id", *columns, "kind", "created_at")[:limit]
    labels = dict(StaffTask.Kind.choices)
    return [
        UnreachedCall(task, f"{given} {family}", str(phone or ""), f"{labels[kind]}, {time_words(at, zone)}")
        for task, given, family, phone, kind, at in rows
    ]
