"""The product's addresses and, beside them, the floor's."""

from django.urls import URLPattern, URLResolver, include, path

from bench import floor

urlpatterns: list[URLPattern | URLResolver] = [
    path("floor/empty", floor.empty),
    path("floor/page", floor.page),
    path("floor/week", floor.week),
    path("floor/slots", floor.slots),
    path("", include("clinic.urls")),
]
