"""How django-allauth is used here: staff by password, patients and carers by a code; nobody signs up by themselves.

People are found by the e-mail of their account alone. allauth's own table of addresses is never asked: it would keep
an address that somebody gave up, and send that address codes and links.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import (
    ChangePasswordForm,
    RequestLoginCodeForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    UserTokenForm,
)
from allauth.core import context
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from clinic import account_mail, audit, throttle
from clinic.access import Permission
from clinic.language import language_of_account, page_language
from clinic.models import User

# Strangers whose address somebody typed get no mail from a clinic.
_NEVER_SENT = {"account/email/unknown_account", "account/email/account_already_exists"}


class StaffByPassword(AuthenticationBackend):
    """Passwords are for staff: a patient's account answers like one that does not exist."""

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        person = User.objects.filter(email=email.lower(), is_staff=True).first()
        return self._check_password(person, password)  # type: ignore[no-any-return]

    def get_user(self, user_id: Any) -> User | None:
        """Who is signed in, together with the patient that this account belongs to, if it is one: every page asks."""
        person = User.objects.select_related("patient").filter(pk=user_id).first()
        return person if person is not None and self.user_can_authenticate(person) else None


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": _("Too many tries. Wait 15 minutes, then try again."),
        "enter_current_password": "This is not your present password. Try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        """Never: these pages are for browsers, and the answers for scripts would be a second way in to keep safe."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """After signing in one stays on this site: only paths from its root."""
        return bool(url) and str(url).startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return home_of(request.user)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return home_of(request.user)

    def get_reset_password_from_key_url(self, key: str) -> str:
        return password_link(key)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request.META, trusted_proxies=getattr(settings, "ALLAUTH_TRUSTED_PROXY_COUNT", 0))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In the reader's language: the browser that asks may speak another one."""
        code = language_of_account(email)
        with translation.override(page_language(code) if code else translation.get_language()):
            message = self.render_mail(template_prefix, email, {"request": self.request, "email": email, **context})
        if template_prefix not in _NEVER_SENT:
            account_mail.post(message)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        super().send_notification_mail(template_prefix, user, context, email or user.email)

    # Every check of a password passes here: at sign-in, and before a signed-in person changes something.
    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            self._counted = throttle.count(request, "login_failed", key=credentials.get("email", "").lower())
        except throttle.TooMany as refusal:
            self._refuse(request, refusal, email=credentials.get("email", ""))

    def _refuse(self, request: HttpRequest, refusal: throttle.TooMany, *, email: str) -> None:
        if refusal.is_new:
            person = User.objects.filter(email=email.lower()).first() if refusal.per == "key" else None
            audit.record("sign-in locked", by=None, subject=person, per=refusal.per, seconds=refusal.seconds)
        request.retry_after = refusal.seconds  # type: ignore[attr-defined]
        raise self.validation_error("too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        """The right password costs no try. The others stay counted: one's own account cannot pay for guesses."""
        self._counted.give_back()

    def reauthenticate(self, user: User, password: str) -> bool:
        return bool(self.authenticate(self.request, email=user.email, password=password) == user)


def home_of(user: Any) -> str:
    """The page that a person starts from."""
    if not user.is_authenticated:
        return reverse("account_login")
    if user.is_patient:
        return reverse("aftercare:today")
    if user.uses_portal:
        return reverse("aftercare:care")
    if user.may(Permission.CLOSE_REPORTS):
        return reverse("aftercare:queue")
    if user.may(Permission.RECORD_SESSION):
        return reverse("sessions_app:my_day")
    if user.may(Permission.BOOK):
        return reverse("sessions_app:day")
    return reverse("clinic:protocol")


def password_link(key: str) -> str:
    """The address at which the person of `key` ("uid-token") chooses a password; never from a request's Host."""
    uid, _dash, token = key.partition("-")
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
    return f"{settings.BASE_URL}{path}"


def client_address(meta: Mapping[str, Any], *, trusted_proxies: int) -> str:
    """Where a request comes from: the socket, or with `trusted_proxies` the hop that the outermost of ours noted.

    What stands further left in X-Forwarded-For was written by the sender and is not believed. A request that passed
    fewer hops than we have proxies came around them: then the socket counts.
    """
    socket = str(meta.get("REMOTE_ADDR") or "unknown")
    hops = str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    if not 0 < trusted_proxies <= len(hops):
        return socket
    try:
        return str(ipaddress.ip_address(hops[-trusted_proxies].strip()))
    except ValueError:
        return socket


class PatientCodeForm(RequestLoginCodeForm):
    """Asks for a one-time code. Staff addresses get none: a code by mail must not go around their password.

    When an address had its codes of the last quarter of an hour, no further one goes out and the answer is the same.
    """

    _user: User | None = None

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        try:
            throttle.count(context.request, "request_login_code", key=email)
        except throttle.TooMany as refusal:
            if refusal.per == "ip":
                context.request.retry_after = refusal.seconds
            return email
        person = User.objects.filter(email=email, is_active=True).first()
        self._user = person if person and person.uses_portal else None
        return email


class StaffResetForm(ResetPasswordForm):
    """Asks for a link to a new password. Only active staff get one; patients have no password."""

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        self.users = list(User.objects.staff().filter(email=email))
        return email


class StaffTokenForm(UserTokenForm):
    """Judges the link: it also ends when the person leaves."""

    def _get_user(self, uidb36: str) -> User | None:
        person = super()._get_user(uidb36)
        return person if person and person.is_staff and person.is_active else None


def _in_our_words(form: forms.Form) -> None:
    """Plain labels, no placeholder that repeats them, no list of rules: the page says above what a good password is."""
    labels = {"oldpassword": "Present password", "password1": "New password", "password2": "New password, once more"}
    for name, field in form.fields.items():
        field.label, field.help_text = labels[name], ""
        field.widget.attrs.pop("placeholder", None)


class NewPasswordForm(ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self)


class OwnPasswordForm(ChangePasswordForm):
    """The present password is checked under the same limits as at sign-in: an open screen is no way to guess it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self)

    def clean_oldpassword(self) -> str:
        from_page = str(self.cleaned_data["oldpassword"])
        adapter = AccountAdapter()
        if not adapter.reauthenticate(self.user, from_page):
            raise adapter.validation_error("enter_current_password")
        return from_page
