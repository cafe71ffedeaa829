"""The address in the QR of a print: as good as the link of a message, but signed instead of stored.

Looking at a page that can be printed writes nothing, so there is no row whose hash could be kept. The address holds a
patient's random id and an end, under HMAC-SHA256 with a salt of its own; it leads to the page that sends a code.
"""

import struct
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from clinic.models import Patient, PortalLink

# Never in a stored link's secret, which is of letters, digits, "-" and "_": the two cannot be taken for each other.
SEPARATOR = "."
_SHAPE = struct.Struct(">16sQ")  # id, last second


def _signer() -> signing.Signer:
    """Made anew each time, so that it knows the keys that the settings hold now."""
    return signing.Signer(sep=SEPARATOR, salt="clinic.paper_link")


def paper_link(patient: Patient, expires_at: datetime) -> str:
    """The address for one print, the same each time until the plan changes; from `BASE_URL`, never from a request."""
    packed = _SHAPE.pack(patient.public_id.bytes, int(expires_at.timestamp()))
    secret = _signer().sign(urlsafe_base64_encode(packed))
    return f"{settings.BASE_URL}{reverse('aftercare:plan_link', args=[secret])}"


def link_on_paper(secret: str, now: datetime) -> PortalLink | None:
    """The link as an unsaved row while it lives; None alike for one that ended, was changed, or never was."""
    try:
        public_id, last_second = _SHAPE.unpack(urlsafe_base64_decode(_signer().unsign(secret)))
    except (signing.BadSignature, ValueError, struct.error):
        return None
    expires_at = datetime.fromtimestamp(last_second, UTC)
    if expires_at <= now:
        return None
    patient = Patient.objects.select_related("user").filter(public_id=UUID(bytes=public_id)).first()
    return PortalLink(patient=patient, expires_at=expires_at) if patient else None
