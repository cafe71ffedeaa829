"""The clinic's protocol, version by version. A signed version never changes; plans point at the one they came from."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.models.people import User
from clinic.prepared import PreparedObjects
from clinic.protocol import Protocol


class ProtocolVersion(models.Model):
    number = models.PositiveIntegerField(unique=True)
    # The resolved numbers, as `Protocol.as_dict()`; what a plan needs to be read in ten years without this code.
    values = models.JSONField()
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True, signed_by__isnull=True)
                | Q(signed_at__isnull=False, signed_by__isnull=False),
                name="protocol_version_signed_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"Protocol {self.number}"

    @classmethod
    def in_force(cls) -> "ProtocolVersion | None":
        """The newest signed version; None until the clinical lead signed one: till then nobody can sign a session."""
        return next(iter(_IN_FORCE.all()), None)

    def protocol(self) -> Protocol:
        return Protocol.from_dict(self.values)


_IN_FORCE = PreparedObjects(lambda: ProtocolVersion.objects.filter(signed_at__isnull=False).order_by("-number")[:1])
