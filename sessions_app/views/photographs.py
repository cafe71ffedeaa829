"""Photographs: the album, one of them, two beside each other, adding and removing, and the files themselves."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import AuditEvent, Patient
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from clinic.uploads import takes_files
from sessions_app import photograph_files
from sessions_app.consents import allows_photographs
from sessions_app.facts import zone_of
from sessions_app.forms.photographs import ACCEPT, PhotographForm, RemovePhotographForm, short_name
from sessions_app.models import Photograph, TreatmentSession
from sessions_app.photographs import NO_CONSENT, Added, add_photograph, may_remove, remove_photograph
from sessions_app.presenters.chart_url import chart_url
from sessions_app.presenters.photographs import album, alt_words, first_and_last, pairs, photographs_of
from sessions_app.refusals import Refused
from sessions_app.wording import without_nul

Draft = TreatmentSession.Status.DRAFT
NOT_ALLOWED_NOW = "The patient does not allow photographs now, so they are not shown beside each other."
# For how long small pictures count as part of the page that was opened.
_PAGE_LASTS = timedelta(minutes=10)
# Only drawn, never run: not even when somebody opens the address itself.
_DRAWN_ONLY = "default-src 'none'; frame-ancestors 'none'; sandbox"


@requires(Permission.VIEW_CHART)
@require_safe
def photographs(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The album, newest first. `compare` twice in the address leads to the two beside each other."""
    patient = _patient(request, patient_id)
    chosen = request.GET.getlist("compare")
    if len(chosen) == 2:
        address = reverse("sessions_app:photographs_compare", args=[patient.public_id])
        if all(_uuid(each) for each in chosen):
            return redirect(f"{address}?a={_uuid(chosen[0])}&b={_uuid(chosen[1])}")
    shown = album(patient, request.user, request.GET)
    may = _may_add(request, patient)
    details = {"page": shown["page"].number, **_without_consent(may["allowed"])}
    audit.record("photographs read", by=request.user, subject=patient, **details)
    context = {
        "patient": patient,
        "wrong_number": len(chosen) not in (0, 2),
        "pairs": pairs(patient, request.user) if may["allowed"] else [],
        **may,
        **shown,
    }
    return render(request, "sessions_app/photographs/album.html", context)


@requires(Permission.VIEW_CHART)
@require_safe
def photograph(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """One photograph, large, with what is known of it."""
    found = _photograph(request, public_id)
    allowed = allows_photographs(found.patient)
    details = _without_consent(allowed)
    audit.record("photographs read", by=request.user, subject=found, patient=found.patient, **details)
    alike = photographs_of(found.patient, request.user).filter(leg=found.leg, view=found.view).exclude(pk=found.pk)
    context = {
        "patient": found.patient,
        "photograph": found,
        "allowed": allowed,
        "others": alike[:6] if allowed else [],
        "may_remove": may_remove(found, request.user, now=timezone.now()),
    }
    return render(request, "sessions_app/photographs/photograph.html", context)


@requires(Permission.VIEW_CHART)
@require_safe
def compare(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Two photographs of one patient: `a` and `b`, or of a `leg` and `view` the first before and the last since.

    Not while the consent says no: the pictures stay in the record, and nobody goes on showing them to one another.
    """
    patient = _patient(request, patient_id)
    both = _both(request, patient)
    if not allows_photographs(patient):
        messages.error(request, NOT_ALLOWED_NOW)
        return redirect("sessions_app:photographs", patient.public_id)
    if len(both) != 2:
        messages.error(request, "Choose two photographs to compare.")
        return redirect("sessions_app:photographs", patient.public_id)
    for each in both:
        audit.record("photographs read", by=request.user, subject=each, patient=patient)
    left, right = sorted(both, key=lambda each: (each.taken_at, each.pk))
    alike = (left.leg, left.view) == (right.leg, right.view)
    context = {"patient": patient, "left": left, "right": right, "alike": alike}
    return render(request, "sessions_app/photographs/compare.html", context)


@requires(Permission.VIEW_CHART)
@require_safe
def photograph_file(request: SignedInRequest, public_id: UUID, size: str) -> HttpResponseBase:
    """The picture's bytes. A large one is read each time; small ones stand on pages that say once who reads them all.

    What a request says of its purpose is not trusted: any program can say it. A small one is taken for part of such a
    page only when this reader opened the patient's a moment ago; otherwise the first of them says it.
    """
    found = _photograph(request, public_id)
    if size != "small" or not _page_is_open(request, found):
        audit.record("photographs read", by=request.user, subject=found, patient=found.patient, file=size)
    name = found.thumbnail if size == "small" else found.file
    try:
        file = photograph_files.kept_in().open(name)
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(file, content_type="image/jpeg", filename=f"photograph-{found.public_id}.jpg")
    response["Content-Security-Policy"] = _DRAWN_ONLY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@takes_files("pictures")
@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def photographs_add(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The form; a POST of the page's script brings one file and is answered in JSON, of a browser alone as many."""
    patient = _patient(request, patient_id)
    session = _session(request, patient)
    now, zone = timezone.now(), request.clinic.zone
    today = local_date(now, zone)
    facts: dict[str, Any] = {"today": today, "born": patient.birth_date}
    if request.method != "POST":
        form = PhotographForm(initial=_first_guess(request, patient, session, today), **facts)
        return _form_page(request, form, patient, session)
    form = PhotographForm(request.POST, request.FILES, **facts)
    added: list[Added] = []
    if not allows_photographs(patient):
        form.add_error(None, NO_CONSENT)
    elif form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("leg", "view", "moment")}
        for file in form.cleaned_data["pictures"]:
            one = {"patient": patient, "session": session, "taken_at": form.taken_at(now, zone), **said}
            _add(form, file, added, one, request)
    if request.htmx:
        return _answer(form, added)
    for each in added:
        messages.success(request, _words(each))
    if form.errors:
        return _form_page(request, form, patient, session, status=422)
    return redirect("sessions_app:photographs", patient.public_id)


@requires(Permission.RECORD_SESSION)
@require_http_methods(["GET", "HEAD", "POST"])
def photograph_remove(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    found = _photograph(request, public_id)
    if not may_remove(found, request.user, now=timezone.now()):
        reason = "a photograph that somebody else added, or on another day"
        audit.record("denied", by=request.user, path=request.path, method=request.method, reason=reason)
        raise PermissionDenied
    form = RemovePhotographForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            remove_photograph(photograph=found, why=form.cleaned_data["why"], by=request.user)
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        else:
            messages.success(request, f"Removed: {alt_words(found)}.")
            response = redirect("sessions_app:photographs", found.patient.public_id)
            if request.htmx:
                return HttpResponse(headers={"HX-Redirect": response.url})
            return response
    context = {"form": form, "photograph": found, "dialog_title": "Remove this photograph"}
    status = 422 if form.errors and request.htmx else 200
    return render(request, "sessions_app/photographs/remove.html", context, status=status)


# --- Parts -------------------------------------------------------------------------------------------------------


def _patient(request: SignedInRequest, patient_id: UUID) -> Patient:
    return get_visible_or_404(Patient.objects.visible_to(request.user), request=request, public_id=patient_id)


def _photograph(request: SignedInRequest, public_id: UUID) -> Photograph:
    visible = Photograph.objects.visible_to(request.user).select_related("patient", "session", "added_by")
    return get_visible_or_404(visible, request=request, public_id=public_id)


def _session(request: SignedInRequest, patient: Patient) -> TreatmentSession | None:
    """The session that the address names, which must be of this patient."""
    text = request.POST.get("session") or request.GET.get("session") or ""
    if not text:
        return None
    wanted = _uuid(text)
    if wanted is None:
        raise Http404
    visible = TreatmentSession.objects.visible_to(request.user).filter(patient=patient).select_related("amends")
    return get_visible_or_404(visible, request=request, public_id=wanted)


def _page_is_open(request: SignedInRequest, found: Photograph) -> bool:
    """Whether the trail says already that the reader looks at this patient's photographs now."""
    since = timezone.now() - _PAGE_LASTS
    told = AuditEvent.objects.filter(by_id=request.user.pk, patient_id=found.patient_id, at__gt=since)
    return told.filter(action="photographs read").exists()


def _both(request: SignedInRequest, patient: Patient) -> list[Photograph]:
    if "leg" in request.GET or "view" in request.GET:
        leg, view = (without_nul(request.GET.get(name, "")) for name in ("leg", "view"))
        return first_and_last(patient, request.user, leg=leg, view=view)
    wanted = [_uuid(request.GET.get(name, "")) for name in ("a", "b")]
    visible = Photograph.objects.visible_to(request.user).filter(patient=patient).select_related("added_by")
    return [get_visible_or_404(visible, request=request, public_id=each) for each in dict.fromkeys(wanted) if each]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _without_consent(allowed: bool) -> dict[str, Any]:
    """What the trail says besides when somebody looks although the patient does not allow photographs now."""
    return {} if allowed else {"without_consent": True}


def _may_add(request: SignedInRequest, patient: Patient) -> dict[str, bool]:
    return {"may_add": request.user.may(Permission.RECORD_SESSION), "allowed": allows_photographs(patient)}


def _first_guess(
    request: SignedInRequest, patient: Patient, session: TreatmentSession | None, today: date
) -> dict[str, Any]:
    """What the form begins with. The moment only where the session leaves no doubt; leg and view when the address says.

    A guess that nobody corrects makes a picture of today the one before, and a comparison wrong for good.
    """
    moment = _moment_by(session, today) if session else ""
    asked = {name: request.GET[name] for name in ("leg", "view", "moment") if name in request.GET}
    return {"moment": moment, "taken_on": today, **asked}


def _moment_by(session: TreatmentSession, today: date) -> str:
    """Before while nothing is injected, after on the day on which the treatment ended, otherwise not known ("")."""
    if session.ended_at is not None:
        return Photograph.Moment.AFTER if local_date(session.ended_at, zone_of(session)) == today else ""
    is_untouched = session.status == Draft and session.amends_id is None and not session.sites.exists()
    return Photograph.Moment.BEFORE if is_untouched else ""


def _add(
    form: PhotographForm, file: UploadedFile, added: list[Added], facts: dict[str, Any], request: SignedInRequest
) -> None:
    try:
        added.append(add_photograph(file=file, by=request.user, **facts))
    except Refused as refused:
        form.add_error("pictures", f"{short_name(file)}: {refused.message}")


def _words(added: Added) -> str:
    words = alt_words(added.photograph)
    return f"This photograph was added already: {words}." if added.already else f"Added: {words}."


def _answer(form: PhotographForm, added: list[Added]) -> JsonResponse:
    """For the script: what became of the one file it sent."""
    if form.errors:
        return JsonResponse({"words": [words for found in form.errors.values() for words in found]}, status=422)
    return JsonResponse({"words": [_words(each) for each in added]})


def _form_page(
    request: SignedInRequest,
    form: PhotographForm,
    patient: Patient,
    session: TreatmentSession | None,
    *,
    status: int = 200,
) -> HttpResponse:
    if session is None:
        back = reverse("sessions_app:photographs", args=[patient.public_id])
    elif session.status == Draft:
        back = chart_url(session)
    else:
        back = reverse("sessions_app:session", args=[session.public_id])
    context = {
        "form": form,
        "patient": patient,
        "session": session,
        "back": back,
        "accept": ACCEPT,
        "allowed": allows_photographs(patient),
        "no_consent": NO_CONSENT,
    }
    return render(request, "sessions_app/photographs/add.html", context, status=status)
