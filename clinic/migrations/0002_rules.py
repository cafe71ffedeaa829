"""Database rules of the base app, the cache table (throttles, codes) and the one clinic row."""

from typing import Any

from django.core.management import call_command
from django.db import migrations

from clinic.database_rules import InstallRules


def make_cache_table(apps: Any, schema_editor: Any) -> None:
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


def make_clinic(apps: Any, schema_editor: Any) -> None:
    apps.get_model("clinic", "Clinic").objects.using(schema_editor.connection.alias).get_or_create(id=1)


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_initial")]

    operations = [
        migrations.RunPython(make_cache_table, migrations.RunPython.noop),
        migrations.RunPython(make_clinic, migrations.RunPython.noop),
        InstallRules(),
    ]
