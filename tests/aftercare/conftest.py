"""What several tests of aftercare stand on. Rows and browsers are made by `tests.aftercare.people`."""

import pytest
import time_machine

from tests.aftercare.people import NOON
from tests.support.browser import sign_in


@pytest.fixture
def thursday_noon():
    """The clock stands still at `people.NOON`."""
    with time_machine.travel(NOON, tick=False):
        yield


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
