"""What is normal, day by day since the session, in the clinic's own words.

Append-only; the newest number of a key counts. A key without a row is told in the words that came with the product
(`aftercare.expected_course`).
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.models import User


class CourseText(models.Model):
    key = models.SlugField(max_length=40)
    number = models.PositiveSmallIntegerField()
    # Days since the session, both inclusive; without a last day it stays.
    first_day = models.PositiveSmallIntegerField(default=0)
    last_day = models.PositiveSmallIntegerField(null=True, blank=True)
    text_en = models.CharField(max_length=300)
    text_es = models.CharField(max_length=300)
    is_shown = models.BooleanField(default=True)
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "number"], name="course_text_number_once"),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(last_day__gte=models.F("first_day")), name="course_text_days"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.number}"
