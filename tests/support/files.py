"""Files of photographs are kept in memory by the test settings; no test module finds those of another."""

import pytest
from django.core.files.storage import storages


@pytest.fixture(scope="module", autouse=True)
def _no_files_of_others():
    storages._storages.pop("photographs", None)
    yield
    storages._storages.pop("photographs", None)
