"""Rooms, services and the rules of booking, changed by who runs the place. A change says which visits it concerns."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic import audit
from clinic.models import Clinic, Room, User
from sessions_app.closures import cover
from sessions_app.entries import lock_resources
from sessions_app.models import Service
from sessions_app.outside import VisitsOutside, booked_visits, with_consequences
from sessions_app.refusals import Refused
from sessions_app.retrying import with_retries

RULES = (
    "grid_minutes",
    "booking_horizon_days",
    "change_grace_minutes",
    "patients_may_move",
    "patient_move_notice_hours",
    "offer_minutes",
    "request_answer_hours",
    "report_emergency_minutes",
    "report_same_day_minutes",
)
"""The columns of the clinic's row that are rules of booking and of answering."""


def save_room(
    *,
    room: Room | None = None,
    name: str,
    is_active: bool = True,
    accepted: Collection[UUID] = (),
    by: User,
    now: datetime | None = None,
) -> Room:
    """Add a room, rename it, take it out of use or back.

    Out of use, its coming visits fall outside: raises `VisitsOutside` when one is not among the accepted ones.
    """
    at, kept = now or timezone.now(), Room(pk=room.pk if room else None, name=name.strip(), is_active=is_active)

    def write() -> None:
        kept.save()
        if kept.is_active:
            cover(room_ids=[kept.pk], by=by, now=at)

    @transaction.atomic
    def in_one() -> Room:
        lock_resources([], [room.pk] if room else [])
        visits = booked_visits().filter(entry__room=room.pk if room else None, entry__starts_at__gte=at)
        with_consequences(write, visits, accepted=accepted, by=by, now=at)
        _record(kept, added=room is None, by=by, name=kept.name, is_active=is_active)
        return kept

    try:
        return with_retries(in_one)
    except IntegrityError as error:
        raise Refused("There is a room of this name. Choose another name.", rule="name", field="name") from error


def save_service(
    *,
    service: Service | None = None,
    facts: Mapping[str, Any],
    nurses: Sequence[User],
    rooms: Sequence[Room],
    accepted: Collection[UUID] = (),
    by: User,
    now: datetime | None = None,
) -> Service:
    """Add or change a service; `facts` are its columns, no nurses or rooms mean all of them.

    Visits that are booked keep their length. Those whose nurse or room no longer gives the service fall outside; those
    of a service that is no longer offered stay as they are. Raises `VisitsOutside` when one of them is not accepted.
    """
    at, pk = now or timezone.now(), service.pk if service else None

    def write() -> None:
        kept.save()
        kept.nurses.set(nurses)
        kept.rooms.set(rooms)

    @transaction.atomic
    def in_one() -> Service:
        lock_resources(
            User.objects.nurses().values_list("pk", flat=True), Room.objects.order_by("pk").values_list("pk", flat=True)
        )
        visits = booked_visits().filter(service=pk, entry__starts_at__gte=at)
        if service is not None and service.is_active and not facts.get("is_active", True):
            staying = list(visits)
            if any(visit.public_id not in accepted for visit in staying):
                raise VisitsOutside(staying, {}, stay=True)
            write()
        else:
            with_consequences(write, visits, accepted=accepted, by=by, now=at)
        details = {name: str(value) if isinstance(value, Service.Kind) else value for name, value in facts.items()}
        people = {"nurses": [nurse.pk for nurse in nurses], "rooms": [room.pk for room in rooms]}
        _record(kept, added=service is None, by=by, **details, **people)
        return kept

    kept = Service.objects.get(pk=pk) if pk else Service()
    for name, value in facts.items():
        setattr(kept, name, value)
    try:
        return with_retries(in_one)
    except IntegrityError as error:
        raise Refused("There is a service of this name. Choose another name.", rule="name", field="name") from error


@transaction.atomic
def save_rules(*, facts: Mapping[str, Any], by: User) -> Clinic:
    """Change the rules of booking (`RULES`). Visits that are booked stay as they are."""
    clinic = Clinic.objects.select_for_update().get(pk=Clinic.current().pk)
    changed = {name: value for name, value in facts.items() if name in RULES and getattr(clinic, name) != value}
    if changed:
        was = {f"{name}_was": getattr(clinic, name) for name in changed}
        for name, value in changed.items():
            setattr(clinic, name, value)
        clinic.save(update_fields=list(changed))
        audit.record("booking rules changed", by=by, subject=clinic, **changed, **was)
    return clinic


def _record(subject: Room | Service, *, added: bool, by: User, **facts: Any) -> None:
    audit.record("set-up added" if added else "set-up changed", by=by, subject=subject, facts=facts)
