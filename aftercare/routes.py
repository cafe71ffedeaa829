"""Addresses of aftercare: the patient's page and the plan as staff see it."""

from django.urls import path

app_name = "aftercare"
urlpatterns: list = []
