"""Set-up of the schedule: the overview, closures, rooms, services and the rules of booking."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import Room, User
from clinic.requests import SignedInRequest
from sessions_app import closures as closing
from sessions_app import setup as actions
from sessions_app.forms.setup import ClosureForm, Refusable, RoomForm, RulesForm, ServiceForm
from sessions_app.models import Closure, Service
from sessions_app.outside import VisitsOutside
from sessions_app.presenters import setup as shown
from sessions_app.presenters.setup import OutsidePanel
from sessions_app.refusals import Refused, Stale
from sessions_app.views.desk_parts import refused_status


@requires(Permission.EDIT_SCHEDULE)
@require_safe
def overview(request: SignedInRequest) -> HttpResponse:
    """Where everything of the schedule is set up, with what each part holds."""
    now = timezone.now()
    context = {
        "nurses": User.objects.nurses().count(),
        "nurses_without_hours": User.objects.nurses().filter(hours__isnull=True, dated_hours__isnull=True).count(),
        "closures": shown.coming_closures(now=now, zone=request.clinic.zone)[:3],
        "rooms": Room.objects.filter(is_active=True).count(),
        "services": Service.objects.filter(is_active=True).count(),
        "outside": shown.number_outside(),
        "may_administer": request.user.may(Permission.ADMINISTER),
        "may_work": request.user.may(Permission.WORK_TASKS),
    }
    return render_page(request, "overview", context)


@requires(Permission.EDIT_SCHEDULE)
@require_http_methods(["GET", "HEAD", "POST"])
def closures(request: SignedInRequest) -> HttpResponse:
    """What is closed and who is away, and one more of these; `?nurse=` begins with somebody's time off."""
    form = ClosureForm(request.POST or None, initial=_closure_opening(request))

    made: list[Closure] = []

    def close() -> None:
        starts_at, ends_at = form.period(request.clinic.zone)
        whom = form.whom()
        closure = closing.close(
            nurses=whom.get(ClosureForm.NURSES),
            rooms=whom.get(ClosureForm.ROOMS),
            title=form.cleaned_data["title"],
            starts_at=starts_at,
            ends_at=ends_at,
            accepted=form.seen_visits(),
            by=request.user,
        )
        made.append(closure)

    saved, panel = save(request, form, close, verb="Close it")
    if saved:
        messages.success(request, shown.closed_words(made[0], zone=request.clinic.zone))
        return redirect("sessions_app:setup_closures")
    coming = shown.coming_closures(now=timezone.now(), zone=request.clinic.zone)
    return render_page(request, "closures", {"form": form, "panel": panel, "closures": coming})


def _closure_opening(request: SignedInRequest) -> dict[str, Any]:
    try:
        nurse = User.objects.nurses().filter(public_id=UUID(request.GET.get("nurse", ""))).first()
    except ValueError:
        nurse = None
    return {"scope": ClosureForm.NURSES, "nurses": [nurse.pk]} if nurse else {"scope": ClosureForm.WHOLE}


@requires(Permission.EDIT_SCHEDULE)
@require_POST
def closure_end(request: SignedInRequest, closure_id: str) -> HttpResponse:
    """The time is free again from now on."""
    found = get_visible_or_404(Closure.objects.all(), request=request, pk=_key(closure_id))
    closing.reopen(closure=found, by=request.user)
    messages.success(request, f"{found.title} has ended; its time can be booked again.")
    return redirect("sessions_app:setup_closures")


@requires(Permission.EDIT_SCHEDULE)
@require_http_methods(["GET", "HEAD", "POST"])
def rooms(request: SignedInRequest) -> HttpResponse:
    form = RoomForm(request.POST or None)
    saved, panel = save(
        request, form, lambda: actions.save_room(name=form.cleaned_data["name"], by=request.user), verb="Add the room"
    )
    if saved:
        messages.success(request, f"{form.cleaned_data['name']} is added.")
        return redirect("sessions_app:setup_rooms")
    return render_page(request, "rooms", {"form": form, "panel": panel, "rooms": shown.room_rows(now=timezone.now())})


@requires(Permission.EDIT_SCHEDULE)
@require_http_methods(["GET", "HEAD", "POST"])
def room(request: SignedInRequest, room_id: str) -> HttpResponse:
    """Rename a room, take it out of use, or back."""
    found = get_visible_or_404(Room.objects.all(), request=request, pk=_key(room_id))
    form = RoomForm(request.POST or None, initial={"name": found.name, "is_active": found.is_active})

    def keep() -> None:
        facts = {name: form.cleaned_data[name] for name in ("name", "is_active")}
        actions.save_room(room=found, accepted=form.seen_visits(), by=request.user, **facts)

    out_of_use = found.is_active and not request.POST.get("is_active")
    saved, panel = save(request, form, keep, verb="Take it out of use" if out_of_use else "Save the room")
    if saved:
        messages.success(request, f"{form.cleaned_data['name']} is saved.")
        return redirect("sessions_app:setup_rooms")
    row = next(row for row in shown.room_rows(now=timezone.now()) if row.room.pk == found.pk)
    return render_page(request, "room", {"form": form, "panel": panel, "row": row})


@requires(Permission.EDIT_SCHEDULE)
@require_safe
def services(request: SignedInRequest) -> HttpResponse:
    return render_page(request, "services", {"services": shown.service_rows(now=timezone.now())})


@requires(Permission.EDIT_SCHEDULE)
@require_http_methods(["GET", "HEAD", "POST"])
def service_new(request: SignedInRequest) -> HttpResponse:
    return _service(request, None)


@requires(Permission.EDIT_SCHEDULE)
@require_http_methods(["GET", "HEAD", "POST"])
def service(request: SignedInRequest, service_id: str) -> HttpResponse:
    return _service(request, get_visible_or_404(Service.objects.all(), request=request, pk=_key(service_id)))


def _service(request: SignedInRequest, found: Service | None) -> HttpResponse:
    form = ServiceForm(request.POST or None, service=found)

    def keep() -> None:
        actions.save_service(
            service=found,
            facts=form.facts(),
            nurses=list(form.cleaned_data["nurses"]),
            rooms=list(form.cleaned_data["rooms"]),
            accepted=form.seen_visits(),
            by=request.user,
        )

    no_longer = found is not None and found.is_active and not request.POST.get("is_active")
    saved, panel = save(request, form, keep, verb="Stop offering it" if no_longer else "Save the service")
    if saved:
        messages.success(request, f"{form.cleaned_data['name']} is saved.")
        return redirect("sessions_app:setup_services")
    return render_page(request, "service", {"form": form, "panel": panel, "service": found})


@requires(Permission.EDIT_SCHEDULE)
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: SignedInRequest) -> HttpResponse:
    """Grid, horizon, minutes of grace, what patients may do themselves, and the promises to who waits."""
    form = RulesForm(request.POST or None, clinic=request.clinic)
    if request.method == "POST" and form.is_valid():
        actions.save_rules(facts=form.cleaned_data, by=request.user)
        messages.success(request, "The booking rules are saved.")
        return redirect("sessions_app:setup_rules")
    return render_page(request, "rules", {"form": form})


def save(
    request: SignedInRequest, form: Refusable, act: Callable[[], object], *, verb: str
) -> tuple[bool, OutsidePanel | None]:
    """Whether a posted form was saved. If not, what falls outside by it, or its errors, are to be shown."""
    if request.method != "POST" or not form.is_valid():
        return False, None
    try:
        act()
    except VisitsOutside as found:
        return False, shown.outside_panel(found, request.clinic.zone, verb=verb)
    except Stale:
        raise
    except Refused as refused:
        form.refuse(refused)
        return False, None
    return True, None


def render_page(request: SignedInRequest, name: str, context: dict[str, Any], *, status: int = 0) -> HttpResponse:
    """A page of the set-up with its tabs; a refused form answers 422 to htmx."""
    tabs = [
        {
            "label": tab.label,
            "url": (url := reverse(tab.route)),
            "current": request.path == url or (tab.route != "sessions_app:setup" and request.path.startswith(url)),
        }
        for tab in shown.TABS
    ]
    was_sent = request.method == "POST"
    return render(
        request,
        f"sessions_app/setup/{name}.html",
        {"tabs": tabs, **context},
        status=status or refused_status(request, was_sent),
    )


def _key(text: str) -> int:
    """The key in an address; one that no row has for anything that is no key."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
