"""Imports point one way: aftercare → sessions_app → clinic → clinic.protocol → standard library."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Only these know every part, and they name parts by string or include their routes.
KNOW_EVERYTHING = {"clinic/urls.py", "clinic/settings", "clinic/celery.py"}
FORBIDDEN = {
    "clinic/protocol": ("django", "clinic", "sessions_app", "aftercare"),
    "clinic": ("sessions_app", "aftercare"),
    "sessions_app": ("aftercare",),
}
# Commands fill or check the whole house from outside of it; they are doors, not walls.
COMMANDS = "management/commands"


def _modules(package):
    for path in sorted((ROOT / package).rglob("*.py")):
        relative = path.relative_to(ROOT).as_posix()
        if any(relative.startswith(known) for known in KNOW_EVERYTHING) or COMMANDS in relative:
            continue
        if package == "clinic" and relative.startswith("clinic/protocol/"):
            continue
        yield path, relative


def _imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _is_under(name, package):
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("package", FORBIDDEN)
def test_no_module_imports_from_a_layer_above_its_own(package):
    wrong = [
        f"{relative} imports {name}"
        for path, relative in _modules(package)
        for name in _imported(path)
        if any(_is_under(name, above) for above in FORBIDDEN[package])
        and not (package == "clinic/protocol" and _is_under(name, "clinic.protocol"))
    ]

    assert wrong == []


def test_the_protocol_needs_nothing_but_the_standard_library():
    foreign = [
        f"{relative} imports {name}"
        for path, relative in _modules("clinic/protocol")
        for name in _imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not _is_under(name, "clinic.protocol")
    ]

    assert foreign == []


@pytest.mark.parametrize("package", ["clinic", "sessions_app", "aftercare"])
def test_models_import_no_actions_forms_or_views(package):
    upper = ("actions", "forms", "views", "presenters", "tasks", "notifications")
    wrong = [
        f"{relative} imports {name}"
        for path, relative in _modules(package)
        if "/models/" in relative
        for name in _imported(path)
        if any(part in upper for part in name.split("."))
    ]

    assert wrong == []


def test_no_relative_imports():
    wrong = [
        relative
        for package in ("clinic", "sessions_app", "aftercare")
        for path, relative in _modules(package)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]

    assert wrong == []
