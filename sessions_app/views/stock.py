"""The stock of ampoules: what is there, what came and went, which lot is open, and who got from a lot."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import audit
from clinic.access import Permission, requires
from clinic.gate import get_visible_or_404
from clinic.models import AuditEvent
from clinic.protocol.zones import local_date
from clinic.requests import SignedInRequest
from sessions_app import stock
from sessions_app.forms.stock import CountForm, MoveForm, ProductForm, ReceiveForm, Refusable, WithdrawForm
from sessions_app.models import Lot, Product
from sessions_app.presenters import stock as shown
from sessions_app.refusals import Refused

_LONGEST_NUMBER = 40
_FORMS: dict[str, type[Refusable]] = {
    "count": CountForm,
    "discard": MoveForm,
    "send_back": MoveForm,
    "withdraw": WithdrawForm,
}


@requires(Permission.MANAGE_STOCK)
@require_safe
def overview(request: SignedInRequest) -> HttpResponse:
    """Every product with its lots; `?show=all` with those that are used up."""
    everything = request.GET.get("show") == "all"
    products = shown.product_rows(
        today=_today(request), warn_days=request.clinic.expiry_warning_days, everything=everything
    )
    context = {"products": products, "everything": everything, "may_see_charts": _may_see_charts(request)}
    return render(request, "sessions_app/stock/stock.html", context)


@requires(Permission.MANAGE_STOCK)
@require_http_methods(["GET", "HEAD", "POST"])
def product_new(request: SignedInRequest) -> HttpResponse:
    return _product(request, None)


@requires(Permission.MANAGE_STOCK)
@require_http_methods(["GET", "HEAD", "POST"])
def product(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    return _product(request, get_visible_or_404(Product.objects.all(), request=request, public_id=public_id))


def _product(request: SignedInRequest, found: Product | None) -> HttpResponse:
    form = ProductForm(request.POST or None, product=found)
    if _saved(request, form, lambda: stock.save_product(product=found, facts=form.facts(), by=request.user)):
        messages.success(request, f"{form.cleaned_data['name']} is saved.")
        return redirect("sessions_app:stock")
    return render(request, "sessions_app/stock/product.html", {"form": form, "product": found})


@requires(Permission.MANAGE_STOCK)
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: SignedInRequest) -> HttpResponse:
    """Ampoules came; `?product=` begins with one."""
    form = ReceiveForm(request.POST or None, initial={"product": request.GET.get("product", "")})
    received: list[Lot] = []

    def act() -> None:
        received.append(stock.receive(by=request.user, **form.cleaned_data))

    if _saved(request, form, act):
        [lot] = received
        words = "" if lot.may_be_used_on(_today(request)) else " It may not be used any more: look at its page."
        messages.success(request, f"{form.cleaned_data['ampoules']} ampoules of lot {lot.lot} are in stock.{words}")
        return redirect("sessions_app:stock")
    context = {"form": form, "seen": stock.seen_of(Lot.objects.all())}
    return render(request, "sessions_app/stock/receive.html", context)


@requires(Permission.MANAGE_STOCK)
@require_http_methods(["GET", "HEAD", "POST"])
def lot(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """One lot: its movements, and what may have happened to it. `act` says which form was sent."""
    today = _today(request)
    lots = Lot.objects.select_related("product", "withdrawn_by").with_balance().with_lot_of(today)
    found = get_visible_or_404(lots, request=request, public_id=public_id)
    act = request.POST.get("act", "")
    forms = {name: form(request.POST if name == act else None) for name, form in _FORMS.items()}
    if act in forms and _saved(request, forms[act], lambda: _happened(request, found, act, forms[act])):
        return redirect("sessions_app:stock_lot", found.public_id)
    number = request.GET.get("page", "")
    movements, page = shown.movement_rows(
        found,
        reader=request.user,
        zone=request.clinic.zone,
        number=int(number) if number.isdecimal() and len(number) < 6 else 1,
    )
    context = {
        "row": shown.lot_row(found, today=today, warn_days=request.clinic.expiry_warning_days),
        "product_words": shown.product_words(found.product),
        "forms": forms,
        "movements": movements,
        "page": page,
        "seen": stock.seen_of(Lot.objects.filter(pk=found.pk)),
        "may_see_charts": _may_see_charts(request),
    }
    return render(request, "sessions_app/stock/lot.html", context)


def _happened(request: SignedInRequest, found: Lot, act: str, form: Refusable) -> None:
    given, by = form.cleaned_data, request.user
    if act == "withdraw":
        stock.withdraw(lot=found, why=given["why"], by=by)
        messages.success(request, f"Lot {found.lot} is withdrawn: it is not offered any more.")
    elif act == "count":
        difference = stock.correct_count(
            lot=found, counted=given["ampoules"], why=given["why"], seen=given["seen"], by=by
        )
        words = f"corrected by {difference:+d}" if difference else "it was right"
        messages.success(request, f"Lot {found.lot} is counted: {words}.")
    else:
        move = stock.discard if act == "discard" else stock.send_back
        move(lot=found, ampoules=given["ampoules"], why=given["why"], seen=given["seen"], by=by)
        done = "thrown away" if act == "discard" else "sent back"
        messages.success(request, f"{given['ampoules']} of lot {found.lot} {done}.")


@requires(Permission.MANAGE_STOCK)
@require_POST
def use_today(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    found = get_visible_or_404(Lot.objects.select_related("product"), request=request, public_id=public_id)
    return _press(
        request,
        lambda: stock.use_today(lot=found, by=request.user),
        f"{found.product}: lot {found.lot} is offered first until midnight.",
    )


@requires(Permission.MANAGE_STOCK)
@require_POST
def offer_again(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    found = get_visible_or_404(Lot.objects.all(), request=request, public_id=public_id)
    return _press(request, lambda: stock.offer_again(lot=found, by=request.user), f"Lot {found.lot} may be used again.")


def _press(request: SignedInRequest, act: Callable[[], object], done: str) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, done)
    return redirect("sessions_app:stock")


@requires(Permission.VIEW_CHART)
@require_safe
def lot_patients(request: SignedInRequest) -> HttpResponse:
    """Who got from a lot (`?lot=`), also where its number was typed; to print for a recall. Read as a chart."""
    number = request.GET.get("lot", "").replace("\x00", "").strip()[:_LONGEST_NUMBER]
    patients = shown.patients_of(number, reader=request.user) if number else []
    AuditEvent.objects.bulk_create(
        audit.event("chart read", by=request.user, subject=row.session, patient=row.patient, source="lot")
        for row in patients
    )
    context: dict[str, Any] = {
        "number": number,
        "patients": patients,
        "ampoules": sum(row.opened for row in patients),
        "lots": shown.known_lots(number) if number else [],
        "printed_at": timezone.localtime(timezone.now(), request.clinic.zone),
        "may_manage": request.user.may(Permission.MANAGE_STOCK),
    }
    return render(request, "sessions_app/stock/patients.html", context)


# --- Parts -------------------------------------------------------------------------------------------------------


def _saved(request: SignedInRequest, form: Refusable, act: Callable[[], object]) -> bool:
    """Whether a posted form was done; if not, it shows why."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        act()
    except Refused as refused:
        form.refuse(refused)
        return False
    return True


def _today(request: SignedInRequest) -> Any:
    return local_date(timezone.now(), request.clinic.zone)


def _may_see_charts(request: SignedInRequest) -> bool:
    return request.user.may(Permission.VIEW_CHART)
