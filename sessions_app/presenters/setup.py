"""What the pages of the set-up show: closures, rooms and services in words, and visits that would fall outside."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from clinic.models import Room, StaffTask, User
from sessions_app.capacity import LONGEST_ENTRY
from sessions_app.closures import given_up_for
from sessions_app.models import Appointment, CalendarEntry, Closure, Service, WaitListOffer
from sessions_app.outside import OUTSIDE_HOURS, VisitsOutside, booked_visits
from sessions_app.wording import day_words, list_words, time_words

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    route: str


TABS = (
    Tab("Overview", "sessions_app:setup"),
    Tab("Hours", "sessions_app:setup_hours"),
    Tab("Closures", "sessions_app:setup_closures"),
    Tab("Rooms", "sessions_app:setup_rooms"),
    Tab("Services", "sessions_app:setup_services"),
    Tab("Booking rules", "sessions_app:setup_rules"),
)


@dataclass(frozen=True, slots=True)
class OutsideLine:
    when: str
    patient: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class OutsidePanel:
    """The step before saving: which visits a change concerns, and what the button says. `accepted` goes back."""

    lines: list[OutsideLine]
    accepted: str
    heading: str
    text: str
    button: str


def outside_panel(found: VisitsOutside, zone: ZoneInfo, *, verb: str) -> OutsidePanel:
    """`verb` is what the button does, for example "Save the hours"."""
    number = len(found.visits)
    visits, tasks = ("1 visit", "a task") if number == 1 else (f"{number} visits", f"{number} tasks")
    if found.stay:
        heading, text = f"{visits} of it {'is' if number == 1 else 'are'} booked", "They stay as they are."
        button = f"{verb}; {visits} stay{'s' if number == 1 else ''} booked"
    else:
        heading = f"{visits} fall{'s' if number == 1 else ''} outside"
        text = "Nothing is saved yet. The visits stay booked; the desk gets a task for each, to move or cancel it."
        button = f"{verb} and make {tasks}"
    lines = [_line(visit, found.why[visit.pk], zone) for visit in found.visits]
    return OutsidePanel(lines, ",".join(str(visit.public_id) for visit in found.visits), heading, text, button)


def _line(visit: Appointment, why: Sequence[str], zone: ZoneInfo) -> OutsideLine:
    entry = visit.entry
    return OutsideLine(
        when=time_words(entry.starts_at, zone),
        patient=visit.patient.name,
        what=f"{visit.service} with {entry.nurse} in {entry.room}",
        why=" ".join(why),
    )


@dataclass(frozen=True, slots=True)
class ClosureRow:
    id: int
    title: str
    whose: str
    when: str
    is_time_off: bool
    visits_in_it: int
    # "Wed 14 Jan, 10:00 for Greta Vale": kept from the wait list until it was closed. They wait still.
    lost: str = ""


def coming_closures(*, now: datetime, zone: ZoneInfo, nurse: User | None = None) -> list[ClosureRow]:
    """Closures that have not ended, soonest first; of one nurse, those that she is in. Five queries at most."""
    closures = Closure.objects.filter(ended_at__isnull=True, ends_at__gt=now).order_by("starts_at", "pk")
    if nurse is not None:
        closures = closures.filter(pk__in=CalendarEntry.objects.filter(nurse=nurse).values("closure"))
    rows = list(closures)
    whose: dict[int, tuple[set[str], set[str]]] = {closure.pk: (set(), set()) for closure in rows}
    named = CalendarEntry.objects.filter(closure__in=rows).values_list("closure_id", "nurse__name", "room__name")
    for closure_id, nurse_name, room_name in named.distinct():
        for names, name in zip(whose[closure_id or 0], (nurse_name, room_name), strict=True):
            if name:
                names.add(name)
    inside, lost = _visits_in(rows), given_up_for(rows)
    return [
        ClosureRow(
            id=closure.pk,
            title=closure.title,
            whose=_whose(closure, *whose[closure.pk]),
            when=_when(closure, zone),
            is_time_off=not closure.whole_clinic and bool(whose[closure.pk][0]),
            visits_in_it=len(inside.get(closure.pk, ())),
            lost=_lost_words(lost.get(closure.pk, ()), zone),
        )
        for closure in rows
    ]


def _visits_in(closures: Sequence[Closure]) -> dict[int, set[int]]:
    """The booked visits inside of each closure: those that it made tasks of, and not who is here or was. 2 queries."""
    gaps = CalendarEntry.objects.filter(closure__in=closures, kind__in=CalendarEntry.SHUT, active=False)
    whose = ("nurse_id", "room_id", "starts_at", "ends_at")
    found = list(gaps.values_list("closure_id", *whose))
    if not found:
        return {}
    meeting = gaps.filter(
        Q(nurse=OuterRef("entry__nurse")) | Q(room=OuterRef("entry__room")),
        starts_at__lt=OuterRef("entry__ends_at"),
        ends_at__gt=OuterRef("entry__starts_at"),
    )
    visits = Appointment.objects.filter(
        Exists(meeting.order_by()),
        status=Appointment.Status.BOOKED,
        entry__starts_at__gt=min(starts for *_, starts, _ in found) - LONGEST_ENTRY,
        entry__starts_at__lt=max(ends for *_, ends in found),
    )
    inside: dict[int, set[int]] = {}
    for visit, nurse, room, starts, ends in visits.values_list("pk", *(f"entry__{name}" for name in whose)):
        for closure, gap_nurse, gap_room, gap_starts, gap_ends in found:
            is_there = gap_nurse == nurse if gap_nurse else gap_room == room
            if is_there and gap_starts < ends and starts < gap_ends:
                inside.setdefault(closure or 0, set()).add(visit)
    return inside


def closed_words(closure: Closure, *, zone: ZoneInfo) -> str:
    """ "Closed: Flood. No longer kept from the wait list: Mon 23 Nov, 15:15 for Greta Vale..." after it was closed."""
    lost = _lost_words(given_up_for([closure])[closure.pk], zone)
    said = f" No longer kept from the wait list: {lost}. They wait on; call them." if lost else ""
    return f"Closed: {closure.title}.{said}"


def _lost_words(offers: Iterable[WaitListOffer], zone: ZoneInfo) -> str:
    return list_words([f"{time_words(each.starts_at, zone)} for {each.waiting.patient.name}" for each in offers])


def _whose(closure: Closure, nurses: Collection[str], rooms: Collection[str]) -> str:
    if closure.whole_clinic:
        return "Whole clinic"
    names = [*sorted(nurses), *sorted(rooms)]
    shown = names[:_SHOWN] + ([f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else [])
    return list_words(shown)


def _when(closure: Closure, zone: ZoneInfo) -> str:
    """ "Wed 14 Jan", "Wed 14 to Fri 16 Jan", with times where it is not whole days; the year when it is another."""
    assert closure.starts_at is not None
    assert closure.ends_at is not None
    first, last = (at.astimezone(zone) for at in (closure.starts_at, closure.ends_at))
    if (first.hour, first.minute, last.hour, last.minute) == (0, 0, 0, 0):
        days = (last - timedelta(days=1)).date()
        until = "" if days == first.date() else f" until {day_words(days)}"
        return f"{day_words(first.date())}{until} {days.year}"
    if first.date() == last.date():
        return f"{day_words(first.date())} {first.year}, {first:%H:%M} to {last:%H:%M}"
    return f"{time_words(closure.starts_at, zone)} until {time_words(closure.ends_at, zone)}"


@dataclass(frozen=True, slots=True)
class RoomRow:
    room: Room
    coming: int
    only_here: str


def room_rows(*, now: datetime) -> list[RoomRow]:
    """Every room, those in use first. Three queries."""
    coming = _coming_by("entry__room", now)
    alone: dict[int, list[str]] = {}
    for service in Service.objects.filter(is_active=True).prefetch_related("rooms"):
        if len(rooms := service.rooms.all()) == 1:
            alone.setdefault(rooms[0].pk, []).append(service.name)
    return [
        RoomRow(room, coming.get(room.pk, 0), list_words(alone.get(room.pk, [])))
        for room in Room.objects.order_by("-is_active", "name")
    ]


@dataclass(frozen=True, slots=True)
class ServiceRow:
    service: Service
    parts: str
    whose: str
    limits: str
    coming: int


def service_rows(*, now: datetime) -> list[ServiceRow]:
    """Every service, those that are offered first. Four queries."""
    coming = _coming_by("service", now)
    services: QuerySet[Service] = Service.objects.prefetch_related("nurses", "rooms")
    return [
        ServiceRow(
            service=service,
            parts=length_words(service),
            whose=_given_by(service),
            limits=_limits(service),
            coming=coming.get(service.pk, 0),
        )
        for service in services.order_by("-is_active", "kind", "name")
    ]


def length_words(service: Service) -> str:
    """ "45 min in the chair, 20 min walk, 10 min turn-round" """
    parts = ((service.chair_minutes, "in the chair"), (service.walk_minutes, "walk"))
    words = [f"{minutes} min {what}" for minutes, what in (*parts, (service.buffer_minutes, "turn-round")) if minutes]
    return ", ".join(words)


def _given_by(service: Service) -> str:
    def words(names: Sequence[str], every: str) -> str:
        shown = [*names[:_SHOWN], *([f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else [])]
        return list_words(shown) or every

    nurses = sorted(nurse.name for nurse in service.nurses.all())
    rooms = sorted(room.name for room in service.rooms.all())
    return f"{words(nurses, 'Every nurse')}; {words(rooms, 'every room')}"


def _limits(service: Service) -> str:
    notice, words = service.minimum_notice_minutes, []
    if notice:
        words.append(f"at least {notice // 60} h ahead" if notice % 60 == 0 else f"at least {notice} min ahead")
    if service.booking_horizon_days is not None:
        words.append(f"at most {service.booking_horizon_days} days ahead")
    return ", ".join(words)


def _coming_by(column: str, now: datetime) -> dict[int, int]:
    visits = booked_visits().filter(entry__starts_at__gte=now).order_by().prefetch_related(None).select_related(None)
    return dict(visits.values_list(column).annotate(number=Count("pk")))


def number_outside() -> int:
    """How many visits outside of the hours wait for the desk. One query."""
    return StaffTask.objects.open().filter(Q(kind=OUTSIDE_HOURS)).count()
