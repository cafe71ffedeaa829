"""A small clinic for tests of the schedule: it is Tuesday 13 January 2026, 07:00 in New York."""

import uuid
from types import SimpleNamespace

import pytest

from clinic.access import Role
from sessions_app import booking
from tests.makers import at, make_hours, make_patient, make_room, make_service, make_user

NOW = at("2026-01-13 07:00")


@pytest.fixture
def house(db):
    """One nurse (Monday to Friday, 8 to 18), one room, a review of 60 minutes, somebody at the desk, one patient."""
    nurse = make_user(name="Nora Pike")
    make_hours(nurse)
    return SimpleNamespace(
        nurse=nurse,
        room=make_room(name="Room 1"),
        service=make_service(kind="review", name="Review"),
        desk=make_user(Role.FRONT_DESK, name="Dee Desk"),
        clinician=make_user(Role.CLINICIAN, name="Cleo Clinician"),
        patient=make_patient(),
    )


@pytest.fixture
def nurse(db):
    return make_user(Role.NURSE, name="Ada Birchwood")


@pytest.fixture
def clinician(db):
    return make_user(Role.CLINICIAN, name="Imani Rowanfield")


@pytest.fixture
def desk(client):
    """Somebody at the front desk, signed in."""
    person = make_user(Role.FRONT_DESK, name="Petra Fallowell")
    client.force_login(person)
    return person


@pytest.fixture
def book(house):
    """`book("2026-01-14 10:00")`: the desk books the house's patient; every fact can be another one."""

    def book(when, **facts):
        wish = {
            "patient": house.patient,
            "service": house.service,
            "request_key": uuid.uuid4(),
            "by": house.desk,
            "now": NOW,
            **facts,
        }
        return booking.book(starts_at=at(when) if isinstance(when, str) else when, **wish)

    return book
