"""What must not reach a log: the secret of a link in a message, which its address holds until a button is pressed."""

import logging
import re

_LINK = re.compile(r"(/(?:l|stop)/)[^/\s\"']+")


class HideLinkSecrets(logging.Filter):
    """Blacks out the secret in every line, also in Django's own lines about refused requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        if "/l/" in line or "/stop/" in line:
            record.msg, record.args = _LINK.sub(r"\1…", line), ()
        return True
