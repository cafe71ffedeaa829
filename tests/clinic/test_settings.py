"""Production starts only when it is safe to; the demo cannot leak into it."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from clinic.startup import refuse_demo_data_outside_demo
from tests.makers import make_clinic

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
        refuse_demo_data_outside_demo()


@pytest.mark.django_db
@override_settings(DEMO=True)
def test_the_demo_itself_starts_on_its_own_data():
    make_clinic(is_demo=True)

    assert refuse_demo_data_outside_demo() is None
