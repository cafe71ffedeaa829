"""Addresses of the visit: the day, booking, charting."""

from django.urls import path

from sessions_app import list_routes, public_routes, setup_routes
from sessions_app.views import (
    amend,
    booking,
    calendars,
    course,
    front_desk,
    holds,
    nurse,
    to_sign,
    undoing,
    visit_changes,
)

app_name = "sessions_app"
urlpatterns: list = [
    *public_routes.PATTERNS,
    *list_routes.PATTERNS,
    *setup_routes.PATTERNS,
    path("day/", front_desk.day, name="day"),
    path("day/changes/", front_desk.board_changes, name="board_changes"),
    path("day/print/", front_desk.print_day, name="print_day"),
    path("week/", front_desk.week, name="week"),
    path("book/", booking.book, name="book"),
    path("book/course/", course.book_course, name="book_course"),
    path("courses/<uuid:public_id>/undo/", course.undo_course, name="undo_course"),
    path("book/patients/", booking.patients, name="book_patients"),
    path("appointments/<uuid:public_id>/", visit_changes.appointment, name="appointment"),
    path("appointments/<uuid:public_id>/move/", visit_changes.move, name="move"),
    path("appointments/<uuid:public_id>/cancel/", visit_changes.cancel, name="cancel"),
    path("appointments/<uuid:public_id>/undo/", undoing.undo, name="undo"),
    path("appointments/<uuid:public_id>/confirmed/", undoing.confirm, name="confirm_visit"),
    path("appointments/<uuid:public_id>/status/", front_desk.status, name="status"),
    path("patients/<uuid:patient_id>/hold/", holds.place, name="hold_place"),
    path("patients/<uuid:patient_id>/hold/lift/", holds.lift, name="hold_lift"),
    path("appointments/<uuid:public_id>/visit.ics", calendars.appointment_ics, name="appointment_ics"),
    path("calendar/", calendars.calendar, name="calendar"),
    path("calendar/address/", calendars.calendar_address, name="calendar_address"),
    path("calendar/end/", calendars.calendar_end, name="calendar_end"),
    path("calendar/feed/<str:secret>.ics", calendars.feed, name="feed"),
    path("my-day/", nurse.my_day, name="my_day"),
    path("visits/<uuid:public_id>/", nurse.visit, name="visit"),
    path("sessions/<uuid:public_id>/", nurse.session, name="session"),
    path("sessions/<uuid:public_id>/save/", nurse.session_save, name="session_save"),
    path("sessions/<uuid:public_id>/correct/", amend.amend, name="amend"),
    path("sessions/<uuid:public_id>/correction/", amend.correction, name="correction"),
    path("sessions/<uuid:public_id>/give-up/", amend.give_up, name="give_up"),
    path("sessions/<uuid:public_id>/ask-clinician/", to_sign.ask_clinician, name="ask_clinician"),
    path("sessions/<uuid:public_id>/hand-back/", to_sign.hand_back, name="hand_back"),
    path("to-sign/", to_sign.to_sign, name="to_sign"),
    path("to-sign/<uuid:task_id>/", to_sign.review_override, name="review_override"),
    path("sessions/<uuid:public_id>/versions/", amend.versions, name="versions"),
    path("sessions/<uuid:public_id>/not-treated/", nurse.not_treated, name="not_treated"),
]
