"""What several tests of aftercare stand on. Rows and browsers are made by `tests.aftercare.people`."""

import pytest
import time_machine

from tests.aftercare.people import NOON


@pytest.fixture
def thursday_noon():
    """The clock stands still at `people.NOON`."""
    with time_machine.travel(NOON, tick=False):
        yield
