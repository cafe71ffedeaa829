"""Addresses of the base app: people, patients, messages, the protocol."""

from django.urls import path

from clinic.views import stop

app_name = "clinic"
urlpatterns: list = [
    path("stop/<str:token>/", stop.stop, name="stop"),
]
