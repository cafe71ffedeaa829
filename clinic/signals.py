"""Sign-ins, failures and sign-outs go to the audit trail."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from clinic import audit


@receiver(user_logged_in)
def note_sign_in(sender: Any, request: Any, user: Any, **_: Any) -> None:
    audit.record("signed in", by=user, subject=user)


@receiver(user_logged_out)
def note_sign_out(sender: Any, request: Any, user: Any, **_: Any) -> None:
    if user is not None:
        audit.record("signed out", by=user, subject=user)


@receiver(user_login_failed)
def note_failure(sender: Any, credentials: Any, **_: Any) -> None:
    audit.record("sign-in failed", by=None)
