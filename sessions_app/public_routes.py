"""Addresses of people who do not work here, the public page and the patients' visits, and the desk's answer to them."""

from django.urls import path

from sessions_app.views import get_started, portal, requests

PATTERNS = [
    path("get-started/", get_started.get_started, name="get_started"),
    path("get-started/thanks/", get_started.get_started_thanks, name="get_started_thanks"),
    path("requests/<uuid:public_id>/", requests.visit_request, name="visit_request"),
    path("requests/<uuid:public_id>/register/", requests.register, name="request_register"),
    path("requests/<uuid:public_id>/reopen/", requests.reopen, name="request_reopen"),
    path("my-visits/", portal.visits, name="portal_visits"),
    path("my-visits/<uuid:public_id>/confirm/", portal.confirm, name="portal_confirm"),
    path("my-visits/<uuid:public_id>/change/", portal.change, name="portal_change"),
    path("my-visits/<uuid:public_id>/ask/", portal.ask, name="portal_ask"),
]
