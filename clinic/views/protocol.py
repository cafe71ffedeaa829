"""The protocol: read by those who treat, changed and signed by the clinical lead."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic.access import Permission, requires
from clinic.models import ProtocolVersion
from clinic.protocol import Protocol
from clinic.protocol_forms import NextVersionForm
from clinic.protocol_presenter import Change, value_groups, version_rows
from clinic.protocol_trial import tried
from clinic.protocol_versions import NotSigned, base_for_next, sign_version
from clinic.requests import SignedInRequest

# In the session and in the address of the list.
_KEPT = "changes"


@requires(Permission.VIEW_PROTOCOL)
@require_safe
def protocol(request: SignedInRequest) -> HttpResponse:
    """The values in force, or the shipped ones while nothing is signed, and what each version changed."""
    versions = list(ProtocolVersion.objects.filter(signed_at__isnull=False).select_related("signed_by"))
    rows = version_rows(versions)
    current = rows[0].version if rows else None
    shown = current.protocol() if current else Protocol.default()
    groups = value_groups(shown)
    context = {
        "version": current,
        "groups": groups,
        "versions": rows,
        "to_confirm": sum(row.must_confirm for group in groups for row in group.rows),
        "may_sign": request.user.may(Permission.SIGN_PROTOCOL),
    }
    return render(request, "clinic/protocol.html", context)


@requires(Permission.SIGN_PROTOCOL)
@require_http_methods(["GET", "HEAD", "POST"])
def protocol_next(request: SignedInRequest) -> HttpResponse:
    """The next version: values, note and signature on one page, because they are one decision.

    A change is signed below the list of what was and what becomes; until that list was on the page, nothing is signed.
    The list has an address of its own, so that Back after the signature asks nobody to send the form once more.
    """
    number, base = base_for_next()
    typed = request.POST if request.method == "POST" else _kept(request, after=number)
    form = NextVersionForm(typed, base=base)
    changed: tuple[Change, ...] = ()
    is_valid = form.is_bound and form.is_valid()
    if is_valid and request.method != "POST":
        changed = form.changed()
        form.data = {**form.data, "shown": form.mark_of_changes()}
    elif is_valid and _seen(request, number) == number and not form.is_read:
        request.session[_KEPT] = {**form.as_typed(), "after": number}
        return redirect(f"{reverse('clinic:protocol_next')}?{_KEPT}")
    elif is_valid:
        try:
            version = sign_version(
                changes=form.changes(),
                note=form.cleaned_data["note"],
                after=_seen(request, number),
                by=request.user,
                now=timezone.now(),
            )
        except NotSigned as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, f"Protocol {version.number} is signed and in force from now on.")
            return redirect("clinic:protocol")
    context = {
        "form": form,
        "number": number + 1,
        "after": number,
        "groups": _with_fields(base, form),
        "changed": changed,
        "tried": tried(base, form.following()) if changed else [],
    }
    return render(request, "clinic/protocol_next.html", context)


def _with_fields(base: Protocol, form: NextVersionForm) -> list[dict[str, object]]:
    return [
        {"group": group, "rows": [(row, form[row.key] if row.key in form.fields else None) for row in group.rows]}
        for group in value_groups(base)
    ]


def _kept(request: SignedInRequest, *, after: int) -> dict[str, str] | None:
    """What was typed before the list, for the page of the list; nothing once another version was signed."""
    kept = request.session.get(_KEPT, {}) if _KEPT in request.GET else {}
    return kept if kept.get("after") == after else None


def _seen(request: SignedInRequest, number: int) -> int:
    text = request.POST.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else -1
