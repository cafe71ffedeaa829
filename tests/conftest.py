"""What every test stands on. Fixtures live in tests/support, one module per thing that is started or faked."""

import shutil

import pytest
from django.utils import translation
from hypothesis import settings as hypothesis_settings

pytest_plugins = [
    "tests.support.strictness",
    "tests.support.second_look",
    "tests.support.databases",
    "tests.support.files",
    "tests.support.redis_server",
    "tests.support.browser",
]

# Same examples in every run: a failure that a colleague sees can be seen again.
hypothesis_settings.register_profile("legwork", deadline=None, derandomize=True, database=None)
hypothesis_settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis_settings.load_profile("legwork")


@pytest.fixture(autouse=True)
def _each_test_begins_in_english():
    """A request leaves the language of its page to the thread, and so to the test after it."""
    yield
    translation.deactivate()


NEEDED_PROGRAMS = {"browser": "chromium", "redis": "redis-server"}


def pytest_collection_modifyitems(items):
    for marker, program in NEEDED_PROGRAMS.items():
        if shutil.which(program) is None:
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(pytest.mark.skip(reason=f"{program} is not installed"))
    # Long ones first: begun last, one would keep a worker busy for minutes while the others have nothing left.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
