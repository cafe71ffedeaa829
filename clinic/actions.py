"""Patients: registering, changing, and the portal account that follows the e-mail. All writes are audited."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from clinic import audit
from clinic.access import Permission, Role
from clinic.consent import WORDING_VERSION
from clinic.duplicates import PossibleDuplicates, find_namesakes
from clinic.models import Clinic, ContactPreference, Patient, StaffTask, User
from clinic.notifications.consent import standing
from clinic.notifications.renewing import plan_again
from clinic.portal import portal_account
from clinic.search import index_patient

CLINICAL_FIELDS = frozenset({"weight_kg", "allergies", "polidocanol_allergy", "risk_factors"})
CONTACT_FIELDS = frozenset({"given_name", "family_name", "birth_date", "phone", "email", "language", "time_zone"})
_SEARCHED_FIELDS = frozenset({"given_name", "family_name", "phone"})
ONLY_CLINICIANS = "Only a clinician takes back an allergy to polidocanol. Ask one."
WHY_RULED_OUT = "Write why the allergy to polidocanol is ruled out."
LONGEST_TASK_NOTE = 300
_TAKEN_BACK = "Allergy to polidocanol taken back: "
LONGEST_RULED_OUT = LONGEST_TASK_NOTE - len(_TAKEN_BACK)
_REGISTERING = 7_318_402  # the number of our advisory lock; any other does as well


class EmailInUse(Exception):
    """Somebody else signs in with this e-mail; a shared one would open the other person's plan.

    `patient` is the other patient; without one it is a carer (`is_carer`) or a member of staff.
    """

    def __init__(self, patient: Patient | None, *, is_carer: bool = False) -> None:
        super().__init__("This e-mail is used by somebody else.")
        self.patient, self.is_carer = patient, is_carer


class StalePatient(Exception):
    """The page was opened before somebody else's change. Nothing was written; `patient` is what is stored now."""

    def __init__(self, patient: Patient) -> None:
        super().__init__("Somebody changed this patient meanwhile.")
        self.patient = patient


class AllergyStands(Exception):
    """A recorded allergy to polidocanol is not taken back like this. Nothing was written; the message is for people."""


@transaction.atomic
def register_patient(
    *,
    given_name: str,
    family_name: str,
    birth_date: date,
    by: User,
    phone: str = "",
    email: str = "",
    language: str = Patient.Language.ENGLISH,
    time_zone: str = "",
    weight_kg: Decimal | None = None,
    allergies: str = "",
    polidocanol_allergy: bool = False,
    risk_factors: Sequence[str] = (),
    contact: Mapping[str, bool] | None = None,
    not_the_same: Collection[UUID] = (),
) -> Patient:
    """A new patient, found by search and, with an own e-mail, able to sign in to the portal.

    `phone` is E.164 or empty; an empty `time_zone` is the clinic's. `contact` says per channel whether it may be used.
    `not_the_same` names registered patients whom the person at the desk has looked at. Raises `PossibleDuplicates`,
    `EmailInUse`.
    """
    _one_registration_at_a_time()
    namesakes = find_namesakes(given_name=given_name, family_name=family_name, birth_date=birth_date, phone=phone)
    if unseen := [each for each in namesakes if each.patient.public_id not in not_the_same]:
        raise PossibleDuplicates(unseen)
    email = email.lower()
    _refuse_shared_email(email)
    clinical = {
        "weight_kg": weight_kg,
        "allergies": allergies,
        "polidocanol_allergy": polidocanol_allergy,
        "risk_factors": list(risk_factors),
    }
    patient = Patient.objects.create(
        given_name=given_name,
        family_name=family_name,
        birth_date=birth_date,
        phone=phone,
        email=email,
        language=language,
        time_zone=time_zone or Clinic.current().time_zone,
        registered_by=by,
        registered_at=timezone.now(),
        **(clinical if by.may(Permission.VIEW_CHART) else {}),
    )
    index_patient(patient)
    portal_account(patient)
    _record_contact(patient, contact or {}, by=by)
    audit.record("patient registered", by=by, subject=patient, namesakes=[str(each) for each in not_the_same])
    return patient


@transaction.atomic
def update_patient(
    *,
    patient: Patient,
    version: int,
    changes: Mapping[str, Any],
    by: User,
    contact: Mapping[str, bool] | None = None,
    allergy_ruled_out: str = "",
) -> Patient:
    """Write `changes` (field name to value) if the patient is still at `version`; the sign-in follows the e-mail.

    Clinical fields are written for people who may see charts, and ignored from others. An allergy to polidocanol is
    taken back only by somebody who may lift a check, and with the reason, `allergy_ruled_out`; the clinical lead looks
    at it afterwards. Raises `StalePatient`, `EmailInUse`, `AllergyStands`; then nothing is changed.
    """
    allowed = CONTACT_FIELDS | CLINICAL_FIELDS if by.may(Permission.VIEW_CHART) else CONTACT_FIELDS
    wanted = {field: value for field, value in changes.items() if field in allowed}
    if "email" in wanted:
        wanted["email"] = wanted["email"].lower()
        _refuse_shared_email(wanted["email"], own=patient)
    if wanted.get("polidocanol_allergy") is False:
        _take_back_allergy(patient, version, allergy_ruled_out.strip(), by=by)
    stored = Patient.objects.filter(pk=patient.pk, version=version)
    if not stored.update(**wanted, version=F("version") + 1):
        raise StalePatient(Patient.objects.get(pk=patient.pk))
    before, patient = patient, Patient.objects.select_related("user").get(pk=patient.pk)
    changed = sorted(field for field in wanted if getattr(before, field) != getattr(patient, field))
    if _SEARCHED_FIELDS & set(changed):
        index_patient(patient)
    if {"given_name", "family_name", "email"} & set(changed):
        _let_account_follow(patient, by=by)
    allowed_now = _record_contact(patient, contact or {}, by=by)
    audit.record("patient changed", by=by, subject=patient, fields=changed)
    if allowed_now or {"email", "phone"} & set(changed):
        plan_again(patient, now=timezone.now())
    return patient


def _take_back_allergy(patient: Patient, version: int, why: str, *, by: User) -> None:
    """Refuse it, or write down that it was done; nothing where none is recorded."""
    held = Patient.objects.select_for_update().filter(pk=patient.pk, version=version, polidocanol_allergy=True)
    if not held.exists():
        return
    if not by.may(Permission.OVERRIDE_CHECK):
        raise AllergyStands(ONLY_CLINICIANS)
    if not why:
        raise AllergyStands(WHY_RULED_OUT)
    StaffTask.objects.create(
        kind=StaffTask.Kind.OVERRIDE_TO_REVIEW, patient=patient, note=f"{_TAKEN_BACK}{why}"[:LONGEST_TASK_NOTE]
    )
    audit.record("allergy taken back", by=by, subject=patient)


def _refuse_shared_email(email: str, *, own: Patient | None = None) -> None:
    account = User.objects.filter(email=email).select_related("patient").first() if email else None
    if account is None or (own is not None and account.pk == own.user_id):
        return
    is_carer = Role.CARER in account.roles
    if is_carer and account.is_active and (own is None or own.user_id is None):
        return  # a carer who becomes a patient: the account becomes the patient's
    raise EmailInUse(getattr(account, "patient", None), is_carer=is_carer)


def _let_account_follow(patient: Patient, *, by: User) -> None:
    """The account carries the patient's name and e-mail; a changed address ends what was open under the old one."""
    account = patient.user
    if account is None:
        portal_account(patient)
        return
    closed = _closed_address(account)
    was, account.name, account.email = account.email, patient.name, patient.email or closed
    if account.email != was:
        # Closed with the e-mail, open again with a new one; an account that was switched off otherwise stays off.
        account.is_active = bool(patient.email) and (account.is_active or was == closed)
        account.set_unusable_password()  # a fresh random value: every open session of the account ends with it
        EmailAddress.objects.filter(user=account).delete()
        audit.record("sign-in moved" if patient.email else "sign-in closed", by=by, subject=account, patient=patient)
    account.save()


def _closed_address(account: User) -> str:
    """Stands in for the e-mail of a closed account: unique, and nobody can receive anything there."""
    return f"closed-{account.public_id}@portal.invalid"


def _record_contact(patient: Patient, contact: Mapping[str, bool], *, by: User) -> bool:
    """Keep the decision of each named channel with its time and wording; an unchanged one keeps its own.

    A consent that a later stop has ended does not hold any more, so giving it again is a new one. Returns whether a
    channel was allowed that was not.
    """
    before = standing(patient)
    changed = {channel: allowed for channel, allowed in contact.items() if before.get(channel) != allowed}
    for channel, allowed in changed.items():
        ContactPreference.objects.update_or_create(
            patient=patient,
            channel=channel,
            defaults={
                "allowed": allowed,
                "decided_at": timezone.now(),
                "wording_version": WORDING_VERSION,
                "recorded_by": by,
            },
        )
        audit.record(
            "contact preference recorded",
            by=by,
            subject=patient,
            channel=channel,
            allowed=allowed,
            wording=WORDING_VERSION,
        )
    return any(changed.values())


def _one_registration_at_a_time() -> None:
    """Two desks that register the same person at once must see each other. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_REGISTERING])
