"""Sign-in, codes and passwords: django-allauth's views, with limits that answer 429 and tell nobody who is known."""

from typing import Any

from allauth.account import views as allauth_views
from allauth.account.internal.stagekit import clear_login
from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic import throttle
from clinic.middleware import ENDED_COOKIE
from clinic.models import User
from clinic.portal import masked, page_after_code

_QUARTER_OF_AN_HOUR = 15 * 60
_TYPED = "code_asked_for"
ENDED = "ended"


def too_many(request: HttpRequest, seconds: int = _QUARTER_OF_AN_HOUR) -> HttpResponse:
    """The page that says to wait; also what django-allauth answers with (`handler429`)."""
    return _wait(render(request, "429.html", status=429), seconds)


def _wait(response: HttpResponse, seconds: int) -> HttpResponse:
    response.status_code = 429
    response.headers["Retry-After"] = str(seconds)
    return response


class FormOnly:
    """Mixin: a form is looked at and posted; the library would take PUT for POST."""

    http_method_names = ["get", "head", "post", "options"]


class SaysWhenToRetry(FormOnly):
    """Mixin: a form that a limit refused keeps what was typed and answers 429."""

    def form_invalid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        seconds = getattr(self.request, "retry_after", None)  # type: ignore[attr-defined]
        return response if seconds is None else _wait(response, seconds)


class LoginView(SaysWhenToRetry, allauth_views.LoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "signed_out": _why_signed_out(self.request)}


def _why_signed_out(request: HttpRequest) -> str:
    """Said to staff who come here because the session ended by itself (`SessionLimits`); "" to everybody else."""
    idle, absolute = settings.SESSION_LIMITS["staff"]
    why = {
        "idle": f"after {idle // 60} minutes without activity",
        "long": f"because the sign-in was {absolute // 3600} hours old",
    }.get(request.COOKIES.get(ENDED_COOKIE, ""))
    return f"You were signed out {why}. What you saved is kept." if why else ""


class ReauthenticateView(SaysWhenToRetry, allauth_views.ReauthenticateView):
    pass


class PasswordChangeView(SaysWhenToRetry, allauth_views.PasswordChangeView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        assert isinstance(request.user, User)  # the gate lets nobody else through
        if not request.user.has_usable_password():
            return redirect("account_reset_password")  # django-allauth would send to a page that does not exist here
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


class PasswordResetView(FormOnly, allauth_views.PasswordResetView):
    def form_valid(self, form: Form) -> HttpResponse:
        """The same answer to everybody, also when this address had its messages already and gets no further one."""
        try:
            throttle.count(self.request, "reset_password", key=form.cleaned_data["email"])
        except throttle.TooMany as refusal:
            if refusal.per == "ip":
                return too_many(self.request, refusal.seconds)
        else:
            form.save(self.request)  # type: ignore[attr-defined]
        return redirect(self.get_success_url())


class NewPasswordView(FormOnly, allauth_views.PasswordResetFromKeyView):
    def form_valid(self, form: Form) -> HttpResponse:
        """A new password by mail lifts the lock of this account; the limit of the address it came from stays."""
        response: HttpResponse = super().form_valid(form)
        throttle.forget(self.request, "login_failed", key=self.reset_user.email)
        return response


class RequestCodeView(FormOnly, allauth_views.RequestLoginCodeView):
    def form_valid(self, form: Form) -> HttpResponse:
        seconds = getattr(self.request, "retry_after", None)
        if seconds is not None:
            return too_many(self.request, seconds)
        response: HttpResponse = super().form_valid(form)
        self.request.session[_TYPED] = form.cleaned_data["email"]
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "code_has_ended": ENDED in self.request.GET}


class ConfirmCodeView(FormOnly, allauth_views.ConfirmLoginCodeView):
    """A code dies after five wrong tries, also when they come at the same time from one browser's session."""

    _process: Any = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A code that was used, has ended or belongs to another browser: the way to a new one says so.

        In its address, because a message would need a session, and that would take the place of the one that the same
        code opened when its form was sent twice.
        """
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        if request.method == "POST" and self._process is None and not request.user.is_authenticated:
            return redirect(f"{reverse('account_request_login_code')}?{ENDED}=1")
        return answer

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self._action != "verify":
            answer: HttpResponse = super().post(request, *args, **kwargs)
            return answer
        state = self._process.state
        try:
            counted = throttle.count(request, "login_code_tried", key=f"{state.get('email')} {state['at']}")
        except throttle.TooMany as refusal:
            return too_many(request, refusal.seconds) if refusal.per == "ip" else self._code_is_dead()
        form = self.get_form()
        if not form.is_valid():
            return self.form_invalid(form)
        counted.give_back()
        signed_in: HttpResponse = self.form_valid(form)
        return signed_in

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The page repeats an address that was typed here; one that a link stands for is not told to its holder."""
        found: dict[str, Any] = super().get_context_data(**kwargs)
        if found["email"] != self.request.session.get(_TYPED):
            found["email"] = masked(found["email"] or "")
            # The clinic wrote the link to this person itself: whether the address is known is no secret here.
            found["was_sent"] = self._process is not None and self._process.user is not None
        return found

    def _verify_form_valid(self, form: Form) -> HttpResponse:
        """On to the page that was asked for, or to the one that the link of this code was about."""
        page = self.get_next_url() or page_after_code(self._process.state)
        signed_in: HttpResponse = self._process.finish(page)
        return signed_in

    def form_invalid(self, form: Form) -> HttpResponse:
        if self._process.record_invalid_attempt():
            page: HttpResponse = self.render_to_response(self.get_context_data(form=form))
            return page
        return self._code_is_dead()

    def _code_is_dead(self) -> HttpResponse:
        clear_login(self.request)
        messages.error(self.request, _("Five wrong tries: this code no longer works. Ask for a new one."))
        return redirect("account_request_login_code")

    def _resend_form_valid(self, form: Form) -> HttpResponse:
        """A new code counts like the first. Over the limit the old one stays good, and the answer is the same."""
        try:
            throttle.count(self.request, "request_login_code", key=str(self._process.state.get("email")))
        except throttle.TooMany:
            self._process.record_resend()
            self._process.persist()
        else:
            self._process.resend()
        messages.success(self.request, _("If the address is known to the clinic, a new code is on its way."))
        return redirect(self.passthrough_next_url(reverse("account_confirm_login_code")))
