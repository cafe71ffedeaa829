"""A clock that can be moved, so that the demo's past is made by the product's own actions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Inside, `timezone.now()` is `instant`. For the demo's seed alone: one thread, before anything runs."""
    with patch("django.utils.timezone.now", return_value=instant):
        yield
