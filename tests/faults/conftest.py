"""A provider and workers as processes of their own, for tests that kill."""

import pytest

from clinic.notifications import channels, sources
from tests.support.provider import Provider
from tests.support.provider_channel import ProviderChannel
from tests.support.reminder_worker import Nursery


@pytest.fixture(scope="session")
def provider():
    process = Provider()
    yield process
    process.stop()


@pytest.fixture(scope="session")
def nurseries():
    running = {}
    yield running
    for children in running.values():
        children.close()


@pytest.fixture
def nursery(nurseries, child_environment, provider):
    """Where workers of this test's database come from; loaded once for all tests."""
    address = child_environment["DATABASE_URL"]
    if address not in nurseries:
        nurseries[address] = Nursery(child_environment, provider.port)
    return nurseries[address]


@pytest.fixture
def enabled(monkeypatch, settings, provider):
    """`enabled(idempotent=True)`: this process sends through the provider too: the ringer after a fault."""
    settings.NOTIFICATION_CHANNELS = ["email"]
    monkeypatch.setitem(
        sources._SOURCES, "test", sources.Source(lambda rows: {}, lambda rows: {row.pk: {} for row in rows})
    )

    def enable(*, idempotent):
        provider.behave(idempotent=idempotent)
        monkeypatch.setitem(channels.CHANNELS, "email", ProviderChannel(provider.port, idempotent=idempotent))

    return enable
