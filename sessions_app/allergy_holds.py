"""An allergy to polidocanol on record lets every treatment wait (rule B4), as it blocks every session (check P1).

It is no hold that somebody places or lifts: it ends when a clinician rules the allergy out. Reviews and consultations
stay bookable.
"""

from django.db.models import F, QuerySet

from clinic.models import Patient

SOURCE = "allergy"
"""The name under which these holds are registered with `sessions_app.repeat`."""


def allergic_rows() -> QuerySet[Patient]:
    """Everybody with the allergy on record, each with a `patient`, for `HoldRows`."""
    return Patient.objects.filter(polidocanol_allergy=True).annotate(patient=F("pk"))


def told(patient: Patient) -> str:
    return "An allergy to polidocanol is on record"
