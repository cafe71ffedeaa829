import os
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.conf import settings
from django.test import override_settings

from tests.makers import make_patient_user, make_user
from tools import prepare, up


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def run_up(**environment):
    return subprocess.run(
        [sys.executable, "-m", "tools.up"],
        cwd=settings.BASE_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_taken_port_is_told_in_one_line_before_anything_else(taken_port):
    done = run_up(PORT=str(taken_port))

    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        f"Port {taken_port} is in use. Stop what uses it, or choose another: PORT={taken_port + 1} ./dev up\n",
        "",
    )


def test_port_that_is_no_number_is_refused():
    done = run_up(PORT="http")

    assert (done.returncode, done.stdout) == (2, "PORT is 'http'; set it to a number from 1 to 65535.\n")


def test_dotenv_gives_names_and_values_and_leaves_comments_out(tmp_path):
    (tmp_path / ".env").write_text("# a comment\nPORT=8123\nexport NAME='two words'\n\nEMPTY=\n")

    assert up.from_dotenv(tmp_path / ".env") == {"PORT": "8123", "NAME": "two words", "EMPTY": ""}


def test_missing_dotenv_gives_nothing(tmp_path):
    assert up.from_dotenv(tmp_path / ".env") == {}


def test_reminders_come_from_a_loop_without_redis_and_from_celery_with_it():
    assert [program.name for program in up.reminder_programs(False)] == ["reminders"]
    assert [program.name for program in up.reminder_programs(True)] == ["worker", "beat"]


def test_the_first_page_is_asked_for_under_the_clinics_own_name_which_is_the_only_one_it_answers_to():
    asked = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.headers["Host"])
            self.send_response(301)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        answering = Thread(target=server.handle_request)
        answering.start()
        came = up.answers("127.0.0.1", server.server_port, "portal.example.com")
        answering.join()

    assert (came, asked) == (True, ["portal.example.com"])


@pytest.mark.django_db
@override_settings(DEMO=True)
def test_a_real_clinic_is_not_opened_as_a_demo_and_the_reason_is_one_line(capsys):
    make_user()

    assert prepare.main() == 1
    assert capsys.readouterr() == (
        "",
        "This database holds a real clinic, and this is demo mode. Set DJANGO_SETTINGS_MODULE to "
        "clinic.settings.production, or point DATABASE_URL at another database.\n",
    )


@pytest.mark.django_db
@override_settings(DEMO=True, DEMO_PASSWORD="another-one-2026")
def test_a_demo_that_was_filled_with_another_password_is_opened_by_the_printed_one():
    nurse, patient = make_user(password="legwork-demo-2026"), make_patient_user()

    prepare.share_the_password()

    nurse.refresh_from_db()
    patient.refresh_from_db()
    assert nurse.check_password("another-one-2026")
    assert not patient.has_usable_password()
