"""Addresses of the visit: the day, booking, charting."""

from django.urls import path

from sessions_app import public_routes
from sessions_app.views import booking, front_desk, nurse, visit_changes

app_name = "sessions_app"
urlpatterns: list = [
    *public_routes.PATTERNS,
    path("day/", front_desk.day, name="day"),
    path("calls/", front_desk.calls, name="calls"),
    path("book/", booking.book, name="book"),
    path("book/patients/", booking.patients, name="book_patients"),
    path("appointments/<uuid:public_id>/", visit_changes.appointment, name="appointment"),
    path("appointments/<uuid:public_id>/move/", visit_changes.move, name="move"),
    path("appointments/<uuid:public_id>/cancel/", visit_changes.cancel, name="cancel"),
    path("appointments/<uuid:public_id>/status/", front_desk.status, name="status"),
    path("my-day/", nurse.my_day, name="my_day"),
    path("visits/<uuid:public_id>/", nurse.visit, name="visit"),
    path("sessions/<uuid:public_id>/", nurse.session, name="session"),
    path("sessions/<uuid:public_id>/save/", nurse.session_save, name="session_save"),
    path("sessions/<uuid:public_id>/not-treated/", nurse.not_treated, name="not_treated"),
]
