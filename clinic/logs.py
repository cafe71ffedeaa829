"""What a log line is: one record, in which nobody can fake another, and without the secret of an address.

Links in messages hold their secret in the address until a button is pressed; so do links to a new password.
"""

import logging
import re

_SECRET = re.compile(r"(/(?:l|stop|reset/key|calendar/feed)/)[^/\s\"']+")
# Control characters, and what some readers take for the end of a line.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTINUED = "\n    | "


class OneRecord(logging.Formatter):
    """One line per record; a traceback follows in lines that cannot be taken for records."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        lines = [self.formatMessage(record)]
        if record.exc_info:
            lines += self.formatException(record.exc_info).splitlines()
        if record.stack_info:
            lines += record.stack_info.splitlines()
        return _CONTINUED.join(_SECRET.sub(r"\1…", _CONTROL.sub(_escaped, line)) for line in lines)


def _escaped(control: re.Match[str]) -> str:
    return control[0].encode("unicode_escape").decode()
