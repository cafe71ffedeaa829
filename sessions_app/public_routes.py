"""Addresses of people who do not work here, the public page and the patients' visits, and the desk's answer to them."""

from django.urls import path

from sessions_app.views import get_started, requests

PATTERNS = [
    path("get-started/", get_started.get_started, name="get_started"),
    path("get-started/thanks/", get_started.get_started_thanks, name="get_started_thanks"),
    path("requests/<uuid:public_id>/", requests.visit_request, name="visit_request"),
    path("requests/<uuid:public_id>/register/", requests.register, name="request_register"),
    path("requests/<uuid:public_id>/reopen/", requests.reopen, name="request_reopen"),
]
