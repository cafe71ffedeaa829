"""What the pages of the front desk share: the times of a form, the visit of an address, the status of an answer."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Subquery
from django.urls import reverse
from django.utils import timezone

from clinic.gate import get_visible_or_404
from clinic.models import Patient
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from sessions_app.forms.desk import TimeForm
from sessions_app.free_times import Slot
from sessions_app.models import Appointment, Service, WaitListEntry
from sessions_app.presenters.days import Wanted
from sessions_app.presenters.time_options import Times, near_options
from sessions_app.presenters.times import times_for
from sessions_app.presenters.waits_fit import marked, waited_before
from sessions_app.visit_tasks import open_outside


def times_of(
    request: SignedInRequest,
    form: TimeForm,
    *,
    patient: Patient | None,
    service: Service,
    alternatives: Sequence[Slot] = (),
    moves: Appointment | None = None,
    waits: WaitListEntry | None = None,
    treatments: Sequence[datetime] | None = None,
) -> Times:
    """The times for what the form holds; what fits the wait list comes first, after "taken" the nearest free ones."""
    slot = form.seen("slot") if form.chosen_value else None
    now = timezone.now()
    wanted = Wanted(
        clinic=request.clinic,
        service=service,
        by=request.user,
        now=now,
        patient=patient,
        nurse_id=form.seen("nurse"),
        room_id=form.seen("room"),
        day=None if "best" in request.POST or alternatives else form.seen("day"),
        first_day=form.seen("first_day"),
        wish=form.seen("wish"),
        chosen=slot[:2] if slot and not alternatives else None,
        moves=moves,
        part=form.seen("part") or "",
        waits=waits,
        waits_before=waited_before(waits, moves=moves, now=now, zone=request.clinic.zone) if waits else None,
        treatments=treatments,
    )
    near = [marked(option, wanted) for option in near_options(alternatives, request.clinic.zone)]
    return times_for(wanted).with_first(near).choosing(form.chosen_value)


def refused_status(request: SignedInRequest, was_sent: bool) -> int:
    """A form that comes back is 422 for htmx, which swaps it in; browsers without script get a page."""
    return 422 if was_sent and request.htmx else 200


def appointment_or_404(request: SignedInRequest, public_id: UUID) -> Appointment:
    visible = Appointment.objects.visible_to(request.user).select_related(
        "entry__patient", "entry__nurse", "entry__room", "service", "booked_by", "early_approved_by", "overbooked_by"
    )
    visible = visible.annotate(outside_task=Subquery(open_outside().values("public_id")[:1]))
    return get_visible_or_404(visible, request=request, public_id=public_id)


def day_url(request: SignedInRequest, found: Appointment) -> str:
    return f"{reverse('sessions_app:day')}?date={local_date(found.starts_at, request.clinic.zone)}"
