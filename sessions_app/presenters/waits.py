"""Why the next treatment waits, as one line: in the head of the patient's page, and where the next visit is booked."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.urls import reverse

from clinic.access import Permission
from clinic.models import Clinic, Patient, User
from clinic.patient_page import HeadAlert
from sessions_app.models import AdverseEvent
from sessions_app.presenters.event_lines import when_words
from sessions_app.repeat import on_hold
from sessions_app.wording import list_words

_NAMED = 3
_ALLERGIC = (
    "Allergy to polidocanol on record: no treatment is booked or given. Reviews and other visits can be booked. "
    "Only a clinician rules the allergy out."
)


def waiting_alerts(patient: Patient, reader: User) -> list[HeadAlert]:
    """At most two lines. Readers of charts are led to the open events; others learn only that a clinician decides.

    An allergy to polidocanol stands first: it holds when the events are closed, too.
    """
    allergic = patient.polidocanol_allergy and reader.may(Permission.VIEW_CHART)
    lasting = [HeadAlert(_ALLERGIC, is_urgent=True, holds_booking=True)] if allergic else []
    events = AdverseEvent.objects.visible_to(reader).filter(patient=patient).open().order_by("onset_at", "pk")
    found = list(events[: _NAMED + 1])
    if found:
        zone = Clinic.current().zone
        ends = not lasting
        return [*lasting, _of_one(found[0], zone, ends) if len(found) == 1 else _of_many(patient, found, ends)]
    if lasting:
        return lasting
    if reader.may(Permission.BOOK) and on_hold([patient]):
        words = "The next treatment waits for a clinician's decision. Other visits can be booked."
        return [HeadAlert(words, holds_booking=True)]
    return []


def _of_one(event: AdverseEvent, zone: ZoneInfo, ends: bool) -> HeadAlert:
    kind, began = event.get_kind_display().lower(), when_words(event.onset_at, zone)
    seen = "" if event.acknowledged_at else " No clinician has seen it."
    until = " No treatment is booked until a clinician closes it." if ends else ""
    return HeadAlert(
        f"Adverse event open: {kind}, began {began}.{seen}{until}",
        reverse("sessions_app:event", args=[event.public_id]),
        "Open the event",
        is_urgent=True,
        holds_booking=True,
    )


def _of_many(patient: Patient, events: Sequence[AdverseEvent], ends: bool) -> HeadAlert:
    kinds = [event.get_kind_display().lower() for event in events[:_NAMED]]
    named = list_words(kinds) if len(events) <= _NAMED else f"{', '.join(kinds)} and more"
    until = " No treatment is booked until a clinician closes them." if ends else ""
    return HeadAlert(
        f"Adverse events open: {named}.{until}",
        f"{reverse('clinic:patient', args=[patient.public_id])}#events-h",
        "See the events",
        is_urgent=True,
        holds_booking=True,
    )
