"""Whom nurses call when the drug went into an artery."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0012_staff_phone"),
    ]

    operations = [
        # As in 0012: on SQLite Django would make the table anew, which drops it for a moment.
        migrations.RunSQL(
            "ALTER TABLE clinic_clinic ADD COLUMN vascular_surgeon_phone varchar(32) NOT NULL DEFAULT ''",
            "ALTER TABLE clinic_clinic DROP COLUMN vascular_surgeon_phone",
            state_operations=[
                migrations.AddField(
                    model_name="clinic",
                    name="vascular_surgeon_phone",
                    field=models.CharField(
                        blank=True,
                        help_text="Whom nurses call at once when the drug went into an artery. Only staff see it.",
                        max_length=32,
                    ),
                ),
            ],
        ),
    ]
