"""The versions of one session: a save and a signature ask for the events of all of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0012_session_of_nurse")]

    operations = [
        migrations.AddIndex(
            model_name="treatmentsession",
            index=models.Index(fields=["lineage"], name="session_lineage"),
        ),
    ]
