"""Addresses of the front desk's lists: whom to call, the wait list, offers."""

from django.urls import path

from sessions_app.views import lists, offers, waiting

PATTERNS = [
    path("day/calls/", lists.calls_beside, name="calls_beside"),
    path("calls/", lists.calls, name="calls"),
    path("calls/<uuid:public_id>/done/", lists.visit_task_done, name="visit_task_done"),
    path("calls/<uuid:public_id>/open/", lists.visit_task_open, name="visit_task_open"),
    path("waiting/", waiting.waiting_list, name="waiting"),
    path("waiting/new/", waiting.join, name="wait_join"),
    path("waiting/patients/", waiting.patients, name="wait_patients"),
    path("waiting/freed/", offers.freed, name="freed"),
    path("waiting/<uuid:public_id>/", waiting.change, name="wait_change"),
    path("waiting/<uuid:public_id>/leave/", waiting.leave, name="wait_leave"),
    path("waiting/<uuid:public_id>/back/", waiting.come_back, name="wait_back"),
    path("waiting/<uuid:public_id>/offer/", offers.offer, name="wait_offer"),
    path("offers/<uuid:public_id>/accept/", offers.accept, name="offer_accept"),
    path("offers/<uuid:public_id>/decline/", offers.decline, name="offer_decline"),
    path("offers/<uuid:public_id>/take-back/", offers.take_back, name="offer_take_back"),
]
