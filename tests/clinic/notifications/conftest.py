import pytest

from clinic.notifications import channels, sources
from tests.clinic.notifications.engine import Clock, FakeChannel


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def channel(monkeypatch, settings):
    """The one enabled channel: e-mail that is kept in `channel.letters`; not idempotent, like real e-mail."""
    fake = FakeChannel()
    monkeypatch.setitem(channels.CHANNELS, "email", fake)
    settings.NOTIFICATION_CHANNELS = ["email"]
    return fake


@pytest.fixture
def source(monkeypatch):
    """The source "test": `source.unwanted` holds reasons by delivery id, `source.context` is every letter's context."""

    class Answers:
        unwanted = {}
        context = {}
        asked = []

        def reasons(self, deliveries):
            self.asked.append([delivery.pk for delivery in deliveries])
            return {pk: reason for pk, reason in self.unwanted.items() if pk in {d.pk for d in deliveries}}

        def contexts(self, deliveries):
            return {delivery.pk: self.context for delivery in deliveries}

    answers = Answers()
    answers.unwanted, answers.context, answers.asked = {}, {}, []
    monkeypatch.setitem(sources._SOURCES, "test", sources.Source(answers.reasons, answers.contexts))
    return answers
