"""Addresses of the visit: the day, booking, charting."""

from django.urls import path

app_name = "sessions_app"
urlpatterns: list = []
