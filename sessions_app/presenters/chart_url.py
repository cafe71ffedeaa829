"""The address of the page on which a session is charted."""

from django.urls import reverse

from sessions_app.models import TreatmentSession


def chart_url(session: TreatmentSession) -> str:
    """The visit's page; a correction has a page of its own, because its visit may have several versions."""
    if session.amends_id is not None:
        return reverse("sessions_app:correction", args=[session.public_id])
    return reverse("sessions_app:visit", args=[session.appointment.public_id])
