"""What several tests of aftercare stand on. Rows and browsers are made by `tests.aftercare.people`."""

import pytest
import time_machine

from clinic.access import Role
from tests.aftercare.people import NOON, RETICULAR, treated_patient
from tests.makers import make_clinic, make_user
from tests.support.browser import sign_in


@pytest.fixture
def thursday_noon():
    """The clock stands still at `people.NOON`."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def larkfield_at_noon(thursday_noon):
    """A clinic that can be called, at `people.NOON`."""
    return make_clinic(name="Larkfield Clinic", phone="555-0100")


@pytest.fixture
def patient():
    """Two days after reticular veins: the stocking is on day and night. Modules that need another one say so."""
    return treated_patient("2026-01-13 10:30", RETICULAR, given_name="Marigold", family_name="Quillfeather")


@pytest.fixture
def clinician():
    return make_user(Role.CLINICIAN, name="Hugo Ashdown")


@pytest.fixture
def page_of(new_context, live_server):
    """`page_of(user)`: a phone's page of somebody who is signed in."""

    def opened(user, *, width=390, height=844, **facts):
        context = new_context(**facts)
        sign_in(context, user, live_server)
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        return page

    return opened
