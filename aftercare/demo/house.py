"""The demo's house: the clinic, its rooms, services and people, their hours, and the protocol that its lead signed."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from aftercare.demo.cast import FIRST, REVIEW, STAFF, TREATMENT
from clinic import audit
from clinic.access import Role
from clinic.models import Clinic, ProtocolVersion, Room, User
from clinic.protocol import Protocol
from sessions_app.models import NurseHours, Service

# The first that is in the middle of its working day at the first start, so that "today" is a full day around now.
ZONES = (
    "America/New_York",
    "Europe/London",
    "America/Los_Angeles",
    "Australia/Sydney",
    "Asia/Singapore",
    "Asia/Dubai",
    "Pacific/Auckland",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Pacific/Honolulu",
)
MIDDLE_OF_THE_DAY = range(10, 14)
# Length in the chair, observed walk, turn-round, in minutes.
SERVICES = {
    FIRST: (Service.Kind.FIRST_VISIT, 30, 0, 0),
    TREATMENT: (Service.Kind.TREATMENT, 45, 20, 10),
    REVIEW: (Service.Kind.REVIEW, 20, 0, 0),
}
OPENS, CLOSES = time(7, 0), time(19, 0)
# Half an hour's break of each nurse, counted from the first start: between the visits of `cast`.
BREAKS = (timedelta(hours=1), timedelta(hours=1, minutes=45), timedelta(hours=1, minutes=30))
BREAK = timedelta(minutes=30)
# What the demo's clinical lead signed beside the shipped values.
OVER_AND_ABOVE = {"reminder.activity_switch": True, "reminder.join_same_date": True}


@dataclass(frozen=True, slots=True)
class House:
    clinic: Clinic
    people: dict[str, User]
    nurses: list[User]
    rooms: dict[int, Room]  # each nurse's own, by the nurse's id
    services: dict[str, Service]


def zone_at_work(now: datetime) -> str:
    """A zone in which it is about midday now."""
    return next((name for name in ZONES if now.astimezone(ZoneInfo(name)).hour in MIDDLE_OF_THE_DAY), ZONES[0])


def on_the_grid(now: datetime) -> datetime:
    """The quarter of an hour that has begun."""
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)


def build_house(now: datetime) -> House:
    """Everything that must exist before a patient can be registered."""
    clinic = _clinic(now)
    people = {person.email: _person(person.email, person.name, person.roles) for person in STAFF}
    nurses = [person for person in people.values() if Role.NURSE in person.roles]
    rooms = {nurse.pk: Room.objects.create(name=f"Room {number}") for number, nurse in enumerate(nurses, start=1)}
    anchor = on_the_grid(now).astimezone(clinic.zone)
    for nurse, after in zip(nurses, BREAKS, strict=True):
        _hours(nurse, anchor.date() - timedelta(days=365), pause=(anchor + after).time())
    services = {
        name: Service.objects.create(
            name=name, kind=kind, chair_minutes=chair, walk_minutes=walk, buffer_minutes=turn_round
        )
        for name, (kind, chair, walk, turn_round) in SERVICES.items()
    }
    _protocol(people["lead@example.com"], signed_at=now - timedelta(days=90))
    return House(clinic, people, nurses, rooms, services)


def _clinic(now: datetime) -> Clinic:
    clinic = Clinic.current()
    clinic.name, clinic.sender_name = "Larkfield Vein Clinic", "Larkfield Clinic"
    clinic.time_zone = zone_at_work(now)
    clinic.phone, clinic.out_of_hours_phone = "212-555-0100", "212-555-0199"
    clinic.vascular_surgeon_phone = "212-555-0177"
    clinic.phone_hours, clinic.phone_hours_es = "Every day 7:00 to 19:00", "Todos los días de 7:00 a 19:00"
    clinic.address = "12 Larkfield Lane"
    clinic.patients_may_move = True
    # Longer than a real clinic would, so that an offer is still open when the demo is looked at.
    clinic.offer_minutes = 120
    clinic.is_demo = True
    clinic.save()
    return clinic


def _person(email: str, name: str, roles: tuple[Role, ...]) -> User:
    phone = "+12125550190" if Role.CLINICIAN in roles else ""
    return User.objects.create_user(email, settings.DEMO_PASSWORD, name=name, roles=frozenset(roles), phone=phone)


def _hours(nurse: User, opened: date, *, pause: time) -> None:
    """Every day of the week, so that the demo is open whenever it is looked at; breaks are not all at one time."""
    resume = (datetime.combine(opened, pause) + BREAK).time()
    NurseHours.objects.bulk_create(
        NurseHours(nurse=nurse, weekday=weekday, starts=starts, ends=ends, valid_from=opened)
        for weekday in range(7)
        for starts, ends in ((OPENS, pause), (resume, CLOSES))
    )


def _protocol(lead: User, *, signed_at: datetime) -> None:
    version = ProtocolVersion.objects.create(
        number=1,
        values=Protocol.default().with_overrides(OVER_AND_ABOVE, signed_off=True).as_dict(),
        note="The shipped values; one message a day for a plan, and one when exercise and sun are allowed again.",
        signed_by=lead,
        signed_at=signed_at,
    )
    audit.record("protocol signed", by=lead, subject=version)
