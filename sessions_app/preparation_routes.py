"""Addresses of what stands before the first injection: the day, consents, their text, a patient's own copies."""

from django.urls import path

from sessions_app.views import preparation

PATTERNS = [
    path("day-check/", preparation.day_check, name="day_check"),
    path("patients/<uuid:patient_id>/consent/", preparation.patient_consents, name="consents"),
    path("patients/<uuid:patient_id>/consent/sign/", preparation.consent_sign, name="consent_sign"),
    path("consents/<uuid:public_id>/", preparation.consent, name="consent"),
    path("consents/<uuid:public_id>/end/", preparation.consent_end, name="consent_end"),
    path("consent-text/", preparation.consent_text, name="consent_text"),
    path("sessions/<uuid:public_id>/allergies/", preparation.allergies, name="allergies"),
    path("my-consents/", preparation.own_consents, name="own_consents"),
    path("my-consents/<uuid:public_id>/", preparation.own_consent, name="own_consent"),
]
