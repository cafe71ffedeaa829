"""From due to sent, and everything that may come between: one row at a time, each with its reason."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic.models import (
    AuditEvent,
    ContactPreference,
    Delivery,
    DeliveryAttempt,
    Heartbeat,
    OptOut,
    PortalLink,
    StaffTask,
)
from clinic.notifications import cancel, outcome, recording, send, sources
from clinic.notifications.channels.base import PermanentFailure, TemporaryFailure, UnknownOutcome
from clinic.notifications.claim import claim
from clinic.notifications.clock import database_clock
from clinic.notifications.consent import hash_of_address
from clinic.notifications.send import Pace, send_batch
from clinic.notifications.timing import TIMING, Timing
from tests.clinic.notifications.engine import make_due, reload, ring
from tests.makers import at, make_patient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source")]


def open_tasks():
    return list(StaffTask.objects.open().order_by("id").values_list("kind", "delivery"))


def test_a_due_message_is_sent_once_and_everything_about_it_is_on_record(clock, channel):
    delivery = make_due()

    assert ring(clock) is False
    ring(clock)

    delivery = reload(delivery)
    assert (delivery.state, delivery.attempts, delivery.finished_at, delivery.lease_token) == (
        "sent",
        1,
        clock.now(),
        None,
    )
    assert channel.keys == [delivery.pk]
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.number, attempt.outcome, attempt.provider_reference, attempt.subject) == (
        1,
        "accepted",
        "ref-1",
        "A new step in your plan",
    )
    assert attempt.address_hash == hash_of_address("email", delivery.patient.email)
    event = AuditEvent.objects.get(action="message sent")
    assert (event.patient_id, event.subject_id) == (delivery.patient_id, str(delivery.pk))


def test_a_message_is_not_sent_before_it_is_due(clock, channel):
    delivery = make_due(due_at=clock.now() + timedelta(seconds=1))

    ring(clock)
    assert (reload(delivery).state, channel.letters) == ("pending", [])

    clock.passes(seconds=1)
    ring(clock)
    assert reload(delivery).state == "sent"


def test_a_ringer_takes_its_own_kinds_and_enabled_channels_only(clock, channel):
    compression, activity = make_due(), make_due(kind="activity", step="CHECK_1")
    elsewhere = make_due(channel="sms")

    ring(clock, kinds=["compression"])

    assert [reload(row).state for row in (compression, activity, elsewhere)] == ["sent", "pending", "pending"]


def test_the_nearest_deadline_goes_first(clock, channel):
    late, soon, first = (make_due(not_after=clock.now() + timedelta(hours=hours)) for hours in (9, 5, 1))

    ring(clock)

    assert channel.keys == [first.pk, soon.pk, late.pk]


def test_more_than_a_batch_is_sent_in_one_ring_with_few_queries_per_row(clock, channel):
    patient = make_patient(email_allowed=True)
    make_due(patient)
    ring(clock)

    def queries_for(count):
        for _ in range(count):
            make_due(patient)
        with CaptureQueriesContext(connection) as captured:
            ring(clock)
        return len(captured)

    one, thirty = queries_for(1), queries_for(30)
    assert Delivery.objects.filter(state="sent").count() == 32
    per_row = (thirty - one) / 29
    assert per_row == int(per_row)
    # The consent again and five writes, in two transactions (here: two savepoints of two statements each).
    assert per_row == 10


def test_a_message_that_nobody_wants_any_more_is_cancelled_with_the_reason(clock, channel, source):
    delivery, wanted = make_due(), make_due()
    source.unwanted[delivery.pk] = "visit cancelled"

    ring(clock)

    delivery = reload(delivery)
    assert (delivery.state, delivery.reason, delivery.attempts) == ("cancelled", "visit cancelled", 0)
    assert reload(wanted).state == "sent"
    assert len(source.asked) == 1


def test_a_stop_before_the_claim_cancels_the_message(clock, channel):
    delivery = make_due()
    digest = hash_of_address("email", delivery.patient.email)
    OptOut.objects.create(channel="email", address_hash=digest, source="test")

    ring(clock)

    assert (reload(delivery).state, reload(delivery).reason, channel.letters) == ("cancelled", "opt-out", [])


@pytest.mark.parametrize("what", ["stop", "withdrawn consent"])
def test_a_stop_between_claim_and_departure_cancels_the_message(clock, channel, what):
    """The first letter of the batch is on its way when the second patient says stop."""
    first, second = make_due(not_after=clock.now() + timedelta(hours=1)), make_due()

    def say_stop(letter):
        if what == "stop":
            digest = hash_of_address("email", second.patient.email)
            OptOut.objects.create(channel="email", address_hash=digest, source="test")
        else:
            ContactPreference.objects.filter(patient=second.patient).update(allowed=False)

    batch = claim(["compression"], clock=clock, timing=TIMING)
    checked = iter([False])

    def between_rows():
        if next(checked, True):
            say_stop(None)
        return False

    send_batch(batch, clock=clock, timing=TIMING, must_stop=between_rows)

    assert channel.keys == [first.pk]
    assert (reload(second).state, reload(second).reason) == ("cancelled", "opt-out")
    assert DeliveryAttempt.objects.filter(delivery=second).count() == 0


def test_a_message_called_off_between_claim_and_departure_does_not_leave(clock, channel):
    delivery = make_due(source_id=uuid.UUID(int=7))
    batch = claim(["compression"], clock=clock, timing=TIMING)

    def call_off():
        cancel(source="test", source_id=uuid.UUID(int=7), reason="visit moved")
        return False

    send_batch(batch, clock=clock, timing=TIMING, must_stop=call_off)

    assert (reload(delivery).state, reload(delivery).reason, channel.letters) == ("cancelled", "visit moved", [])


def test_a_patient_whose_address_is_gone_becomes_a_staff_task(clock, channel):
    delivery = make_due()
    delivery.patient.email = ""
    delivery.patient.save()

    ring(clock)

    assert (reload(delivery).state, reload(delivery).reason) == ("cancelled", "no address on file any more")
    assert open_tasks() == [("message_unreachable", None)]


@pytest.mark.parametrize(
    ("wall", "sent_at"),
    [
        ("2026-01-14 07:59", "2026-01-14 08:00"),
        ("2026-01-14 08:00", "2026-01-14 08:00"),
        ("2026-01-14 20:59", "2026-01-14 20:59"),
        ("2026-01-14 21:00", "2026-01-15 08:00"),
        ("2026-01-14 23:30", "2026-01-15 08:00"),
    ],
)
def test_nothing_goes_out_at_night_of_the_patient(clock, channel, wall, sent_at):
    patient = make_patient(email_allowed=True, time_zone="America/Los_Angeles")
    wall, sent_at = at(wall, "America/Los_Angeles"), at(sent_at, "America/Los_Angeles")
    delivery = make_due(patient, due_at=wall, not_after=wall + timedelta(hours=12))

    clock.instant = wall
    ring(clock)
    if sent_at > wall:
        waiting = reload(delivery)
        assert (waiting.state, waiting.next_try_at, channel.letters) == ("pending", sent_at, [])
        clock.instant = sent_at - timedelta(seconds=1)
        ring(clock)
        assert reload(delivery).state == "pending"
        clock.instant = sent_at
        ring(clock)

    assert (reload(delivery).state, reload(delivery).finished_at) == ("sent", sent_at)


def test_a_message_whose_deadline_is_before_the_morning_expires_at_once_with_a_task(clock, channel):
    clock.instant = at("2026-01-14 23:30")
    delivery = make_due(due_at=clock.now(), not_after=at("2026-01-15 07:59"))

    ring(clock)

    assert (reload(delivery).state, reload(delivery).reason) == ("expired", "no permitted hour before its deadline")
    assert open_tasks() == [("message_expired", delivery.pk)]


def test_a_stale_message_expires_with_a_task_and_is_not_sent(clock, channel):
    delivery = make_due(not_after=clock.now() - timedelta(seconds=1))
    just_in_time = make_due(not_after=clock.now())

    ring(clock)

    assert (reload(delivery).state, reload(delivery).reason) == ("expired", "not sent before its deadline")
    assert open_tasks() == [("message_expired", delivery.pk)]
    assert reload(just_in_time).state == "sent"


def test_definite_failures_wait_1_5_15_60_minutes_and_then_become_a_task(clock, channel):
    delivery = make_due(not_after=clock.now() + timedelta(hours=8))
    channel.answer = _raise(TemporaryFailure("The server is full."))

    waits = []
    for _ in range(4):
        ring(clock)
        waiting = reload(delivery)
        assert (waiting.state, waiting.reason, waiting.lease_token) == ("pending", "The server is full.", None)
        waits.append((waiting.next_try_at - clock.now()) / timedelta(minutes=1))
        clock.instant = waiting.next_try_at - timedelta(seconds=1)
        ring(clock)
        assert reload(delivery).attempts == waiting.attempts
        clock.instant = waiting.next_try_at
    ring(clock)

    assert all(least <= wait <= 1.2 * least for wait, least in zip(waits, (1, 5, 15, 60), strict=True))
    delivery = reload(delivery)
    assert (delivery.state, delivery.attempts) == ("failed", 5)
    assert delivery.reason == "The server is full. Tried 5 times."
    assert list(DeliveryAttempt.objects.order_by("number").values_list("outcome", flat=True)) == ["failed"] * 5
    assert open_tasks() == [("message_failed", delivery.pk)]


def test_retry_after_is_obeyed(clock, channel):
    delivery = make_due()
    channel.answer = _raise(TemporaryFailure("Too many.", retry_after_s=600))

    ring(clock)

    assert reload(delivery).next_try_at == clock.now() + timedelta(seconds=600)


def test_no_try_is_planned_past_the_deadline(clock, channel):
    delivery = make_due(not_after=clock.now() + timedelta(seconds=59))
    channel.answer = _raise(TemporaryFailure("The server is full."))

    ring(clock)

    assert reload(delivery).state == "failed"
    assert reload(delivery).reason == "The server is full. The next try would be too late."
    assert open_tasks() == [("message_failed", delivery.pk)]


def test_a_bad_address_fails_at_once(clock, channel):
    delivery = make_due()
    channel.answer = _raise(PermanentFailure("The mail server refused the address."))

    ring(clock)

    delivery = reload(delivery)
    assert (delivery.state, delivery.attempts, delivery.reason) == ("failed", 1, "The mail server refused the address.")
    assert DeliveryAttempt.objects.get().outcome == "refused"
    assert open_tasks() == [("message_failed", delivery.pk)]


@pytest.mark.parametrize("error", [UnknownOutcome("No answer."), RuntimeError("quotes ada@example.com")])
def test_an_answer_that_never_came_is_uncertain(clock, channel, error, caplog):
    delivery = make_due()
    channel.answer = _raise(error)

    ring(clock)

    assert (reload(delivery).state, DeliveryAttempt.objects.get().outcome) == ("uncertain", "unknown")
    assert "ada@example.com" not in caplog.text + reload(delivery).reason


def test_uncertain_with_resend_once_leaves_a_second_time_after_the_grace_and_then_waits_for_a_person(clock, channel):
    delivery = make_due()
    channel.answer = _raise(UnknownOutcome("No answer."))

    ring(clock)
    clock.passes(seconds=180)
    ring(clock)
    assert (reload(delivery).state, reload(delivery).attempts) == ("uncertain", 1)
    clock.passes(seconds=1)
    ring(clock)
    assert (reload(delivery).state, reload(delivery).attempts, reload(delivery).resends) == ("uncertain", 2, 1)
    assert open_tasks() == []
    clock.passes(seconds=181)
    for _ in range(3):
        ring(clock)

    assert (reload(delivery).state, reload(delivery).attempts) == ("uncertain", 2)
    assert open_tasks() == [("message_uncertain", delivery.pk)]


def test_uncertain_with_hold_waits_for_a_person(clock, channel):
    delivery = make_due(policy="hold")
    channel.answer = _raise(UnknownOutcome("No answer."))

    ring(clock)
    clock.passes(seconds=181)
    ring(clock)

    assert (reload(delivery).state, reload(delivery).attempts) == ("uncertain", 1)
    assert open_tasks() == [("message_uncertain", delivery.pk)]


def test_what_another_message_was_answered_says_nothing_about_an_uncertain_one(clock, channel):
    sent = make_due()
    ring(clock)
    doubtful = make_due(policy="hold")
    channel.answer = _raise(UnknownOutcome("No answer."))

    ring(clock)
    clock.passes(seconds=181)
    ring(clock)

    assert (reload(sent).state, reload(doubtful).state) == ("sent", "uncertain")
    assert open_tasks() == [("message_uncertain", doubtful.pk)]


def test_uncertain_is_sent_again_freely_where_the_provider_keeps_keys(clock, channel):
    channel.idempotent = True
    delivery = make_due(policy="hold")
    answers = iter([UnknownOutcome("No answer."), UnknownOutcome("No answer."), None])
    channel.answer = lambda letter: _raise_if(next(answers))

    for _ in range(3):
        ring(clock)
        clock.passes(seconds=181)

    assert (reload(delivery).state, reload(delivery).attempts, channel.keys) == ("sent", 3, [delivery.pk])


def test_uncertain_is_not_sent_again_after_its_deadline(clock, channel):
    delivery = make_due(not_after=clock.now() + timedelta(seconds=100))
    channel.answer = _raise(UnknownOutcome("No answer."))

    ring(clock)
    clock.passes(seconds=181)
    ring(clock)

    assert (reload(delivery).state, reload(delivery).attempts) == ("uncertain", 1)
    assert open_tasks() == [("message_uncertain", delivery.pk)]


def test_a_text_that_cannot_be_written_counts_as_a_failed_try(clock, channel):
    delivery, fine = make_due(step="NO_SUCH_STEP", not_after=clock.now() + timedelta(hours=1)), make_due()

    ring(clock)

    waiting = reload(delivery)
    assert (waiting.state, waiting.attempts) == ("pending", 1)
    assert waiting.reason == "The text of the message could not be written."
    assert reload(fine).state == "sent"


def test_a_source_that_fails_over_one_row_does_not_stop_the_others(clock, channel, source):
    bad, fine = make_due(not_after=clock.now() + timedelta(hours=1)), make_due()
    answer = source.reasons

    def fail_over_bad(deliveries):
        if any(delivery.pk == bad.pk for delivery in deliveries):
            raise ValueError
        return answer(deliveries)

    source.reasons = fail_over_bad
    sources._SOURCES["test"] = sources.Source(source.reasons, source.contexts)

    assert ring(clock) is False

    assert (reload(bad).state, reload(bad).next_try_at) == ("pending", clock.now() + timedelta(minutes=1))
    assert reload(fine).state == "sent"


def test_a_row_of_a_source_that_no_app_registered_waits_and_expires_with_a_task(clock, channel):
    delivery = make_due(source="nobody", not_after=clock.now() + timedelta(minutes=5))

    ring(clock)
    assert reload(delivery).state == "pending"
    clock.passes(minutes=5, seconds=1)
    ring(clock)

    assert open_tasks() == [("message_expired", delivery.pk)]


def test_the_letter_names_the_clinic_and_holds_a_fresh_portal_link_and_the_stop_address(clock, channel, settings):
    make_due()

    ring(clock)

    letter = channel.letters[0]
    assert PortalLink.objects.count() == 1
    assert f"{settings.BASE_URL}/l/" in letter.body
    assert letter.stop_url in letter.body
    assert letter.stop_url.startswith(f"{settings.BASE_URL}/stop/")
    assert letter.sender == "Our clinic"


def test_the_database_gives_the_time_on_postgresql_and_the_host_on_sqlite(monkeypatch):
    """A host whose clock is an hour off must not send an hour early."""
    import time_machine

    with time_machine.travel(at("2020-01-01 00:00"), tick=False):
        year = database_clock().now().year

    assert (year == 2020) is (connection.vendor == "sqlite")


def _raise(error):
    def answer(letter):
        raise error

    return answer


def _raise_if(error):
    if error:
        raise error


def test_a_provider_that_never_answers_is_given_up_in_time_and_the_others_go_on(clock, channel):
    silence = threading.Event()
    first = make_due(not_after=clock.now() + timedelta(hours=1))
    others = [make_due() for _ in range(3)]
    channel.answer = lambda letter: silence.wait() if letter.to == first.patient.email else None

    ring(clock, timing=Timing(provider=timedelta(seconds=0.2)))
    silence.set()

    assert (reload(first).state, reload(first).reason) == ("uncertain", "No answer within 0.2 s.")
    assert {reload(row).state for row in others} == {"sent"}


def test_what_the_provider_said_is_recorded_when_the_database_comes_back(clock, channel, monkeypatch):
    delivery = make_due()
    real, calls = recording._record, []

    def away_twice(*args):
        calls.append(args)
        if len(calls) < 3:
            raise OperationalError
        return real(*args)

    monkeypatch.setattr(recording, "_record", away_twice)
    monkeypatch.setattr(recording.connection, "close", lambda: None)

    ring(clock, timing=Timing(record_pauses_s=(0, 0, 0)))

    assert (reload(delivery).state, len(calls), len(channel.keys)) == ("sent", 3, 1)


def test_no_word_of_a_patient_gets_into_logs_subjects_texts_or_the_trail(clock, channel, caplog):
    """Canary words in every field of a patient and of the plan, and every kind of answer."""
    caplog.set_level("DEBUG")
    patient = make_patient(
        email_allowed=True,
        given_name="Canarygiven",
        family_name="Canaryfamily",
        phone="+12125550199",
        email="canarymail@example.com",
        allergies="canaryallergy",
    )
    answers = iter(
        [None, PermanentFailure("no"), TemporaryFailure("no"), UnknownOutcome("no"), RuntimeError(patient.email), None]
    )
    channel.answer = lambda letter: _raise_if(next(answers))
    for step in ("COMP_SWITCH", "ACT_SWITCH", "CHECK_1", "WEEKLY", "COMP_SWITCH", "NO_WORDS", "CHECK_1"):
        make_due(patient, step=step, why="canarywhy reticular veins of the left leg")

    ring(clock)

    told = caplog.text
    told += "".join(f"{letter.subject}{letter.body}{letter.short}{letter.stop_url}" for letter in channel.letters)
    told += "".join(str(event.details) for event in AuditEvent.objects.all())
    told += "".join(f"{row.reason}" for row in Delivery.objects.all())
    told += "".join(f"{attempt.error}{attempt.subject}" for attempt in DeliveryAttempt.objects.all())
    assert len(channel.letters) == 2
    assert "failed with RuntimeError" in told
    assert [word for word in ("canary", "5550199", "reticular") if word in told.lower()] == []


@pytest.mark.django_db(transaction=True)
def test_a_long_writer_makes_the_others_wait_and_not_fail(clock, channel):
    delivery = make_due()
    locked, done = threading.Event(), threading.Event()

    def write_for_a_while():
        with transaction.atomic():
            Heartbeat.objects.create(component="long writer", at=clock.now())
            locked.set()
            done.wait(1.0)
        connection.close()

    writer = threading.Thread(target=write_for_a_while)
    writer.start()
    locked.wait()
    ring(clock)
    done.set()
    writer.join()

    assert reload(delivery).state == "sent"


class TestRowsWhoseProviderKeepsKeys:
    """They leave together while calls are quick; what each patient gets is the same."""

    @pytest.fixture
    def channel(self, channel, monkeypatch):
        channel.idempotent = True
        # A busy machine makes every call slow; here calls count as quick.
        monkeypatch.setattr(Pace, "QUICK_S", 60.0)
        monkeypatch.setattr(Pace, "LONGEST_S", 60.0)
        return channel

    def test_a_batch_costs_the_same_number_of_statements_however_long_it_is(self, clock, channel):
        patient = make_patient(email_allowed=True)
        make_due(patient)
        ring(clock)

        def queries_for(count):
            for _ in range(count):
                make_due(patient)
            with CaptureQueriesContext(connection) as captured:
                ring(clock)
            return len(captured)

        # Groups of 1, 2, 4, 8, 16, 19 and of 50 rows more: groups of 1, 2, 4, 8, 16 and two batches of 50.
        fifty, hundred = queries_for(50), queries_for(100)
        assert Delivery.objects.filter(state="sent").count() == 151
        assert (hundred - fifty) / 50 < 1

    def test_one_answer_does_not_colour_the_others(self, clock, channel):
        rows = {name: make_due(not_after=clock.now() + timedelta(minutes=90 + n)) for n, name in enumerate(ANSWERS)}
        answers = {row.patient.email: ANSWERS[name] for name, row in rows.items()}
        channel.answer = lambda letter: _raise_if(answers[letter.to])

        ring(clock)

        assert {name: reload(row).state for name, row in rows.items()} == {
            "taken": "sent",
            "later": "pending",
            "refused": "failed",
            "silent": "uncertain",
            "also taken": "sent",
            "taken too": "sent",
        }
        outcomes = {a.delivery_id: (a.outcome, a.error) for a in DeliveryAttempt.objects.all()}
        assert [outcomes[row.pk] for row in rows.values()] == [
            ("accepted", ""),
            ("failed", "Full."),
            ("refused", "Bad address."),
            ("unknown", "No answer."),
            ("accepted", ""),
            ("accepted", ""),
        ]
        assert open_tasks() == [("message_failed", rows["refused"].pk)]

    def test_a_stop_or_a_moved_visit_takes_only_its_own_row_out_of_a_group(self, clock, channel, monkeypatch):
        rows = [make_due(not_after=clock.now() + timedelta(minutes=90 + n)) for n in range(4)]
        stopped, moved = rows[2], rows[3]

        def meanwhile(letter):
            if letter.to == rows[0].patient.email:
                digest = hash_of_address("email", stopped.patient.email)
                OptOut.objects.create(channel="email", address_hash=digest, source="test")
                Delivery.objects.filter(pk=moved.pk).update(state="cancelled", reason="visit moved", lease_token=None)

        monkeypatch.setattr(outcome, "ask", _ask_here)
        channel.answer = meanwhile

        ring(clock)

        assert [(reload(row).state, reload(row).reason) for row in rows] == [
            ("sent", ""),
            ("sent", ""),
            ("cancelled", "opt-out"),
            ("cancelled", "visit moved"),
        ]
        assert channel.keys == [rows[0].pk, rows[1].pk]

    def test_a_row_that_the_database_refuses_does_not_hold_its_group(self, clock, channel, monkeypatch):
        rows = [make_due(not_after=clock.now() + timedelta(minutes=90 + n)) for n in range(4)]
        # Its next attempt has a number that is taken: an error inside the transaction of the whole group.
        DeliveryAttempt.objects.create(delivery=rows[2], number=1, address_hash="x", started_at=clock.now())

        ring(clock)

        assert [reload(row).state for row in rows] == ["sent", "sent", "pending", "sent"]
        assert reload(rows[2]).next_try_at == clock.now() + timedelta(minutes=1)

    def test_a_slow_provider_calls_the_rest_of_its_group_back(self, clock, channel, monkeypatch):
        rows = [make_due(not_after=clock.now() + timedelta(minutes=90 + n)) for n in range(7)]
        monkeypatch.setattr(send.Pace, "LONGEST_S", 0.0)
        seen = []
        channel.answer = lambda letter: seen.append(
            set(Delivery.objects.filter(state="sending").values_list("pk", flat=True))
        )
        monkeypatch.setattr(outcome, "ask", _ask_here)

        ring(clock)

        assert {reload(row).state for row in rows} == {"sent"}
        assert sorted(channel.keys) == sorted(row.pk for row in rows)
        called_back = DeliveryAttempt.objects.filter(error="Not tried: the one before it took too long.")
        assert set(called_back.values_list("outcome", flat=True)) == {"failed"}
        assert max(map(len, seen)) > 1


ANSWERS = {
    "taken": None,
    "later": TemporaryFailure("Full."),
    "refused": PermanentFailure("Bad address."),
    "silent": UnknownOutcome("No answer."),
    "also taken": None,
    "taken too": None,
}


def _ask_here(channel, letter, *, idempotency_key, limit):
    """The call in this thread, where the test's transaction is."""
    return channel.deliver(letter, idempotency_key=idempotency_key)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_a_person_is_writing_is_passed_over_and_never_waited_for_while_others_are_held(clock, channel):
    """Who holds rows and waits for one more can be in a deadlock with a signing; a worker never is."""
    channel.idempotent = True  # rows leave in groups
    rows = [make_due(not_after=clock.now() + timedelta(minutes=90 + n), source_id=uuid.UUID(int=n)) for n in range(8)]
    written, sent = threading.Event(), threading.Event()

    def move_a_visit():
        with transaction.atomic():
            cancel(source="test", source_id=uuid.UUID(int=5), reason="visit moved")
            written.set()
            sent.wait(1.0)
        connection.close()

    person = threading.Thread(target=move_a_visit)
    person.start()
    written.wait()
    ring(clock)
    sent.set()
    person.join()
    ring(clock)

    assert [reload(row).state for row in rows] == ["sent"] * 5 + ["cancelled"] + ["sent"] * 2
    assert rows[5].pk not in channel.keys
