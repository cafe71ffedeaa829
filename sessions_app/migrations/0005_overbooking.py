"""An overbooked visit stands beside one other; see sessions_app/rules.py."""

from django.db import migrations

from clinic.database_rules import InstallRules


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0004_schedule")]

    operations = [InstallRules()]
