"""A log line is one record: nobody fakes another, and the secrets of addresses stay out."""

import io
import logging
from contextlib import contextmanager
from copy import deepcopy
from logging.config import DictConfigurator as configurator

import pytest
from django.conf import settings
from django.db import DataError, IntegrityError, ProgrammingError, transaction

from clinic.logs import OneRecord
from tests.makers import make_patient


@contextmanager
def as_the_product_writes(logger):
    """What `logger` says meanwhile, through the product's own handler."""
    rules = deepcopy(settings.LOGGING)  # what makes a part takes its class out of them
    handler, written = rules["handlers"]["console"], io.StringIO()
    console = logging.StreamHandler(written)
    console.setFormatter(configurator(rules).configure_formatter(rules["formatters"][handler["formatter"]]))
    for name in handler.get("filters", []):
        console.addFilter(configurator(rules).configure_filter(rules["filters"][name]))
    logging.getLogger(logger).addHandler(console)
    try:
        yield written
    finally:
        logging.getLogger(logger).removeHandler(console)


def lines_of(message, *args, error=None):
    record = logging.LogRecord("somewhere", logging.WARNING, __file__, 1, message, args, None)
    if error:
        try:
            raise error
        except type(error) as raised:
            record.exc_info = (type(raised), raised, raised.__traceback__)
    return OneRecord("{levelname} {message}", style="{").format(record).split("\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_no_end_of_a_line_in_a_message_starts_another_record(end):
    [line] = lines_of("Not Found: %s", f"/x{end}2026-01-01 INFO root all is well")

    assert line.splitlines() == [line]


def test_the_product_logs_by_these_rules_whatever_stands_in_an_address(client, db):
    with as_the_product_writes("django.request") as written:
        client.get("/nowhere%0A2026-01-01%20INFO%20root%20all%20is%20well%1b[31m", headers={"user-agent": "x\ny"})

    [line] = written.getvalue().splitlines()
    assert (" WARNING django.request Not Found: /nowhere\\n2026" in line, "\x1b" in line) == (True, False)


def test_colours_of_terminals_are_written_out():
    assert lines_of("by %s", "\x1b[31mred\x1b[0m") == ["WARNING by \\x1b[31mred\\x1b[0m"]


def test_a_traceback_cannot_be_taken_for_records():
    first, *others = lines_of("failed", error=ValueError("bad\nWARNING all is well"))

    assert first == "WARNING failed"
    assert {line[:6] for line in others} == {"    | "}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/l/abc-DEF_123/", "/l/…/"),
        ("/stop/7e5faa:xX4t/", "/stop/…/"),
        ("/calendar/feed/abc-DEF_123.ics", "/calendar/feed/…"),
        ("/accounts/password/reset/key/1-digc0x-76f2/", "/accounts/password/reset/key/…/"),
        ("/my-day/", "/my-day/"),
    ],
)
def test_the_secret_of_an_address_is_blacked_out(path, shown):
    assert lines_of("Not Found: %s", path) == [f"WARNING Not Found: {shown}"]


def test_a_secret_in_an_error_is_blacked_out_too():
    assert "abc" not in "".join(lines_of("failed", error=ValueError("no such page: /l/abc/")))


def test_words_of_people_stay_as_they_are():
    assert lines_of("Größe 10 €, 😀") == ["WARNING Größe 10 €, 😀"]


REFUSED_ROW = 'new row for "clinic_patient" violates "born"\nDETAIL:  Failing row contains (7, Marigold, 555-0100).\n'
QUOTED_STATEMENT = "invalid input\nLINE 1: ...FROM clinic_patient WHERE given_name = 'Marigold' AND id = ''\n      ^"


@pytest.mark.parametrize("words", [REFUSED_ROW, QUOTED_STATEMENT])
def test_what_postgresql_quotes_of_a_patient_stays_out_of_a_traceback_and_of_a_line(words):
    traceback = "\n".join(lines_of("failed", error=ValueError(words)))
    [line] = lines_of("Task clinic.tasks.sweep raised unexpected: %r", ValueError(words))

    assert [("Marigold" in text, "new row" in text or "invalid input" in text) for text in (traceback, line)] == [
        (False, True)
    ] * 2


GERMAN_ROW = "Zeile für »clinic_patient« verletzt »weight«\nDETAIL:  Zeile enthält (7, Marigold,\n555-0100).\n"
POLISH_ROW = 'nowy wiersz narusza "weight"\nSZCZEGÓŁY:  Niepoprawne ograniczenia wiersza (7, Marigold).\n'
SWEDISH_STATEMENT = "operatorn finns inte: uuid = text\nRAD 1: ...WHERE given_name = 'Marigold'\n   ^\nTIPS:  Kanske."
GERMAN_VALUE = "ungültige Eingabesyntax für Typ uuid: »Marigold«\nZEILE 1: ...WHERE \"id\" = 'Marigold'\n   ^\n"


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (IntegrityError(GERMAN_ROW), "Zeile für »clinic_patient« verletzt »weight« …"),
        (IntegrityError(POLISH_ROW), 'nowy wiersz narusza "weight" …'),
        (ProgrammingError(SWEDISH_STATEMENT), "operatorn finns inte: uuid = text …"),
        (DataError(GERMAN_VALUE), "ungültige Eingabesyntax für Typ uuid…"),
        (DataError("value too long for type character varying(80)\n"), "value too long for type character varying(80)"),
    ],
)
def test_of_a_databases_error_the_first_line_alone_is_written_whatever_language_the_server_speaks(error, kept):
    upon_it = ValueError("of ours")
    upon_it.__cause__ = error
    traceback = "\n".join(lines_of("failed", error=upon_it))
    [line] = lines_of("Task %s raised %r: %s", "sweep", error, error)
    [named] = lines_of("Task raised %(exc)r", {"exc": error})

    assert f"django.db.utils.{type(error).__name__}: {kept}\n" in traceback
    assert line == f"WARNING Task sweep raised {type(error).__name__}({kept!r}): {kept}"
    assert named == f"WARNING Task raised {type(error).__name__}({kept!r})"
    assert [words in traceback for words in ("Marigold", "555-0100", "ValueError: of ours")] == [False, False, True]


@pytest.mark.django_db
def test_a_row_that_the_database_itself_refuses_leaves_no_value_in_the_log():
    names = ["Marigold", "Calendula"]
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        make_patient(given_name="\n".join(names), weight_kg=999)

    traceback = "\n".join(lines_of("failed", error=refused.value))

    assert "django.db.utils.IntegrityError: " in traceback
    assert "patient_weight_possible" in traceback
    assert [name in traceback for name in names] == [False, False]


def test_a_request_under_a_foreign_host_name_is_one_line_and_a_fault_of_ours_has_its_traceback(client):
    with as_the_product_writes("django") as written:
        client.get("/accounts/sign-in/", headers={"host": "evil.example"})
        refused = written.getvalue().splitlines()
        try:
            raise ValueError("of ours")
        except ValueError:
            logging.getLogger("django.request").exception("Internal Server Error: /")

    assert [line.split(" ")[2:4] for line in refused] == [["ERROR", "django.security.DisallowedHost"]]
    assert "ValueError: of ours" in written.getvalue()
