"""Small fields that several models share."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.lookups import Lookup

from clinic.access import Role


def public_id() -> "models.UUIDField[uuid.UUID, uuid.UUID]":
    """A random id for URLs. It names a row and opens nothing: secrets are made by `secrets` and kept as hashes."""
    return models.UUIDField(default=uuid.uuid4, unique=True, editable=False)


class RoleSetField(models.CharField):
    """A set of roles in one column, `|clinician|nurse|`, so that reading a person's grants costs no query.

    Python value: `frozenset[Role]`. Ask for one role with `.with_role()` of the user manager.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 120, "default": frozenset, "blank": True, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"], kwargs["default"], kwargs["blank"]
        return name, path, args, kwargs

    def to_python(self, value: Any) -> frozenset[Role]:
        parts: Iterable[str] = value.strip("|").split("|") if isinstance(value, str) else value or ()
        try:
            return frozenset(Role(part) for part in parts if part)
        except ValueError as error:
            raise ValidationError("Choose from the listed roles.") from error

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> frozenset[Role]:
        return self.to_python(value or "")

    def get_prep_value(self, value: Any) -> str:
        roles = sorted(self.to_python(value))
        return f"|{'|'.join(roles)}|" if roles else ""

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj))


@models.CharField.register_lookup
class HasPrefix(Lookup):
    """`column__has_prefix="abc"`: case-sensitive, served by a plain index on both databases.

    Django's `startswith` on SQLite is LIKE with ESCAPE, which never uses an index; GLOB does.
    """

    lookup_name = "has_prefix"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        column, params = self.process_lhs(compiler, connection)
        text = str(self.rhs)
        if connection.vendor == "sqlite":
            # Only letters and digits are stored as terms; the wildcards of GLOB are taken out rather than escaped.
            pattern = "".join(c for c in text if c not in "*?[]") + "*"
            return f"{column} GLOB %s", (*params, pattern)
        pattern = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        return f"{column} LIKE %s", (*params, pattern)
