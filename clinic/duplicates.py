"""Who may already be registered: the same name and birth date, or the same phone number or e-mail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from clinic.models import Patient
from clinic.search import find_patients
from clinic.search_text import words_of


@dataclass(frozen=True, slots=True)
class Namesake:
    """A registered patient who may be the same person. Both can be true."""

    patient: Patient
    same_name_and_birth_date: bool
    same_phone: bool


class PossibleDuplicates(Exception):
    """Nobody was registered: `namesakes` are to be looked at first, or named as other people."""

    def __init__(self, namesakes: Iterable[Namesake]) -> None:
        super().__init__("Somebody like this is already registered.")
        self.namesakes = list(namesakes)


def find_namesakes(*, given_name: str, family_name: str, birth_date: date, phone: str) -> list[Namesake]:
    """Two indexed look-ups in one query. Names are compared without accents, case and order of the words."""
    wanted = _name_key(given_name, family_name)
    same_phone = Q(phone=phone) if phone else Q(pk=None)
    names = ("family_name", "given_name", "id")
    candidates = Patient.objects.filter(Q(birth_date=birth_date) | same_phone).order_by(*names)
    found = [
        Namesake(
            patient=patient,
            same_name_and_birth_date=patient.birth_date == birth_date
            and _name_key(patient.given_name, patient.family_name) == wanted,
            same_phone=bool(phone) and str(patient.phone) == phone,
        )
        for patient in candidates.only("public_id", "given_name", "family_name", "birth_date", "phone")
    ]
    return [each for each in found if each.same_name_and_birth_date or each.same_phone]


@dataclass(frozen=True, slots=True)
class Alike:
    """A registered patient who may be somebody of whom the birth date is not known. Any of the three can be true."""

    patient: Patient
    same_name: bool
    same_phone: bool
    same_email: bool


def find_alike(*, name: str, phone: str, email: str, limit: int = 5) -> list[Alike]:
    """Whose number or e-mail it is, and whose name has all words of `name`; those who share most come first.

    `phone` is E.164 or empty. E-mails are looked up among portal accounts, which have an index. Clinical columns are
    not loaded.
    """
    reach = (Q(phone=phone) if phone else Q(pk=None)) | (Q(user__email=email.lower()) if email else Q(pk=None))
    columns = ("public_id", "given_name", "family_name", "birth_date", "phone", "email")
    by_reach = Patient.objects.filter(reach).order_by("family_name", "given_name", "id").only(*columns)[:limit]
    by_name = {patient.pk: patient for patient in find_patients(name, limit)}
    found = by_name | {patient.pk: patient for patient in by_reach}
    alike = [
        Alike(
            patient=patient,
            same_name=patient.pk in by_name,
            same_phone=bool(phone) and str(patient.phone) == phone,
            same_email=bool(email) and patient.email.lower() == email.lower(),
        )
        for patient in found.values()
    ]
    return sorted(alike, key=lambda each: -(each.same_name + each.same_phone + each.same_email))[:limit]


def _name_key(given_name: str, family_name: str) -> list[str]:
    return sorted(words_of(f"{given_name} {family_name}"))
