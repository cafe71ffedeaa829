"""Times of a visit that cannot be: still to come, or before what they follow (check L19)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from clinic.protocol.checks.facts import LoggingFacts
from clinic.protocol.checks.logged import findings_logged
from clinic.protocol.checks.times import WrongTime, wrong_times
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Acknowledger, Override, Severity
from tests.clinic.protocol.helpers import local

NOW = local("2026-05-01 13:00")


def wrong(now=NOW, **clocks):
    return wrong_times({name: local(f"2026-05-01 {clock}") for name, clock in clocks.items()}, now)


WHOLE = {
    "started_at": "12:00",
    "ended_at": "12:30",
    "observation_started_at": "12:30",
    "observation_ended_at": "12:50",
}


def test_a_visit_in_its_order_has_no_wrong_time():
    assert wrong(**WHOLE) == ()
    assert wrong(**dict.fromkeys(WHOLE, "12:00")) == ()
    assert wrong() == ()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"ended_at": "11:59"}, [WrongTime("ended_at", "started_at")]),
        ({"observation_started_at": "11:59"}, [WrongTime("observation_started_at", "started_at")]),
        ({"observation_started_at": "12:29"}, []),
        ({"observation_started_at": "12:05", "observation_ended_at": "12:25"}, []),
        ({"observation_ended_at": "12:29"}, [WrongTime("observation_ended_at", "observation_started_at")]),
        (
            {"observation_started_at": "11:40", "observation_ended_at": "11:55"},
            [WrongTime("observation_started_at", "started_at"), WrongTime("observation_ended_at", "started_at")],
        ),
        ({"observation_ended_at": "15:30"}, [WrongTime("observation_ended_at")]),
        ({"observation_started_at": "23:00"}, [WrongTime("observation_started_at")]),
    ],
)
def test_what_cannot_be_is_named_once_with_what_it_ought_to_follow(changed, expected):
    assert list(wrong(**{**WHOLE, **changed})) == expected


@pytest.mark.parametrize("name", WHOLE)
def test_no_time_lies_in_the_future_but_clocks_may_differ_by_less_than_a_minute(name):
    assert wrong_times({name: NOW + timedelta(seconds=59)}, NOW) == ()
    assert wrong_times({name: NOW + timedelta(minutes=1)}, NOW) == (WrongTime(name),)
    assert wrong_times({name: NOW + timedelta(days=1)}, None) == ()


def test_nobody_lifts_a_time_that_cannot_be():
    facts = LoggingFacts(
        started_at=local("2026-05-01 12:28"),
        ended_at=local("2026-05-01 12:50"),
        observation_started_at=local("2026-05-01 12:20"),
        observation_ended_at=local("2026-05-01 13:30"),
        now=NOW,
    )
    (finding,) = findings_logged(facts, Protocol.default())

    assert (finding.id, finding.override) == ("L19", Override.NONE)
    assert finding.text == (
        "The start of the walk is before the start of the session: correct one of them. "
        "The end of the walk is in the future: enter when it was."
    )


# --- A walk before the end of the session can happen: it asks for a reason ------------------------------------------


def early(clock="12:20", **facts):
    """The findings on a walk that began at that time, on a session from 12:00 to 12:30."""
    known = {
        "started_at": local("2026-05-01 12:00"),
        "ended_at": local("2026-05-01 12:30"),
        "observation_started_at": local(f"2026-05-01 {clock}"),
        "now": NOW,
        **facts,
    }
    return findings_logged(LoggingFacts(**known), Protocol.default())


def test_a_walk_before_the_stocking_is_a_deviation_that_a_nurse_gives_the_reason_for():
    (finding,) = early()

    assert (finding.id, finding.severity, finding.acknowledged_by) == ("L12b", Severity.ACK, Acknowledger.NURSE)
    assert (finding.title, finding.text) == (
        "Walk before the stocking",
        "The walk began before the stocking went on. Correct the times, or write how it came to this.",
    )


def test_a_walk_before_the_end_of_a_session_without_a_stocking_says_so():
    found = {each.id: each.text for each in early(compression_applied=False)}

    assert found["L12b"] == (
        "The walk began before the session ended. Correct the times, or write how it came to this."
    )


@pytest.mark.parametrize(
    ("clock", "facts", "expected"),
    [
        ("12:30", {}, []),
        ("12:29", {}, ["L12b"]),
        ("12:00", {}, ["L12b"]),
        ("11:59", {}, ["L19"]),
        ("12:20", {"ended_at": None}, []),
        ("12:20", {"observation_ended_at": local("2026-05-01 12:19")}, ["L19", "L12b"]),
    ],
)
def test_it_is_asked_only_of_a_walk_that_can_be(clock, facts, expected):
    assert [each.id for each in early(clock, **facts)] == expected


def test_the_minutes_of_an_early_walk_are_its_own():
    long, short = (
        early(observation_minutes=minutes, observation_status="well") for minutes in (Decimal(15), Decimal(14))
    )

    assert [each.id for each in long] == ["L12b"]
    assert [each.id for each in short] == ["L10", "L12b"]
