"""Addresses of adverse events."""

from django.urls import path

from sessions_app.views import event, events

PATTERNS = [
    path("patients/<uuid:patient_id>/events/new/", events.begin, name="event_begin"),
    path("events/", events.events, name="events"),
    path("events/<uuid:public_id>/", event.event, name="event"),
    path("events/<uuid:public_id>/seen/", event.seen, name="event_seen"),
    path("events/<uuid:public_id>/allergy/", event.allergy, name="event_allergy"),
    path("events/<uuid:public_id>/close/", event.close, name="event_close"),
    path("events/<uuid:public_id>/mistake/", event.withdraw, name="event_withdraw"),
    path("events/<uuid:public_id>/open/", event.reopen, name="event_reopen"),
    path("events/<uuid:public_id>/report/", events.report, name="event_report"),
]
