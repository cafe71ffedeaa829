"""Who may be written to on which channel: an address on file, a consent, and no later "stop" of that address.

The latest word counts: a stop ends a consent that was given before it, and a consent given after a stop renews it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When

from clinic.models import ContactPreference, OptOut, Patient
from clinic.notifications.channels import enabled
from clinic.notifications.channels.base import Channel


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach one patient."""

    channel: Channel
    address: str
    address_hash: str


def hash_of_address(consent: str, address: str) -> str:
    """How an address is kept in attempts and opt-outs. Not keyed: a stop must outlive every change of a secret key."""
    return hashlib.sha256(f"{consent}:{address.strip().lower()}".encode()).hexdigest()


def way_to(patient: Patient, channel: Channel) -> Way | None:
    """The address of the patient on the channel, whether or not it may be used."""
    address = channel.address_of(patient)
    return Way(channel, address, hash_of_address(channel.consent, address)) if address else None


def ways_to(patients: Iterable[Patient]) -> dict[int, dict[str, Way]]:
    """The permitted ways to each patient, by patient id and channel name in order of preference; one query."""
    candidates = [
        (patient.pk, way) for patient in patients for channel in enabled() if (way := way_to(patient, channel))
    ]
    if not candidates:
        return {}
    permitted = set(_permitted(candidates).values_list("patient_id", "channel"))
    ways: dict[int, dict[str, Way]] = {}
    for patient_id, way in candidates:
        if (patient_id, way.channel.consent) in permitted:
            ways.setdefault(patient_id, {})[way.channel.name] = way
    return ways


def permission(consent: str, address_hash: str) -> Exists:
    """SQL condition on a delivery: at this moment its patient's consent holds for this address."""
    consents = ContactPreference.objects.filter(patient=OuterRef("patient"), channel=consent, allowed=True)
    stop = OptOut.objects.filter(channel=consent, address_hash=address_hash, at__gte=OuterRef("decided_at"))
    return Exists(consents.filter(~Exists(stop)))


def _permitted(candidates: list[tuple[int, Way]]) -> QuerySet[ContactPreference]:
    hashes = {(patient_id, way.channel.consent): way.address_hash for patient_id, way in candidates}
    address_hash = Case(
        *(When(Q(patient_id=pk, channel=consent), then=Value(digest)) for (pk, consent), digest in hashes.items()),
        default=Value(""),
        output_field=CharField(),
    )
    stop = OptOut.objects.filter(
        channel=OuterRef("channel"), address_hash=OuterRef("address_hash"), at__gte=OuterRef("decided_at")
    )
    consents = ContactPreference.objects.filter(patient_id__in={pk for pk, _ in hashes}, allowed=True)
    return consents.annotate(address_hash=address_hash).filter(~Exists(stop))
