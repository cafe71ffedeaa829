"""An adverse event that was begun by a wrong press is closed as a mistake."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sessions_app", "0010_walk_before_stocking"),
    ]

    operations = [
        # The same statement on both databases; Django would make SQLite's table anew, and with it drop what others ask.
        migrations.RunSQL(
            "ALTER TABLE sessions_app_adverseevent ADD COLUMN is_mistake bool NOT NULL DEFAULT false",
            "ALTER TABLE sessions_app_adverseevent DROP COLUMN is_mistake",
            state_operations=[
                migrations.AddField(
                    model_name="adverseevent",
                    name="is_mistake",
                    field=models.BooleanField(default=False),
                ),
            ],
        ),
    ]
