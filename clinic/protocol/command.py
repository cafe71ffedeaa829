"""The protocol command without its door: JSON-able in, JSON-able out. See ``docs/protocol.md`` for the questions."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from clinic.protocol.checks import findings_before, findings_logged, totals_of
from clinic.protocol.errors import ProtocolError
from clinic.protocol.inputs import (
    ALSO_CALLED,
    BEFORE_FIELDS,
    CONFIG_FIELDS,
    LOGGING_FIELDS,
    PLAN_FIELDS,
    read_before,
    read_logging,
    read_protocol,
    read_session,
    read_zone,
)
from clinic.protocol.items import Plan, instant_text, item_as_dict
from clinic.protocol.messages import AppointmentTime, schedule_for
from clinic.protocol.plan import plan_for
from clinic.protocol.reading import Fields
from clinic.protocol.timeline import timeline_of
from clinic.protocol.triage import SYMPTOMS, triage_of
from clinic.protocol.vocabulary import Moment
from clinic.protocol.window import BookingWindow, booking_answer

Answered: TypeAlias = dict[str, Any]

MOST_PLANS = 200
MOST_APPOINTMENTS = 200
_BOOKING_FIELDS = CONFIG_FIELDS | {"last_session_end", "time_zone", "asked_date", "holds", "same_area", "events"}
_TRIAGE_FIELDS = CONFIG_FIELDS | {"symptoms", "free_text", "day"}
MOST_SYMPTOMS = 50
_MESSAGE_FIELDS = frozenset({"patient_time_zone", "appointments", "send_at"})
_CHECK_FIELDS = CONFIG_FIELDS | BEFORE_FIELDS | LOGGING_FIELDS | {"moment", "time_zone"}


def answer(question: str, payload: object) -> tuple[Any, bool]:
    """The answer to one object, or the answers to a list of them in the same order, and whether all were good.

    A bad object answers ``{"error": "<field>: <what to do>"}`` in its place. ``ProtocolError`` when there is no such
    question.
    """
    ask = QUESTIONS.get(question)
    if ask is None:
        raise ProtocolError("question", f"enter {' or '.join(QUESTIONS)}")
    if isinstance(payload, list):
        answered = [_answer_one(ask, each) for each in payload]
        return answered, all("error" not in each for each in answered)
    one = _answer_one(ask, payload)
    return one, "error" not in one


def run(question: str, text: str) -> tuple[str, int]:
    """What the command prints for what it reads, and its exit status: 0, or 2 when an object was bad."""
    try:
        answered, ok = answer(question, json.loads(text, parse_int=_bounded))
    except ProtocolError as error:
        answered, ok = {"error": str(error)}, False
    except (ValueError, RecursionError):
        answered, ok = {"error": "input: enter one JSON object or a list of them"}, False
    return json.dumps(answered), 0 if ok else 2


def _bounded(digits: str) -> int | float:
    """A whole number; one too long to be meant becomes infinity, which every field refuses in its own object."""
    return int(digits) if len(digits) <= 20 else float("inf")


def _answer_one(ask: Callable[[object], Answered], payload: object) -> Answered:
    try:
        return ask(payload)
    except ProtocolError as error:
        return {"error": str(error)}


def answer_plan(payload: object) -> Answered:
    """The items of a session's plan."""
    plan = _read_plan(Fields(payload, PLAN_FIELDS))
    return {"protocol_version": plan.protocol_version, "items": [item_as_dict(item) for item in plan.items]}


def _read_plan(given: Fields) -> Plan:
    return plan_for(read_session(given), read_protocol(given))


def answer_timeline(payload: object) -> Answered:
    """One timeline from the plans of a patient."""
    given = Fields(payload, CONFIG_FIELDS | {"plans"})
    if given.get("plans") is None:
        raise given.error("plans", "enter a list of plan inputs")
    shared = {name: given.get(name) for name in CONFIG_FIELDS if given.get(name) is not None}
    timeline = timeline_of(
        _read_plan(Fields(_with_shared(raw, shared), PLAN_FIELDS, f"plans[{at}]."))
        for at, raw in enumerate(given.list_of("plans", limit=MOST_PLANS))
    )
    return {
        "segments": [
            {
                "kind": str(stretch.kind),
                "state": stretch.state,
                "starts_at": instant_text(stretch.starts_at),
                "ends_at": instant_text(stretch.ends_at),
            }
            for stretch in timeline.stretches
        ],
        "repeat_window": timeline.repeat_window and _window(timeline.repeat_window),
    }


def _with_shared(raw: object, shared: Mapping[str, Any]) -> object:
    return {**shared, **raw} if isinstance(raw, dict) else raw


def answer_booking(payload: object) -> Answered:
    """Whether the front desk may book a date."""
    given = Fields(payload, _BOOKING_FIELDS)
    zone = read_zone(given)
    last_session_end = given.instant("last_session_end", zone)
    if last_session_end is None:
        raise given.error("last_session_end", 'enter a date and time, for example "2026-03-06T16:00:00"')
    asked_date = given.day("asked_date")
    if asked_date is None:
        raise given.error("asked_date", 'enter a date, for example "2026-03-13"')
    told = booking_answer(
        last_session_end=last_session_end,
        time_zone=zone.key,
        asked_date=asked_date,
        protocol=read_protocol(given),
        holds=given.texts("holds", limit=50, example="unanswered_red_flag"),
        same_area=given.flag("same_area") or False,
        events=[each.astimezone(zone).date() for each in given.instants("events", zone, limit=MOST_APPOINTMENTS)],
    )
    return {
        "result": str(told.result),
        "rule": told.rule,
        "may_approve": "clinician" if told.may_approve else None,
        "window": _window(told.window),
    }


def _window(window: BookingWindow) -> dict[str, str]:
    return {"first_date": window.first_date.isoformat(), "last_date": window.last_date.isoformat()}


def answer_checks(payload: object) -> Answered:
    """Totals and findings at one moment. The facts of both moments may be given; those of the other are only read."""
    given = Fields(_canonical(payload), _CHECK_FIELDS)
    moment = given.word("moment", Moment)
    if moment is None:
        raise given.error("moment", f"enter {' or '.join(Moment)}")
    zone = None if given.get("time_zone") is None else read_zone(given)
    protocol = read_protocol(given)
    before, logged = read_before(given), read_logging(given, zone)
    findings = findings_before(before, protocol) if moment is Moment.BEFORE else findings_logged(logged, protocol)
    return {
        "totals": totals_of(logged, protocol).as_dict(),
        "findings": [finding.as_dict() for finding in findings],
    }


def _canonical(payload: object) -> object:
    """The facts under their own names: ``history`` unfolded, other names in use translated."""
    if not isinstance(payload, dict):
        return payload
    facts = dict(payload)
    history = facts.pop("history", None)
    if history is not None and not isinstance(history, dict):
        raise ProtocolError("history", "enter an object of facts")
    for name, value in (history or {}).items():
        if name in facts:
            raise ProtocolError(f"history.{name[:60]}", "leave it out here or outside of history")
        facts[name] = value
    for other, name in ALSO_CALLED.items():
        if other in facts:
            if name in facts:
                raise ProtocolError(other, f"leave it out; {name} says the same")
            facts[name] = facts.pop(other)
    return facts


def answer_messages(payload: object) -> Answered:
    """The reminders of one plan and its appointments; the plan's fields stand beside the others or under ``plan``."""
    plan_given, given = _plan_and_rest(payload)
    plan = _read_plan(plan_given)
    zone = plan.zone if given.get("patient_time_zone") is None else read_zone(given, "patient_time_zone")
    messages = schedule_for(
        [plan],
        [AppointmentTime(at) for at in given.instants("appointments", plan.zone, limit=MOST_APPOINTMENTS)],
        patient_zone=zone.key,
        protocol=read_protocol(plan_given),
        send_at=given.clock("send_at"),
        not_before=plan.session_end,
    )
    return {
        "messages": [
            {"key": str(each.key), "due_at": instant_text(each.due_at), "channel": str(each.channel)}
            for each in messages
        ]
    }


def _plan_and_rest(payload: object) -> tuple[Fields, Fields]:
    if isinstance(payload, dict) and "plan" in payload:
        given = Fields(payload, _MESSAGE_FIELDS | CONFIG_FIELDS | {"plan"})
        shared = {name: given.get(name) for name in CONFIG_FIELDS if given.get(name) is not None}
        return Fields(_with_shared(payload["plan"], shared), PLAN_FIELDS, "plan."), given
    given = Fields(payload, _MESSAGE_FIELDS | PLAN_FIELDS)
    return given, given


def answer_triage(payload: object) -> Answered:
    """How soon somebody must look at a report, and what the patient is told at once."""
    given = Fields(payload, _TRIAGE_FIELDS)
    told = triage_of(
        given.texts("symptoms", limit=MOST_SYMPTOMS, example="ITCHING"),
        protocol=read_protocol(given),
        free_text=_free_text(given),
        day=given.whole("day", least=0, most=10_000),
    )
    return {"level": str(told.level), "because": list(told.because), "text": told.text}


def _free_text(given: Fields) -> str:
    """What a patient wrote, over several lines if need be."""
    raw = given.get("free_text")
    if raw is None or (isinstance(raw, str) and len(raw) <= 5000):
        return raw or ""
    raise given.error("free_text", "enter a text of at most 5000 characters")


def triage_codes() -> list[dict[str, str]]:
    """Every code of ``triage`` with its level and what people report."""
    return [{"code": symptom.code, "level": str(symptom.level), "symptom": symptom.report} for symptom in SYMPTOMS]


QUESTIONS: dict[str, Callable[[object], Answered]] = {
    "plan": answer_plan,
    "timeline": answer_timeline,
    "booking": answer_booking,
    "checks": answer_checks,
    "messages": answer_messages,
    "triage": answer_triage,
}
