"""Browsers, people, and what a sign-in costs."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from clinic.access import Role
from tests.clinic.accounts import hasher
from tests.makers import PASSWORD, make_patient_user, make_user


@pytest.fixture(autouse=True)
def _no_tries_yet(db):
    cache.clear()


@pytest.fixture
def nurse():
    return make_user(role=Role.NURSE, email="ada@clinic.example", name="Ada Birchwood")


@pytest.fixture
def patient():
    return make_patient_user(email="marigold@mail.example")


@pytest.fixture
def another_browser():
    return Client()


@pytest.fixture
def checks(settings, nurse):
    """The list that grows by one with each run of the hasher; the nurse's password is stored under that hasher."""
    settings.PASSWORD_HASHERS = ["tests.clinic.accounts.hasher.CountingHasher"]
    nurse.set_password(PASSWORD)
    nurse.save()
    hasher.CHECKS.clear()
    return hasher.CHECKS


@pytest.fixture
def sign_in():
    def post(client, email, password=PASSWORD, **more):
        return client.post(reverse("account_login"), {"login": email, "password": password}, **more)

    return post


@pytest.fixture
def ask_code():
    def post(client, email, **more):
        return client.post(reverse("account_request_login_code"), {"email": email}, **more)

    return post


@pytest.fixture
def type_code():
    def post(client, code, **more):
        return client.post(reverse("account_confirm_login_code"), {"code": code}, **more)

    return post


@pytest.fixture
def newest_code():
    def read():
        return re.search(r"^ +(\d{6})$", mail.outbox[-1].body, re.M)[1]

    return read


@pytest.fixture
def is_signed_in():
    def ask(client):
        return client.get("/").url != reverse("account_login")

    return ask


@pytest.fixture
def plain():
    """A page without what differs at every load."""

    def strip(response):
        tokens = r'value="[A-Za-z0-9]{64}"|"X-CSRFToken": "[^"]*"|nonce="[^"]*"'
        return re.sub(tokens, "", response.content.decode())

    return strip
