"""Sessions in the database under a hash of their key: who reads a dump of it can sign in as nobody.

The key itself is in the cookie alone. A plain hash is enough: Django draws keys of 32 letters and digits from
`secrets`, which nobody finds again from a hash. Everything else is Django's own store.
"""

import hashlib
from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone

# As many characters as the table's column has; 160 bits.
_LENGTH = 40


def stored_key(session_key: str) -> str:
    """What stands in the table for a key."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:_LENGTH]


class SessionStore(db.SessionStore):
    """`SESSION_ENGINE = "clinic.hashed_sessions"`. Only what names a row is changed."""

    def _get_session_from_db(self) -> Any:
        try:
            return self.model.objects.get(
                session_key=stored_key(self.session_key or ""), expire_date__gt=timezone.now()
            )
        except self.model.DoesNotExist:
            self._session_key = None
            return None

    async def _aget_session_from_db(self) -> Any:
        try:
            return await self.model.objects.aget(
                session_key=stored_key(self.session_key or ""), expire_date__gt=timezone.now()
            )
        except self.model.DoesNotExist:
            self._session_key = None
            return None

    def exists(self, session_key: str) -> bool:
        return super().exists(stored_key(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(stored_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = stored_key(str(row.session_key))
        return row

    async def acreate_model_instance(self, data: dict[str, Any]) -> Any:
        row = await super().acreate_model_instance(data)
        row.session_key = stored_key(str(row.session_key))
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        super().delete(stored_key(key) if key else None)

    async def adelete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        await super().adelete(stored_key(key) if key else None)
