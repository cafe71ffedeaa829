"""What a log line is: one record, in which nobody can fake another, without the secret of an address or a row's values.

Links in messages hold their secret in the address until a button is pressed; so do links to a new password. PostgreSQL
quotes in its errors what it refuses: a whole row of a patient, or the piece of the statement in which a name stands. Of
a database's error only its first line is written, whatever language the server speaks.
"""

import logging
import re
from collections.abc import Iterator, Mapping

from django.db import DataError, Error

_SECRET = re.compile(r"(/(?:l|stop|reset/key|calendar/feed)/)[^/\s\"']+")
# For words whose error is not at hand, as servers say it in English, Spanish, French, Portuguese and Italian.
_QUOTED = re.compile(r"((?:DETAIL|DETALLE|DÉTAIL|DETALHE|DETTAGLI) ?:|(?:LINE|LÍNEA|LIGNE|LINHA|RIGA) \d+ ?:).*")
# What a value of a wrong type or size begins with; names of constraints, in quotes too, are in other errors.
_VALUE = re.compile('[:"„“”«»‘’「].*')
# Control characters, and what some readers take for the end of a line.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTINUED = "\n    | "


class OneRecord(logging.Formatter):
    """One line per record; a traceback follows in lines that cannot be taken for records."""

    def format(self, record: logging.LogRecord) -> str:
        errors = list(_database_errors(record))
        record.message = _first_lines_alone(record.getMessage(), errors)
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        lines = [self.formatMessage(record)]
        if record.exc_info:
            lines += _first_lines_alone(self.formatException(record.exc_info), errors).splitlines()
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


def _database_errors(record: logging.LogRecord) -> Iterator[Error]:
    """Those that the record is about or speaks of, with what they came from and what they came upon."""
    args = record.args.values() if isinstance(record.args, Mapping) else record.args or ()
    waiting = [record.exc_info[1] if record.exc_info else None, *args]
    seen: set[int] = set()
    while waiting:
        error = waiting.pop()
        if not isinstance(error, BaseException) or id(error) in seen:
            continue
        seen.add(id(error))
        waiting += [error.__cause__, error.__context__]
        if isinstance(error, Error):
            yield error


def _first_lines_alone(text: str, errors: list[Error]) -> str:
    """`text` with each error's words cut to their first line, also where they stand as Python writes strings."""
    for error in errors:
        words = str(error)
        first, *more = words.splitlines() or [""]
        kept = _VALUE.sub("…", first) if isinstance(error, DataError) else first + (" …" if more else "")
        if kept != words:
            text = text.replace(words, kept).replace(repr(words), repr(kept))
    return text


def _without_secrets(line: str) -> str:
    return _QUOTED.sub(r"\1 …", _SECRET.sub(r"\1…", line))


def _escaped(control: re.Match[str]) -> str:
    return control[0].encode("unicode_escape").decode()
