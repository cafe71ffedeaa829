"""Messages to patients: planned as rows with the clinic's own writes, sent by whoever rings, seen until somebody knows.

The upper apps need four names: `DueMessage`, `plan`, `cancel` and, in `AppConfig.ready`, `register_source`.
"""

from clinic.notifications.planning import DueMessage, cancel, plan
from clinic.notifications.sources import register_source

__all__ = ["DueMessage", "cancel", "plan", "register_source"]
