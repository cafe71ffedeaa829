"""The messages page in words: what each message is about, why it did not arrive, what to do now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format

from clinic.access import Permission
from clinic.models import Delivery, DeliveryAttempt, Patient, StaffTask
from clinic.notifications import worklist
from clinic.notifications.health import LATE, Status
from clinic.notifications.states import State
from clinic.notifications.words import GROUPS, OUTCOMES, STATES, STEPS, Group
from clinic.notifications.worklist import OpenItem
from clinic.requests import SignedInRequest


@dataclass(frozen=True, slots=True)
class Line:
    """One message in a list."""

    ident: UUID
    patient: Patient
    title: str
    text: str
    at: str
    # Text, kind and icon of a tag; empty for the state that the list is about.
    state: dict[str, str]
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Detail:
    """One open item with everything a person needs to decide it."""

    item: OpenItem
    group: Group
    title: str
    phone: str
    why_not: str
    facts: list[tuple[str, str]]
    tries: list[tuple[str, str]]
    decide: str  # called, verdict or review
    may_send_again: bool


@dataclass(frozen=True, slots=True)
class Presenter:
    zone: ZoneInfo
    now: datetime
    may_see_plans: bool

    @classmethod
    def of(cls, request: SignedInRequest) -> "Presenter":
        return cls(request.clinic.zone, timezone.now(), request.user.may(Permission.VIEW_PLAN))

    def groups(self, items: Sequence[OpenItem], chosen: OpenItem | None) -> list[tuple[Group, list[Line]]]:
        """The open items under the heading of why the patient was not reached."""
        by_kind = groupby(items, key=lambda item: item.kind)
        return [
            (GROUPS[kind], [self._open_line(item, chosen is not None and item.ident == chosen.ident) for item in some])
            for kind, some in by_kind
        ]

    def by_day(self, rows: Sequence[Delivery], *, by_due: bool) -> list[tuple[str, list[Line]]]:
        """Messages under the day on which they are due, or were sent or called off."""

        def instant(row: Delivery) -> datetime:
            return row.due_at if by_due or row.finished_at is None else row.finished_at

        days = groupby(rows, key=lambda row: instant(row).astimezone(self.zone).date())
        return [(date_format(day, "l j F"), [self._line(row, instant(row)) for row in of_day]) for day, of_day in days]

    def detail(self, item: OpenItem) -> Detail:
        delivery = item.delivery
        uncertain = item.kind == StaffTask.Kind.MESSAGE_UNCERTAIN
        return Detail(
            item=item,
            group=GROUPS[item.kind],
            title=self._about(delivery) if delivery else "Messages of this patient",
            phone=item.patient.phone.as_national if item.patient.phone else "",
            why_not=delivery.reason if delivery and item.kind != State.REVIEW else "",
            facts=self._facts(delivery) if delivery else [],
            tries=[
                (self._when(one.started_at), _came_of(one, already_said=delivery.reason if delivery else ""))
                for one in worklist.tries_of(item)
            ],
            decide="verdict" if uncertain else "review" if item.kind == State.REVIEW else "called",
            may_send_again=delivery is not None and uncertain and self.now <= delivery.not_after,
        )

    def _facts(self, delivery: Delivery) -> list[tuple[str, str]]:
        facts = [("Planned for", self._when(delivery.due_at)), ("Of use until", self._when(delivery.not_after))]
        if self._why(delivery):
            facts.append(("Why", self._why(delivery)))
        if delivery.resends:
            facts.append(("Sent again", "once" if delivery.resends == 1 else f"{delivery.resends} times"))
        return facts

    def _open_line(self, item: OpenItem, is_chosen: bool) -> Line:
        delivery = item.delivery
        return Line(
            ident=item.ident,
            patient=item.patient,
            title=item.patient.name,
            text=self._about(delivery) if delivery else "No address that may be used",
            at=self._when(delivery.due_at if delivery else item.task.created_at if item.task else self.now),
            state={},
            is_chosen=is_chosen,
        )

    def _line(self, delivery: Delivery, instant: datetime) -> Line:
        kind, icon = STATES[delivery.state]
        ordinary = delivery.state in (State.PENDING, State.SENT, State.CANCELLED)
        return Line(
            ident=delivery.pk,
            patient=delivery.patient,
            title=self._about(delivery),
            text=delivery.reason or self._why(delivery),
            at=date_format(instant.astimezone(self.zone), "H:i"),
            state={} if ordinary else {"text": delivery.get_state_display(), "kind": kind, "icon": icon},
        )

    def _about(self, delivery: Delivery) -> str:
        neutral, clinical = STEPS.get(delivery.step, ("Message", "Message"))
        return clinical if self.may_see_plans else neutral

    def _why(self, delivery: Delivery) -> str:
        """What led to a plan's message may be clinical, so it is for those who may see plans."""
        return delivery.why if self.may_see_plans or delivery.kind == Delivery.Kind.APPOINTMENT else ""

    def _when(self, instant: datetime) -> str:
        return date_format(instant.astimezone(self.zone), "D j M, H:i")


def late_words(status: Status) -> str:
    """What the staff banner says when reminders are late, or ""."""
    if not status.is_late:
        return ""
    if status.last_tick is None or status.last_tick <= LATE:
        minutes = int(status.oldest_due.total_seconds() // 60) if status.oldest_due else 0
        return f"Reminders are late: one should have left {_span(minutes)} ago."
    return f"Reminders are late: they were last sent {_span(int(status.last_tick.total_seconds() // 60))} ago."


def _span(minutes: int) -> str:
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _came_of(attempt: DeliveryAttempt, *, already_said: str) -> str:
    words = OUTCOMES[attempt.outcome]
    return f"{words}: {attempt.error}" if attempt.error and attempt.error not in already_said else words
