"""The sessions of a nurse by their time: a save and a signature ask which of them meet."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0011_event_by_mistake")]

    operations = [
        migrations.AddIndex(
            model_name="treatmentsession",
            index=models.Index(fields=["nurse", "started_at"], name="session_of_nurse"),
        ),
    ]
