"""The calendar address of a member of staff, and the file of a visit: who gets what, and who gets nothing."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from clinic.access import Role
from clinic.logs import OneRecord
from clinic.models import AuditEvent
from sessions_app import booking, feeds
from sessions_app.models import Appointment, CalendarFeed
from tests.makers import at, make_hours, make_patient, make_patient_user, make_user
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _tuesday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def secret(house):
    return feeds.make_address(user=house.nurse, by=house.nurse, now=NOW)


def address(secret):
    return reverse("sessions_app:feed", args=[secret])


def starts(answer):
    return [event.start for event in Calendar.from_ical(answer.content).walk("VEVENT")]


# --- The feed -----------------------------------------------------------------------------------------------------


def test_a_feed_holds_the_persons_own_visits_from_today_on_and_nobody_elses(house, book, client, secret):
    colleague = make_user(name="Other Nurse")
    make_hours(colleague)
    mine = [book("2026-01-14 10:00"), book("2026-01-20 10:00")]
    book("2026-01-14 12:00", patient=make_patient(), nurse=colleague)
    book("2026-01-13 10:00", patient=make_patient(), now=NOW - timedelta(days=1))

    with time_machine.travel(at("2026-01-14 00:00"), tick=False):
        answer = client.get(address(secret))

    assert starts(answer) == [visit.starts_at for visit in mine]


def test_a_feed_costs_the_same_queries_for_1_and_for_30_visits(house, book, client, secret):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(address(secret))
        return len(captured)

    book("2026-01-14 10:00")
    queries()
    one = queries()
    weekdays = [day for day in range(1, 43) if (1 + day) % 7 < 5]
    for day in weekdays:
        book(at("2026-01-14 12:00") + timedelta(days=day - 1), patient=make_patient())
    assert len(weekdays) == 30

    assert queries() == one


def test_a_moved_visit_stays_the_same_event_and_a_cancelled_one_is_gone(house, book, client, secret):
    made, other = book("2026-01-14 10:00"), book("2026-01-15 10:00", patient=make_patient())
    moved = booking.move(appointment=made, version=1, starts_at=at("2026-01-16 10:00"), by=house.desk, now=NOW)
    booking.cancel(appointment=other, version=1, reason="unwell", by=house.desk, now=NOW)

    (event,) = Calendar.from_ical(client.get(address(secret)).content).walk("VEVENT")

    assert (event["UID"], event.start, event["SEQUENCE"]) == (str(made.public_id), moved.starts_at, moved.version)


def test_the_answer_is_a_calendar_that_nobody_stores_or_takes_for_something_else(house, client, secret):
    answer = client.get(address(secret))

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies


def test_who_has_the_present_state_is_told_that_nothing_changed(house, book, client, secret):
    book("2026-01-14 10:00")
    first = client.get(address(secret))

    again = client.get(address(secret), headers={"if-none-match": first["ETag"]})
    book("2026-01-15 10:00", patient=make_patient())
    changed = client.get(address(secret), headers={"if-none-match": first["ETag"]})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert (changed.status_code, len(starts(changed))) == (200, 2)


def test_reading_is_noted_at_most_once_a_minute(house, client, secret):
    client.get(address(secret))
    assert feeds.address_of(house.nurse).last_read_at == NOW

    for seconds, noted in ((30, 0), (61, 61)):
        with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
            client.get(address(secret))
        assert feeds.address_of(house.nurse).last_read_at == NOW + timedelta(seconds=noted)


@pytest.mark.parametrize("ended_by", ["ended", "renewed", "inactive", "other role", "no role"])
def test_an_address_that_ended_in_any_way_is_404_like_one_that_never_was(house, client, secret, ended_by):
    if ended_by == "ended":
        feeds.end_address(user=house.nurse, by=house.nurse, now=NOW)
    elif ended_by == "renewed":
        feeds.make_address(user=house.nurse, by=house.nurse, now=NOW)
    elif ended_by == "inactive":
        house.nurse.is_active = False
    else:
        house.nurse.roles = frozenset([Role.FRONT_DESK] if ended_by == "other role" else [])
    house.nurse.save()

    assert (client.get(address(secret)).status_code, client.get(address("x" * 43)).status_code) == (404, 404)
    assert not CalendarFeed.objects.exclude(last_read_at=None).exists()


def test_only_the_hash_of_the_secret_is_kept(house, secret):
    (row,) = CalendarFeed.objects.values()

    assert secret not in str(row)
    assert secret not in str(list(AuditEvent.objects.values()))
    assert len(secret) == 43


def test_making_renewing_and_ending_are_in_the_trail(house, secret):
    feeds.make_address(user=house.nurse, by=house.nurse, now=NOW)
    assert feeds.end_address(user=house.nurse, by=house.nurse, now=NOW) is True
    assert feeds.end_address(user=house.nurse, by=house.nurse, now=NOW) is False

    events = AuditEvent.objects.filter(action__startswith="calendar").order_by("id").values_list("action", "by_id")
    assert list(events) == [
        ("calendar address made", house.nurse.pk),
        ("calendar address renewed", house.nurse.pk),
        ("calendar address ended", house.nurse.pk),
    ]


def test_guesses_are_stopped_and_do_not_lock_out_who_knows(house, client, secret):
    answers = [client.get(address(f"guess{number}")).status_code for number in range(31)]

    assert (answers[:30], answers[30]) == ([404] * 30, 429)
    assert client.get(address(secret)).status_code == 200


def test_a_calendar_that_asks_without_end_is_told_to_wait(house, client, secret):
    answers = [client.get(address(secret)) for _ in range(61)]

    assert ({answer.status_code for answer in answers[:60]}, answers[60].status_code) == ({200}, 429)
    assert int(answers[60]["Retry-After"]) > 0


def test_no_line_of_the_log_holds_an_address(house, client, secret, caplog):
    feeds.end_address(user=house.nurse, by=house.nurse, now=NOW)
    with caplog.at_level(logging.INFO):
        client.get(address(secret))

    (record,) = [record for record in caplog.records if record.name == "django.request"]
    line = OneRecord("{levelname} {message}", style="{").format(record)
    assert ("/calendar/feed/…" in line, secret in line) == (True, False)


# --- The page -----------------------------------------------------------------------------------------------------


def test_the_page_shows_an_address_once_and_then_only_when_it_was_read(house, client):
    client.force_login(house.nurse)
    page = client.get(reverse("sessions_app:calendar"))
    assert "Make my calendar address" in page.content.decode()

    made = client.post(reverse("sessions_app:calendar_address"))
    shown = made.context["address"]
    assert client.get(shown.removeprefix("http://localhost:8000")).status_code == 200
    assert shown in made.content.decode()
    assert made["Cache-Control"] == "no-store, private"

    again = client.get(reverse("sessions_app:calendar")).content.decode()
    assert (shown in again, "End this address" in again, "Tue 13 Jan, 07:00" in again) == (False, True, True)


def test_ending_the_address_on_the_page_ends_it(house, client, secret):
    client.force_login(house.nurse)

    client.post(reverse("sessions_app:calendar_end"))

    assert client.get(address(secret)).status_code == 404


@pytest.mark.parametrize(
    ("role", "page"), [(Role.FRONT_DESK, "clinic:messages"), (Role.ADMINISTRATOR, "clinic:protocol")]
)
def test_who_has_no_visits_of_their_own_has_no_calendar_page_and_no_entry_in_the_menu(house, client, role, page):
    client.force_login(make_user(role))

    assert client.get(reverse("sessions_app:calendar")).status_code == 403
    assert client.post(reverse("sessions_app:calendar_address")).status_code == 403
    assert reverse("sessions_app:calendar") not in client.get(reverse(page)).content.decode()


def test_the_menu_of_a_nurse_leads_to_the_page(house, client):
    client.force_login(house.nurse)

    assert f'href="{reverse("sessions_app:calendar")}"' in client.get(reverse("sessions_app:my_day")).content.decode()


# --- The file of one visit ----------------------------------------------------------------------------------------


def file_of(made):
    return reverse("sessions_app:appointment_ics", args=[made.public_id])


def test_staff_and_the_patient_download_the_file_of_a_visit(house, book, client):
    account = make_patient_user()
    made = book("2026-01-14 10:00", patient=account.patient)

    for person in (house.desk, house.nurse, account):
        client.force_login(person)
        answer = client.get(file_of(made))
        assert starts(answer) == [made.starts_at]
        assert answer["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
        assert answer["Content-Disposition"] == 'attachment; filename="visit.ics"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "no-store, private"


def test_a_visit_of_somebody_else_is_404_and_on_record_and_nobody_gets_it_without_signing_in(house, book, client):
    made = book("2026-01-14 10:00")
    assert client.get(file_of(made)).status_code == 302

    client.force_login(make_patient_user())
    assert client.get(file_of(made)).status_code == 404
    assert AuditEvent.objects.filter(action="denied").count() == 1


def test_the_file_of_a_cancelled_visit_takes_it_out_of_the_calendar(house, book, client):
    made = book("2026-01-14 10:00")
    booking.cancel(appointment=made, version=1, reason="unwell", by=house.desk, now=NOW)
    client.force_login(house.desk)

    calendar = Calendar.from_ical(client.get(file_of(made)).content)

    (event,) = calendar.walk("VEVENT")
    assert (calendar["METHOD"], event["STATUS"], event["UID"]) == ("CANCEL", "CANCELLED", str(made.public_id))
    assert Appointment.objects.get().status == "cancelled"
