import io
import json

import pytest

from clinic.protocol import ProtocolError
from clinic.protocol.command import answer, run
from clinic.protocol.door import main

A_MOMENT = 'enter a date and time, for example "2026-03-06T16:00:00"'
A_NUMBER = 'enter a number in quotes, for example "0.3"'
A_VOLUME = 'enter a volume of 0 or more in quotes, for example "0.4"'
A_ZONE = "enter an IANA time zone, for example America/New_York"
SITE = {"leg": "left", "vein_type": "spider", "volume_ml": "0.4"}
PLAN = {"session_end": "2026-03-06T16:00:00", "time_zone": "America/New_York", "sites": [SITE]}
BOOKING = {"last_session_end": "2026-05-04T14:00:00", "time_zone": "America/New_York", "asked_date": "2026-05-11"}
RETICULAR = {"leg": "left", "vein_type": "reticular", "volume_ml": "0.4"}


def ask(question, **payload):
    answered, ok = answer(question, payload)
    assert ok, answered
    return answered


def refusal(question, payload):
    answered, ok = answer(question, payload)
    assert not ok
    return answered["error"]


def item(answered, key):
    [found] = [each for each in answered["items"] if each["key"] == key]
    return found


def test_plan_answers_items_with_their_rules():
    answered = ask("plan", **PLAN)

    assert answered["protocol_version"] == "2026.1"
    assert item(answered, "COMPRESSION_CONTINUOUS") == {
        "key": "COMPRESSION_CONTINUOUS",
        "leg": None,
        "rule": "spider: spider.continuous_days = 3, shortest = 2",
        "starts_at": "2026-03-06T21:00:00Z",
        "ends_at": "2026-03-09T20:00:00Z",
        "min_ends_at": "2026-03-08T20:00:00Z",
    }
    assert [each["key"] for each in answered["items"]] == [
        "OBSERVATION",
        "WALK_IMMEDIATE",
        "COMPRESSION_CONTINUOUS",
        "COMPRESSION_DAYTIME",
        "WALK_DAILY",
        "AVOID_HEAVY_EXERCISE",
        "AVOID_SUNBATHING",
        "AVOID_LONG_FLIGHT",
        "AVOID_HOT_BATH_SAUNA",
        "REPEAT_WINDOW",
        "COAGULUM_REVIEW_WINDOW",
        "WATCH_WINDOW",
    ]


@pytest.mark.parametrize(
    "end", ["2026-03-06T16:00:00-05:00", "2026-03-06T21:00:00Z", "2026-03-06T16:00", "2026-03-06T16:00:00.000"]
)
def test_an_instant_may_have_an_offset(end):
    assert ask("plan", **{**PLAN, "session_end": end}) == ask("plan", **PLAN)


def test_a_wall_time_in_the_repeated_hour_is_the_later_one():
    answered = ask("plan", **{**PLAN, "session_end": "2026-11-01T01:30:00"})

    assert item(answered, "OBSERVATION")["starts_at"] == "2026-11-01T06:30:00Z"


def test_config_changes_values_inside_their_range():
    answered = ask("plan", **PLAN, config={"spider.continuous_days": 2})

    assert item(answered, "COMPRESSION_CONTINUOUS")["ends_at"] == "2026-03-08T20:00:00Z"
    assert answered["protocol_version"] == "2026.1+changed"


def test_signed_off_opens_the_wider_range():
    answered = ask("plan", **{**PLAN, "sites": [RETICULAR]}, config={"reticular.continuous_days": 3}, signed_off=True)

    assert item(answered, "COMPRESSION_CONTINUOUS")["ends_at"] == "2026-03-09T20:00:00Z"


def test_a_visit_without_injection_answers_no_items():
    for sites in ([], [{**SITE, "volume_ml": "0"}]):
        assert ask("plan", **{**PLAN, "sites": sites})["items"] == []
        assert ask("messages", **{**PLAN, "sites": sites}) == {"messages": []}


def test_a_list_is_answered_in_order_and_bad_objects_in_their_place():
    answered, ok = answer("plan", [PLAN, {**PLAN, "sites": [{**SITE, "volume_ml": 0.4}]}, PLAN, 7])

    assert not ok
    assert answered[0] == answered[2] == ask("plan", **PLAN)
    assert answered[1] == {"error": f"sites[0].volume_ml: {A_NUMBER}"}
    assert answered[3] == {"error": "input: enter a JSON object"}


def test_an_empty_list_is_answered_by_an_empty_list():
    assert answer("plan", []) == ([], True)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"session_end": None}, f"session_end: {A_MOMENT}"),
        ({"session_end": "2026-02-30T10:00:00"}, f"session_end: {A_MOMENT}"),
        ({"session_end": "2026-03-06"}, f"session_end: {A_MOMENT}"),
        ({"session_end": "20260306T160000"}, f"session_end: {A_MOMENT}"),
        ({"session_end": "0001-01-01T00:00:00"}, f"session_end: {A_MOMENT}"),
        ({"session_end": "9999-12-31T23:59:59"}, f"session_end: {A_MOMENT}"),
        ({"session_end": 1772830800}, f"session_end: {A_MOMENT}"),
        ({"time_zone": "Mars/Olympus"}, f"time_zone: {A_ZONE}"),
        ({"time_zone": None}, f"time_zone: {A_ZONE}"),
        ({"time_zone": "../../etc/passwd"}, f"time_zone: {A_ZONE}"),
        ({"time_zone": 5}, "time_zone: enter a text of at most 64 characters on one line"),
        ({"sites": None}, "sites: enter the treated sites, an empty list when nothing was injected"),
        ({"sites": {}}, "sites: enter a list"),
        ({"sites": [SITE] * 201}, "sites: enter at most 200"),
        ({"sites": ["left"]}, "sites[0]: enter a JSON object"),
        ({"sites": [{**SITE, "leg": "arm"}]}, "sites[0].leg: enter left or right"),
        ({"sites": [{**SITE, "leg": None}]}, "sites[0].leg: enter left or right"),
        ({"sites": [{**SITE, "vein_type": "SPIDER"}]}, "sites[0].vein_type: enter spider or reticular"),
        ({"sites": [{**SITE, "vein_type": None}]}, "sites[0].vein_type: enter spider or reticular"),
        ({"sites": [{**SITE, "volume_ml": True}]}, f"sites[0].volume_ml: {A_NUMBER}"),
        ({"sites": [{**SITE, "volume_ml": "NaN"}]}, f"sites[0].volume_ml: {A_NUMBER}"),
        ({"sites": [{**SITE, "volume_ml": "Infinity"}]}, f"sites[0].volume_ml: {A_NUMBER}"),
        ({"sites": [{**SITE, "volume_ml": "1e-1"}]}, f"sites[0].volume_ml: {A_NUMBER}"),
        ({"sites": [{**SITE, "volume_ml": " 0.4"}]}, f"sites[0].volume_ml: {A_NUMBER}"),
        ({"sites": [{**SITE, "volume_ml": "٣"}]}, f"sites[0].volume_ml: {A_NUMBER}"),
        ({"sites": [{**SITE, "volume_ml": "-0.1"}]}, f"sites[0].volume_ml: {A_VOLUME}"),
        ({"sites": [{**SITE, "volume_ml": None}]}, f"sites[0].volume_ml: {A_VOLUME}"),
        ({"sites": [{**SITE, "colour": "blue"}]}, "sites[0].colour: leave it out; there is no field of this name"),
        ({"sites": [{**SITE, "volume": "0.4"}]}, "sites[0].volume: leave it out, or did you mean volume_ml?"),
        ({"extensive_days": 7}, "extensive_days: enter a whole number from 8 to 365"),
        ({"extensive_days": 8.5}, "extensive_days: enter a whole number from 8 to 365"),
        ({"extensive_days": True}, "extensive_days: enter a whole number from 8 to 365"),
        ({"extensive_days": "14"}, "extensive_days: enter a whole number from 8 to 365"),
        ({"breastfeeding": "no"}, "breastfeeding: enter true or false"),
        ({"breastfeeding": 0}, "breastfeeding: enter true or false"),
        ({"vte_risk": []}, "vte_risk: enter true or false"),
        ({"config": []}, 'config: enter an object of values, for example {"spider.continuous_days": 2}'),
        ({"config": {"spider.continuous_days": 4}}, "config.spider.continuous_days: enter 2 to 3 days"),
        (
            {"config": {"spider.continuous_days": 2.0}},
            "config.spider.continuous_days: enter a whole number, for example 3",
        ),
        ({"config": {"phase": 1}}, "config.phase: leave it out; the protocol has no value of this name"),
        ({"surprise": 1}, "surprise: leave it out; there is no field of this name"),
        ({"a\nb": 1}, "'a\\nb': leave it out; there is no field of this name"),
    ],
)
def test_a_bad_plan_is_refused_by_field_with_what_to_do(change, error):
    assert refusal("plan", {**PLAN, **change}) == error


def test_timeline_unites_the_plans_of_a_patient():
    first = {**PLAN, "session_end": "2026-04-06T14:00:00", "sites": [RETICULAR]}
    second = {**PLAN, "session_end": "2026-04-16T11:00:00"}

    answered = ask("timeline", plans=[second, first])

    assert answered["repeat_window"] == {"first_date": "2026-04-23", "last_date": "2026-04-30"}
    assert answered["segments"] == [
        segment("compression", "CONTINUOUS", "2026-04-06T18:00:00Z", "2026-04-13T18:00:00Z"),
        segment("compression", "DAYTIME", "2026-04-13T18:00:00Z", "2026-04-16T15:00:00Z"),
        segment("compression", "CONTINUOUS", "2026-04-16T15:00:00Z", "2026-04-19T15:00:00Z"),
        segment("compression", "DAYTIME", "2026-04-19T15:00:00Z", "2026-05-08T04:00:00Z"),
        segment("avoid", EVERYTHING, "2026-04-06T18:00:00Z", "2026-04-09T18:00:00Z"),
        segment("avoid", EVERYTHING, "2026-04-16T15:00:00Z", "2026-04-19T15:00:00Z"),
        segment("walk", "DAILY", "2026-04-07T04:00:00Z", "2026-04-14T04:00:00Z"),
        segment("walk", "DAILY", "2026-04-17T04:00:00Z", "2026-04-20T04:00:00Z"),
    ]


EVERYTHING = "HEAVY_EXERCISE+SUNBATHING+LONG_FLIGHT+HOT_BATH_SAUNA"


def segment(kind, state, starts_at, ends_at):
    return {"kind": kind, "state": state, "starts_at": starts_at, "ends_at": ends_at}


def test_timeline_of_nothing_is_empty():
    assert ask("timeline", plans=[]) == {"segments": [], "repeat_window": None}


def test_timeline_shares_its_config_with_its_plans():
    low = {"spider.continuous_days": 2}

    assert ask("timeline", plans=[PLAN], config=low) == ask("timeline", plans=[{**PLAN, "config": low}])


def test_timeline_says_which_plan_is_bad():
    assert refusal("timeline", {"plans": [PLAN, {**PLAN, "sites": [7]}]}) == "plans[1].sites[0]: enter a JSON object"
    assert refusal("timeline", {"plans": [[]]}) == "plans[0]: enter a JSON object"
    assert refusal("timeline", {}) == "plans: enter a list of plan inputs"


@pytest.mark.parametrize(
    ("asked", "result", "rule", "may_approve"),
    [
        ("2026-05-08", "refused", "B1", "clinician"),
        ("2026-05-10", "refused", "B1", "clinician"),
        ("2026-05-11", "accepted", "B2", None),
        ("2026-05-18", "accepted", "B2", None),
        ("2026-05-19", "accepted_with_note", "B3", None),
    ],
)
def test_booking_answers_the_front_desk(asked, result, rule, may_approve):
    assert ask("booking", **{**BOOKING, "asked_date": asked}) == {
        "result": result,
        "rule": rule,
        "may_approve": may_approve,
        "window": {"first_date": "2026-05-11", "last_date": "2026-05-18"},
    }


def test_any_hold_refuses_a_booking():
    for hold in ("open_adverse_event", "something the clinic calls otherwise"):
        answered = ask("booking", **BOOKING, holds=[hold])
        assert (answered["result"], answered["rule"], answered["may_approve"]) == ("refused", "B4", None)
    assert ask("booking", **BOOKING, holds=[])["result"] == "accepted"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"asked_date": "11.05.2026"}, 'asked_date: enter a date, for example "2026-03-09"'),
        ({"asked_date": None}, 'asked_date: enter a date, for example "2026-03-13"'),
        ({"last_session_end": None}, f"last_session_end: {A_MOMENT}"),
        ({"holds": "yes"}, "holds: enter a list"),
        ({"holds": [1]}, 'holds: enter a list of words, for example ["unanswered_red_flag"]'),
        ({"holds": ["x"] * 51}, "holds: enter at most 50"),
    ],
)
def test_a_bad_booking_is_refused_by_field(change, error):
    assert refusal("booking", {**BOOKING, **change}) == error


def logging(**facts):
    return ask("checks", moment="logging", **facts)


def ids(answered):
    return [each["id"] for each in answered["findings"]]


def test_checks_answer_totals_and_findings():
    answered = logging(
        sites=[
            {
                "leg": "left",
                "segment": "calf_medial",
                "vein_type": "spider",
                "strength_percent": "0.5",
                "injections": ["0.2"] * 12,
            },
            {
                "leg": "left",
                "segment": "knee",
                "vein_type": "reticular",
                "strength_percent": "1",
                "injections": ["0.3"] * 10,
            },
        ],
        weight_kg="55",
    )

    assert answered == {
        "totals": {
            "ml": "5.4",
            "mg": "42",
            "mg_per_kg": "0.7636",
            "injections": 22,
            "ampoules_min": {"0.5": 2, "1": 2},
        },
        "findings": [
            {
                "id": "L3",
                "severity": "ACK",
                "override": "none",
                "text": (
                    "5.4 mL in total. Severe allergic reactions are more frequent above 3 mL: keep the dose small, "
                    "and write the reason for the volume."
                ),
            }
        ],
    }


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"observation_minutes": 14}, ["L10"]),
        ({"observation_minutes": "14.5"}, ["L10"]),
        ({"observation_minutes": 15}, []),
        ({"observation_minutes": 15, "observation_status": None}, ["L10"]),
        ({"sites": [{"vein_type": "spider", "strength_percent": "3"}]}, ["L1b"]),
        ({"sites": [{"injection_count": 34, "volume_ml": "10.1"}]}, ["L4", "L3"]),
        ({"sites": [{"volume_ml": "-1"}]}, ["L19"]),
        (
            {
                "ampoules": [{"strength_percent": "0.5", "lot": "A", "expiry": "2026-05", "opened": 1}],
                "session_date": "2026-06-01",
            },
            ["L6b"],
        ),
        ({"ampoules": [{"lot": "A", "expiry": "2026-05", "opened": True}], "session_date": "2026-05-31"}, []),
        ({"ampoules": [{"opened": 1}]}, ["L6"]),
        ({"ampoules": []}, []),
        (
            {
                "session_end": "2026-06-01T00:30:00",
                "time_zone": "America/New_York",
                "ampoules": [{"lot": "A", "expiry": "2026-05"}],
            },
            ["L6b"],
        ),
        ({"form": "foam"}, ["L8"]),
        ({"polidocanol_allergy": True}, []),
    ],
)
def test_checks_while_logging(facts, expected):
    assert ids(logging(**facts)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"major_surgery": "2026-02-10", "session_date": "2026-05-10"}, ["P5"]),
        ({"major_surgery": "2026-02-10", "session_date": "2026-05-11"}, []),
        ({"major_surgery_on": "2026-02-10", "session_date": "2026-05-10"}, ["P5"]),
        ({"history": {"major_surgery_date": "2026-02-10"}, "session_date": "2026-05-10"}, ["P5"]),
        ({"pregnant": True}, ["P3"]),
        ({"pregnant": "possible"}, ["P3b"]),
        ({"pregnant": "no"}, []),
        ({"responsible_physician": None}, ["P15"]),
        ({"observation_minutes": 3}, []),
        ({}, []),
    ],
)
def test_checks_before_a_session(facts, expected):
    assert ids(ask("checks", moment="before", **facts)) == expected


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({}, "moment: enter before or logging"),
        ({"moment": "after"}, "moment: enter before or logging"),
        ({"moment": "before", "zodiac": True}, "zodiac: leave it out; there is no field of this name"),
        ({"moment": "before", "smokes": True}, "smokes: leave it out, or did you mean smoking?"),
        ({"moment": "before", "smoking": "yes"}, "smoking: enter true or false"),
        (
            {"moment": "before", "major_surgery": 2026},
            'major_surgery: enter a date, for example "2026-03-09", or true or false',
        ),
        ({"moment": "before", "history": []}, "history: enter an object of facts"),
        (
            {"moment": "before", "history": {"smoking": True}, "smoking": True},
            "history.smoking: leave it out here or outside of history",
        ),
        ({"moment": "before", "estrogen": True, "oestrogen": True}, "estrogen: leave it out; oestrogen says the same"),
        ({"moment": "logging", "weight_kg": 55.5}, f"weight_kg: {A_NUMBER}"),
        ({"moment": "logging", "observation_minutes": -1}, "observation_minutes: enter 0 or more"),
        ({"moment": "logging", "sites": [{"injections": ["0.2", True]}]}, f"sites[0].injections[1]: {A_NUMBER}"),
        ({"moment": "logging", "sites": [{"injections": ["0.1"] * 501}]}, "sites[0].injections: enter at most 500"),
        (
            {"moment": "logging", "ampoules": [{"expiry": "05/2026"}]},
            'ampoules[0].expiry: enter it as printed, for example "2027-05" or "2027-05-31"',
        ),
        (
            {"moment": "logging", "started_at": "2026-05-04T10:00:00"},
            "started_at: add the offset, or enter a time_zone",
        ),
        ({"moment": "logging", "config": {"warn_total_ml": "4"}}, "config.warn_total_ml: enter 0.1 to 3.0 mL"),
    ],
)
def test_bad_facts_are_refused_by_field(facts, error):
    assert refusal("checks", facts) == error


MESSAGES = {
    "patient_time_zone": "America/New_York",
    "appointments": ["2026-01-20T10:00:00"],
    "send_at": "09:00",
}
V1 = {**PLAN, "session_end": "2026-01-13T10:30:00"}


def test_messages_answer_texts_and_mails_after_the_caps():
    assert ask("messages", **V1, **MESSAGES) == {
        "messages": [
            {"key": "CHECK_1", "due_at": "2026-01-14T14:00:00Z", "channel": "text"},
            {"key": "COMP_SWITCH", "due_at": "2026-01-16T14:00:00Z", "channel": "text"},
            {"key": "APPT_3", "due_at": "2026-01-17T14:00:00Z", "channel": "email"},
            {"key": "APPT_1", "due_at": "2026-01-19T14:00:00Z", "channel": "text"},
            {"key": "WEEKLY", "due_at": "2026-01-20T14:00:00Z", "channel": "email"},
            {"key": "WEEKLY", "due_at": "2026-01-27T14:00:00Z", "channel": "text"},
            {"key": "WEEKLY", "due_at": "2026-02-03T14:00:00Z", "channel": "text"},
        ]
    }


def test_messages_take_the_plan_beside_or_inside():
    assert ask("messages", plan=V1, **MESSAGES) == ask("messages", **V1, **MESSAGES)


def test_messages_before_the_session_are_not_sent():
    soon = {**MESSAGES, "appointments": ["2026-01-15T10:00:00"]}

    assert [each["key"] for each in ask("messages", **V1, **soon)["messages"]].count("APPT_3") == 0


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({**V1, **MESSAGES, "send_at": "9"}, 'send_at: enter a time of day, for example "09:00"'),
        ({**V1, **MESSAGES, "send_at": "24:00"}, 'send_at: enter a time of day, for example "09:00"'),
        ({**V1, **MESSAGES, "patient_time_zone": "EST/EDT"}, f"patient_time_zone: {A_ZONE}"),
        ({**V1, **MESSAGES, "appointments": ["soon"]}, f"appointments[0]: {A_MOMENT}"),
        ({**V1, **MESSAGES, "appointments": ["2026-01-20T10:00:00"] * 201}, "appointments: enter at most 200"),
        ({"plan": {**V1, "sites": 1}, **MESSAGES}, "plan.sites: enter a list"),
        ({"plan": 1, **MESSAGES}, "plan: enter a JSON object"),
        ({**MESSAGES}, f"time_zone: {A_ZONE}"),
    ],
)
def test_bad_messages_are_refused_by_field(payload, error):
    assert refusal("messages", payload) == error


def test_there_is_no_other_question():
    with pytest.raises(
        ProtocolError, match="question: enter plan or timeline or booking or checks or messages or triage"
    ):
        answer("weather", {})


@pytest.mark.parametrize("text", ["", "{", "[1,]", "nul", "[" * 100_000])
def test_what_is_no_json_is_refused_whole(text):
    assert run("plan", text) == ('{"error": "input: enter one JSON object or a list of them"}', 2)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1" * 5000, "0.4", "1e400"])
def test_a_strange_number_spoils_its_own_object_only(number):
    bad = json.dumps({**PLAN, "sites": [{**SITE, "volume_ml": 1}]}).replace('"volume_ml": 1', f'"volume_ml": {number}')

    printed, status = run("plan", f"[{bad}, {json.dumps(PLAN)}]")

    assert status == 2
    assert json.loads(printed) == [
        {"error": f"sites[0].volume_ml: {A_NUMBER}"},
        ask("plan", **PLAN),
    ]


def test_an_answer_is_plain_ascii_whatever_was_asked():
    printed, status = run("plan", '{"\\ud800": 1}')

    assert (printed.isascii(), status) == (True, 2)


def test_the_door_reads_prints_and_tells_by_its_status():
    printed = io.StringIO()

    assert main(["plan"], io.BytesIO(json.dumps(PLAN).encode()), printed) == 0
    assert json.loads(printed.getvalue()) == ask("plan", **PLAN)
    assert main(["plan"], io.BytesIO(b"\xff"), io.StringIO()) == 2


def test_the_door_lists_the_codes_of_triage_and_of_nothing_else():
    printed = io.StringIO()

    assert main(["triage", "--codes"], io.BytesIO(), printed) == 0
    assert json.loads(printed.getvalue())[2] == {
        "code": "CHEST_OR_BREATH",
        "level": "EMERGENCY",
        "symptom": "chest pain, breathlessness, coughing blood, racing or irregular heartbeat",
    }
    assert main(["plan", "--codes"], io.BytesIO(), printed) == 2


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({}, "symptoms: choose at least one, or write free_text"),
        ({"symptoms": [], "free_text": " "}, "symptoms: choose at least one, or write free_text"),
        ({"symptoms": "ITCHING"}, "symptoms: enter a list"),
        ({"symptoms": [1]}, 'symptoms: enter a list of words, for example ["ITCHING"]'),
        ({"symptoms": ["ITCHING"] * 51}, "symptoms: enter at most 50"),
        ({"free_text": "x" * 5001}, "free_text: enter a text of at most 5000 characters"),
        ({"symptoms": ["ITCHING"], "day": -1}, "day: enter a whole number from 0 to 10000"),
    ],
)
def test_a_bad_report_is_refused_by_field(payload, error):
    assert refusal("triage", payload) == error


def test_triage_answers_level_codes_and_text():
    assert ask("triage", symptoms=["BRUISES", "CHEST_OR_BREATH"], free_text="it hurts\nsince today") == {
        "level": "EMERGENCY",
        "because": ["CHEST_OR_BREATH"],
        "text": "Call 911 now. Do not wait and do not drive yourself.",
    }
    assert ask("triage", symptoms=["COLLAPSE"], config={"emergency_number": "112"})["text"].startswith("Call 112 now.")


def test_the_door_knows_its_questions():
    with pytest.raises(SystemExit) as ended:
        main(["weather"], io.BytesIO(), io.StringIO())

    assert ended.value.code == 2
