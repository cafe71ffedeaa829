"""Who may be written to on which channel: an address on file, a consent, and no later "stop" of that address.

The latest word counts: a stop ends a consent that was given before it, and a consent given after a stop renews it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from clinic.models import ContactPreference, OptOut, Patient
from clinic.notifications.channels import CHANNELS, enabled
from clinic.notifications.channels.base import Channel
from clinic.notifications.values import placeholders


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


def standing(patient: Patient) -> dict[str, bool]:
    """What holds at this moment, by kind of consent: the patient's decision, unless the address on file was stopped
    after it. A kind on which nothing was decided is absent. Two queries at most.
    """
    decisions = {each.channel: each for each in ContactPreference.objects.filter(patient=patient)}
    ways = [way for channel in CHANNELS.values() if (way := way_to(patient, channel))]
    hashes = {way.channel.consent: way.address_hash for way in ways if way.channel.consent in decisions}
    stops = dict(OptOut.objects.filter(address_hash__in=hashes.values()).values_list("address_hash", "at"))
    ended = {consent for consent, digest in hashes.items() if _is_later(stops.get(digest), decisions[consent])}
    return {consent: each.allowed and consent not in ended for consent, each in decisions.items()}


def _is_later(stopped_at: datetime | None, decision: ContactPreference) -> bool:
    return stopped_at is not None and stopped_at >= decision.decided_at


def ways_to(patients: Iterable[Patient]) -> dict[int, dict[str, Way]]:
    """The permitted ways to each patient, by patient id and channel name in order of preference; one query."""
    candidates = [
        (patient.pk, way) for patient in patients for channel in enabled() if (way := way_to(patient, channel))
    ]
    if not candidates:
        return {}
    permitted = _permitted({(pk, way.channel.consent): way.address_hash for pk, way in candidates})
    ways: dict[int, dict[str, Way]] = {}
    for patient_id, way in candidates:
        if (patient_id, way.channel.consent) in permitted:
            ways.setdefault(patient_id, {})[way.channel.name] = way
    return ways


def _permitted(hashes: Mapping[tuple[int, str], str]) -> set[tuple[int, str]]:
    """Which of the (patient, consent) pairs hold at this moment for the address of that hash."""
    rows = [(patient_id, consent, digest) for (patient_id, consent), digest in hashes.items()]
    with connection.cursor() as cursor:
        cursor.execute(_PERMITTED.format(rows=placeholders(rows)), [fact for row in rows for fact in row])
        return set(cursor.fetchall())


# A list of values joins in one statement, where Django would build a condition per patient. Both databases read it.
_PERMITTED = """
    SELECT asked.column1, asked.column2
    FROM (VALUES {rows}) AS asked
    JOIN clinic_contactpreference AS consent ON consent.patient_id = asked.column1 AND consent.channel = asked.column2
    WHERE consent.allowed AND NOT EXISTS (
        SELECT 1 FROM clinic_optout AS stop
        WHERE stop.channel = asked.column2 AND stop.address_hash = asked.column3 AND stop.at >= consent.decided_at
    )
"""
