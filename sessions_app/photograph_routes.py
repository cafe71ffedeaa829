"""Addresses of photographs."""

from django.urls import path

from sessions_app.views import photographs

PATTERNS: list = [
    path("patients/<uuid:patient_id>/photographs/", photographs.photographs, name="photographs"),
    path("patients/<uuid:patient_id>/photographs/add/", photographs.photographs_add, name="photographs_add"),
    path("patients/<uuid:patient_id>/photographs/compare/", photographs.compare, name="photographs_compare"),
    path("photographs/<uuid:public_id>/", photographs.photograph, name="photograph"),
    path("photographs/<uuid:public_id>/remove/", photographs.photograph_remove, name="photograph_remove"),
    path(
        "photographs/<uuid:public_id>/large.jpg", photographs.photograph_file, {"size": "large"}, name="photograph_file"
    ),
    path(
        "photographs/<uuid:public_id>/small.jpg",
        photographs.photograph_file,
        {"size": "small"},
        name="photograph_thumbnail",
    ),
]
