"""Jobs are a doorbell: nothing that matters waits in the broker, and web requests never touch it."""

import ast
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("clinic", "sessions_app", "aftercare")
# With Redis such calls run again after the visibility timeout and are gone after a flush.
WAITING = {"eta", "countdown", "retry", "max_retries", "autoretry_for", "retry_backoff"}
PUBLISHING = {"delay", "apply_async", "send_task", "signature", "si", "retry"}


def _calls():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield path.relative_to(ROOT).as_posix(), node


def _name(call):
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_no_call_leaves_work_waiting_in_the_broker():
    wrong = [
        f"{path}:{call.lineno} {keyword.arg}="
        for path, call in _calls()
        for keyword in call.keywords
        if keyword.arg in WAITING
    ]

    assert wrong == []


def test_nothing_publishes_to_the_broker_but_beat():
    """A web page that waits for Redis is down with Redis; a task argument would be patient data on its way."""
    wrong = [
        f"{path}:{call.lineno} {_name(call)}()" for path, call in _calls() if _name(call) in PUBLISHING | {"retry"}
    ]

    assert wrong == []


def test_tasks_take_no_arguments():
    tasks = [
        (path, node)
        for package in PACKAGES
        for path in (ROOT / package).rglob("tasks.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and any("task" in ast.unparse(mark) for mark in node.decorator_list)
    ]

    assert {node.name for _, node in tasks} == {name.rpartition(".")[2] for name in settings.REMINDER_TASKS}
    assert [node.name for _, node in tasks if node.args.args or node.args.kwonlyargs] == []


def test_the_broker_carries_json_only_and_no_results():
    assert settings.CELERY_TASK_SERIALIZER == "json"
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    assert settings.CELERY_TASK_IGNORE_RESULT is True
