"""Adverse events: begin one by one press, find, report."""

import re
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import Patient
from clinic.requests import SignedInRequest
from sessions_app import adverse_events, medwatch
from sessions_app.emergency import Step
from sessions_app.forms.event import BeginForm, FilterForm
from sessions_app.models import TreatmentSession
from sessions_app.presenters import event as shown
from sessions_app.presenters.chart_url import chart_url
from sessions_app.presenters.event_lines import open_lines
from sessions_app.presenters.event_register import register_page
from sessions_app.refusals import Refused
from sessions_app.views.event import address_of, event_or_404, sessions_of
from sessions_app.views.sent import page_of

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """What to do now; the first press begins the event and stamps what was done. `?session=` names the visit."""
    patient = get_visible_or_404(Patient.objects.visible_to(request.user), request=request, public_id=patient_id)
    sessions, now = sessions_of(patient), timezone.now()
    session = _wanted_session(request, sessions)
    # A press of a step is whole without the form below it.
    kind, _, step = request.POST.get("press", "").partition(":")
    data = request.POST.copy() if request.method == "POST" else None
    if data is not None and kind:
        data["kind"], data["onset_on"], data["onset_time"] = kind, "", ""
    form = BeginForm(
        data,
        sessions=sessions,
        zone=request.clinic.zone,
        now=now,
        initial={"request_key": uuid4(), "session": session.public_id if session else ""},
    )
    if data is not None and form.is_valid():
        chosen = next((each for each in sessions if str(each.public_id) == form.cleaned_data["session"]), None)
        try:
            event = adverse_events.begin(
                patient=patient,
                kind=form.cleaned_data["kind"],
                onset_at=form.onset(),
                session=chosen,
                request_key=form.cleaned_data["request_key"],
                by=request.user,
                now=now,
            )
            if step in Step.__members__:
                adverse_events.add_step(event=event, what=Step[step].value, by=request.user, now=now)
        except Refused as refused:
            form.add_error(_FIELDS.get(refused.field), refused.message)
        else:
            return redirect(address_of(event))
    context = {
        "patient": patient,
        "form": form,
        "blocks": shown.blocks(request.clinic, shown.clinicians_of(session, now=now)),
        "open_events": open_lines(patient, request.clinic.zone),
        "back": _way_back(session, patient),
    }
    return render(request, "sessions_app/events/begin.html", context)


_FIELDS = {"onset_at": "onset_time", "kind": "kind"}


def _wanted_session(request: SignedInRequest, sessions: list[TreatmentSession]) -> TreatmentSession | None:
    """The one of the address, by its first version; otherwise the newest: what happens mostly follows from it."""
    asked = request.GET.get("session", "")
    named = TreatmentSession.objects.filter(public_id=asked).first() if _UUID.fullmatch(asked) else None
    mine = next((each for each in sessions if named is not None and each.lineage == named.lineage), None)
    return mine or next(iter(sessions), None)


def _way_back(session: TreatmentSession | None, patient: Patient) -> tuple[str, str]:
    if session is not None and session.status == TreatmentSession.Status.DRAFT:
        return chart_url(session), "Back to the visit"
    return reverse("clinic:patient", args=[patient.public_id]), "To the patient"


@requires(Permission.VIEW_CHART)
@require_safe
def events(request: SignedInRequest) -> HttpResponse:
    """Every adverse event, by what is asked for and by page."""
    filters = FilterForm(request.GET)
    wanted = filters.wanted()
    number = page_of(request.GET)
    page = register_page(request.user, wanted, number=number, now=timezone.now(), zone=request.clinic.zone)
    kept = request.GET.copy()
    kept.pop("page", None)
    context = {
        "page": page,
        "filters": filters,
        "wanted": wanted,
        "kept": kept.urlencode(),
        "previous_page": number - 1,
        "next_page": number + 1 if page.has_more else 0,
    }
    return render(request, "sessions_app/events/register.html", context)


@requires(Permission.VIEW_CHART)
@require_safe
def report(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The draft of the FDA's form 3500 on paper, without the patient's name."""
    found = event_or_404(request, public_id)
    audit.record("adverse event report opened", by=request.user, subject=found, patient=found.patient)
    given = medwatch.material_of(found, reporter=request.user, clinic=request.clinic, now=timezone.now())
    sections = medwatch.report(given)
    context = {
        "event": found,
        "sections": sections,
        "open_fields": medwatch.open_fields(sections),
        "code": medwatch.patient_code(found.patient),
        "printed_at": timezone.now(),
    }
    return render(request, "sessions_app/events/report.html", context)
