"""Who did or read what, when: the audit trail to read. Reading it is on record too."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic import audit as trail
from clinic.access import Permission, requires
from clinic.audit_forms import AuditFilterForm
from clinic.audit_presenter import AuditPresenter
from clinic.audit_review import AuditFilter, page_of_events
from clinic.requests import SignedInRequest


@requires(Permission.REVIEW_AUDIT)
@require_safe
def audit(request: SignedInRequest) -> HttpResponse:
    """Newest first. The address holds the filters and where the page begins (`before`, from the page itself)."""
    names = request.user.may(Permission.VIEW_CHART)
    form = AuditFilterForm(request.GET, zone=request.clinic.zone, may_choose_patient=names)
    wanted = form.wanted() if form.is_valid() else AuditFilter()
    page = page_of_events(wanted, before=request.GET.get("before", ""))
    presenter = AuditPresenter(request.clinic.zone, shows_patients=names, staff=form.staff)
    trail.record("audit read", by=request.user, patient=wanted.patient, **wanted.as_details())
    context = {
        "form": form,
        "wanted": wanted,
        "days": presenter.by_day(page.events, now=timezone.now()),
        "page": page,
        "chain": presenter.chain(trail.chain_state()),
        "kept": form.as_query(),
        "shows_patients": names,
    }
    return render(request, "clinic/audit.html", context, status=200 if form.is_valid() else 400)
