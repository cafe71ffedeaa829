"""A clock, a channel and rows for tests of the engine: everything that is due is due at one moment of one day."""

import uuid
from datetime import timedelta

from clinic.models import Delivery
from clinic.notifications.channels.base import ProviderReceipt
from clinic.notifications.dispatch import dispatch
from clinic.notifications.sweep import sweep
from clinic.notifications.timing import TIMING
from tests.makers import at, make_patient

NOON = at("2026-01-14 12:00")


class Clock:
    def __init__(self, now=NOON):
        self.instant = now

    def now(self):
        return self.instant

    def passes(self, **span):
        self.instant += timedelta(**span)


class FakeChannel:
    """Keeps what it was given; `answer` is called for each letter and may raise what a provider raises."""

    consent = "email"

    def __init__(self, name="email", *, idempotent=False):
        self.name, self.idempotent, self.letters, self.keys = name, idempotent, [], []
        self.answer = lambda letter: None

    def address_of(self, patient):
        return patient.email

    def deliver(self, letter, *, idempotency_key):
        self.answer(letter)
        self.letters.append(letter)
        self.keys.append(idempotency_key)
        return ProviderReceipt(reference=f"ref-{len(self.letters)}")


def make_due(patient=None, **facts):
    patient = patient or make_patient(email_allowed=True)
    due_at = facts.pop("due_at", at("2026-01-14 09:00"))
    return Delivery.objects.create(
        **{
            "occurrence_key": str(uuid.uuid4()),
            "kind": "compression",
            "step": "COMP_SWITCH",
            "channel": "email",
            "patient": patient,
            "source": "test",
            "source_id": uuid.uuid4(),
            "due_at": due_at,
            "not_after": due_at + timedelta(hours=36),
            "local_time": "2026-01-14T09:00",
            "time_zone": "America/New_York",
            "policy": "resend_once",
            **facts,
        }
    )


ALL_KINDS = tuple(Delivery.Kind.values)


def ring(clock, *, kinds=ALL_KINDS, timing=TIMING, **options):
    """What one ringer does at the time of `clock`."""
    sweep(clock=clock, timing=timing)
    return dispatch(kinds=kinds, new_clock=lambda: clock, timing=timing, **options)


def reload(delivery):
    return Delivery.objects.get(pk=delivery.pk)
