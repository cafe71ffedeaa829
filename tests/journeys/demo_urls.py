"""The product's addresses with those of the demo, whose pages are pages too."""

from django.urls import include, path

from clinic.urls import handler429
from clinic.urls import urlpatterns as product

__all__ = ["handler429", "urlpatterns"]

urlpatterns = [*product, path("demo/", include("clinic.demo_routes"))]
