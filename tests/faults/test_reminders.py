"""Workers that die at each named point, wake up late, or ring together: what patients get is what the design promises.

The provider runs in a process of its own, so it remembers what it delivered; workers are real processes that are killed
by SIGKILL. Time passes by an injected clock in the ringer that comes after.
"""

import os
import signal
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time

import pytest

from clinic.models import Delivery, DeliveryAttempt, StaffTask
from clinic.notifications import channels
from clinic.notifications.sweep import judge_lost_departures
from clinic.notifications.timing import Timing
from tests.clinic.notifications.engine import Clock, make_due, reload, ring
from tests.makers import make_patient
from tests.support.provider_channel import ProviderChannel

pytestmark = pytest.mark.faults

ALL_DAY = Timing(opens=wall_time.min, closes=wall_time.max)


def make_row(policy, patient=None):
    now = datetime.now(UTC)
    return make_due(patient, policy=policy, due_at=now - timedelta(minutes=5), not_after=now + timedelta(hours=20))


def ring_for_half_an_hour():
    """What the ringers of the next 30 minutes do, one each minute."""
    clock = Clock(datetime.now(UTC))
    for _ in range(30):
        clock.passes(minutes=1)
        ring(clock, timing=ALL_DAY)


WAYS = {"idempotent": ("resend_once", True), "resend_once": ("resend_once", False), "hold": ("hold", False)}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("point", "copies"),
    [
        # killed where            what the patient gets: idempotent, resend_once, hold
        ("after_claim", (1, 1, 1)),
        ("before_departure", (1, 1, 1)),
        ("after_departure", (1, 1, 0)),
        ("after_call", (1, 2, 1)),
        ("after_record", (1, 1, 1)),
    ],
)
def test_a_worker_killed_at_a_named_point(nursery, provider, enabled, point, copies, way):
    policy, idempotent = WAYS[way]
    enabled(idempotent=idempotent)
    delivery = make_row(policy)

    assert nursery.run(point=point, idempotent=idempotent) == -signal.SIGKILL
    ring_for_half_an_hour()

    expected = dict(zip(WAYS, copies, strict=True))[way]
    assert provider.delivered() == [str(delivery.pk)] * expected
    held = way == "hold" and point in ("after_departure", "after_call")
    assert reload(delivery).state == ("uncertain" if held else "sent")
    assert StaffTask.objects.filter(kind="message_uncertain", delivery=delivery).count() == held
    # Every copy, and every doubt, is on record.
    assert DeliveryAttempt.objects.count() >= expected
    assert reload(delivery).resends == (1 if point in ("after_departure", "after_call") and not held else 0)


def test_a_sweeper_killed_half_way_leaves_nothing_behind(nursery, provider, enabled):
    enabled(idempotent=False)
    delivery = make_row("hold")
    Delivery.objects.update(state="claimed", lease_until=datetime.now(UTC) - timedelta(seconds=1))

    assert nursery.run(point="in_sweep") == -signal.SIGKILL
    ring_for_half_an_hour()

    assert (reload(delivery).state, provider.delivered()) == ("sent", [str(delivery.pk)])


def test_a_crash_before_the_clinical_commit_promises_nothing(nursery, provider, enabled):
    enabled(idempotent=False)
    make_patient(email_allowed=True)

    assert nursery.run("sign") == -signal.SIGKILL
    ring_for_half_an_hour()

    assert (Delivery.objects.count(), provider.delivered()) == (0, [])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("point", "copies"), [("after_claim", (1, 1, 1)), ("after_departure", (1, 2, 1)), ("after_call", (1, 2, 1))]
)
def test_a_worker_that_wakes_up_after_its_lease_changes_nothing_it_lost(nursery, provider, enabled, point, copies, way):
    policy, idempotent = WAYS[way]
    enabled(idempotent=idempotent)
    delivery = make_row(policy)
    worker = nursery.start(point=point, stop_there=True, idempotent=idempotent)
    nursery.stopped(worker)
    ring_for_half_an_hour()

    os.kill(worker, signal.SIGCONT)

    assert nursery.ended(worker) == 0
    expected = dict(zip(WAYS, copies, strict=True))[way]
    assert provider.delivered() == [str(delivery.pk)] * expected
    held = way == "hold" and point != "after_claim"
    assert reload(delivery).state == ("uncertain" if held else "sent")
    # Its attempt is closed by its own id, even this late.
    assert DeliveryAttempt.objects.filter(finished_at__isnull=True).count() == 0


def test_a_late_answer_that_says_taken_settles_the_doubt_without_a_second_copy(nursery, provider, enabled):
    enabled(idempotent=False)
    delivery = make_row("resend_once")
    worker = nursery.start(point="after_call", stop_there=True)
    nursery.stopped(worker)
    clock = Clock(datetime.now(UTC) + timedelta(seconds=185))
    judge_lost_departures(clock.now(), ALL_DAY)
    assert reload(delivery).state == "uncertain"
    os.kill(worker, signal.SIGCONT)
    assert nursery.ended(worker) == 0

    ring_for_half_an_hour()

    assert (reload(delivery).state, provider.delivered()) == ("sent", [str(delivery.pk)])


def test_three_ringers_at_once_send_each_of_200_rows_once(nursery, provider, enabled):
    enabled(idempotent=False)
    patient = make_patient(email_allowed=True)
    rows = {str(make_row("hold", patient).pk) for _ in range(200)}

    workers = [nursery.start(batch=20) for _ in range(3)]

    assert [nursery.ended(worker) for worker in workers] == [0, 0, 0]
    assert sorted(provider.delivered()) == sorted(rows)
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_sigterm_finishes_the_row_under_way_and_releases_the_rest(nursery, provider, enabled):
    enabled(idempotent=False)
    provider.behave(delay_s=0.3)
    patient = make_patient(email_allowed=True)
    for _ in range(20):
        make_row("hold", patient)
    worker = nursery.start()
    while not provider.delivered():
        pass

    os.kill(worker, signal.SIGTERM)

    assert nursery.ended(worker) == -signal.SIGTERM
    delivered = provider.delivered()
    assert len(delivered) < 5
    assert sorted(map(str, Delivery.objects.filter(state="sent").values_list("pk", flat=True))) == sorted(delivered)
    left = Delivery.objects.exclude(state="sent").values_list("state", "lease_token", "next_try_at")
    assert set(left) == {("pending", None, None)}


@pytest.mark.parametrize(
    ("answer", "state", "wait_s"),
    [
        ("500", "pending", (60, 72)),
        ("429", "pending", (600, 600)),
        ("422", "failed", None),
        ("hang_up", "uncertain", None),
    ],
)
def test_what_a_provider_answers_decides_what_becomes_of_the_row(
    provider, enabled, transactional_db, answer, state, wait_s
):
    enabled(idempotent=False)
    provider.behave(answer=answer, retry_after=600 if answer == "429" else None)
    delivery = make_row("hold")
    clock = Clock(datetime.now(UTC))

    ring(clock, timing=ALL_DAY)

    delivery = reload(delivery)
    assert delivery.state == state
    assert StaffTask.objects.count() == (state == "failed")
    if wait_s:
        waits = (delivery.next_try_at - clock.now()).total_seconds()
        assert wait_s[0] <= waits <= wait_s[1]


def test_a_provider_that_is_not_there_is_a_definite_failure(provider, enabled, monkeypatch, transactional_db):
    enabled(idempotent=False)
    monkeypatch.setitem(channels.CHANNELS, "email", ProviderChannel(1, idempotent=False))
    delivery = make_row("hold")

    ring(Clock(datetime.now(UTC)), timing=ALL_DAY)

    assert (reload(delivery).state, reload(delivery).reason) == ("pending", "The provider cannot be reached.")
