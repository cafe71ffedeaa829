"""Files of photographs are kept in memory by the test settings; no test module finds those of another."""

import pytest
from django.conf import settings
from django.core.files.storage import storages
from whitenoise.middleware import WhiteNoiseMiddleware


@pytest.fixture(scope="module", autouse=True)
def _no_files_of_others():
    storages._storages.pop("photographs", None)
    yield
    storages._storages.pop("photographs", None)


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_listed_once():
    """Every test client makes the middleware anew, and with it the list of all static files: a seventh of all time."""
    look = WhiteNoiseMiddleware.add_files_from_finders
    lists = {}

    def look_once(middleware):
        settled = [settings.STATICFILES_DIRS, settings.STATICFILES_FINDERS, settings.STORAGES["staticfiles"]]
        places = repr([*settled, middleware.static_prefix, middleware.max_age])
        if places not in lists:
            others, middleware.files = middleware.files, {}
            look(middleware)
            lists[places], middleware.files = middleware.files, others
        middleware.files.update(lists[places])

    WhiteNoiseMiddleware.add_files_from_finders = look_once
    yield
    WhiteNoiseMiddleware.add_files_from_finders = look
