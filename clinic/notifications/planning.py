"""Materialise: the transaction that signs a session or books a visit also writes what will be sent, row by row.

Nothing here talks to a broker or a provider. The number of queries does not grow with the number of messages.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from clinic.models import Delivery, Patient, StaffTask
from clinic.notifications.consent import ways_to
from clinic.notifications.states import State, move

DEFAULT_POLICY: dict[str, Delivery.Policy] = {
    Delivery.Kind.COMPRESSION: Delivery.Policy.RESEND_ONCE,
    Delivery.Kind.ACTIVITY: Delivery.Policy.RESEND_ONCE,
    Delivery.Kind.APPOINTMENT: Delivery.Policy.HOLD,
}
_CALLED_OFF_FROM = (State.PENDING, State.CLAIMED, State.REVIEW)
_UNDECIDED = (State.SENDING, State.UNCERTAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMessage:
    """One message that a plan or an appointment leads to; the channel is chosen when it is planned.

    `lineage`, `step` and `occurrence` say which message it is, for ever: planning it again writes nothing. They never
    hold the due time. Pass the plan's lineage for steps of a plan, so that what was sent before a correction is not
    sent again; for an appointment pass its version as occurrence, so that a moved visit is announced anew.
    """

    lineage: UUID
    step: str
    occurrence: int = 1
    kind: Delivery.Kind | str
    patient: Patient
    source: str
    source_id: UUID
    due_at: datetime
    not_after: datetime
    local_time: str  # the wall-clock time that led to due_at: 2026-01-14T09:00
    time_zone: str
    why: str = ""
    policy: Delivery.Policy | str | None = None  # None: the default of the kind

    def key(self, channel: str) -> str:
        return f"{self.lineage}:{self.step}:{self.occurrence}:{channel}"


@transaction.atomic(savepoint=False)
def plan(messages: Sequence[DueMessage], *, replaces: Iterable[UUID] = (), is_spoken: bool = False) -> None:
    """Write the due rows in the caller's transaction; a message that is planned already is left as it is.

    A patient who cannot be written to becomes one open staff task instead of a silent gap, unless it `is_spoken`:
    somebody has just said it to the patient, and what follows of it comes up for a call by itself. `replaces` names
    former sources (the plan before its correction) of the same kind of source: their unsent rows are called off, and a
    step that is leaving at this very moment counts for the new one.
    """
    if not messages:
        return
    replaced = list(replaces)
    if replaced:
        cancel(source=messages[0].source, source_ids=replaced, reason="replaced by a newer version")
    ways = ways_to({message.patient.pk: message.patient for message in messages}.values())
    rows = [_row(message, next(iter(ways[message.patient.pk]))) for message in messages if message.patient.pk in ways]
    if replaced:
        _take_over(rows, replaced)
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    unreachable = {message.patient.pk: message.patient for message in messages if message.patient.pk not in ways}
    if unreachable and not is_spoken:
        tasks = [StaffTask(kind=StaffTask.Kind.MESSAGE_UNREACHABLE, patient=p) for p in unreachable.values()]
        StaffTask.objects.bulk_create(tasks, ignore_conflicts=True)


def cancel(
    *,
    source: str,
    source_id: UUID | None = None,
    source_ids: Iterable[UUID] = (),
    reason: str,
    steps: Iterable[str] | None = None,
) -> int:
    """Call off what is not sent yet of a source (or several), in the caller's transaction; returns how many.

    What was called off, expired or failed gives its occurrence key back, so that the same step can be planned anew;
    what was sent, or may have been, keeps it.
    """
    wanted = [*source_ids, *([source_id] if source_id else [])]
    rows = Delivery.objects.filter(source=source, source_id__in=wanted)
    if steps is not None:
        rows = rows.filter(step__in=list(steps))
    with transaction.atomic(savepoint=False):
        _give_key_back(rows.filter(state__in=[State.CANCELLED, State.FAILED, State.EXPIRED]))
        return move(
            rows,
            _CALLED_OFF_FROM,
            State.CANCELLED,
            reason=reason[:200],
            finished_at=timezone.now(),
            lease_token=None,
            lease_until=None,
            occurrence_key=_KEY_GIVEN_BACK,
        )


_KEY_GIVEN_BACK = Concat("occurrence_key", Value("~"), Cast("id", CharField()))


def _give_key_back(ended: QuerySet[Delivery]) -> None:
    ended.exclude(occurrence_key__contains="~").update(occurrence_key=_KEY_GIVEN_BACK)


def _take_over(rows: list[Delivery], replaced: list[UUID]) -> None:
    """A step whose sending is under way or undecided keeps its row, and from now on speaks for the new source."""
    new = {row.occurrence_key: row for row in rows}
    under_way = Delivery.objects.filter(occurrence_key__in=new, source_id__in=replaced, state__in=_UNDECIDED)
    for old in under_way.order_by("pk"):  # the order in which `recording` takes them, so that neither waits for ever
        row = new[old.occurrence_key]
        facts = ("source_id", "due_at", "not_after", "local_time", "time_zone", "why")
        changes = {fact: getattr(row, fact) for fact in facts}
        Delivery.objects.filter(pk=old.pk, state__in=_UNDECIDED).update(**changes)


def _row(message: DueMessage, channel: str) -> Delivery:
    if message.not_after < message.due_at:
        raise ValueError(f"{message.step} would be due at {message.due_at} but useless after {message.not_after}.")
    return Delivery(
        occurrence_key=message.key(channel),
        kind=message.kind,
        step=message.step,
        channel=channel,
        patient=message.patient,
        source=message.source,
        source_id=message.source_id,
        due_at=message.due_at,
        not_after=message.not_after,
        local_time=message.local_time,
        time_zone=message.time_zone,
        why=message.why[:160],
        policy=message.policy or DEFAULT_POLICY[message.kind],
    )
