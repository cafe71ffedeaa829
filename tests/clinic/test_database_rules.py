"""What must never happen is forbidden by the database itself, and a lost rule is noticed and put back."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from clinic import database_rules
from clinic.startup import rules_are_installed

pytestmark = pytest.mark.django_db


def _lost():
    return [rule.name for rule in database_rules.missing(connection)]


def test_every_rule_is_in_the_migrated_database():
    assert _lost() == []


def test_the_start_check_names_a_rule_that_vanished():
    rule = next(r for r in database_rules.all_rules("sessions_app") if r.create(connection.vendor))
    with connection.cursor() as cursor:
        for statement in rule.remove(connection.vendor):
            cursor.execute(statement)

    assert [rule.name in error.msg for error in rules_are_installed(None, databases=["default"])] == [True]

    database_rules.reinstall(sender=None)
    assert _lost() == []


def test_the_check_says_nothing_when_all_is_well():
    assert rules_are_installed(None, databases=["default"]) == []


def test_installing_twice_changes_nothing():
    database_rules.install(connection)
    database_rules.install(connection)

    assert _lost() == []


def test_rules_can_be_removed_and_put_back():
    database_rules.remove(connection)
    everything = {r.name for r in database_rules.all_rules() if r.create(connection.vendor)}
    assert set(_lost()) == everything

    database_rules.install(connection)
    assert _lost() == []


def test_no_migration_is_missing_for_the_models():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    assert MigrationRecorder(connection).has_table()
