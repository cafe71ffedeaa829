"""Addresses of adverse events."""

from django.urls import path

from sessions_app.views import events

PATTERNS = [
    path("patients/<uuid:patient_id>/events/new/", events.begin, name="event_begin"),
    path("events/", events.events, name="events"),
    path("events/<uuid:public_id>/", events.event, name="event"),
    path("events/<uuid:public_id>/seen/", events.seen, name="event_seen"),
    path("events/<uuid:public_id>/allergy/", events.allergy, name="event_allergy"),
    path("events/<uuid:public_id>/close/", events.close, name="event_close"),
    path("events/<uuid:public_id>/open/", events.reopen, name="event_reopen"),
    path("events/<uuid:public_id>/report/", events.report, name="event_report"),
]
