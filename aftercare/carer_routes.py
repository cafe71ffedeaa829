"""Addresses of who looks with a patient, and of the reader's own settings."""

from django.urls import path

from aftercare.views import care, carers, preferences

PATTERNS = [
    path("care/", care.care, name="care"),
    path("care/<uuid:carer_id>/", care.care_today, name="care_today"),
    path("care/<uuid:carer_id>/leave/", care.care_leave, name="care_leave"),
    path("settings/", preferences.preferences, name="preferences"),
    path("settings/language/", preferences.speak, name="speak"),
    path("settings/stop/", preferences.stop_messages, name="stop_messages"),
    path("settings/start/", preferences.start_messages, name="start_messages"),
    path("settings/people/", carers.carers, name="carers"),
    path("settings/people/<uuid:carer_id>/", carers.carer, name="carer"),
    path("patients/<uuid:patient_id>/people/", carers.patient_carers, name="patient_carers"),
    path("patients/<uuid:patient_id>/people/<uuid:carer_id>/", carers.patient_carer, name="patient_carer"),
]
