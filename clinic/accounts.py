"""How django-allauth is used here: staff by password, patients by a one-time code; nobody signs up by themselves."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm, RequestLoginCodeForm
from django.http import HttpRequest

from clinic.access import Permission
from clinic.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return home_of(request.user)


def home_of(user: Any) -> str:
    """The page that a person starts from."""
    from django.urls import reverse

    if not user.is_authenticated:
        return reverse("account_login")
    if user.is_patient:
        return reverse("aftercare:today")
    if user.may(Permission.RECORD_SESSION):
        return reverse("sessions_app:my_day")
    if user.may(Permission.BOOK):
        return reverse("sessions_app:day")
    return reverse("clinic:protocol")


class StaffLoginForm(LoginForm):
    """E-mail and password, for staff; patients have no password that could match."""


class PatientCodeForm(RequestLoginCodeForm):
    """Asks for a one-time code. Staff addresses get none: a code by mail must not go around their password."""

    def clean_email(self) -> str:
        email = super().clean_email()
        user = getattr(self, "_user", None)
        if isinstance(user, User) and not user.is_patient:
            self._user = None
        return email
