"""The clock of a visit: what hours and minutes mean, what cannot be, and that nobody signs it."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from aftercare.actions import sign_session
from clinic.protocol.values import Protocol
from sessions_app import actions, amending
from sessions_app.charting import chart_of
from sessions_app.forms.nurse import VisitForms
from sessions_app.forms.stored import stored_as_data
from sessions_app.models import TreatmentSession
from sessions_app.visit_times import time_after, time_near
from tests.makers import at, make_appointment, make_draft_session
from tests.sessions_app.charts import page_of, ready_draft, signed_in, words

pytestmark = pytest.mark.django_db
PROTOCOL = Protocol.default()
NEW_YORK = ZoneInfo("America/New_York")
TIMES = ("started_at", "ended_at", "observation_started_at", "observation_ended_at")


def forms_of(session, *, now, **typed):
    data = stored_as_data(session, PROTOCOL)
    for name, value in typed.items():
        data[name] = value
    return VisitForms(session, protocol=PROTOCOL, clinicians=[], data=data, now=now)


def save(session, *, now, **typed):
    forms = forms_of(session, now=now, **typed)
    chart = actions.save_draft(
        session=session, version=session.version, values=forms.values(), by=session.nurse, now=now
    )
    return forms.errors(), chart


def visit_at(starts_at, **facts):
    return make_draft_session(appointment=make_appointment(starts_at=starts_at, status="in_treatment"), **facts)


def gaps_of(session, now):
    return {gap.anchor: gap.words for gap in chart_of(session, now=now).missing}


# --- What a fresh pair of eyes could sign ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("began", "now", "typed", "errors"),
    [
        (
            "12:28",
            "12:40",
            {"ended_at": "12:36", "observation_started_at": "12:20", "observation_ended_at": "12:36"},
            {
                "id_observation_started_at": "The walk began at 12:20, before the session began at 12:28. "
                "Correct one of the two times."
            },
        ),
        (
            "12:54",
            "13:00",
            {"observation_started_at": "12:10", "observation_ended_at": "12:30"},
            {
                "id_observation_started_at": "The walk began at 12:10, before the session began at 12:54. "
                "Correct one of the two times.",
                "id_observation_ended_at": "The walk ended at 12:30, before the session began at 12:54. "
                "Correct one of the two times.",
            },
        ),
        (
            "12:30",
            "12:49",
            {"ended_at": "12:44", "observation_started_at": "12:44", "observation_ended_at": "15:30"},
            {"id_observation_ended_at": "The walk ended at 15:30, which is still to come."},
        ),
        (
            "12:30",
            "12:49",
            {"ended_at": "12:44", "observation_started_at": "23:00"},
            {"id_observation_started_at": "The walk began at 23:00, which is still to come."},
        ),
        (
            "12:30",
            "12:49",
            {"ended_at": "13:00"},
            {"id_ended_at": "The stocking went on at 13:00, which is still to come."},
        ),
        (
            "12:30",
            "12:49",
            {"started_at": "12:55"},
            {"id_started_at": "The session began at 12:55, which is still to come."},
        ),
    ],
)
def test_a_time_that_cannot_be_is_an_error_at_its_field_kept_as_typed_and_missing(began, now, typed, errors):
    now = at(f"2026-01-13 {now}")
    session = visit_at(at(f"2026-01-13 {began}"))
    found, chart = save(session, now=now, **typed)
    again = forms_of(session, now=now)
    again.values()

    assert found == errors
    assert again.errors() == errors
    assert {again.after[name.removeprefix("id_")].value() for name in errors} == {
        typed[name.removeprefix("id_")] for name in errors
    }
    assert errors.keys() <= {gap.anchor for gap in chart.missing}
    assert not any(gap.words.endswith("min of the walk") for gap in chart.missing)


def test_what_was_typed_and_cannot_be_is_named_once_among_what_is_missing():
    session = visit_at(at("2026-01-13 12:30"))
    _, chart = save(session, now=at("2026-01-13 12:49"), ended_at="12:44", observation_started_at="23:00")

    assert [gap.words for gap in chart.missing if gap.anchor.startswith("id_observation")] == [
        "Start of the walk: not saved"
    ]


# --- Signing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "anchor", "words_of_it"),
    [
        (
            {"observation_started_at": at("2026-01-13 09:50")},
            "id_observation_started_at",
            "The walk began at 09:50, before the session began at 10:00. Correct one of the two times",
        ),
        (
            {"observation_ended_at": at("2026-01-13 15:30")},
            "id_observation_ended_at",
            "The walk ended at 15:30, which is still to come",
        ),
        (
            {"observation_started_at": at("2026-01-13 23:00"), "observation_ended_at": None},
            "id_observation_started_at",
            "The walk began at 23:00, which is still to come",
        ),
    ],
)
def test_nobody_signs_a_stored_time_that_cannot_be(changed, anchor, words_of_it):
    session, now = ready_draft(**changed), at("2026-01-13 11:00")

    assert gaps_of(session, now)[anchor] == words_of_it
    with pytest.raises(actions.NotComplete) as refusal:
        sign_session(session=session, version=session.version, answers={}, by=session.nurse, now=now)
    assert {anchor, "finding-L19"} <= {gap.anchor for gap in refusal.value.missing}
    session.refresh_from_db()
    assert session.status == "draft"


@time_machine.travel(at("2026-01-13 11:00"), tick=False)
def test_the_sign_page_leads_to_the_time_that_cannot_be(client):
    session = ready_draft(observation_ended_at=at("2026-01-13 15:30"))
    page = signed_in(client, session.nurse).get(reverse("aftercare:sign", args=[session.public_id]))

    assert "The walk ended at 15:30, which is still to come" in words(page)
    assert "#id_observation_ended_at" in page.content.decode()


@time_machine.travel(at("2026-01-13 11:00"), tick=False)
def test_the_page_says_it_beside_the_field_and_keeps_the_rest(client):
    session = ready_draft()
    sent = page_of(session, observation_ended_at="18:00", note="Walked twice")
    page = signed_in(client, session.nurse).post(reverse("sessions_app:session_save", args=[session.public_id]), sent)
    session.refresh_from_db()

    assert "The walk ended at 18:00, which is still to come." in words(page)
    assert (session.note, session.observation_ended_at) == ("Walked twice", at("2026-01-13 10:46"))


def test_a_chart_of_yesterday_is_judged_by_the_clock_of_today():
    session = ready_draft(ended_at=None, observation_started_at=None, observation_ended_at=None)
    tomorrow = at("2026-01-14 09:00")
    errors, _ = save(
        session, now=tomorrow, ended_at="17:30", observation_started_at="17:30", observation_ended_at="17:50"
    )
    sign_session(session=session, version=session.version, answers={}, by=session.nurse, now=tomorrow)

    assert errors == {}
    assert session.observation_ended_at == at("2026-01-13 17:50")
    assert TreatmentSession.objects.get().status == "signed"


def test_the_database_takes_no_signature_of_a_walk_before_the_session():
    for wrong in (
        {"observation_started_at": at("2026-01-13 09:50")},
        {"observation_started_at": at("2026-01-13 09:30"), "observation_ended_at": at("2026-01-13 09:50")},
        {"observation_ended_at": at("2026-01-13 10:29")},
    ):
        session = ready_draft(**wrong)
        signed = {"status": "signed", "signed_by": session.nurse, "signed_at": at("2026-01-13 11:00")}
        rows = TreatmentSession.objects.filter(pk=session.pk)
        with pytest.raises(IntegrityError, match="the observed walk comes after"), transaction.atomic():
            rows.update(**signed, protocol_version=chart_of(session, now=at("2026-01-13 11:00")).version)


# --- A walk before the stocking: it happened, so it can be written down ----------------------------------------------


EARLY = {"observation_started_at": "10:20", "observation_ended_at": "10:38", "ended_at": "10:40"}
REASON = {"L12b": {"reason": "The stocking came from the store only then", "ack": True}}


def test_a_walk_before_the_stocking_is_saved_as_typed_and_asks_for_a_reason():
    session = visit_at(at("2026-01-13 10:00"), sites=1)
    now = at("2026-01-13 10:50")
    errors, chart = save(session, now=now, **EARLY)
    again, _ = save(session, now=now)

    assert errors == again == {}
    assert [getattr(session, name) for name in TIMES] == [
        at(f"2026-01-13 {clock}") for clock in ("10:00", "10:40", "10:20", "10:38")
    ]
    assert [gap.words for gap in chart.missing if gap.anchor == "finding-L12b"] == ["Walk before the stocking"]


def test_it_is_signed_with_a_reason_and_not_without_and_its_plan_counts_from_the_stocking():
    now = at("2026-01-13 10:50")
    session = ready_draft(**{name: at(f"2026-01-13 {clock}") for name, clock in EARLY.items()})

    with pytest.raises(actions.NotComplete) as refusal:
        sign_session(session=session, version=session.version, answers={}, by=session.nurse, now=now)
    assert [gap.anchor for gap in refusal.value.missing] == ["finding-L12b"]
    plan = sign_session(session=session, version=session.version, answers=REASON, by=session.nurse, now=now)

    kept = TreatmentSession.objects.get().findings.get(check_id="L12b")
    assert (kept.severity, kept.reason) == ("ACK", REASON["L12b"]["reason"])
    assert plan.starts_at == at("2026-01-13 10:40")


def test_an_early_walk_that_was_too_short_is_still_too_short():
    session = ready_draft(observation_started_at=at("2026-01-13 10:20"), observation_ended_at=at("2026-01-13 10:34"))

    assert {"finding-L10", "finding-L12b"} <= gaps_of(session, at("2026-01-13 10:50")).keys()


# --- Corrections --------------------------------------------------------------------------------------------------


def correction():
    session = ready_draft()
    sign_session(session=session, version=session.version, answers={}, by=session.nurse, now=at("2026-01-13 10:50"))
    session.refresh_from_db()
    return amending.begin_amendment(
        session=session, reason="The walk took longer", by=session.nurse, now=at("2026-01-13 11:00")
    )


def test_a_correction_is_judged_by_the_times_of_the_original():
    draft, now = correction(), at("2026-01-13 11:00")
    late, _ = save(draft, now=now, observation_ended_at="18:00")
    early, _ = save(draft, now=now, observation_started_at="09:55", observation_ended_at="10:46")

    assert late == {"id_observation_ended_at": "The walk ended at 18:00, which is still to come."}
    assert set(early) == {"id_observation_started_at"}
    with pytest.raises(actions.NotComplete):
        sign_session(session=draft, version=draft.version, answers={}, by=draft.nurse, now=now)


def test_a_correction_days_later_still_reads_the_times_of_its_visit():
    draft, later = correction(), at("2026-01-16 08:00")
    errors, _ = save(draft, now=later, observation_ended_at="10:55")

    assert errors == {}
    assert draft.observation_ended_at == at("2026-01-13 10:55")


# --- Midnight and the change of clocks ------------------------------------------------------------------------------


def test_a_visit_over_midnight_goes_on_with_the_next_date():
    session = visit_at(at("2026-01-13 23:40"))
    now = at("2026-01-14 00:45")
    errors, _ = save(session, now=now, ended_at="00:05", observation_started_at="00:06", observation_ended_at="00:26")
    stored = [getattr(session, name) for name in TIMES]
    again, _ = save(session, now=now)

    assert errors == again == {}
    assert stored == [at("2026-01-13 23:40"), *(at(f"2026-01-14 00:{minute}") for minute in ("05", "06", "26"))]
    assert [getattr(session, name) for name in TIMES] == stored


def test_a_start_before_midnight_of_a_visit_that_was_opened_after_it():
    session = visit_at(at("2026-01-14 00:10"))
    errors, _ = save(session, now=at("2026-01-14 00:15"), started_at="23:50", ended_at="00:12")

    assert errors == {}
    assert (session.started_at, session.ended_at) == (at("2026-01-13 23:50"), at("2026-01-14 00:12"))


def test_a_morning_time_typed_for_an_afternoon_is_no_visit_over_midnight():
    session = visit_at(at("2026-01-13 13:20"))
    errors, _ = save(session, now=at("2026-01-14 09:00"), ended_at="1:36")

    assert set(errors) == {"id_ended_at"}


def test_a_start_in_the_morning_of_a_visit_charted_in_the_evening():
    evening = at("2026-01-13 21:00")

    assert time_near(time(8), evening, NEW_YORK, now=evening) == at("2026-01-13 08:00")
    assert time_near(time(22), evening, NEW_YORK, now=evening) == at("2026-01-13 22:00")


def test_a_walk_through_the_repeated_hour_ends_in_its_second_half():
    """On 1 November 2026 New York shows 01:00 to 01:59 twice."""
    session = visit_at(datetime(2026, 11, 1, 5, 20, tzinfo=UTC))  # 01:20, the first time
    now = datetime(2026, 11, 1, 7, 0, tzinfo=UTC)
    errors, _ = save(session, now=now, ended_at="01:50", observation_started_at="01:52", observation_ended_at="01:10")
    again, _ = save(session, now=now)

    assert errors == again == {}
    assert session.ended_at == datetime(2026, 11, 1, 5, 50, tzinfo=UTC)
    assert session.observation_ended_at == datetime(2026, 11, 1, 6, 10, tzinfo=UTC)
    assert session.observation_ended_at - session.observation_started_at == timedelta(minutes=18)


def test_a_walk_over_the_skipped_hour_lasts_what_it_lasted():
    """On 8 March 2026 New York goes from 01:59 to 03:00."""
    session = visit_at(at("2026-03-08 01:30"))
    errors, _ = save(
        session,
        now=at("2026-03-08 03:30"),
        ended_at="01:50",
        observation_started_at="01:50",
        observation_ended_at="03:10",
    )

    assert errors == {}
    assert session.observation_ended_at - session.observation_started_at == timedelta(minutes=20)


def test_the_first_time_a_clock_shows_it_within_a_visit():
    noon = at("2026-01-13 12:00")

    assert time_after(time(12), noon, NEW_YORK) == noon
    assert time_after(time(20), noon, NEW_YORK) == at("2026-01-13 20:00")
    assert time_after(time(20, 1), noon, NEW_YORK) is None
    assert time_after(time(11, 59), noon, NEW_YORK) is None
