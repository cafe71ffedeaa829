"""A walk that began before the stocking went on can be signed, with a reason: the rule on the times is made anew."""

from django.db import migrations

from clinic.database_rules import InstallRules, RemoveRules


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0009_adverse_versions")]

    operations = [RemoveRules(), InstallRules()]
