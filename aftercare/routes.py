"""Addresses of aftercare: the patient's page and the plan as staff see it."""

from django.urls import path

from aftercare.views import link

app_name = "aftercare"
urlpatterns: list = [
    path("l/<str:secret>/", link.plan_link, name="plan_link"),
]
