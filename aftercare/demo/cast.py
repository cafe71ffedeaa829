"""Who is in the demo clinic and what happened to them, as data. Days count from the day of the first start.

Every name is invented; phone numbers are from the range that is reserved for fiction.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from clinic.access import Role
from clinic.protocol.vocabulary import Leg, Segment, VeinType


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Site:
    leg: Leg
    segment: Segment
    vein_type: VeinType
    injections: int
    each_ml: Decimal
    length_cm: int


@dataclass(frozen=True, slots=True)
class Treated:
    """A past session: days ago, time of the clinic's day, nurse (index into the nurses of STAFF), what was injected."""

    days_ago: int
    time: str
    nurse: int
    sites: tuple[Site, ...]
    reason_above_3_ml: str = ""


@dataclass(frozen=True, slots=True)
class Booked:
    """A visit from today on: in how many days, when, with which nurse, which service, and what became of it today.

    `overbooked` is the reason why the clinician put it beside another visit. `course` are all sessions that the patient
    needs; those that are left after this one are booked with it.
    """

    in_days: int
    time: str
    nurse: int
    service: str
    status: str = "booked"
    overbooked: str = ""
    course: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    given: str
    family: str
    born: str
    phone: str
    email: str = ""
    language: str = "en"
    weight: str = ""
    allergies: str = ""
    risks: tuple[str, ...] = ()
    treated: tuple[Treated, ...] = ()
    booked: tuple[Booked, ...] = ()
    note: str = field(default="")


STAFF = (
    Person("nurse@example.com", "Ada Birchwood", (Role.NURSE,)),
    Person("nurse2@example.com", "Tomas Pinewright", (Role.NURSE,)),
    Person("nurse3@example.com", "Imani Rowanfield", (Role.NURSE,)),
    Person("desk@example.com", "Petra Fallowell", (Role.FRONT_DESK,)),
    Person("clinician@example.com", "Hugo Ashdown", (Role.CLINICIAN,)),
    Person("lead@example.com", "Miriam Thornbury", (Role.CLINICAL_LEAD,)),
    Person("admin@example.com", "Noor Applegarth", (Role.ADMINISTRATOR,)),
)


def _spider(leg: Leg, segment: Segment, injections: int, each: str = "0.2", length: int | None = None) -> Site:
    return Site(leg, segment, VeinType.SPIDER, injections, Decimal(each), length or injections * 3)


def _reticular(leg: Leg, segment: Segment, injections: int, each: str = "0.3", length: int | None = None) -> Site:
    return Site(leg, segment, VeinType.RETICULAR, injections, Decimal(each), length or injections * 3)


L, R, S = Leg.LEFT, Leg.RIGHT, Segment
MIXED = (
    _spider(L, S.THIGH_LATERAL, 5),
    _reticular(L, S.POPLITEAL, 3, "0.2"),
    _spider(R, S.CALF_LATERAL, 4),
)
SMALL_SPIDER = (_spider(R, S.CALF_MEDIAL, 4), _spider(L, S.CALF_ANTERIOR, 3))
RETICULAR = (_reticular(R, S.THIGH_LATERAL, 4), _reticular(R, S.CALF_POSTERIOR, 3, "0.2"))
LARGE = (
    _reticular(L, S.THIGH_LATERAL, 6),
    _reticular(L, S.CALF_MEDIAL, 4),
    _spider(R, S.THIGH_ANTERIOR, 5),
)

TREATMENT, FIRST, REVIEW = "Treatment", "First visit", "Review"

STORIES = (
    # A mixed session yesterday: the stocking stays on day and night for a week. The patient of the sign-in page.
    Story(
        "Marigold",
        "Quillfeather",
        "1967-03-04",
        "2125550111",
        "patient@example.com",
        weight="68",
        allergies="Latex",
        treated=(Treated(15, "09:30", 0, SMALL_SPIDER), Treated(1, "10:30", 0, MIXED)),
        booked=(Booked(9, "10:00", 0, TREATMENT),),
    ),
    # Two sessions that overlap: reticular twelve days ago, spider two days ago.
    Story(
        "Dorothea",
        "Plumstead",
        "1959-11-21",
        "2125550112",
        "patient2@example.com",
        weight="74",
        treated=(Treated(12, "11:00", 1, RETICULAR), Treated(2, "14:00", 1, SMALL_SPIDER)),
    ),
    # Spanish; by day only; the window for the next session is open and ends soon, nothing is booked.
    Story(
        "Lucía",
        "Valdehierro",
        "1978-06-30",
        "2125550113",
        "patient3@example.com",
        language="es",
        weight="61",
        treated=(Treated(11, "13:00", 2, RETICULAR),),
    ),
    # Only the warning signs are left to watch.
    Story(
        "Alfie",
        "Marrowby",
        "1972-02-08",
        "2125550114",
        "patient4@example.com",
        weight="82",
        treated=(Treated(25, "15:00", 0, SMALL_SPIDER),),
        booked=(Booked(3, "11:00", 0, REVIEW),),
    ),
    Story(
        "Greta",
        "Sandpiper",
        "1981-08-19",
        "2125550115",
        "greta.sandpiper@example.com",
        weight="66",
        treated=(Treated(14, "10:00", 1, SMALL_SPIDER),),
    ),
    Story(
        "Bess",
        "Cowslip",
        "1964-01-12",
        "2125550116",
        "bess.cowslip@example.com",
        weight="70",
        treated=(Treated(9, "09:00", 1, RETICULAR),),
    ),
    Story(
        "Linnet",
        "Marsh",
        "1990-05-27",
        "2125550117",
        "linnet.marsh@bounced.example",
        weight="58",
        treated=(Treated(3, "12:45", 2, SMALL_SPIDER),),
    ),
    Story(
        "Cosmo", "Larkspur", "1969-09-02", "2125550118", "", weight="88", treated=(Treated(6, "14:30", 2, RETICULAR),)
    ),
    Story(
        "Tansy",
        "Merriweather",
        "1985-12-15",
        "2125550119",
        "tansy.merriweather@example.com",
        weight="64",
        treated=(Treated(40, "10:00", 0, SMALL_SPIDER), Treated(31, "10:00", 0, MIXED)),
    ),
    Story(
        "Saffron",
        "Tidewell",
        "1976-04-22",
        "2125550120",
        "saffron.tidewell@example.com",
        weight="71",
        risks=("oestrogen",),
        treated=(Treated(8, "16:00", 2, LARGE, "Both legs, last session before the summer"),),
    ),
    # Today, in the order of the day. The minutes are counted from the hour in which the demo was started.
    Story(
        "Clementine",
        "Dove",
        "1962-10-05",
        "2125550121",
        "clementine.dove@example.com",
        weight="69",
        treated=(Treated(10, "09:00", 0, SMALL_SPIDER),),
        booked=(Booked(0, "-02:30", 0, TREATMENT, "done"),),
    ),
    Story(
        "Linden",
        "Copperpot",
        "1955-07-17",
        "2125550122",
        "linden.copperpot@example.com",
        weight="91",
        treated=(Treated(13, "09:00", 1, RETICULAR),),
        booked=(Booked(0, "-02:15", 1, TREATMENT, "done"),),
    ),
    Story(
        "Hazel",
        "Snowdrop",
        "1993-03-30",
        "2125550123",
        "hazel.snowdrop@example.com",
        booked=(Booked(0, "-03:00", 2, FIRST, "done"),),
    ),
    Story(
        "Basil",
        "Oakenshaw",
        "1970-12-01",
        "2125550124",
        "basil.oakenshaw@example.com",
        weight="84",
        treated=(Treated(11, "11:30", 0, RETICULAR),),
        booked=(Booked(0, "-00:15", 0, TREATMENT, "arrived"),),
    ),
    Story(
        "Juniper",
        "Thimble",
        "1988-06-11",
        "2125550125",
        "juniper.thimble@example.com",
        weight="59",
        treated=(Treated(8, "11:30", 1, SMALL_SPIDER),),
        booked=(Booked(0, "-00:30", 1, TREATMENT, "in_treatment"),),
    ),
    Story(
        "Wren",
        "Appleyard-Moss",
        "1974-01-25",
        "2125550126",
        "wren.appleyard@example.com",
        weight="77",
        treated=(Treated(12, "15:30", 2, MIXED),),
        booked=(Booked(0, "-00:30", 2, TREATMENT),),
    ),
    Story(
        "Rowan",
        "Tidewater",
        "1966-08-08",
        "2125550127",
        "rowan.tidewater@example.com",
        booked=(Booked(0, "-01:45", 2, TREATMENT, "no_show"),),
    ),
    Story(
        "Odette",
        "Fennimore",
        "1958-04-14",
        "2125550128",
        "odette.fennimore@example.com",
        weight="63",
        treated=(Treated(7, "10:30", 0, SMALL_SPIDER),),
        booked=(Booked(0, "01:30", 0, TREATMENT, course=4),),
    ),
    Story(
        "Posy",
        "Lanternwright",
        "1996-10-20",
        "2125550129",
        "posy.lanternwright@example.com",
        booked=(Booked(0, "01:15", 1, REVIEW),),
    ),
    Story(
        "Otto",
        "Greengage",
        "1961-05-03",
        "2125550130",
        "otto.greengage@example.com",
        booked=(Booked(0, "01:00", 2, FIRST),),
    ),
    Story(
        "Ivy",
        "Pepperdine-Ray",
        "1979-02-17",
        "2125550131",
        "ivy.pepperdine@example.com",
        weight="65",
        treated=(Treated(9, "13:30", 1, RETICULAR),),
        booked=(Booked(0, "02:30", 1, TREATMENT),),
    ),
    Story(
        "Nell",
        "Hollyhock",
        "1983-11-09",
        "2125550132",
        "nell.hollyhock@example.com",
        weight="72",
        treated=(Treated(10, "15:00", 2, SMALL_SPIDER),),
        booked=(Booked(0, "02:15", 2, TREATMENT),),
    ),
    Story(
        "Rufus",
        "Barleymow",
        "1950-09-28",
        "2125550133",
        "rufus.barleymow@example.com",
        weight="80",
        booked=(Booked(0, "03:15", 0, REVIEW),),
    ),
    Story(
        "Edmund",
        "Gorse",
        "1968-03-16",
        "2125550134",
        "edmund.gorse@example.com",
        weight="93",
        booked=(Booked(0, "04:00", 1, FIRST),),
    ),
    Story(
        "Flora",
        "Winterbourne",
        "1991-07-07",
        "2125550135",
        "flora.winterbourne@example.com",
        weight="57",
        booked=(Booked(0, "04:15", 0, FIRST),),
    ),
    Story(
        "Fern",
        "Cobblestone",
        "1982-09-13",
        "2125550142",
        "fern.cobblestone@example.com",
        weight="68",
        booked=(Booked(0, "02:45", 1, REVIEW, overbooked="A sore place since last night, seen between two visits"),),
    ),
    # The next days.
    Story(
        "Minnie",
        "Foxglove",
        "1973-12-24",
        "2125550136",
        "minnie.foxglove@example.com",
        weight="75",
        treated=(Treated(6, "11:00", 2, MIXED),),
        booked=(Booked(2, "09:30", 2, TREATMENT),),
    ),
    Story(
        "Pearl",
        "Dewdrop",
        "1987-01-31",
        "2125550137",
        "pearl.dewdrop@example.com",
        booked=(Booked(1, "09:00", 1, FIRST),),
    ),
    Story(
        "Jasper",
        "Thornfield",
        "1965-05-19",
        "2125550138",
        "jasper.thornfield@example.com",
        booked=(Booked(1, "10:30", 0, FIRST),),
    ),
    Story(
        "Bryony",
        "Hartwell",
        "1980-10-10",
        "2125550139",
        "bryony.hartwell@example.com",
        weight="62",
        treated=(Treated(5, "09:30", 1, RETICULAR),),
        booked=(Booked(6, "14:00", 1, TREATMENT),),
    ),
    Story(
        "Aurelio",
        "Piedrabuena",
        "1957-02-02",
        "2125550140",
        "aurelio.piedrabuena@example.com",
        language="es",
        weight="79",
        treated=(Treated(4, "10:00", 0, SMALL_SPIDER),),
        booked=(Booked(5, "09:00", 0, TREATMENT),),
    ),
    # Registered, nothing booked yet.
    Story("Florian", "Mistletoe", "1999-06-06", "2125550141", "florian.mistletoe@example.com"),
)
