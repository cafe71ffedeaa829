"""Addresses of "How are you?": a patient's own, a carer's with the carer's id in front, and the form for the phone."""

from django.urls import path

from aftercare.views import checkin, checkin_phone, checkin_reports

_STEPS = (
    ("", checkin.questions, "how"),
    ("2/", checkin.symptoms, "how_symptoms"),
    ("3/", checkin.own_words, "how_words"),
    ("well/", checkin.well, "how_well"),
    ("sent/", checkin_reports.reports, "how_reports"),
    ("sent/<uuid:report_id>/", checkin_reports.report, "how_report"),
)
PATTERNS = [
    *(path(f"how/{rest}", view, name=name) for rest, view, name in _STEPS),
    *(path(f"care/<uuid:carer_id>/how/{rest}", view, name=f"care_{name}") for rest, view, name in _STEPS),
    path("patients/<uuid:public_id>/report/", checkin_phone.phone_report, name="phone_report"),
    path("reports/<uuid:report_id>/told/", checkin_phone.report_told, name="report_told"),
]
