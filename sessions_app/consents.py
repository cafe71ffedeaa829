"""Consent to a series of treatments: who may be treated and photographed on the strength of which signature."""

from clinic.models import Patient
from sessions_app.models import SeriesConsent


def living_consent(patient: Patient) -> SeriesConsent | None:
    """The consent to the series that runs now; None when none was signed or the last one ended."""
    return (
        SeriesConsent.objects.filter(patient=patient, ended_at__isnull=True)
        .select_related("text", "witnessed_by")
        .first()
    )


def allows_photographs(patient: Patient) -> bool:
    """True while a living consent says yes to photographs. Asked again at every use: a withdrawn consent ends it."""
    return SeriesConsent.objects.filter(patient=patient, ended_at__isnull=True, allows_photographs=True).exists()
