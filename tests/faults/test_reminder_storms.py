"""Four workers, 300 due rows, a kill every few hundredths of a second: nothing is lost, no copy goes unexplained."""

import os
import random
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum

from clinic.models import Delivery, DeliveryAttempt, StaffTask
from tests.clinic.notifications.engine import make_due
from tests.makers import make_patient

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ROWS, WORKERS, KILLS = 300, 4, 100
# Lease, margin, call and grace in the proportion of the real ones, but short, because a storm is a minute.
TIMING = {"lease": 1.6, "margin": 0.6, "provider": 0.5, "grace": 0.3}


def storm(nursery, provider, *, policy, idempotent):
    """Kill workers at random until 100 died and nothing is left to do; returns the copies per delivery."""
    provider.behave(idempotent=idempotent, delay_s=0.04)
    patient, now = make_patient(email_allowed=True), datetime.now(UTC)
    for _ in range(ROWS):
        make_due(patient, policy=policy, due_at=now - timedelta(minutes=1), not_after=now + timedelta(hours=20))
    luck = random.Random(2026)

    def start():
        return nursery.start("loop", idempotent=idempotent, timing=TIMING, batch=5)

    workers, kills, ends = [start() for _ in range(WORKERS)], 0, time.monotonic() + 120
    while kills < KILLS or Delivery.objects.filter(state__in=["pending", "claimed", "sending"]).exists():
        assert time.monotonic() < ends, f"not done after {kills} kills"
        time.sleep(luck.uniform(0.01, 0.06))
        if kills < KILLS:
            victim = workers.pop(luck.randrange(WORKERS))
            os.kill(victim, signal.SIGKILL)
            assert nursery.ended(victim) == -signal.SIGKILL
            workers.append(start())
            kills += 1
    time.sleep(TIMING["lease"] + TIMING["grace"])  # the last doubts become tasks
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
        nursery.ended(worker)
    return Counter(provider.delivered())


def in_state(state):
    return set(map(str, Delivery.objects.filter(state=state).values_list("pk", flat=True)))


def in_doubt():
    return set(map(str, StaffTask.objects.open().values_list("delivery", flat=True)))


def test_with_idempotency_keys_everything_is_sent_exactly_once(nursery, provider, enabled):
    enabled(idempotent=True)

    copies = storm(nursery, provider, policy="hold", idempotent=True)

    assert len(in_state("sent")) == ROWS
    assert copies == dict.fromkeys(in_state("sent"), 1)


def test_resend_once_loses_nothing_and_every_copy_is_on_record(nursery, provider, enabled):
    enabled(idempotent=False)

    copies = storm(nursery, provider, policy="resend_once", idempotent=False)

    sent, uncertain = in_state("sent"), in_state("uncertain")
    assert len(sent) + len(uncertain) == ROWS
    assert uncertain == in_doubt()
    assert sent <= set(copies)
    assert max(copies.values()) <= 2
    extra = sum(number - 1 for number in copies.values())
    assert extra <= Delivery.objects.aggregate(doubts=Sum("resends"))["doubts"]
    tries = Counter(map(str, DeliveryAttempt.objects.values_list("delivery", flat=True)))
    assert [key for key, number in copies.items() if number > tries[key]] == []


def test_hold_never_makes_a_second_copy_and_shows_every_doubt(nursery, provider, enabled):
    enabled(idempotent=False)

    copies = storm(nursery, provider, policy="hold", idempotent=False)

    sent, uncertain = in_state("sent"), in_state("uncertain")
    assert len(sent) + len(uncertain) == ROWS
    assert uncertain == in_doubt()
    assert sent <= set(copies)
    assert set(copies.values()) == {1}
