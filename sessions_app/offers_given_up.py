"""A booking ends the offers of its patient for a visit of the same kind: the time kept for them is free again.

Part of the transaction that books. The waiting entry is locked before its offers, and both before the calendar, as in
`sessions_app.waiting_offers`: of a booking and a yes to the offer at one moment, one comes first and the other sees it.
"""

from datetime import datetime

from clinic import audit
from clinic.models import Patient, User
from sessions_app.closures import release_hold
from sessions_app.models import Appointment, Service, WaitListEntry, WaitListOffer

_TAKEN_BACK = WaitListOffer.Answer.TAKEN_BACK


def give_up_offers(*, patient: Patient, service: Service, by: User, now: datetime) -> None:
    """Take back what the wait list keeps for this patient for a visit of this kind. One query if they do not wait.

    Inside the transaction of the booking, before it takes anything of the calendar. The person waits on.
    """
    waiting = WaitListEntry.objects.waiting().filter(patient=patient, service__kind=service.kind)
    entries = list(waiting.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    if not entries:
        return
    living = WaitListOffer.objects.filter(waiting__in=entries, answer="", expires_at__gt=now)
    for offer in living.select_related("hold").order_by("pk"):
        ended = WaitListOffer.objects.filter(pk=offer.pk, answer="").update(answer=_TAKEN_BACK, answered_at=now)
        if ended and offer.hold is not None:
            release_hold(hold=offer.hold, by=by)
            audit.record("offer taken back", by=by, subject=offer, patient=patient)


def given_up_by(*booked: Appointment) -> list[WaitListOffer]:
    """The offers that this booking (of one visit or of a course) ended and whose time it left free. One query."""
    first = booked[0]
    ended = WaitListOffer.objects.filter(
        waiting__patient=first.entry.patient_id,
        waiting__service__kind=first.service.kind,
        answer=_TAKEN_BACK,
        answered_at=first.booked_at,
        hold__isnull=False,
    )
    for visit in booked:
        ended = ended.exclude(hold__starts_at__lt=visit.entry.ends_at, hold__ends_at__gt=visit.entry.starts_at)
    return list(ended.order_by("starts_at"))
