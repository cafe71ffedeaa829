"""What the record puts into the head of the patient's page."""

from django.urls import reverse

from clinic.access import Permission
from clinic.patient_page import HeadLink


def emergency_card() -> HeadLink:
    return HeadLink(
        name="emergency card",
        words="Emergency card",
        icon="printer",
        url=lambda patient: reverse("sessions_app:handover", args=[patient.public_id]),
        needs=Permission.VIEW_CHART,
    )
