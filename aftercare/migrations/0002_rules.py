"""Database rules of the app; see aftercare/rules.py."""

from django.db import migrations

from clinic.database_rules import InstallRules


class Migration(migrations.Migration):
    dependencies = [("aftercare", "0001_initial")]

    operations = [InstallRules()]
