"""Database rules of the app; see sessions_app/rules.py."""

from django.db import migrations

from clinic.database_rules import InstallRules


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0001_initial")]

    operations = [InstallRules()]
