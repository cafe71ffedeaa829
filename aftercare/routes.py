"""Addresses of aftercare: the patient's page and the plan as staff see it."""

from django.urls import path

from aftercare import carer_routes, checkin_routes, kept_routes, queue_routes, today_routes
from aftercare.views import link, plan, sign, today

app_name = "aftercare"
urlpatterns: list = [
    path("today/", today.today, name="today"),
    path("visits/<uuid:public_id>/sign/", sign.sign, name="sign"),
    path("patients/<uuid:public_id>/plan/", plan.plan, name="plan"),
    path("l/<str:secret>/", link.plan_link, name="plan_link"),
    *carer_routes.PATTERNS,
    *checkin_routes.PATTERNS,
    *kept_routes.PATTERNS,
    *queue_routes.PATTERNS,
    *today_routes.PATTERNS,
]
