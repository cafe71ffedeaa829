"""What a log line is: one record, in which nobody can fake another, without the secret of an address or a row's values.

Links in messages hold their secret in the address until a button is pressed; so do links to a new password. PostgreSQL
quotes in its errors what it refuses: a whole row of a patient, or the piece of the statement in which a name stands.
"""

import logging
import re

_SECRET = re.compile(r"(/(?:l|stop|reset/key|calendar/feed)/)[^/\s\"']+")
# As servers say it in English, Spanish, French, Portuguese and Italian.
_QUOTED = re.compile(r"((?:DETAIL|DETALLE|DÉTAIL|DETALHE|DETTAGLI) ?:|(?:LINE|LÍNEA|LIGNE|LINHA|RIGA) \d+ ?:).*")
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
        return _CONTINUED.join(_without_secrets(_CONTROL.sub(_escaped, line)) for line in lines)


class NoTracebackOfRefusals(logging.Filter):
    """A request that Django refuses at the door (a foreign host name, too many fields) is one line, not twenty.

    Scanners send such requests all day; the place where they are refused is always the same and no news.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True


def _without_secrets(line: str) -> str:
    return _QUOTED.sub(r"\1 …", _SECRET.sub(r"\1…", line))


def _escaped(control: re.Match[str]) -> str:
    return control[0].encode("unicode_escape").decode()
