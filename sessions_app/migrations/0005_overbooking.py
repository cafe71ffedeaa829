"""An overbooked visit stands beside one other; see sessions_app/rules.py."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0004_schedule")]

    # The rules are installed by the newest migration that changed what they name.
    operations = []
