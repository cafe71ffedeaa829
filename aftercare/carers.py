"""Carers: somebody whom a patient lets look at the plan. Added, allowed more or less, and ended; all of it audited.

A carer signs in by a code to an e-mail of their own. What they may see is decided by `Permission.CARED_PLAN` and, at
each request, by a living row (`aftercare.portal_patient`): an ended one opens nothing from the next request on.
"""

from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from aftercare.models import Carer
from clinic import account_mail, audit
from clinic.access import Role
from clinic.language import page_language
from clinic.models import Clinic, Patient, User
from clinic.portal import portal_account

# More people than a family takes turns with; a bound, so that nobody can have a clinic write to the world.
MOST_CARERS = 6


class WhyNot(StrEnum):
    OWN = "own"  # the patient's own e-mail
    ALREADY = "already"  # may look as it is
    FULL = "full"
    UNUSABLE = "unusable"  # of staff, or of an account that was switched off


class NotAdded(Exception):
    """Nobody was added and nothing was sent; `why` says what is to be changed."""

    def __init__(self, why: WhyNot) -> None:
        super().__init__(why)
        self.why = why


@transaction.atomic
def add_carer(*, patient: Patient, name: str, email: str, language: str, may_report: bool, by: User) -> Carer:
    """Let the person of `email` look at the plan of `patient`, and write to them that they may.

    `language` ("en", "es") is theirs, unless they already read here in another. `may_report` also opens "How are you?"
    and the ticks to them. Raises `NotAdded`.
    """
    # Two that are added at once count each other; SQLite has one writer as it is.
    patient = Patient.objects.select_for_update(of=("self",)).select_related("user").get(pk=patient.pk)
    if email.lower() == patient.email.lower():  # also while the patient has no account yet
        raise NotAdded(WhyNot.OWN)
    user = _account(email.lower(), name)
    if user is None:
        raise NotAdded(WhyNot.UNUSABLE)
    if user == patient.user:
        raise NotAdded(WhyNot.OWN)
    living = list(Carer.objects.living().filter(patient=patient))
    if any(each.user_id == user.pk for each in living):
        raise NotAdded(WhyNot.ALREADY)
    if len(living) >= MOST_CARERS:
        raise NotAdded(WhyNot.FULL)
    carer = Carer.objects.create(
        patient=patient,
        user=user,
        name=name,
        language=language_of(user) or language,
        may_report=may_report,
        added_by=by,
    )
    audit.record("carer added", by=by, subject=carer, patient=patient, may_report=may_report)
    invite(carer=carer, by=by)
    return carer


def invite(*, carer: Carer, by: User) -> None:
    """Write to the carer where to sign in. The words name no patient and no treatment: an address can be mistyped."""
    audit.record("carer invited", by=by, subject=carer, patient=carer.patient)
    message = _invitation(carer)
    transaction.on_commit(lambda: account_mail.post(message))


@transaction.atomic
def allow_reports(*, carer: Carer, may_report: bool, by: User) -> None:
    """Open "How are you?" and the ticks to a carer, or close them; nothing happens to an ended access."""
    if Carer.objects.living().filter(pk=carer.pk).exclude(may_report=may_report).update(may_report=may_report):
        audit.record("carer changed", by=by, subject=carer, patient=carer.patient, may_report=may_report)


@transaction.atomic
def end_carer(*, carer: Carer, by: User, now: datetime | None = None) -> None:
    """The carer sees nothing of this patient from the next request on. Ended twice it stays ended by the first."""
    if Carer.objects.living().filter(pk=carer.pk).update(ended_at=now or timezone.now(), ended_by=by):
        audit.record("carer ended", by=by, subject=carer, patient=carer.patient)


@transaction.atomic
def change_language(*, user: User, language: str) -> None:
    """The language of a carer's pages, of all patients."""
    if Carer.objects.living().filter(user=user).exclude(language=language).update(language=language):
        audit.record("carer's language changed", by=user, subject=user, language=language)


def language_of(user: User) -> str | None:
    """The language a portal account already reads in; None for one that nobody let look yet. One query for anybody."""
    own = Patient.objects.filter(user=OuterRef("pk")).values("language")[:1]
    newest = Carer.objects.living().filter(user=OuterRef("pk")).order_by("-added_at", "-pk").values("language")[:1]
    accounts = User.objects.filter(pk=user.pk)
    language: str | None = accounts.values_list(Coalesce(Subquery(own), Subquery(newest)), flat=True).first()
    return language


def _account(email: str, name: str) -> User | None:
    """The account of this e-mail, made when there is none; None when it cannot be a carer's.

    A patient with this e-mail and without an account gets the own one, so that the e-mail stays theirs to sign in with.
    """
    known = _usable(email)
    if known is not None or User.objects.filter(email=email).exists():
        return known
    own = Patient.objects.filter(email=email, user__isnull=True).first()
    if own is not None:
        return portal_account(own)
    try:
        with transaction.atomic():
            user: User = User.objects.create_user(email, None, name=name, roles=frozenset([Role.CARER]))
            audit.record("carer's account made", by=None, subject=user)
            return user
    except IntegrityError:  # somebody else added the same person a moment ago
        return _usable(email)


def _usable(email: str) -> User | None:
    user: User | None = User.objects.filter(email=email, is_active=True).first()
    return user if user is not None and user.uses_portal else None


def _invitation(carer: Carer) -> EmailMessage:
    clinic = Clinic.current()
    address = f"{settings.BASE_URL}{reverse('account_request_login_code')}"
    with translation.override(page_language(carer.language)):
        context = {"clinic": clinic, "address": address}
        subject = " ".join(render_to_string("aftercare/carers/invitation_subject.txt", context).split())
        body = render_to_string("aftercare/carers/invitation.txt", context)
    return EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [carer.user.email])
