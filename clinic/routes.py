"""Addresses of the base app: people, patients, messages, the protocol."""

from django.urls import path

app_name = "clinic"
urlpatterns: list = []
