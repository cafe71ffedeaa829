"""The command's door: arguments, standard input and output. Shared by ``manage.py protocol`` and ``python -m``."""

import argparse
import json
from collections.abc import Sequence
from typing import IO, Protocol

from clinic.protocol.command import QUESTIONS, run, triage_codes


class Prints(Protocol):
    """Something that text can be written to: a stream, or Django's wrapper of one."""

    def write(self, text: str, /) -> object:
        """Writes the text."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("question", choices=list(QUESTIONS), help="what is asked; see docs/protocol.md")
    parser.add_argument("--codes", action="store_true", help="list the symptom codes of triage instead of reading")


def reply(question: str, source: IO[bytes], target: Prints, *, codes: bool = False) -> int:
    """Reads all of ``source``, prints one JSON answer to ``target``; the exit status (0, or 2 for a bad object).

    ``codes`` lists the codes of ``triage`` instead and reads nothing.
    """
    if codes:
        if question != "triage":
            target.write('{"error": "--codes: leave it out; only triage has codes"}\n')
            return 2
        target.write(f"{json.dumps(triage_codes())}\n")
        return 0
    text, status = run(question, source.read().decode("utf-8", errors="replace"))
    target.write(f"{text}\n")
    return status


def main(arguments: Sequence[str], source: IO[bytes], target: Prints) -> int:
    """The whole command; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m clinic.protocol", description="Ask the protocol; JSON in, JSON out."
    )
    add_arguments(parser)
    given = parser.parse_args(arguments)
    return reply(given.question, source, target, codes=given.codes)
