"""Addresses of the visit: the day, booking, charting."""

from django.urls import path

from sessions_app import public_routes
from sessions_app.views import booking, front_desk, holds, nurse, undoing, visit_changes

app_name = "sessions_app"
urlpatterns: list = [
    *public_routes.PATTERNS,
    path("day/", front_desk.day, name="day"),
    path("day/changes/", front_desk.board_changes, name="board_changes"),
    path("day/print/", front_desk.print_day, name="print_day"),
    path("day/calls/", front_desk.calls_beside, name="calls_beside"),
    path("week/", front_desk.week, name="week"),
    path("calls/", front_desk.calls, name="calls"),
    path("book/", booking.book, name="book"),
    path("book/patients/", booking.patients, name="book_patients"),
    path("appointments/<uuid:public_id>/", visit_changes.appointment, name="appointment"),
    path("appointments/<uuid:public_id>/move/", visit_changes.move, name="move"),
    path("appointments/<uuid:public_id>/cancel/", visit_changes.cancel, name="cancel"),
    path("appointments/<uuid:public_id>/undo/", undoing.undo, name="undo"),
    path("appointments/<uuid:public_id>/confirmed/", undoing.confirm, name="confirm_visit"),
    path("appointments/<uuid:public_id>/status/", front_desk.status, name="status"),
    path("patients/<uuid:patient_id>/hold/", holds.place, name="hold_place"),
    path("patients/<uuid:patient_id>/hold/lift/", holds.lift, name="hold_lift"),
    path("my-day/", nurse.my_day, name="my_day"),
    path("visits/<uuid:public_id>/", nurse.visit, name="visit"),
    path("sessions/<uuid:public_id>/", nurse.session, name="session"),
    path("sessions/<uuid:public_id>/save/", nurse.session_save, name="session_save"),
    path("sessions/<uuid:public_id>/not-treated/", nurse.not_treated, name="not_treated"),
]
