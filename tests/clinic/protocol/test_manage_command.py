"""The thin shell: `manage.py protocol`. No test here may touch the database, so none is asked for."""

import io
import json
from types import SimpleNamespace

import pytest
from django.core.management import call_command

ASKED = {"last_session_end": "2026-05-04T14:00:00", "time_zone": "America/New_York", "asked_date": "2026-05-11"}


def protocol(monkeypatch, question, text):
    """What the command prints for what it reads."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
    printed = io.StringIO()
    try:
        call_command("protocol", question, stdout=printed)
    finally:
        protocol.printed = printed.getvalue()
    return json.loads(protocol.printed)


def test_the_command_answers_without_a_database(monkeypatch):
    assert protocol(monkeypatch, "booking", json.dumps(ASKED))["result"] == "accepted"


def test_the_command_lists_the_codes_of_triage():
    printed = io.StringIO()

    call_command("protocol", "triage", codes=True, stdout=printed)

    assert len(json.loads(printed.getvalue())) == 20


def test_the_command_ends_with_2_and_still_answers_the_others(monkeypatch):
    with pytest.raises(SystemExit) as ended:
        protocol(monkeypatch, "booking", json.dumps([ASKED, {}]))

    assert ended.value.code == 2
    assert [sorted(each) for each in json.loads(protocol.printed)] == [
        ["may_approve", "result", "rule", "window"],
        ["error"],
    ]
