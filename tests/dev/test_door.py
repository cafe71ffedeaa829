import shutil
import subprocess

import pytest
from django.conf import settings

from tools import door
from tools.door import COMMANDS, HELP

DEV = settings.BASE_DIR / "dev"


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_help_names_every_command():
    assert [name for name in COMMANDS if f"./dev {name}" not in HELP] == []


def test_door_opens_from_any_folder_and_with_spaces_in_its_path(tmp_path):
    clone = tmp_path / "my own clone"
    shutil.copytree(settings.BASE_DIR / "tools", clone / "tools")
    shutil.copy(DEV, clone / "dev")

    done = run(clone / "dev", "help", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (0, HELP)


def test_unknown_command_is_refused_with_the_list():
    done = run(DEV, "fly")

    assert (done.returncode, done.stderr) == (2, f"There is no ./dev fly.\n\n{HELP}")


@pytest.mark.parametrize(
    ("of_the_shell", "used"), [(None, "clinic.settings.production"), ("clinic.settings.demo", "clinic.settings.demo")]
)
def test_manage_takes_the_settings_that_dotenv_names_unless_the_shell_names_others(
    monkeypatch, tmp_path, of_the_shell, used
):
    (tmp_path / ".env").write_text("DJANGO_SETTINGS_MODULE=clinic.settings.production\n")
    monkeypatch.setattr(door, "ROOT", tmp_path)
    monkeypatch.setattr(door.environment, "ensure", lambda root, kind: root / "python")
    monkeypatch.setattr(door.os, "environ", {"DJANGO_SETTINGS_MODULE": of_the_shell} if of_the_shell else {})
    handed_over = []
    monkeypatch.setattr(
        door,
        "_hand_over",
        lambda *command, **_: handed_over.append((*command, door.os.environ["DJANGO_SETTINGS_MODULE"])),
    )

    door.manage(["check"])

    assert handed_over == [(tmp_path / "python", tmp_path / "manage.py", "check", used)]


@pytest.fixture
def only_an_old_python(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python3").write_text("#!/bin/sh\nexit 1\n")
    (folder / "python3").chmod(0o755)
    for needed in ("sh", "dirname"):
        (folder / needed).symlink_to(shutil.which(needed))
    return {"PATH": str(folder)}


def test_too_old_a_python_is_named_with_what_to_install(only_an_old_python):
    done = run(DEV, "up", env=only_an_old_python)

    assert (done.returncode, done.stderr) == (
        1,
        "Legwork needs Python 3.11 or newer; on Debian and Ubuntu: apt install python3 python3-venv\n",
    )
