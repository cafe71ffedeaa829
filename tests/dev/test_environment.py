import importlib.util
import json
import subprocess
import sys

import pytest

from tools import environment


@pytest.fixture
def root(tmp_path):
    (tmp_path / "requirements.txt").write_text("django==5.2.19\n")
    (tmp_path / "requirements-dev.txt").write_text("django==5.2.19\npytest==9.0.0\n")
    return tmp_path


@pytest.fixture
def pip(monkeypatch):
    """Stands in for pip and venv: what was asked of them, and what pip answers."""

    class Pip:
        status = 0
        interrupted = False
        installed = []
        made = []

    fake = Pip()
    fake.installed, fake.made = [], []

    def run(command, **_options):
        if fake.interrupted:
            raise KeyboardInterrupt
        fake.installed.append(command[-1].name)
        return subprocess.CompletedProcess(command, fake.status, stdout="", stderr="no such package\n")

    def create(folder, **_options):
        fake.made.append(folder)
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").touch()

    monkeypatch.setattr(environment.subprocess, "run", run)
    monkeypatch.setattr(environment.venv, "create", create)
    return fake


def test_environment_is_made_once_from_the_lock(root, pip):
    pythons = [environment.ensure(root, "runtime") for _ in range(2)]

    assert pythons == [root / ".venv" / "bin" / "python"] * 2
    assert (pip.made, pip.installed) == ([root / ".venv"], ["requirements.txt"])


def test_environment_with_the_tools_keeps_them_when_the_lock_changes(root, pip):
    environment.ensure(root, "dev")
    for lock in ("requirements.txt", "requirements-dev.txt"):
        (root / lock).write_text("another==2 --hash=sha256:00\n")

    environment.ensure(root, "runtime")

    assert environment.holds(root, "dev")
    assert environment.holds(root, "runtime")


def test_environment_with_the_tools_holds_the_product_too(root, pip):
    environment.ensure(root, "dev")
    environment.ensure(root, "runtime")

    assert pip.installed == ["requirements-dev.txt"]


def test_changed_lock_is_installed_into_the_same_environment(root, pip):
    environment.ensure(root, "runtime")
    (root / "requirements.txt").write_text("django==5.2.20\n")
    environment.ensure(root, "runtime")

    assert (len(pip.made), pip.installed) == (1, ["requirements.txt"] * 2)


def test_interrupted_installation_is_made_anew(root, pip):
    pip.interrupted = True
    with pytest.raises(KeyboardInterrupt):
        environment.ensure(root, "runtime")
    pip.interrupted = False
    environment.ensure(root, "runtime")

    assert (len(pip.made), pip.installed) == (2, ["requirements.txt"])


def test_interrupted_change_of_a_whole_environment_is_made_anew(root, pip):
    environment.ensure(root, "runtime")
    pip.interrupted = True
    with pytest.raises(KeyboardInterrupt):
        environment.ensure(root, "dev")
    pip.interrupted = False
    environment.ensure(root, "runtime")

    assert len(pip.made) == 2


def test_failed_installation_says_what_to_do_and_leaves_no_stamp(root, pip, capsys):
    pip.status = 1

    with pytest.raises(environment.CannotSetUp, match="could not install") as caught:
        environment.ensure(root, "runtime")

    assert str(caught.value).endswith("Then run the command again.")
    assert capsys.readouterr().err == "no such package\n\n"
    assert environment.read_stamp(root) == {}


@pytest.mark.parametrize("changed", [{"python": "3.11.0"}, {"root": "/elsewhere"}])
def test_environment_of_another_python_or_place_is_made_anew(root, pip, changed):
    environment.ensure(root, "runtime")
    stamp = root / ".venv" / environment.STAMP
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), **changed}))

    environment.ensure(root, "runtime")

    assert len(pip.made) == 2


def test_unreadable_stamp_counts_as_no_environment(root, pip):
    environment.ensure(root, "runtime")
    (root / ".venv" / environment.STAMP).write_text("{half")

    assert not environment.holds(root, "runtime")


def test_missing_ensurepip_is_named_with_its_package(root, pip, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find_spec(name))

    with pytest.raises(environment.CannotSetUp) as caught:
        environment.ensure(root, "runtime")

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert str(caught.value) == (
        f"This Python ({sys.executable}) comes without ensurepip; "
        f"on Debian and Ubuntu: apt install python{version}-venv"
    )
    assert pip.made == []
