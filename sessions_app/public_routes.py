"""Addresses of people who do not work here, the public page and the patients' visits, and the desk's answer to them."""

from django.urls import path

from sessions_app.views import get_started

PATTERNS = [
    path("get-started/", get_started.get_started, name="get_started"),
    path("get-started/thanks/", get_started.get_started_thanks, name="get_started_thanks"),
]
