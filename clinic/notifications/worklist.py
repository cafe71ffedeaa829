"""What the messages page reads: the open work, and what is planned, sent or called off. One page, few queries."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, IntegerField, Model, QuerySet, Value, When

from clinic.models import Delivery, DeliveryAttempt, Patient, StaffTask, User
from clinic.models.task import StaffTaskQuerySet
from clinic.notifications.states import State
from clinic.notifications.words import GROUPS

M = TypeVar("M", bound=Model)
PAGE_LENGTH = 30
_RANK = {kind: rank for rank, kind in enumerate(GROUPS)}
_SHELVES: dict[str, tuple[tuple[State, ...], str]] = {
    "planned": ((State.PENDING, State.CLAIMED, State.SENDING), "due_at"),
    "sent": ((State.SENT, State.DELIVERED), "-finished_at"),
    "off": ((State.CANCELLED,), "-finished_at"),
}


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Something about a message that a person must decide: a task, or a delivery that is held after a restore."""

    ident: UUID
    kind: str  # a key of `words.GROUPS`
    patient: Patient
    delivery: Delivery | None
    task: StaffTask | None


def message_tasks(user: User | AnonymousUser) -> StaffTaskQuerySet:
    """Tasks about messages alone: others are closed where their matter is, and not from a list of messages."""
    return StaffTask.objects.visible_to(user).filter(kind__in=[kind for kind in _RANK if kind in StaffTask.Kind])


def open_tasks(user: User | AnonymousUser) -> QuerySet[StaffTask]:
    """The message tasks of this person that are not done, in the order in which they are worked on."""
    rank = Case(*(When(kind=kind, then=Value(rank)) for kind, rank in _RANK.items()), output_field=IntegerField())
    return (
        message_tasks(user)
        .open()
        .annotate(rank=rank)
        .order_by("rank", "created_at", "id")
        .select_related("patient", "delivery")
    )


def held(user: User | AnonymousUser) -> QuerySet[Delivery]:
    """Messages that wait for a person after a restore, next due first."""
    return Delivery.objects.visible_to(user).filter(state=State.REVIEW).order_by("due_at").select_related("patient")


def open_items(user: User | AnonymousUser, page: int) -> tuple[list[OpenItem], bool]:
    """One page of the open work, and whether another follows; held messages stand on the first page."""
    tasks, more = cut(open_tasks(user), page)
    waiting = list(held(user)[:PAGE_LENGTH]) if page == 1 else []
    return [*(item_of(task) for task in tasks), *(item_of(delivery) for delivery in waiting)], more


def open_item(user: User | AnonymousUser, ident: UUID) -> OpenItem | None:
    """The one item, wherever in the list it stands; None when it is not open any more or is not this person's."""
    task = open_tasks(user).filter(public_id=ident).first()
    if task:
        return item_of(task)
    delivery = held(user).filter(pk=ident).first()
    return item_of(delivery) if delivery else None


def item_of(row: StaffTask | Delivery) -> OpenItem:
    if isinstance(row, StaffTask):
        return OpenItem(row.public_id, row.kind, row.patient, row.delivery, row)
    return OpenItem(row.pk, State.REVIEW, row.patient, row, None)


def tries_of(item: OpenItem) -> list[DeliveryAttempt]:
    return list(item.delivery.tries.order_by("number")) if item.delivery else []


def shelf(user: User | AnonymousUser, name: str, page: int) -> tuple[list[Delivery], bool]:
    """One page of the planned, sent or called-off messages, and whether another follows."""
    states, order = _SHELVES[name]
    rows = Delivery.objects.visible_to(user).filter(state__in=states).order_by(order, "id").select_related("patient")
    return cut(rows, page)


def cut(rows: QuerySet[M], page: int) -> tuple[list[M], bool]:
    """One page without counting all: one row more than it shows tells whether there is a next."""
    start = (page - 1) * PAGE_LENGTH
    found = list(rows[start : start + PAGE_LENGTH + 1])
    return found[:PAGE_LENGTH], len(found) > PAGE_LENGTH
