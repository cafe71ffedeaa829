"""Entries of the calendar are written by booking and closures alone; everybody else reads."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WRITES = {"create", "bulk_create", "bulk_update", "update", "delete", "get_or_create", "update_or_create", "save"}


def modules():
    for package in ("clinic", "sessions_app", "aftercare"):
        for path in (ROOT / package).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def chain(node):
    """The names of `CalendarEntry.objects.filter(…).update`, innermost first."""
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Attribute):
            yield node.attr
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        yield node.id


def writes(tree):
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        names = list(chain(node.func))
        makes_one = names == ["CalendarEntry"]
        writes_some = "CalendarEntry" in names and names[0] in WRITES
        saves_one = len(names) > 1 and names[0] in ("save", "delete") and names[1] in ("entry", "entries")
        if makes_one or writes_some or saves_one:
            yield node.lineno


def test_nobody_but_booking_and_closures_writes_entries():
    found = {name: list(writes(tree)) for name, tree in modules()}

    assert {name for name, lines in found.items() if lines} == {
        "sessions_app/closures.py", "sessions_app/entries.py", "sessions_app/gaps.py", "sessions_app/visit_writes.py",
    }  # fmt: skip
