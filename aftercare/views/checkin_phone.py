"""A member of staff takes down what somebody says on the phone: the same questions, on one page, with the same answer.

The page after it is what the caller is told, word for word, in the language of the patient.
"""

from uuid import UUID, uuid4

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from aftercare.forms.checkin import PhoneForm
from aftercare.models import SymptomReport
from aftercare.portal_patient import Reader
from aftercare.presenters import checkin as words
from aftercare.presenters.checkin_reports import clock_for
from aftercare.reports import file_report, newest_treated
from aftercare.told import told, told_english
from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.language import page_language
from clinic.models import Patient
from clinic.protocol.triage import Level, TriageAnswer
from clinic.requests import SignedInRequest
from sessions_app.refusals import Refused
from sessions_app.wording import time_words

_EMERGENCY = TriageAnswer(Level.EMERGENCY, (), "")


@requires(Permission.VIEW_REPORTS)
@require_http_methods(["GET", "HEAD", "POST"])
def phone_report(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The form; a POST files the report. Typed answers come back with what is missing."""
    patient = get_visible_or_404(Patient.objects.visible_to(request.user), request=request, public_id=public_id)
    if request.method != "POST":
        return _form_page(request, patient, PhoneForm(initial={"key": uuid4()}))
    form = PhoneForm(request.POST)
    if not form.is_valid():
        return _form_page(request, patient, form)
    try:
        report = file_report(
            patient=patient,
            said=form.said,
            request_key=form.sent_key,
            source=SymptomReport.Source.PHONE,
            by=request.user,
            now=timezone.now(),
            clinic=request.clinic,
            language=patient.language,
            reporter_words=form.cleaned_data["reporter_words"],
        )
    except Refused as refused:
        form.add_error(None, refused.message)
        return _form_page(request, patient, form)
    return redirect("aftercare:report_told", report_id=report.public_id)


@requires(Permission.VIEW_REPORTS)
@require_safe
def report_told(request: SignedInRequest, report_id: UUID) -> HttpResponse:
    """What to say to the caller now, and who answers by when."""
    found = get_visible_or_404(
        SymptomReport.objects.visible_to(request.user).select_related("patient", "session", "given_to"),
        request=request,
        public_id=report_id,
    )
    audit.record("report read", by=request.user, subject=found, patient=found.patient)
    context = {
        "report": found,
        "patient": found.patient,
        "told": [*found.told.split("\n"), *_answer_by(request, found)],
        "told_language": page_language(found.language),
        "told_english": told_english(found, request.clinic).splitlines(),
        "due": time_words(found.due_at, request.clinic.zone),
        "emergency": _caller_emergency(request, found.patient),
        "is_emergency": found.level == SymptomReport.Level.EMERGENCY,
    }
    return render(request, "aftercare/checkin/phone_told.html", context)


def _answer_by(request: SignedInRequest, report: SymptomReport) -> list[str]:
    """By when somebody answers, in the caller's language, as the patient's page says it.

    Nothing where there is nobody to answer, and in an emergency: nobody waits with one.
    """
    if report.given_to is None or report.level not in (Level.SAME_DAY, Level.NEXT_DAY):
        return []
    with translation.override(page_language(report.language)):
        clock = clock_for(Reader(report.patient), request.clinic, timezone.now())
        return [gettext("Somebody answers by %(when)s") % {"when": clock.until(report.due_at)} + "."]


def _form_page(request: SignedInRequest, patient: Patient, form: PhoneForm) -> HttpResponse:
    second = patient.language if patient.language != "en" else ""
    context = {
        "patient": patient,
        "form": form,
        "asks": words.asks(form, second=second),
        "topics": words.topics(
            form.ticked if form.is_bound else (), form.more if form.is_bound else (), request.clinic, second=second
        ),
        "second": page_language(second) if second else "",
        "emergency": _caller_emergency(request, patient),
        "say_now_english": told(_EMERGENCY, request.clinic),
    }
    with translation.override(page_language(patient.language)):
        context["say_now"] = told(_EMERGENCY, request.clinic)
    return render(request, "aftercare/checkin/phone.html", context)


def _caller_emergency(request: SignedInRequest, patient: Patient) -> words.Emergency:
    """In the caller's language, because it is read out."""
    with translation.override(page_language(patient.language)):
        return words.emergency_of(request.clinic, newest_treated(patient, timezone.now()))
