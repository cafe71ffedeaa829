"""What must never happen, said to the database itself: the same rule on SQLite and on PostgreSQL.

An app lists its rules in `<app>/rules.py` as `RULES`; `InstallRules` puts them into a migration, and they are put back
after every migrate, because Django rebuilds SQLite tables and their triggers vanish silently. A system check at start
names any that is missing. Rules of a kind that Django's own constraints can say (CHECK, UNIQUE) belong on the model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps as installed_apps
from django.db import connections
from django.db.migrations.operations.base import Operation

# Raised as IntegrityError by both drivers (SQLite's RAISE(ABORT) is one already).
_SQLSTATE = "23000"


@dataclass(frozen=True, slots=True)
class Rule:
    """One named rule on one table: the statements that create and remove it, per vendor."""

    name: str
    table: str
    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]
    remove_postgresql: tuple[str, ...]

    def create(self, vendor: str) -> tuple[str, ...]:
        return self.sqlite if vendor == "sqlite" else self.postgresql

    def remove(self, vendor: str) -> tuple[str, ...]:
        return (f"DROP TRIGGER IF EXISTS {self.name}",) if vendor == "sqlite" else self.remove_postgresql


def refuse(
    event: str,
    *,
    table: str,
    name: str,
    because: str,
    when: str = "1 = 1",
    when_sqlite: str | None = None,
    lock_first: str = "",
) -> Rule:
    """A trigger that refuses `event` (INSERT, UPDATE, DELETE) on a row of `table` when the SQL condition holds.

    `when` speaks of OLD and NEW and may hold subqueries; `when_sqlite` replaces it where the dialects differ.
    `lock_first` is a PL/pgSQL statement that takes the row lock which makes the condition exact among writers;
    SQLite has one writer and needs none.
    """
    message = because.replace("'", "''")
    sqlite = (_sqlite_trigger(event, table=table, name=name, when=when_sqlite or when, because=message),)
    function = f"{name}_fn"
    row = "OLD" if event == "DELETE" else "NEW"
    postgresql = (
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {lock_first} "
        f"IF ({when}) THEN RAISE EXCEPTION '{message.replace('%', '%%')}' USING ERRCODE = '{_SQLSTATE}'; END IF; "
        f"RETURN {row}; END $$",
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
    )
    return Rule(
        name=name,
        table=table,
        sqlite=sqlite,
        postgresql=postgresql,
        remove_postgresql=(f"DROP TRIGGER IF EXISTS {name} ON {table}", f"DROP FUNCTION IF EXISTS {function}()"),
    )


def append_only(table: str) -> tuple[Rule, ...]:
    """Rows of `table` are written once: no change, no removal."""
    because = f"{table} is append-only"
    return (
        refuse("UPDATE", table=table, name=f"{table}_no_update", because=because),
        refuse("DELETE", table=table, name=f"{table}_no_delete", because=because),
    )


def no_overlap(*, table: str, resource: str, meet: str = "", meet_sqlite: str = "") -> tuple[Rule, ...]:
    """Two active rows of `table` never share `resource` (a nullable id column) at one moment of `[starts_at, ends_at)`.

    With `meet` only those rows count that also meet in it: an element of the exclusion constraint on PostgreSQL, and
    for SQLite the same condition of NEW and `other`.

    PostgreSQL: an exclusion constraint; int8range needs no extension. SQLite: an exact trigger per event, kept cheap by
    the rule that no entry is longer than 26 hours, so that only a day's rows are looked at.
    """
    name = f"{table}_{resource.removesuffix('_id')}_overlap"
    exclusion = (
        f"ALTER TABLE {table} ADD CONSTRAINT {name} EXCLUDE USING gist ("
        f"int8range({resource}, {resource}, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&"
        f"{f', {meet}' if meet else ''}) "
        f"WHERE (active AND {resource} IS NOT NULL)"
    )
    taken = (
        f"NEW.active AND NEW.{resource} IS NOT NULL AND EXISTS (SELECT 1 FROM {table} AS other "
        f"WHERE other.active AND other.{resource} = NEW.{resource} "
        "AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at "
        "AND other.starts_at > datetime(NEW.starts_at, '-26 hours')"
        f"{f' AND ({meet_sqlite})' if meet_sqlite else ''}"
    )
    drop = (f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}",)
    on_insert = _sqlite_trigger("INSERT", table=table, name=f"{name}_insert", when=f"{taken})", because=name)
    on_update = _sqlite_trigger(
        "UPDATE", table=table, name=f"{name}_update", when=f"{taken} AND other.id <> NEW.id)", because=name
    )
    return (
        Rule(name=name, table=table, sqlite=(), postgresql=(exclusion,), remove_postgresql=drop),
        Rule(name=f"{name}_insert", table=table, sqlite=(on_insert,), postgresql=(), remove_postgresql=()),
        Rule(name=f"{name}_update", table=table, sqlite=(on_update,), postgresql=(), remove_postgresql=()),
    )


def _sqlite_trigger(event: str, *, table: str, name: str, when: str, because: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({when}) "
        f"BEGIN SELECT RAISE(ABORT, '{because}'); END"
    )


def all_rules(app_label: str | None = None) -> Iterator[Rule]:
    for config in installed_apps.get_app_configs():
        if app_label in (None, config.label) and find_spec(f"{config.name}.rules"):
            yield from import_module(f"{config.name}.rules").RULES


def install(connection: Any, app_label: str | None = None) -> None:
    """Put every rule of one app, or of all, into the database; replaces what has the same name."""
    _apply(connection, _on_existing_tables(connection, app_label))


def remove(connection: Any, app_label: str | None = None) -> None:
    """Take the rules away; tests do so to empty tables between transactional cases."""
    with connection.cursor() as cursor:
        for rule in _on_existing_tables(connection, app_label):
            for statement in rule.remove(connection.vendor):
                cursor.execute(statement)


def missing(connection: Any) -> list[Rule]:
    """The rules that the database does not hold at this moment."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger UNION SELECT conname FROM pg_constraint")
        held = {row[0] for row in cursor.fetchall()}
    return [r for r in _on_existing_tables(connection, None) if r.create(connection.vendor) and r.name not in held]


def reinstall(sender: Any, using: str = "default", **_: Any) -> None:
    """After a migrate (or a flush): put back what a table rebuild dropped."""
    connection = connections[using]
    _apply(connection, missing(connection))


def _apply(connection: Any, rules: list[Rule]) -> None:
    with connection.cursor() as cursor:
        for rule in rules:
            for statement in (*rule.remove(connection.vendor), *rule.create(connection.vendor)):
                cursor.execute(statement)


def _on_existing_tables(connection: Any, app_label: str | None) -> list[Rule]:
    tables = set(connection.introspection.table_names())
    return [rule for rule in all_rules(app_label) if rule.table in tables]


class InstallRules(Operation):
    """Migration operation: install the rules of the app whose migration this is, on whichever vendor runs it.

    The rules are those of today's code, so only the newest migration that changed a rule's columns may install them;
    it is preceded by `RemoveRules`, and what older ones installed is left to it.
    """

    reduces_to_sql = True
    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Rules live beside the models, not in them."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        install(schema_editor.connection, app_label)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        remove(schema_editor.connection, app_label)

    def describe(self) -> str:
        return "Install the app's database rules"


class RemoveRules(InstallRules):
    """Migration operation: take the app's rules away, so that the columns they name can change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        remove(schema_editor.connection, app_label)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """The state before had them; they come back after the migrate."""

    def describe(self) -> str:
        return "Remove the app's database rules"
