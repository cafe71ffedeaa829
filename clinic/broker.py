"""The Redis transport of the doorbell, made deaf to garbage: a message that cannot be read is thrown away and logged.

kombu raises over it, and the worker that happened to read it would end. What matters waits in the database anyway.
"""

import logging
from queue import Empty
from typing import Any

from kombu.transport import redis

logger = logging.getLogger(__name__)


class Channel(redis.Channel):
    def _brpop_read(self, **options: Any) -> bool:
        try:
            return bool(super()._brpop_read(**options))  # type: ignore[no-untyped-call]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # Bytes that are no JSON, or JSON that is no message. Its words stay out of the log.
            logger.warning("a message in the broker could not be read (%s)", type(error).__name__)
            raise Empty from error


class Transport(redis.Transport):
    Channel = Channel
