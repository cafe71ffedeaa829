"""Addresses that exist in the demo only."""

from django.urls import path

from clinic.views import demo

app_name = "demo"
urlpatterns: list = [
    path("messages/", demo.outbox, name="outbox"),
    path("messages/<uuid:letter>/<int:number>/", demo.attachment, name="attachment"),
    path("components/", demo.components, name="components"),
]
