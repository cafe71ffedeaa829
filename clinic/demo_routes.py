"""Addresses that exist in the demo only."""

from django.urls import path

app_name = "demo"
urlpatterns: list = []
