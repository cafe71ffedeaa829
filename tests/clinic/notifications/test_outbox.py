"""The demo's outbox: every message and code of the demo, readable, and nowhere else."""

import os
import time
import uuid
from dataclasses import replace

import pytest
from django.core.mail import EmailMessage, get_connection
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from aftercare.models import ReportNotice
from aftercare.report_mail import send_notices
from clinic.access import Role
from clinic.notifications.channels.base import Attachment, Letter, TemporaryFailure
from clinic.notifications.channels.file import FileChannel
from clinic.notifications.outbox import sent_letters
from tests.makers import make_clinic, make_report, make_user

LETTER = Letter(
    to="lilac@example.com",
    sender="Lilac Hill",
    subject="How are you?",
    body="Hello,\n\nsee https://clinic.example.com/l/secret/\nStop: https://clinic.example.com/stop/x/\n",
    short="Lilac Hill: how are you?",
    stop_url="https://clinic.example.com/stop/x/",
    step="CHECK_1",
    language="en",
)


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path):
    settings.OUTBOX_DIR = tmp_path / "outbox"
    settings.EMAIL_FILE_PATH = tmp_path / "login-codes"
    settings.DEMO = True
    settings.ROOT_URLCONF = "tests.clinic.notifications.demo_urls"


def send_code(to="rose@example.com", code="ABCD-1234"):
    connection = get_connection("django.core.mail.backends.filebased.EmailBackend")
    EmailMessage("Your sign-in code", f"Your code is\n\n{code}", "c@example.com", [to], connection=connection).send()


def test_the_same_key_delivers_one_file_whole_whatever_happens(settings):
    channel, key = FileChannel(), uuid.uuid4()

    first = channel.deliver(LETTER, idempotency_key=key)
    second = channel.deliver(LETTER, idempotency_key=key)

    assert first == second
    assert [file.name for file in settings.OUTBOX_DIR.iterdir()] == [f"{key}.json"]


def test_a_folder_that_cannot_be_written_is_a_definite_failure(settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.OUTBOX_DIR = tmp_path / "file"

    with pytest.raises(TemporaryFailure, match="outbox folder"):
        FileChannel().deliver(LETTER, idempotency_key=uuid.uuid4())


def test_reminders_and_codes_stand_together_newest_first(settings):
    FileChannel().deliver(LETTER, idempotency_key=uuid.uuid4())
    send_code()
    code_file = next(settings.EMAIL_FILE_PATH.iterdir())
    os.utime(code_file, (time.time() + 60,) * 2)

    letters = sent_letters()

    assert [letter.subject for letter in letters] == ["Your sign-in code", "How are you?"]
    assert letters[0].text.endswith("ABCD-1234")
    assert letters[1].link == "https://clinic.example.com/l/secret/"
    assert [letter.to for letter in sent_letters(to="lilac@example.com")] == ["lilac@example.com"]


def test_broken_files_are_passed_over(settings):
    settings.OUTBOX_DIR.mkdir()
    (settings.OUTBOX_DIR / "broken.json").write_text("{")
    (settings.OUTBOX_DIR / "other.json").write_text("[]")
    settings.EMAIL_FILE_PATH.mkdir()
    (settings.EMAIL_FILE_PATH / "empty.log").write_text("")

    assert sent_letters() == []


@pytest.mark.django_db
def test_the_page_shows_codes_to_anybody_because_the_demo_has_invented_people_only(client):
    send_code()

    page = client.get(reverse("demo:outbox")).content.decode()

    assert "ABCD-1234" in page
    assert "exists in the demo only" in page


@pytest.mark.django_db
def test_the_page_shows_what_asks_staff_to_look_at_a_report_and_says_who_they_are(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    make_clinic(name="Lilac Hill Clinic")
    hugo = make_user(Role.CLINICIAN, name="Hugo Ashdown", email="hugo@example.com")
    report = make_report(given_to=hugo)
    ReportNotice.objects.create(report=report, number=0, to=hugo, written_at=timezone.now())
    send_notices()

    page = client.get(reverse("demo:outbox"), {"to": "hugo@example.com"}).content.decode()

    assert "Lilac Hill Clinic: somebody waits for your answer" in page
    assert "Hugo Ashdown, Clinician: " in page
    assert reverse("aftercare:queue_report", args=[report.public_id]) in page


def test_the_letters_of_one_person_are_found_behind_many_newer_ones_of_others(settings):
    send_code(to="lilac@example.com")
    old = next(settings.EMAIL_FILE_PATH.iterdir())
    os.utime(old, (time.time() - 3600,) * 2)
    for _ in range(3):
        send_code(to="rose@example.com")

    assert [letter.to for letter in sent_letters(limit=2)] == ["rose@example.com"] * 2
    assert [letter.to for letter in sent_letters(to="lilac@example.com", limit=2)] == ["lilac@example.com"]


@pytest.mark.django_db
def test_the_page_escapes_what_it_shows(client):
    send_code(code="<script>alert(1)</script>")

    assert "<script>alert(1)" not in client.get(reverse("demo:outbox")).content.decode()


@pytest.mark.django_db
def test_an_empty_outbox_says_what_fills_it(client):
    page = client.get(reverse("demo:outbox"), {"to": "nobody@example.com"}).content.decode()

    assert "Sign a session, book a visit" in page


@pytest.mark.django_db
def test_outside_the_demo_the_page_answers_not_found_and_has_no_address(client, settings):
    settings.DEMO = False
    assert client.get("/demo/messages/").status_code == 404

    settings.ROOT_URLCONF = "clinic.urls"
    with pytest.raises(NoReverseMatch):
        reverse("demo:outbox")


def test_a_file_that_went_along_is_downloaded_from_the_page(client, db):
    file = Attachment("visit.ics", "text/calendar; charset=utf-8; method=PUBLISH", "BEGIN:VCALENDAR\r\n")
    key = uuid.uuid4()
    FileChannel().deliver(replace(LETTER, attachments=(file,)), idempotency_key=key)
    address = reverse("demo:attachment", args=[key, 0])

    assert address in client.get(reverse("demo:outbox")).content.decode()
    answer = client.get(address)
    assert (answer.content, answer["Content-Type"]) == (b"BEGIN:VCALENDAR\r\n", file.content_type)
    assert answer["Content-Disposition"] == 'attachment; filename="visit.ics"'
    assert client.get(reverse("demo:attachment", args=[key, 1])).status_code == 404
    assert client.get(reverse("demo:attachment", args=[uuid.uuid4(), 0])).status_code == 404
