"""The clinic of the benchmarks, with a history of any length, always the same: 12 nurses, 12 rooms, 10 visits a day.

Three of four times are booked, Monday to Saturday; each patient comes five times, ten working days apart. What grows
with the number of appointments is the number of days behind, as it does in a clinic; the 25 working days ahead stay.
Of the visits behind, 75 % have a signed session with plan and messages, 15 % were reviews, 10 % fell out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.access import Role
from clinic.models import Clinic, ProtocolVersion, Room, User
from clinic.protocol import Protocol
from sessions_app.models import NurseHours, Service

NURSES = ROOMS = 12
SLOTS = 10
BLOCK_DAYS, COURSE_STEP_DAYS = 50, 10
DAYS_AHEAD = 25
OPENS = 8
ZONE = "America/New_York"

_BEGINNINGS = (
    "Ash Bram Cor Dell Ever Fenn Gar Hollo Ingle Jas Kest Lorn Mar Neth Orle Pell Quill Ros Sorre Thistle".split()
)
_MIDDLES = "a e i o ber den fa gen ler min nor pe ri sel tan ve wen ya zel len".split()
_ENDS = (
    "beck croft dale feather field ford grove ham hurst lake lea more ridge row sted stone ton well wick wood".split()
)
_GIVEN = (
    "Ada Alma Basil Blythe Cleo Cyril Dora Edwin Elsa Felix Flora Gideon Greta Hugo Ida Iris Jasper Juno Kit Lena "
    "Linus Mabel Milo Nell Odette Orson Pearl Quentin Rhea Rufus Selma Silas Tess Ursula Vera Viola Walt Wilma Zeno"
).split()


@dataclass(frozen=True)
class Staff:
    """Who and what everything else points at."""

    nurses: Sequence[User]
    rooms: Sequence[Room]
    desk: User
    treatment: Service
    review: Service
    protocol_version: ProtocolVersion
    protocol: Protocol


@dataclass(frozen=True)
class Visit:
    """One booked time: which working day (0 is today or the next one), who, and which visit of the course it is."""

    day: date
    offset: int
    nurse: int
    room: int
    slot: int
    patient: int
    number: int

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.day, time(OPENS + self.slot), ZoneInfo(ZONE)).astimezone(UTC)


def working_days(first: date, number: int) -> list[date]:
    """`number` days from `first` on without Sundays; backwards, and without `first`, when it is negative."""
    step = 1 if number > 0 else -1
    day = first if number > 0 else first - timedelta(days=1)
    found: list[date] = []
    while len(found) < abs(number):
        if day.weekday() != 6:
            found.append(day)
        day += timedelta(days=step)
    return found if number > 0 else found[::-1]


def name_of(patient: int) -> tuple[str, str]:
    """An invented first and last name; 8,000 last names, so that a part of one finds many, as in life."""
    last, given = patient * 7919 % 8000, patient * 31 % len(_GIVEN)
    parts = (_BEGINNINGS[last // 400], _MIDDLES[last // 20 % 20], _ENDS[last % 20])
    return _GIVEN[given], "".join(parts)


def _is_booked(course: int) -> bool:
    return (course * 2654435761 >> 8) % 4 != 0


def visits(appointments: int, today: date) -> Iterator[Visit]:
    """As many visits as asked, in order of time; the history begins as long ago as that takes."""
    per_day = NURSES * SLOTS * 3 // 4
    days = max(-(-appointments // per_day), 2)
    ahead = min(DAYS_AHEAD, max(days // 4, 1))
    calendar = [*working_days(today, -(days - ahead)), *working_days(today, ahead)]
    patients: dict[int, int] = {}
    left = appointments
    for index, day in enumerate(calendar):
        block, within = divmod(index, BLOCK_DAYS)
        number, start = divmod(within, COURSE_STEP_DAYS)
        for nurse in range(NURSES):
            for slot in range(SLOTS):
                course = ((block * COURSE_STEP_DAYS + start) * NURSES + nurse) * SLOTS + slot
                if not _is_booked(course) or not left:
                    continue
                left -= 1
                patient = patients.setdefault(course, len(patients) + 1)
                yield Visit(day, index - (days - ahead), nurse, (nurse + index) % ROOMS, slot, patient, number)


def make_staff(now: datetime) -> Staff:
    """The clinic, its people, rooms, hours, services and a signed protocol, by the models themselves."""
    Clinic.objects.update_or_create(id=1, defaults={"time_zone": ZONE, "phone": "+12125550100", "name": "Bench clinic"})

    def person(email: str, name: str, *roles: Role) -> User:
        return User.objects.create_user(email, None, name=name, roles=frozenset(roles))

    nurses = [person(f"nurse{n}@bench.example", f"Nurse Invented{n:02d}", Role.NURSE) for n in range(1, NURSES + 1)]
    desk = person("desk@bench.example", "Desk Invented", Role.FRONT_DESK)
    person("clinician@bench.example", "Clinician Invented", Role.CLINICIAN)
    lead = person("lead@bench.example", "Lead Invented", Role.CLINICAL_LEAD)
    rooms = [Room.objects.create(name=f"Room {n:02d}") for n in range(1, ROOMS + 1)]
    NurseHours.objects.bulk_create(
        NurseHours(nurse=nurse, weekday=day, starts=time(OPENS), ends=time(OPENS + SLOTS), valid_from=date(1990, 1, 1))
        for nurse in nurses
        for day in range(6)
    )
    lengths = {"chair_minutes": 30, "walk_minutes": 20, "buffer_minutes": 10}
    protocol = Protocol.default().with_overrides({}, signed_off=True)
    version = ProtocolVersion.objects.create(number=1, values=protocol.as_dict(), signed_by=lead, signed_at=now)
    return Staff(
        nurses=nurses,
        rooms=rooms,
        desk=desk,
        treatment=Service.objects.create(kind=Service.Kind.TREATMENT, name="Treatment", **lengths),
        review=Service.objects.create(kind=Service.Kind.REVIEW, name="Review", **lengths),
        protocol_version=version,
        protocol=protocol,
    )


def a_monday() -> date:
    """The Monday of last week: a whole week of visits at any size."""
    today = timezone.localdate(timezone=ZoneInfo(ZONE))
    return today - timedelta(days=today.weekday() + 7)
