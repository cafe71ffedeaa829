"""Sign-ins, failures, sign-outs and new passwords go to the audit trail."""

from typing import Any

from allauth.account.signals import password_changed, password_reset
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from clinic import audit


@receiver(user_logged_in)
def note_sign_in(sender: Any, request: Any, user: Any, **_: Any) -> None:
    audit.record("signed in", by=user, subject=user)


@receiver(user_logged_in)
def stay_signed_in(sender: Any, request: Any, user: Any, **_: Any) -> None:
    """A phone ends programs as it likes: for patients and carers the end of the browser is no end of the session.

    What ends it are the limits that `SessionLimits` applies, idle and absolute; the cookie lives as long as the second.
    """
    if request is not None and user.uses_portal:
        request.session.set_expiry(settings.SESSION_LIMITS["patient"][1])


@receiver(user_logged_out)
def note_sign_out(sender: Any, request: Any, user: Any, **_: Any) -> None:
    if user is not None:
        audit.record("signed out", by=user, subject=user)


@receiver(user_login_failed)
def note_failure(sender: Any, credentials: Any, **_: Any) -> None:
    audit.record("sign-in failed", by=None)


@receiver(password_changed)
def note_new_password(sender: Any, request: Any, user: Any, **_: Any) -> None:
    audit.record("password changed", by=user, subject=user)


@receiver(password_reset)
def note_password_by_mail(sender: Any, request: Any, user: Any, **_: Any) -> None:
    audit.record("password chosen by link", by=user, subject=user)
