"""The database rules are installed by the newest migration that changed what they name."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0001_initial")]

    operations = []
