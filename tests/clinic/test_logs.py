"""A log line is one record: nobody fakes another, and the secrets of addresses stay out."""

import io
import logging
from logging.config import DictConfigurator as configurator

import pytest
from django.conf import settings

from clinic.logs import OneRecord


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
    written = io.StringIO()
    made = configurator(settings.LOGGING).configure_formatter(settings.LOGGING["formatters"]["line"])
    handler = logging.StreamHandler(written)
    handler.setFormatter(made)
    logging.getLogger("django.request").addHandler(handler)
    client.get("/nowhere%0A2026-01-01%20INFO%20root%20all%20is%20well%1b[31m", headers={"user-agent": "x\ny"})
    logging.getLogger("django.request").removeHandler(handler)

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
