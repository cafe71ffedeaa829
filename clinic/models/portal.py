"""The way from a message to the portal: a secret link that shows a page and, on POST, asks for a one-time code."""

from django.db import models
from django.utils import timezone

from clinic.models.patient import Patient


class PortalLink(models.Model):
    """Only the hash of the secret is kept. The link opens nothing by itself: a code goes to the address on file."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="portal_links")
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Link until {self.expires_at:%Y-%m-%d}"
