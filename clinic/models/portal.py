"""The way from a message to the portal: a secret link that shows a page and, on POST, asks for a one-time code."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.models.patient import Patient


class PortalLink(models.Model):
    """Only the hash of the secret is kept. The link opens nothing by itself: a code goes to the address on file."""

    class LeadsTo(models.TextChoices):
        """Where a patient goes on after the code: what the message was about, one of these pages and no other."""

        TODAY = "today", "What to do now"
        HOW = "how", "How are you?"
        VISITS = "visits", "Your visits"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="portal_links")
    secret_hash = models.CharField(max_length=64, unique=True)
    leads_to = models.CharField(max_length=8, choices=LeadsTo, default=LeadsTo.TODAY)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(leads_to__in=["today", "how", "visits"]), name="portal_link_leads_to_a_known_page"
            ),
        ]

    def __str__(self) -> str:
        return f"Link until {self.expires_at:%Y-%m-%d}"
