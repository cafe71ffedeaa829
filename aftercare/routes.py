"""Addresses of aftercare: the patient's page and the plan as staff see it."""

from django.urls import path

from aftercare.views import link, today

app_name = "aftercare"
urlpatterns: list = [
    path("today/", today.today, name="today"),
    path("l/<str:secret>/", link.plan_link, name="plan_link"),
]
