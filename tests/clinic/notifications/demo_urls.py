"""The product's addresses with those of the demo."""

from django.urls import include, path

from clinic.urls import urlpatterns as product

urlpatterns = [*product, path("demo/", include("clinic.demo_routes"))]
