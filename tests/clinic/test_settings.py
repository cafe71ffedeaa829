"""Production starts only when it is safe to; the demo cannot leak into it."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import override_settings

from clinic.celery import app
from clinic.startup import refuse_the_wrong_clinic
from tests.makers import make_clinic, make_user

GOOD = {
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": "portal.example.com",
    "BASE_URL": "https://portal.example.com",
    "EMAIL_URL": "smtp+tls://user:secret@mail.example.com:587",
    "DATABASE_URL": "sqlite:////tmp/never-opened.sqlite3",
}


def _start(**changes):
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "clinic.settings.production",
        **{name: value for name, value in {**GOOD, **changes}.items() if value is not None},
    }
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); from django.conf import settings; print(settings.DEMO)"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_starts_with_its_own_key_hosts_address_and_mail_server():
    assert _start().stdout.strip() == "False"


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ({"SECRET_KEY": None}, "Set SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "Set SECRET_KEY"),
        ({"ALLOWED_HOSTS": None}, "Set ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "*"}, "Set ALLOWED_HOSTS"),
        ({"BASE_URL": None}, "Set BASE_URL"),
        ({"BASE_URL": "http://portal.example.com"}, "Set BASE_URL"),
        ({"EMAIL_URL": None}, "Set EMAIL_URL"),
        ({"DATABASE_URL": "legwork"}, "Set DATABASE_URL"),
        ({"DATABASE_URL": "mysql://user:secret@db/legwork"}, "Set DATABASE_URL"),
        ({"NOTIFICATION_CHANNELS": "file"}, "Set NOTIFICATION_CHANNELS"),
    ],
)
def test_production_refuses_to_start_and_says_what_to_set(missing, said):
    run = _start(**missing)

    assert run.returncode != 0
    assert said in run.stderr


@pytest.mark.django_db
def test_a_database_with_the_demo_clinic_is_refused_outside_the_demo():
    make_clinic(is_demo=True)

    with pytest.raises(ImproperlyConfigured):
        refuse_the_wrong_clinic()


@pytest.mark.django_db
@override_settings(DEMO=True)
def test_the_demo_itself_starts_on_its_own_data():
    make_clinic(is_demo=True)

    assert refuse_the_wrong_clinic() is None


@pytest.mark.django_db
@override_settings(DEMO=True)
def test_a_real_clinic_is_never_opened_as_a_demo_which_shows_its_codes_to_everybody():
    make_user()

    with pytest.raises(ImproperlyConfigured, match=r"Set DJANGO_SETTINGS_MODULE to clinic\.settings\.production"):
        refuse_the_wrong_clinic()


@pytest.mark.django_db
@override_settings(DEMO=True)
def test_reminders_of_a_real_clinic_are_never_sent_by_a_demo_which_would_keep_them():
    make_user()

    with pytest.raises(CommandError, match="This database holds a real clinic"):
        call_command("run_reminders", "--once")


def _away(execute, sql, *others):
    raise OperationalError("server gone\nIs it running?")


@pytest.mark.django_db
def test_a_demo_does_not_start_while_it_cannot_see_whose_database_it_is_and_a_clinic_does():
    with connection.execute_wrapper(_away):
        assert refuse_the_wrong_clinic() is None
        with override_settings(DEMO=True), pytest.raises(ImproperlyConfigured) as refused:
            refuse_the_wrong_clinic()

    assert str(refused.value).startswith("The database does not answer (DATABASE_URL): server gone. Demo mode starts")


@pytest.mark.django_db
@override_settings(DEMO=True)
def test_a_database_without_tables_may_become_a_demo(monkeypatch):
    monkeypatch.setattr(type(connection.introspection), "table_names", lambda self: ["of_another_program"])

    with connection.execute_wrapper(_away):
        assert refuse_the_wrong_clinic() is None


@pytest.mark.django_db
@override_settings(DEMO=True)
def test_a_database_with_nobody_in_it_may_become_a_demo():
    assert refuse_the_wrong_clinic() is None


@pytest.mark.parametrize("program", [["worker", "--pool", "solo"], ["beat", "--pidfile", ""]])
def test_a_celery_of_a_demo_ends_in_one_line_at_a_real_clinic_before_it_takes_a_message(child_environment, program):
    make_user()
    command = [sys.executable, "-m", "celery", "--quiet", "--app", "clinic.celery:app", *program]
    as_a_demo = {**child_environment, "DJANGO_SETTINGS_MODULE": "clinic.settings.demo"}

    ended = subprocess.run(command, env=as_a_demo, capture_output=True, text=True, timeout=120)

    assert ended.returncode == 1
    assert "This database holds a real clinic, and this is demo mode." in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_web_process_keeps_no_connection_of_the_look_at_its_database(child_environment):
    look = "import clinic.wsgi; from django.db import connection; print(connection.connection)"

    done = subprocess.run([sys.executable, "-c", look], env=child_environment, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("None\n", "")


def test_a_worker_waits_for_its_broker_for_as_long_as_it_is_away():
    assert app.conf.broker_connection_max_retries is None
