"""A clinic on its first day, a clock that a journey moves, and the people who meet there."""

from datetime import date

import pytest
import time_machine

from clinic.access import Role
from clinic.actions import register_patient
from clinic.models import User
from sessions_app.models import Service
from tests.journeys.clock import Clock
from tests.journeys.lookout import Lookout
from tests.journeys.people import ClinicalLead, Clinician, FrontDesk, Nurse, PatientAtHome
from tests.journeys.post import Post
from tests.makers import at, make_clinic, make_hours, make_room, make_service, make_user

TUESDAY_MORNING = "2026-01-13 08:00"


@pytest.fixture
def clock():
    """Tuesday 13 January 2026, 8 in the morning in New York, whatever the day on which the tests run."""
    with time_machine.travel(at(TUESDAY_MORNING), tick=True) as traveller:
        yield Clock(traveller)


@pytest.fixture
def lookout():
    """Notes what is wrong with the pages that people look around on; a journey ends without notes."""
    lookout = Lookout()
    yield lookout
    assert lookout.notes == []


@pytest.fixture
def clinic(clock, live_server, settings, tmp_path, transactional_db):
    """Two nurses, two rooms, a first visit and a treatment; Magnolia Quillfeather is registered already."""
    settings.BASE_URL = live_server.url
    settings.NOTIFICATION_CHANNELS = ["file"]
    settings.OUTBOX_DIR = tmp_path / "outbox"
    clinician = make_user(Role.CLINICIAN, name="Hugo Ashdown")
    for number, name in enumerate(("Ada Birchwood", "Tomas Pinewright"), start=1):
        make_hours(make_user(Role.NURSE, name=name))
        make_room(name=f"Room {number}")
    make_service(Service.Kind.FIRST_VISIT, name="First visit", chair_minutes=30, walk_minutes=0, buffer_minutes=0)
    make_service(Service.Kind.TREATMENT, name="Treatment", chair_minutes=45, walk_minutes=20, buffer_minutes=10)
    register_patient(
        given_name="Magnolia",
        family_name="Quillfeather",
        birth_date=date(1967, 4, 3),
        phone="+12125550111",
        by=clinician,
    )
    return make_clinic(name="Larkfield Vein Clinic", phone="212-555-0100", phone_hours="Mon to Fri 8:00 to 18:00")


@pytest.fixture
def post(clinic, settings):
    return Post(settings.OUTBOX_DIR)


@pytest.fixture
def lead(clinic, new_page, lookout):
    return ClinicalLead(new_page(size="desk"), lookout, make_user(Role.CLINICAL_LEAD, name="Miriam Thornbury"))


@pytest.fixture
def new_desk(clinic, new_page, lookout):
    """``new_desk("Petra Fallowell")``: one more person at a screen of the front desk."""

    def arrive(name):
        return FrontDesk(new_page(size="desk"), lookout, make_user(Role.FRONT_DESK, name=name))

    return arrive


@pytest.fixture
def desk(new_desk):
    return new_desk("Petra Fallowell")


@pytest.fixture
def clinician(clinic, new_page, lookout):
    return Clinician(new_page(size="desk"), lookout, User.objects.get(name="Hugo Ashdown"))


@pytest.fixture
def nurse(clinic, new_page, lookout, clock):
    page = new_page(size="tablet")
    clock.hangs_over(page)
    return Nurse(page, lookout, User.objects.get(name="Ada Birchwood"))


@pytest.fixture
def patient(clinic, new_page, lookout):
    return PatientAtHome(new_page(size="phone"), lookout)
