"""The plan as staff see it: with reasons, with every message that was sent or is planned, and why."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aftercare import missed_calls
from aftercare.issuing import SOURCE, Visit, upcoming_visits
from aftercare.models import AftercarePlan
from aftercare.presenters.staff import card_of_plan, message_line, times_note, told_at
from aftercare.stocking_told import StockingTold, told_to
from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import Clinic, Delivery, Patient
from clinic.requests import SignedInRequest
from sessions_app.models import TreatmentSession
from sessions_app.own_wait import is_held


@requires(Permission.VIEW_PLAN)
@require_safe
def plan(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """All plans of one patient, the newest first; the ones that hold are drawn as one."""
    now = timezone.now()
    patient = get_visible_or_404(Patient.objects.visible_to(request.user), request=request, public_id=public_id)
    rows = list(
        AftercarePlan.objects.visible_to(request.user)
        .filter(patient=patient)
        .select_related("protocol_version", "session__signed_by", "issued_by")
        .prefetch_related("items", "session__sites")
        .order_by("-starts_at", "-number")
    )
    audit.record("plan read", by=request.user, subject=patient, patient=patient)
    current = [row for row in rows if row.replaced_at is None]
    running = [row for row in current if row.ends_at > now]
    visits = upcoming_visits(patient, now=now)
    shown = running[:1] or current[:1]
    held = bool(shown) and is_held(patient, clinic=request.clinic, now=now)
    told = told_to(patient, now) if shown else None
    context = {
        "patient": patient,
        "cards": [_card(row, running, visits, now, told=told, is_held=held) for row in shown],
        "others": [_summary(row, now) for row in rows if row not in shown],
        **_messages(patient),
        "times_note": times_note(patient, request.clinic),
        "is_running": bool(running),
    }
    return render(request, "aftercare/plan.html", context)


def result_of(session: TreatmentSession, *, clinic: Clinic, now: datetime) -> dict[str, Any]:
    """What a signed session has led to: the stored plan and its messages as they are by now."""
    mine = Q(session=session)
    rows = list(
        AftercarePlan.objects.filter(mine | Q(patient=session.patient, replaced_at=None, ends_at__gt=now))
        .select_related("protocol_version")
        .prefetch_related("items", "session__sites")
    )
    own = next((row for row in rows if row.session_id == session.pk), None)
    running = [row for row in rows if row.replaced_at is None]
    visits = upcoming_visits(session.patient, now=now)
    held = own is not None and is_held(session.patient, clinic=clinic, now=now)
    told = told_to(session.patient, now) if own else None
    return {
        "session": session,
        "patient": session.patient,
        "plan": own,
        "card": _card(own, running, visits, now, told=told, is_held=held)["card"] if own else None,
        **_messages(session.patient),
        "times_note": times_note(session.patient, clinic),
    }


def _messages(patient: Patient) -> dict[str, Any]:
    """What goes out and what did not arrive; apart from it, to fold, what arrived or left, and what was called off."""
    rows = messages_of(patient)
    state = Delivery.State
    sent, called_off = (state.SENT, state.DELIVERED), (state.CANCELLED,)
    return {
        "messages_of_plans": [message_line(row) for row in rows if row.state not in (*sent, *called_off)],
        "sent": [message_line(row) for row in rows if row.state in sent],
        "called_off": [message_line(row) for row in rows if row.state in called_off],
    }


def messages_of(patient: Patient) -> Sequence[Delivery]:
    """Messages of the plans, visits and calls in vain by time; the newest hundred are more than a course has."""
    sources = [SOURCE, "appointment", missed_calls.SOURCE]
    rows = Delivery.objects.filter(patient=patient, source__in=sources).order_by("-due_at", "step")[:100]
    return sorted(rows, key=lambda row: (told_at(row), row.step))


def _card(
    row: AftercarePlan,
    running: Sequence[AftercarePlan],
    visits: Sequence[Visit],
    now: datetime,
    *,
    told: StockingTold | None,
    is_held: bool,
) -> dict[str, Any]:
    others = [other for other in running if other.pk != row.pk]
    visit = visits[0] if visits else None
    card = card_of_plan(
        row, others=others, sites=row.session.sites.all(), visit=visit, now=now, told=told, is_held=is_held
    )
    return {"plan": row, "card": card}


def _summary(row: AftercarePlan, now: datetime) -> dict[str, Any]:
    is_running = row.replaced_at is None and row.ends_at > now
    state = "corrected" if row.replaced_at else "holds" if is_running else "over"
    return {"plan": row, "state": state}
