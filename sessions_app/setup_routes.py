"""Addresses of the set-up of the schedule."""

from django.urls import path

from sessions_app.views import setup, setup_hours

PATTERNS: list = [
    path("setup/", setup.overview, name="setup"),
    path("setup/hours/", setup_hours.hours, name="setup_hours"),
    path("setup/hours/<uuid:nurse_id>/", setup_hours.nurse, name="setup_nurse"),
    path("setup/hours/<uuid:nurse_id>/date/", setup_hours.one_date, name="setup_date"),
    path("setup/hours/<uuid:nurse_id>/date/clear/", setup_hours.clear_date, name="setup_date_clear"),
    path("setup/closures/", setup.closures, name="setup_closures"),
    path("setup/closures/<str:closure_id>/end/", setup.closure_end, name="setup_closure_end"),
    path("setup/rooms/", setup.rooms, name="setup_rooms"),
    path("setup/rooms/<str:room_id>/", setup.room, name="setup_room"),
    path("setup/services/", setup.services, name="setup_services"),
    path("setup/services/new/", setup.service_new, name="setup_service_new"),
    path("setup/services/<str:service_id>/", setup.service, name="setup_service"),
    path("setup/rules/", setup.rules, name="setup_rules"),
]
