"""The clinical lead's page of words: what patients read as normal, by day, and what helps when a day did not work."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from aftercare.expected_course import Words, all_words, next_own_key, save_words
from aftercare.forms.course_text import CourseTextForm
from aftercare.presenters.expected import days_words, text_line
from clinic.access import Permission, requires
from clinic.requests import SignedInRequest
from sessions_app.refusals import Refused, Stale

_NEW = "new"


@requires(Permission.SIGN_PROTOCOL)
@require_http_methods(["GET", "HEAD", "POST"])
def course_words(request: SignedInRequest) -> HttpResponse:
    """All texts as they stand; `?text=` opens one, or a new one, and a POST there saves it under the next number."""
    words = all_words()
    name = request.GET.get("text", "")
    chosen = _chosen(name, words)
    if chosen is None:
        if name or request.method == "POST":
            raise Http404
        return _page(request, words)
    form = CourseTextForm(request.POST if request.method == "POST" else None, words=chosen, auto_id="id_%s")
    if request.method == "POST" and form.is_valid():
        try:
            row = save_words(wanted=form.wanted(), after=form.cleaned_data["after"], by=request.user)
        except (Refused, Stale) as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        else:
            messages.success(request, "Saved. Patients read it from now on." if row.is_shown else "Saved and hidden.")
            return redirect("aftercare:course_words")
    return _page(request, words, chosen=chosen, form=form)


def _chosen(name: str, words: list[Words]) -> Words | None:
    if name == _NEW:
        return Words(next_own_key(words), 0, None, "", "")
    return next((each for each in words if each.key == name), None)


def _page(
    request: SignedInRequest, words: list[Words], *, chosen: Words | None = None, form: CourseTextForm | None = None
) -> HttpResponse:
    course = sorted((each for each in words if not each.is_help), key=lambda each: (each.first_day, each.key))
    context = {
        "groups": (
            ("What is normal, by day", [text_line(each) for each in course]),
            ("What helps when a day did not work", [text_line(each) for each in words if each.is_help]),
        ),
        "chosen": chosen,
        "chosen_days": days_words(chosen) if chosen else "",
        "is_new": chosen is not None and not chosen.en,
        "form": form,
    }
    return render(request, "aftercare/course_words.html", context, status=422 if form and form.errors else 200)
