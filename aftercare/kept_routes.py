"""Addresses of what leaves the page: the copy on a phone, the page without network, the sheet of paper."""

from django.urls import path

from aftercare.views import offline, print_plan

PATTERNS: list = [
    path("today/kept/", offline.kept, name="kept"),
    path("offline/", offline.offline, name="offline"),
    path("sw.js", offline.service_worker, name="service_worker"),
    path("manifest.webmanifest", offline.manifest, name="manifest"),
    path("plan/print/", print_plan.own_print, name="print"),
    path("care/<uuid:carer_id>/plan/print/", print_plan.care_print, name="care_print"),
    path("patients/<uuid:public_id>/plan/print/", print_plan.plan_print, name="plan_print"),
]
