"""Addresses of the base app: people, patients, messages, the protocol."""

from django.urls import path

from clinic.views import alerts, audit, messages, patients, protocol, stop

app_name = "clinic"
urlpatterns: list = [
    path("alerts/", alerts.alerts, name="alerts"),
    path("audit/", audit.audit, name="audit"),
    path("patients/", patients.patients, name="patients"),
    path("patients/suggestions/", patients.suggestions, name="patient_suggestions"),
    path("patients/new/", patients.patient_new, name="patient_new"),
    path("patients/<uuid:patient_id>/", patients.patient, name="patient"),
    path("patients/<uuid:patient_id>/edit/", patients.patient_edit, name="patient_edit"),
    path("messages/", messages.messages, name="messages"),
    path("messages/<uuid:item>/called/", messages.message_called, name="message_called"),
    path("messages/<uuid:item>/verdict/", messages.message_verdict, name="message_verdict"),
    path("messages/<uuid:item>/review/", messages.message_review, name="message_review"),
    path("protocol/", protocol.protocol, name="protocol"),
    path("protocol/next/", protocol.protocol_next, name="protocol_next"),
    path("stop/<str:token>/", stop.stop, name="stop"),
]
