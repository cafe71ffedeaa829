"""Addresses of the visit: the day, booking, charting."""

from django.urls import path

from sessions_app.views import nurse

app_name = "sessions_app"
urlpatterns: list = [
    path("my-day/", nurse.my_day, name="my_day"),
    path("visits/<uuid:public_id>/", nurse.visit, name="visit"),
    path("sessions/<uuid:public_id>/", nurse.session, name="session"),
    path("sessions/<uuid:public_id>/save/", nurse.session_save, name="session_save"),
    path("sessions/<uuid:public_id>/not-treated/", nurse.not_treated, name="not_treated"),
]
