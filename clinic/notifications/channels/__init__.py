"""The table of channels. Which of them may carry a message here is `settings.NOTIFICATION_CHANNELS`, in that order."""

from django.conf import settings

from clinic.notifications.channels.base import Channel
from clinic.notifications.channels.email import EmailChannel
from clinic.notifications.channels.file import FileChannel

CHANNELS: dict[str, Channel] = {"email": EmailChannel(), "file": FileChannel()}


def enabled() -> list[Channel]:
    """The channels of this place, first choice first."""
    return [CHANNELS[name] for name in settings.NOTIFICATION_CHANNELS]
