"""The way to the form for the phone, from the head of a patient's page."""

from django.urls import reverse

from clinic.access import Permission
from clinic.patient_page import HeadLink


def phone_report() -> HeadLink:
    return HeadLink(
        name="phone report",
        words="Report by phone",
        icon="phone",
        url=lambda patient: reverse("aftercare:phone_report", args=[patient.public_id]),
        needs=Permission.VIEW_REPORTS,
    )
