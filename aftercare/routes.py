"""Addresses of aftercare: the patient's page and the plan as staff see it."""

from django.urls import path

from aftercare import carer_routes, checkin_routes, kept_routes, queue_routes
from aftercare.models import Tick
from aftercare.views import link, plan, sign, ticks, today

app_name = "aftercare"
urlpatterns: list = [
    path("today/", today.today, name="today"),
    path("today/answer/first/", ticks.answer, {"task": Tick.Task.STOCKING}, name="answer_stocking"),
    path("today/answer/second/", ticks.answer, {"task": Tick.Task.WALK}, name="answer_walk"),
    path("visits/<uuid:public_id>/sign/", sign.sign, name="sign"),
    path("patients/<uuid:public_id>/plan/", plan.plan, name="plan"),
    path("l/<str:secret>/", link.plan_link, name="plan_link"),
    *carer_routes.PATTERNS,
    *checkin_routes.PATTERNS,
    *kept_routes.PATTERNS,
    *queue_routes.PATTERNS,
]
