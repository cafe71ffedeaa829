"""How to stop: a signed address in every message. Whoever holds it may stop that channel, and nothing else."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from clinic import audit
from clinic.models import ContactPreference, Delivery, OptOut, Patient
from clinic.notifications.channels import CHANNELS
from clinic.notifications.consent import hash_of_address
from clinic.notifications.recheck import STOPPED
from clinic.notifications.states import State, move_free


def _signer() -> signing.Signer:
    """Made anew each time, so that it knows the keys that the settings hold now."""
    return signing.Signer(salt="clinic.notifications.stop")


def stop_url(delivery_id: UUID) -> str:
    """The public stop page of a message, built from BASE_URL. It holds a delivery's id, signed; it never ends."""
    return f"{settings.BASE_URL}{reverse('clinic:stop', args=[_signer().sign(delivery_id.hex)])}"


def delivery_of(token: str) -> Delivery | None:
    """The message whose stop address this is; None for a changed or invented one. Former keys in the settings count."""
    try:
        delivery_id = UUID(_signer().unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    return Delivery.objects.select_related("patient").filter(pk=delivery_id).first()


@transaction.atomic
def stop(*, delivery: Delivery, source: str, now: datetime) -> None:
    """No more messages to the address that this one went to, from this moment on; asked twice it stays one stop.

    The patient's waiting messages on the channel are called off at once, also those a worker has claimed but not sent.
    """
    channel = CHANNELS[delivery.channel]
    hashes = set(delivery.tries.values_list("address_hash", flat=True))
    present = channel.address_of(delivery.patient)
    if not hashes and present:
        hashes = {hash_of_address(channel.consent, present)}
    for address_hash in hashes:
        OptOut.objects.update_or_create(
            channel=channel.consent, address_hash=address_hash, defaults={"at": now, "source": source}
        )
    if present and hash_of_address(channel.consent, present) not in hashes:
        # The patient has moved to another address since, and that one was not stopped.
        _record(delivery, channel.consent, source, address="former")
        return
    preferences = ContactPreference.objects.filter(patient=delivery.patient, channel=channel.consent, allowed=True)
    preferences.update(allowed=False, decided_at=now)
    call_off_waiting(delivery.patient, channel.consent, now=now)
    _record(delivery, channel.consent, source, address="present")


def call_off_waiting(patient: Patient, consent: str, *, now: datetime) -> None:
    """What waits for this patient on the channels of one consent does not leave any more."""
    channels = [name for name, channel in CHANNELS.items() if channel.consent == consent]
    waiting = Delivery.objects.filter(patient=patient, channel__in=channels)
    for state in (State.PENDING, State.CLAIMED, State.REVIEW):
        # A row that is being written just now is passed over; the stop is seen when it is about to leave.
        changes = {"reason": STOPPED, "finished_at": now, "lease_token": None, "lease_until": None}
        move_free(waiting, state, State.CANCELLED, **changes)


def _record(delivery: Delivery, consent: str, source: str, *, address: str) -> None:
    """Which address was stopped is on record in every case, in a word: the address itself is kept nowhere."""
    audit.record(
        "messages stopped",
        by=None,
        subject=delivery,
        patient=delivery.patient,
        channel=consent,
        source=source,
        address=address,
    )
