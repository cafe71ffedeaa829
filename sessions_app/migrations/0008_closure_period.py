"""A closure knows its period, whether it is the whole clinic's, and when it was ended; gaps around visits hang on it."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def fill(apps: Any, schema_editor: Any) -> None:
    """What the entries of each closure say already; one without active entries has been ended."""
    Closure = apps.get_model("sessions_app", "Closure")
    for closure in Closure.objects.annotate(
        first=models.Min("entries__starts_at"),
        last=models.Max("entries__ends_at"),
        of_nurses=models.Count("entries__nurse", distinct=True),
        of_rooms=models.Count("entries__room", distinct=True),
        in_force=models.Count("entries", filter=models.Q(entries__active=True)),
    ):
        closure.starts_at, closure.ends_at = closure.first, closure.last
        closure.whole_clinic = closure.of_nurses > 0 and closure.of_rooms > 0
        closure.ended_at = None if closure.in_force else closure.created_at
        closure.save()


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("sessions_app", "0007_former"),
    ]

    operations = [
        migrations.AddField("closure", "starts_at", models.DateTimeField(null=True)),
        migrations.AddField("closure", "ends_at", models.DateTimeField(null=True)),
        migrations.AddField("closure", "whole_clinic", models.BooleanField(default=False)),
        migrations.AddField("closure", "ended_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "closure",
            "ended_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
