"""What patients decide about messages and language by themselves, on their own page."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from clinic.actions import update_patient
from clinic.models import Patient, User
from clinic.notifications.opt_out import call_off_waiting


@transaction.atomic
def change_preferences(
    *, patient: Patient, language: str, contact: Mapping[str, bool], by: User, now: datetime | None = None
) -> Patient:
    """The language of pages and messages, and per kind of consent ("email", "sms") whether the clinic may write.

    A kind that is left out stays as it is. What waits on a channel that is switched off is called off at once; a
    channel that is switched on gets what is still to come. These facts are the patient's own to decide, so the page
    cannot be too old for them: what the clinic changed of others meanwhile stays.
    """
    stored = Patient.objects.select_for_update(of=("self",)).select_related("user").get(pk=patient.pk)
    changed = update_patient(
        patient=stored, version=stored.version, changes={"language": language}, by=by, contact=dict(contact)
    )
    for consent, allowed in contact.items():
        if not allowed:
            call_off_waiting(changed, consent, now=now or timezone.now())
    return changed
