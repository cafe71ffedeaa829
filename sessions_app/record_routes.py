"""Addresses of a patient's record: everything that was done, scores, the emergency card."""

from django.urls import path

from sessions_app.views import handover, record, scores

PATTERNS: list = [
    path("patients/<uuid:patient_id>/record/", record.record, name="record"),
    path("patients/<uuid:patient_id>/scores/", scores.scores, name="scores"),
    path("patients/<uuid:patient_id>/scores/new/", scores.score_new, name="score_new"),
    path("patients/<uuid:patient_id>/emergency-card/", handover.handover, name="handover"),
]
