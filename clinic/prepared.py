"""Reads that are asked at every step: their statement is made once in the life of a process, then only filled in.

Django writes the SQL of a query anew each time it is asked. For one with several subqueries that takes ten times as
long as the database needs to answer. Rows are never kept: each asking reads what is there.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Expression, Field, Model, QuerySet

M = TypeVar("M", bound=Model)


class Blank(Expression):
    """The place of a value in a `Prepared` query, by name; `field` says how the database wants it."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class Prepared:
    """A query of values with blanks, given by a function that makes it (models are not there yet at import).

    The statement must be the same for all values: no list whose length differs, no None where a value belongs.
    """

    def __init__(self, make: Callable[[], QuerySet[Any, tuple[Any, ...]]]) -> None:
        self._make = make

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """What is there now, as `values_list` gives it. One query."""
        sql, params, converters = self._made
        filled = [
            each.output_field.get_db_prep_value(values[each.name], connection) if isinstance(each, Blank) else each
            for each in params
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, filled)
            return [_converted(row, converters) for row in cursor.fetchall()]

    @cached_property
    def _made(self) -> tuple[str, tuple[Any, ...], "_Converters"]:
        compiler = self._make().query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters(expression for expression, *_ in compiler.select)
        return sql, params, list(converters.items())


class PreparedObjects(Generic[M]):
    """The same for whole rows of one table, given by a function that makes the query of its objects."""

    def __init__(self, make: Callable[[], QuerySet[M]]) -> None:
        self._make = make
        self._prepared = Prepared(lambda: make().values_list(*self._of[1]))

    def all(self, **values: Any) -> list[M]:
        """What is there now, as fresh objects. One query."""
        model, names = self._of
        return [model.from_db(DEFAULT_DB_ALIAS, names, row) for row in self._prepared.rows(**values)]

    @cached_property
    def _of(self) -> tuple[type[M], list[str]]:
        model = self._make().model
        return model, [field.attname for field in model._meta.concrete_fields]


_Converters = list[tuple[int, tuple[list[Callable[..., Any]], Expression]]]


def _converted(row: tuple[Any, ...], converters: _Converters) -> tuple[Any, ...]:
    """What Django makes of the database's values, decimals and instants on SQLite above all."""
    values = list(row)
    for position, (steps, expression) in converters:
        for step in steps:
            values[position] = step(values[position], expression, connection)
    return tuple(values)
