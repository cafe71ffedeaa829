"""The mails of the demo's past keep their times, whatever names the mailer gives their files."""

import pytest

from aftercare.demo.mails import Mails
from tests.makers import at

FIRST, SECOND = at("2026-11-16 18:01"), at("2026-11-16 22:01")


@pytest.fixture
def folder(settings, tmp_path):
    settings.EMAIL_FILE_PATH = tmp_path
    return tmp_path


def test_two_mails_whose_files_were_to_share_a_name_keep_a_time_each(folder):
    mails = Mails()
    for text, moment in (("first", FIRST), ("second", SECOND)):
        with (folder / "20261123-032045-140.log").open("a") as file:
            file.write(text)
        mails.date_new_ones(moment)

    times = {file.read_text(): file.stat().st_mtime for file in folder.glob("*.log")}
    assert times == {"first": FIRST.timestamp(), "second": SECOND.timestamp()}


def test_what_was_there_before_the_demo_keeps_its_time_and_its_name(folder):
    before = folder / "before.log"
    before.write_text("before")
    written = before.stat().st_mtime

    Mails().date_new_ones(FIRST)

    assert (before.exists(), before.stat().st_mtime) == (True, written)
