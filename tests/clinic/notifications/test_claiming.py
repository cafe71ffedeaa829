"""Claims, leases and catching up after a long silence."""

import uuid
from datetime import timedelta

import pytest

from clinic.models import Delivery, DeliveryAttempt, Heartbeat, StaffTask
from clinic.notifications.channels.base import ProviderReceipt
from clinic.notifications.claim import claim, release
from clinic.notifications.departing import depart
from clinic.notifications.recheck import recheck
from clinic.notifications.recording import Answered, record
from clinic.notifications.send import send_batch
from clinic.notifications.sweep import sweep
from clinic.notifications.timing import TIMING, Timing
from clinic.notifications.writing import write
from tests.clinic.notifications.engine import ALL_KINDS, Clock, make_due, reload, ring
from tests.makers import at, make_patient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source")]


def ids(batch):
    return [delivery.pk for delivery in batch.deliveries]


def test_a_claim_takes_at_most_a_batch_and_a_second_one_takes_others(clock, channel):
    patient = make_patient(email_allowed=True)
    rows = [make_due(patient, not_after=clock.now() + timedelta(minutes=n)) for n in range(60)]

    first, second = (claim(ALL_KINDS, clock=clock, timing=TIMING) for _ in range(2))

    assert ids(first) == [row.pk for row in rows[:50]]
    assert ids(second) == [row.pk for row in rows[50:]]
    assert reload(rows[0]).lease_until == clock.now() + timedelta(seconds=120)
    assert (reload(rows[0]).lease_token, reload(rows[59]).lease_token) == (first.token, second.token)


def test_a_released_batch_can_be_claimed_at_once(clock, channel):
    row = make_due()
    batch = claim(ALL_KINDS, clock=clock, timing=TIMING)

    assert release(batch) == 1
    assert (reload(row).state, reload(row).lease_token) == ("pending", None)
    assert ids(claim(ALL_KINDS, clock=clock, timing=TIMING)) == [row.pk]


def test_only_the_holder_of_the_token_releases(clock, channel):
    row = make_due()
    lost = claim(ALL_KINDS, clock=clock, timing=TIMING)
    Delivery.objects.update(lease_token=uuid.uuid4())

    assert release(lost) == 0
    assert reload(row).state == "claimed"


def test_a_lease_frees_the_row_after_120_seconds_and_not_before(clock, channel):
    row = make_due()
    claim(ALL_KINDS, clock=clock, timing=TIMING)

    clock.passes(seconds=120)
    sweep(clock=clock)
    assert reload(row).state == "claimed"
    clock.passes(seconds=1)
    sweep(clock=clock)
    assert (reload(row).state, reload(row).lease_until) == ("pending", None)


def test_nothing_leaves_when_the_lease_is_about_to_end(clock, channel):
    row, slow = make_due(), make_due(not_after=clock.now() + timedelta(hours=1))
    channel.answer = lambda letter: clock.passes(seconds=100)

    send_batch(claim(ALL_KINDS, clock=clock, timing=TIMING), clock=clock, timing=TIMING, must_stop=lambda: False)

    assert (reload(slow).state, reload(row).state, len(channel.keys)) == ("sent", "pending", 1)
    assert DeliveryAttempt.objects.count() == 1


def test_a_row_that_lost_its_worker_while_leaving_is_judged_after_lease_and_grace(clock, channel):
    row = make_due(state="sending", lease_until=clock.now(), policy="hold")

    clock.passes(seconds=60)
    sweep(clock=clock)
    assert reload(row).state == "sending"
    clock.passes(seconds=1)
    sweep(clock=clock)
    assert reload(row).state == "uncertain"
    assert StaffTask.objects.filter(kind="message_uncertain", delivery=row).count() == 1


def test_48_hours_of_silence_expire_what_is_stale_and_send_what_is_fresh(clock, channel):
    """400 rows of mixed age; nobody gets anything after its deadline, and staff see who missed what."""
    start = at("2026-01-12 09:00")
    patients = [make_patient(email_allowed=True) for _ in range(40)]
    rows = [
        make_due(
            patients[n % 40],
            due_at=start + timedelta(minutes=12 * n),
            not_after=start + timedelta(minutes=12 * n + 720),
        )
        for n in range(400)
    ]
    clock.instant = at("2026-01-14 12:00")
    stale = [row for row in rows if row.not_after < clock.now()]
    fresh = [row for row in rows if row.due_at <= clock.now() <= row.not_after]
    assert len(stale) + len(fresh) < 400  # some are not due yet

    while ring(clock):
        clock.passes(minutes=1)

    assert set(Delivery.objects.filter(pk__in=[row.pk for row in stale]).values_list("state", flat=True)) == {"expired"}
    assert sorted(channel.keys) == sorted(row.pk for row in fresh)
    assert Delivery.objects.filter(state="pending").count() == 400 - len(stale) - len(fresh)
    told = StaffTask.objects.filter(kind="message_expired").values_list("delivery", flat=True)
    assert sorted(told) == sorted(row.pk for row in stale)
    assert {channel.keys.count(key) for key in channel.keys} == {1}


def test_a_thousand_stale_rows_expire_in_a_few_statements(clock, channel, django_assert_max_num_queries):
    patient = make_patient(email_allowed=True)
    late = clock.now() - timedelta(hours=1)
    Delivery.objects.bulk_create(
        Delivery(
            occurrence_key=str(number),
            kind="activity",
            step="WEEKLY",
            channel="email",
            patient=patient,
            source="test",
            source_id=uuid.uuid4(),
            due_at=late,
            not_after=late,
            local_time="",
            time_zone="America/New_York",
            policy="hold",
        )
        for number in range(1000)
    )

    with django_assert_max_num_queries(40):
        sweep(clock=clock)

    assert StaffTask.objects.filter(kind="message_expired").count() == 1000


def test_each_sweep_leaves_a_heartbeat_that_never_goes_back(clock, channel):
    sweep(clock=clock)
    late = clock.now()
    sweep(clock=Clock(late - timedelta(minutes=1)))

    assert Heartbeat.objects.get(component="reminders").at == late


def test_a_row_held_after_a_restore_never_leaves_by_itself(clock, channel):
    row = make_due(state="review")

    for _ in range(3):
        ring(clock)
        clock.passes(days=1)

    assert (reload(row).state, channel.letters) == ("review", [])


def test_an_idle_ring_costs_a_handful_of_reads(clock, channel, django_assert_max_num_queries):
    ring(clock)

    with django_assert_max_num_queries(14):
        ring(clock)


def test_a_budget_ends_a_long_ring_and_says_that_there_is_more(clock, channel):
    patient = make_patient(email_allowed=True)
    for _ in range(5):
        make_due(patient)

    assert ring(clock, timing=Timing(budget=timedelta(0))) is True
    assert channel.letters == []
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}


def test_a_claim_takes_nothing_that_is_past_its_deadline(clock, channel):
    make_due(not_after=clock.now() - timedelta(seconds=1))

    assert ids(claim(ALL_KINDS, clock=clock, timing=TIMING)) == []


def let_leave(batch, clock):
    return depart(write(recheck(batch, clock=clock, timing=TIMING), now=clock.now()), batch, clock, TIMING)


def test_a_former_holder_cannot_let_a_row_leave_that_another_worker_holds(clock, channel):
    row = make_due()
    former = claim(ALL_KINDS, clock=clock, timing=TIMING)
    prepared = write(recheck(former, clock=clock, timing=TIMING), now=clock.now())
    clock.passes(seconds=121)
    sweep(clock=clock)
    present = claim(ALL_KINDS, clock=clock, timing=TIMING)

    assert depart(prepared, former, clock, TIMING) == []
    assert (reload(row).state, reload(row).lease_token, reload(row).attempts) == ("claimed", present.token, 0)


def test_a_former_holder_cannot_record_over_the_present_one(clock, channel):
    row = make_due()
    former = claim(ALL_KINDS, clock=clock, timing=TIMING)
    [first] = let_leave(former, clock)
    clock.passes(seconds=181)
    sweep(clock=clock)  # judged uncertain, and by policy free for a second try
    present = claim(ALL_KINDS, clock=clock, timing=TIMING)
    [second] = let_leave(present, clock)

    assert record([Answered(first, ProviderReceipt("first"))], former, clock, TIMING) == []
    assert (reload(row).state, reload(row).lease_token) == ("sending", present.token)
    assert record([Answered(second, ProviderReceipt("second"))], present, clock, TIMING) == [row.pk]
    outcomes = DeliveryAttempt.objects.order_by("number").values_list("outcome", "provider_reference")
    assert list(outcomes) == [("accepted", "first"), ("accepted", "second")]


@pytest.mark.parametrize("seconds", [89, 90])
def test_a_row_leaves_only_while_its_lease_outlasts_a_call(clock, channel, seconds):
    make_due()
    batch = claim(ALL_KINDS, clock=clock, timing=TIMING)
    prepared = write(recheck(batch, clock=clock, timing=TIMING), now=clock.now())

    clock.passes(seconds=seconds)

    assert len(depart(prepared, batch, clock, TIMING)) == (1 if seconds < 90 else 0)


def test_a_row_does_not_leave_when_its_deadline_passed_since_the_claim(clock, channel):
    row = make_due(not_after=clock.now() + timedelta(seconds=5))
    batch = claim(ALL_KINDS, clock=clock, timing=TIMING)
    prepared = write(recheck(batch, clock=clock, timing=TIMING), now=clock.now())

    clock.passes(seconds=6)

    assert depart(prepared, batch, clock, TIMING) == []
    assert reload(row).state == "claimed"
