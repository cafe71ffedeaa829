"""The patient's way in: a link in a message, a button, a one-time code, the plan. Nobody has a password here.

The link carries 256 random bits from `secrets`; the table keeps their hash alone. Opening it shows a page and uses
nothing up, because mail scanners open links; the button asks for a code, which goes to the e-mail on file and is
worth something only in the browser that asked for it (django-allauth's code login keeps it in that session).

Where one goes on after the code is a word in the link's row, and then in that session: no address of a page is ever
taken from a request here.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.stagekit import stash_login, unstash_login
from allauth.account.stages import LoginByCodeStage, LoginStageController
from django.conf import settings
from django.contrib.auth import logout
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse

from clinic import audit, throttle
from clinic.access import Role
from clinic.models import Patient, PortalLink, User
from clinic.paper_link import SEPARATOR, link_on_paper

# For messages that know no better end; a plan's messages pass the end of their plan.
LINK_LIFETIME = timedelta(days=35)
_SECRET_BYTES = 32
_LEADS_TO = "leads_to"
_PAGES: dict[str, str] = {
    PortalLink.LeadsTo.TODAY: "aftercare:today",
    PortalLink.LeadsTo.HOW: "aftercare:how",
    PortalLink.LeadsTo.VISITS: "sessions_app:portal_visits",
}


@dataclass(frozen=True, slots=True)
class WantedLink:
    """A link that a message needs: without an end it lives for `LINK_LIFETIME`."""

    patient: Patient
    expires_at: datetime | None = None
    leads_to: PortalLink.LeadsTo = PortalLink.LeadsTo.TODAY


def hash_of(secret: str) -> str:
    """What is stored of a secret. A plain hash is enough: 256 random bits cannot be guessed, not even offline."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_link(
    patient: Patient,
    now: datetime,
    *,
    expires_at: datetime | None = None,
    leads_to: PortalLink.LeadsTo = PortalLink.LeadsTo.TODAY,
) -> str:
    """A fresh address for one message to one patient, built from `BASE_URL` and never from a request's Host."""
    return make_links([WantedLink(patient, expires_at, leads_to)], now)[0]


def make_links(wanted: Sequence[WantedLink], now: datetime) -> list[str]:
    """A fresh address for each, in their order; one statement however many."""
    chosen = [secrets.token_urlsafe(_SECRET_BYTES) for _ in wanted]
    PortalLink.objects.bulk_create(
        PortalLink(
            patient=each.patient,
            secret_hash=hash_of(secret),
            leads_to=each.leads_to,
            created_at=now,
            expires_at=each.expires_at or now + LINK_LIFETIME,
        )
        for secret, each in zip(chosen, wanted, strict=True)
    )
    return [f"{settings.BASE_URL}{reverse('aftercare:plan_link', args=[secret])}" for secret in chosen]


def find_link(secret: str, now: datetime) -> PortalLink | None:
    """The link of this secret while it lives; None alike for one that ended, was changed, or never was."""
    if SEPARATOR in secret:
        return link_on_paper(secret, now)
    living = PortalLink.objects.select_related("patient__user").filter(expires_at__gt=now)
    return living.filter(secret_hash=hash_of(secret)).first()


def page_of(word: str | None) -> str | None:
    """The address of the page that a word of `PortalLink.LeadsTo` stands for; None for anything else."""
    return reverse(_PAGES[word]) if word in _PAGES else None


def send_code(request: HttpRequest, link: PortalLink) -> None:
    """Sign out whoever used this browser, then send a one-time code to the e-mail on file of the link's patient.

    The code leads to the page of the link that was pressed last. The answer is the same whether a code went out or
    not. None goes out when the address had three in a quarter of an hour: a code that this browser already waits for
    stays good then. None goes out either when no account can be had.
    """
    patient, address = link.patient, link.patient.email.lower()
    user = portal_account(patient)
    if request.user.is_authenticated:
        logout(request)
    within_limit = _within_limit(request, address)
    if not within_limit and _waits_for_code(request, user):
        _lead_to(request, link.leads_to)
        return
    # A browser that signed nobody in may still hold half a sign-in of somebody else.
    request.session.flush()
    LoginCodeVerificationProcess.initiate(request=request, user=user if within_limit else None, email=address)
    _lead_to(request, link.leads_to)
    audit.record("code asked by link", by=None, subject=patient, patient=patient, sent=bool(user and within_limit))


def _within_limit(request: HttpRequest, address: str) -> bool:
    """The same count as on the page that asks for the e-mail: two ways to a code, one limit."""
    try:
        throttle.count(request, "request_login_code", key=address)
    except throttle.TooMany:
        return False
    return True


def masked(email: str) -> str:
    """`m…@example.com`: enough to know which address it is, for those who know it."""
    name, _, host = email.partition("@")
    return f"{name[:1]}…@{host}" if host else ""


def _waits_for_code(request: HttpRequest, user: User | None) -> bool:
    login = unstash_login(request, peek=True)
    return login is not None and user is not None and login.user == user


def _lead_to(request: HttpRequest, word: str) -> None:
    """Kept with the code that this browser waits for, so that it ends with it."""
    stage = LoginStageController.enter(request, LoginByCodeStage.key)
    if stage is not None:
        stage.state[_LEADS_TO] = word
        stash_login(request, stage.login)


def page_after_code(state: Mapping[str, Any]) -> str | None:
    """Where the link led whose code this is, by the `state` of the code's process; None for a code without a link."""
    return page_of(state.get(_LEADS_TO))


@transaction.atomic
def portal_account(patient: Patient) -> User | None:
    """The account that a patient's codes open, made at the first need and kept on the patient's present e-mail.

    None without an e-mail, for a deactivated account, and when somebody else signs in with that e-mail: two people who
    share an address must not reach each other's plan, so the second one stays without.
    """
    if not patient.email:
        return None
    if patient.user is None:
        return _give_account(patient)
    if not patient.user.is_active:
        return None
    if patient.user.email != patient.email.lower():
        return _move_account(patient, patient.user)
    return patient.user


def _give_account(patient: Patient) -> User | None:
    if (taken := _from_carer(patient)) is not None:
        return taken
    try:
        with transaction.atomic():
            user: User = User.objects.create_user(
                patient.email, None, name=patient.name, roles=frozenset([Role.PATIENT])
            )
            if not Patient.objects.filter(pk=patient.pk, user__isnull=True).update(user=user):
                raise IntegrityError("another request gave this patient an account a moment ago")
    except IntegrityError:
        given: User | None = User.objects.filter(patient=patient, is_active=True).first()
        return given
    patient.user = user
    audit.record("portal account made", by=None, subject=user, patient=patient)
    return user


def _from_carer(patient: Patient) -> User | None:
    """A carer who becomes a patient keeps the account: it is the same person's e-mail. Open sessions of it end."""
    user: User | None = User.objects.with_role(Role.CARER).filter(email=patient.email.lower()).first()
    if user is None or not Patient.objects.filter(pk=patient.pk, user__isnull=True).update(user=user):
        return None
    user.name = patient.name
    user.roles = frozenset([Role.PATIENT])  # type: ignore[assignment]
    user.set_unusable_password()  # a fresh random value
    user.save()
    patient.user = user
    audit.record("carer's account became a patient's", by=None, subject=user, patient=patient)
    return user


def _move_account(patient: Patient, user: User) -> User | None:
    user.email = patient.email.lower()
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "is_staff"])
    except IntegrityError:
        return None
    audit.record("portal account moved to the new e-mail", by=None, subject=user, patient=patient)
    return user
