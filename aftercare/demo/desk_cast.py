"""What waits for the demo's front desk, as data. Days count from the day of the first start, hours from its moment."""

from dataclasses import dataclass

from aftercare.demo.cast import FIRST, REVIEW, TREATMENT


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody on the public page; `tries` are calls that nobody answered."""

    name: str
    kind: str
    hours_ago: int
    phone: str = ""
    email: str = ""
    language: str = "en"
    weekdays: int = 0b1111111
    parts_of_day: tuple[str, ...] = ()
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Waits:
    """A patient on the wait list (by last name) since so many days; `until_in_days` is the last day that would do."""

    family: str
    service: str
    days_ago: int
    until_in_days: int | None = None
    weekdays: int = 0b1111111
    parts_of_day: tuple[str, ...] = ()
    nurse: int | None = None
    note: str = ""
    offered_minutes_ago: int | None = None


REQUESTS = (
    Asked("Peregrine Ashgrove", "first_visit", 80, phone="+12125550161", parts_of_day=("morning",), tries=1),
    Asked("Rosalind Pemberley", "call_back", 2, email="rosalind.pemberley@example.com", weekdays=0b0010101),
    Asked("Inés Campoflorido", "first_visit", 1, phone="+12125550162", language="es", parts_of_day=("evening",)),
)

WAITING = (
    Waits("Merriweather", TREATMENT, 6, note="Comes at short notice, lives round the corner"),
    Waits("Sandpiper", TREATMENT, 4, until_in_days=3, offered_minutes_ago=10),
    Waits("Quillfeather", TREATMENT, 1, weekdays=0b0011111, note="Before the journey if possible"),
    Waits("Foxglove", TREATMENT, 3, until_in_days=1, parts_of_day=("afternoon", "evening")),
    Waits("Mistletoe", FIRST, 2, parts_of_day=("morning",), nurse=0),
    Waits("Snowdrop", REVIEW, 9, until_in_days=-1),
)

# Who has said on the phone that the time holds.
CONFIRMED = ("Greengage", "Pepperdine-Ray", "Dewdrop")

# (Last name, wish): asked on the patient's page for another time.
WISHES = (
    ("Piedrabuena", "Mejor por la tarde, después de las 16"),
    ("Marrowby", "Any day after Thursday, I have a funeral"),
)
