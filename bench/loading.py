"""Rows into tables as fast as the database takes them: COPY on PostgreSQL, executemany on SQLite.

Indexes and the product's database rules are put aside while rows go in and are built afterwards in one go, so a
row that breaks a rule still fails the load. Values are given as texts and numbers that both databases read alike:
instants `2026-01-13 15:00:00` in UTC, uuids as 32 hex digits, booleans as 1 and 0.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import Field, Model

from clinic import database_rules

CHUNK_ROWS = 20_000


class Table:
    """Buffered rows of one model. `varying` columns are given per row, `fixed` are the same in all rows; every other
    column takes its model's default, NULL or "".
    """

    def __init__(self, model: type[Model], varying: Sequence[str], fixed: Mapping[str, Any] | None = None) -> None:
        fields = {field.attname: field for field in model._meta.concrete_fields}
        same = {name: default_of(field) for name, field in fields.items() if name not in varying} | dict(fixed or {})
        self.name = model._meta.db_table
        self.columns = [fields[name].column for name in (*varying, *same)]
        self.fixed = tuple(same.values())
        self.rows: list[tuple[Any, ...]] = []

    def add(self, *values: Any) -> None:
        self.rows.append(values + self.fixed)
        if len(self.rows) >= CHUNK_ROWS:
            self.flush()

    def flush(self) -> None:
        names = ", ".join(f'"{column}"' for column in self.columns)
        if not self.rows:
            return
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                text = "\n".join("\t".join(["\\N" if v is None else str(v) for v in row]) for row in self.rows)
                cursor.cursor.copy_expert(f'COPY "{self.name}" ({names}) FROM STDIN', io.StringIO(text))
            else:
                marks = ", ".join(["%s"] * len(self.columns))
                cursor.executemany(f'INSERT INTO "{self.name}" ({names}) VALUES ({marks})', self.rows)
        self.rows.clear()


def default_of(field: "Field[Any, Any]") -> Any:
    """What a column holds that nobody fills: NULL, a plain default, or an empty text."""
    if field.null:
        return None
    default = field.get_default()
    if isinstance(default, dict | list):
        return json.dumps(default)
    return int(default) if isinstance(default, bool) else default


@contextmanager
def everything_else_aside() -> Iterator[None]:
    """Put rules, foreign key triggers and plain indexes aside; afterwards bring back, count anew and analyse."""
    database_rules.remove(connection)
    definitions = _plain_indexes()
    with connection.cursor() as cursor:
        for name in definitions:
            cursor.execute(f'DROP INDEX "{name}"')
        # Rows of a child table may arrive before their parents'.
        cursor.execute(
            "SET session_replication_role = replica"
            if connection.vendor == "postgresql"
            else "PRAGMA foreign_keys = OFF"
        )
    with transaction.atomic():
        yield
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = DEFAULT")
            cursor.execute("SET maintenance_work_mem = '256MB'")
        else:
            cursor.execute("PRAGMA foreign_keys = ON")
        for statement in definitions.values():
            cursor.execute(statement)
    database_rules.install(connection)
    _reset_sequences()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _plain_indexes() -> dict[str, str]:
    """Name and definition of the indexes of our tables that enforce nothing."""
    if connection.vendor == "postgresql":
        query = (
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "JOIN pg_class t ON t.oid = i.indrelid WHERE NOT i.indisunique AND NOT i.indisexclusion "
            "AND t.relname ~ '^(clinic|sessions_app|aftercare)_'"
        )
    else:
        query = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE INDEX%' AND ("
            "tbl_name LIKE 'clinic%' OR tbl_name LIKE 'sessions_app%' OR tbl_name LIKE 'aftercare%')"
        )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())


def _reset_sequences() -> None:
    if connection.vendor != "postgresql":
        return  # SQLite's AUTOINCREMENT counts on from the largest id by itself
    query = (
        "SELECT table_name, column_name FROM information_schema.columns WHERE is_identity = 'YES' "
        "AND table_name ~ '^(clinic|sessions_app|aftercare)_'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        for table, column in cursor.fetchall():
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, %s), (SELECT GREATEST(MAX({column}), 1) FROM {table}))",
                [f'"{table}"', column],
            )
