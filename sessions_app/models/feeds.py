"""The secret calendar address of a member of staff: one living at a time, kept as a hash, ended at any moment."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.models import User


class CalendarFeed(models.Model):
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="calendar_feeds")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_read_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(revoked_at__isnull=True), name="feed_one_living")
        ]

    def __str__(self) -> str:
        return f"calendar of {self.user}"
