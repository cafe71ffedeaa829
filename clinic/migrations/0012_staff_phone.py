"""Where a colleague is called in an emergency."""

import phonenumber_field.modelfields
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0011_links_to_visits"),
    ]

    operations = [
        # On SQLite Django makes the table anew for a column that may not be null, which drops it for a moment: triggers
        # of other tables that ask it refuse that. Adding a column with a default is the same statement on both.
        migrations.RunSQL(
            "ALTER TABLE clinic_user ADD COLUMN phone varchar(128) NOT NULL DEFAULT ''",
            "ALTER TABLE clinic_user DROP COLUMN phone",
            state_operations=[
                migrations.AddField(
                    model_name="user",
                    name="phone",
                    field=phonenumber_field.modelfields.PhoneNumberField(blank=True, max_length=128, region=None),
                ),
            ],
        ),
    ]
