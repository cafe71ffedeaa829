"""One visit's row: read afresh, changed only while it is what the page showed, and recorded."""

from typing import Any

from django.db.models import F

from clinic import audit
from clinic.models import User
from clinic.protocol.values import Protocol
from sessions_app import history
from sessions_app.models import Appointment
from sessions_app.refusals import Refused, Stale
from sessions_app.repeat import RepeatRules, protocol_in_force

Status = Appointment.Status

MAY_BECOME: dict[Status, frozenset[Status]] = {
    Status.BOOKED: frozenset({Status.ARRIVED, Status.NO_SHOW, Status.CANCELLED}),
    # Back to booked: somebody pressed the key on the wrong line.
    Status.ARRIVED: frozenset({Status.IN_TREATMENT, Status.CANCELLED, Status.BOOKED}),
    Status.IN_TREATMENT: frozenset({Status.DONE}),
    # Who comes late after all gets the time back, if nobody else has it.
    Status.NO_SHOW: frozenset({Status.ARRIVED}),
}
# Done on the wrong line: the press is taken back on its day, as long as nothing of the visit is signed. No button
# offers it later.
MAY_GO_BACK: dict[Status, frozenset[Status]] = {Status.DONE: frozenset({Status.IN_TREATMENT})}


def that_may_become(target: Status) -> tuple[Status, ...]:
    ways = [*MAY_BECOME.items(), *MAY_GO_BACK.items()]
    return tuple(status for status, targets in ways if target in targets)


def fresh(appointment: Appointment) -> Appointment:
    return Appointment.objects.select_related("entry__patient", "entry__nurse", "entry__room", "service").get(
        pk=appointment.pk
    )


def change(current: Appointment, version: int, allowed_from: tuple[Status, ...], **values: object) -> None:
    """The conditional update that every change begins with; who comes second is refused before anything else.

    What the former change could have taken back is forgotten, unless `values` say what this one could.
    """
    values = {"former": None, **values}
    changed = Appointment.objects.filter(pk=current.pk, version=version, status__in=allowed_from).update(
        version=F("version") + 1, **values
    )
    if not changed:
        refuse_unless_current(fresh(current), version, allowed_from)
        # Changed and changed back between the two statements.
        raise Refused("Somebody is changing this visit at this moment. Send it again.", rule="busy")


def refuse_unless_current(current: Appointment, version: int, allowed_from: tuple[Status, ...]) -> None:
    if current.version != version:
        raise Stale(
            "Somebody changed this visit while the page was open. Look at it again before you change it.",
            difference=history.changes_since(current, version),
        )
    if current.status not in allowed_from:
        raise Refused(f"This visit is already {current.get_status_display().lower()}.", rule="status")


def record(action: str, appointment: Appointment, *, by: User, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        subject=appointment,
        patient=appointment.patient,
        **history.facts_of(appointment),
        **details,
    )


def protocol_of(rules: RepeatRules | None) -> Protocol:
    """The protocol that reminders follow; without a signed one the shipped one."""
    return rules.protocol if rules is not None else protocol_in_force()
