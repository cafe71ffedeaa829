"""What only the production settings switch on: cookies that stay where they belong, https, Django's own checks."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse

from tests.makers import PASSWORD, make_patient_user, make_user

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(settings.BASE_DIR),
    "DJANGO_SETTINGS_MODULE": "clinic.settings.production",
    "SECRET_KEY": "".join(chr(ord("0") + number % 75) for number in range(13, 83)),
    "ALLOWED_HOSTS": "portal.example.com",
    "BASE_URL": "https://portal.example.com",
    "EMAIL_URL": "smtp+tls://user:secret@mail.example.com:587",
    "DATABASE_URL": "sqlite:////tmp/never-opened.sqlite3",
}
PARTS = ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "DOMAIN", "PATH")
NAMES = [
    *(f"{kind}_COOKIE_{part}" for kind in ("SESSION", "CSRF", "LANGUAGE") for part in PARTS),
    "MESSAGE_STORAGE",
    "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SECURE_HSTS_PRELOAD",
]


def run(*arguments, **changes):
    environment = {**ENVIRONMENT, **changes}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def production():
    """The settings of production that a browser notices, as they are there."""
    values = f"{{name: getattr(settings, name) for name in {NAMES}}}"
    script = f"import json; from django.conf import settings; print(json.dumps({values}))"
    return json.loads(run("-c", script).stdout)


def test_djangos_own_checks_find_nothing_to_say_about_production():
    checked = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert (checked.returncode, checked.stdout.strip()) == (0, "System check identified no issues (0 silenced).")


@pytest.mark.django_db
def test_every_cookie_of_production_is_bound_to_this_host_and_hidden_from_scripts(production):
    nurse, patient = make_user(), make_patient_user()
    with override_settings(**production):
        cookies = {}
        staff_browser, patients_browser = Client(), Client()
        for client, path, form in (
            (staff_browser, "account_login", None),
            (staff_browser, "account_login", {"login": nurse.email, "password": "not this one"}),
            (staff_browser, "account_login", {"login": nurse.email, "password": PASSWORD}),
            (patients_browser, "account_request_login_code", {"email": patient.email}),
            (staff_browser, "account_logout", {}),
        ):
            url = reverse(path)
            answer = client.get(url, secure=True) if form is None else client.post(url, form, secure=True)
            cookies |= {
                name: {part: cookie[part] for part in ("secure", "httponly", "samesite", "domain", "path")}
                for name, cookie in answer.cookies.items()
                if cookie.value
            }

    bound = {"secure": True, "httponly": True, "samesite": "Lax", "domain": "", "path": "/"}
    assert cookies == {"__Host-session": bound, "__Host-csrf": bound}


def test_the_language_cookie_of_production_is_bound_alike(production):
    parts = {
        part: production[f"LANGUAGE_COOKIE_{part}"] for part in ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "DOMAIN")
    }

    assert parts == {"NAME": "__Host-language", "SECURE": True, "HTTPONLY": True, "SAMESITE": "Lax", "DOMAIN": None}


@pytest.mark.django_db
def test_production_keeps_browsers_on_https_for_a_year(production):
    with override_settings(**production):
        answers = Client().get("/accounts/sign-in/"), Client().get("/accounts/sign-in/", secure=True)

    assert answers[0].url == "https://testserver/accounts/sign-in/"
    assert answers[1].headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def test_the_demo_and_the_administrations_own_sign_in_do_not_exist_in_production():
    script = (
        "import django; django.setup(); from django.urls import resolve, Resolver404\n"
        "for path in ('/demo/messages/', '/demo/components/'):\n"
        "    try:\n        resolve(path); print(path)\n"
        "    except Resolver404: pass\n"
    )

    done = run("-c", script)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.django_db
def test_the_administrations_own_form_checks_no_password():
    stranger, administrator = Client(), Client()
    administrator.force_login(make_user(role="administrator"))
    form = {"username": make_user().email, "password": PASSWORD}
    answers = [client.post("/admin/login/", form) for client in (stranger, administrator)]

    assert [answer.url for answer in answers] == ["/accounts/sign-in/?next=/", "/accounts/sign-in/"]
