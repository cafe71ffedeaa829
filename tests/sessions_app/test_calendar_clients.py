"""The calendar address, subscribed to by a client that is not ours: vdirsyncer fetches it over HTTP, khal shows it."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from urllib.request import urlopen

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.protocol.zones import local_date, zone_named
from sessions_app import booking, feeds
from sessions_app.calendar_files import calendar_file
from sessions_app.models import Appointment
from tests.makers import at, make_clinic, make_patient

pytestmark = pytest.mark.django_db(transaction=True)
ZONE = "America/New_York"
LIMIT_S = 60


class Subscriber:
    """A calendar on somebody's computer: a folder that vdirsyncer keeps like the address, and khal that reads it."""

    def __init__(self, folder, address=""):
        self.visits, self.config = folder / "visits", folder / "config"
        self.visits.mkdir()
        self._env = {"HOME": str(folder), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": ZONE}
        (folder / "vdirsyncer.conf").write_text(
            dedent(f"""
            [general]
            status_path = "{folder}/status/"
            [pair visits]
            a = "clinic"
            b = "computer"
            collections = null
            [storage clinic]
            type = "http"
            url = "{address}"
            [storage computer]
            type = "filesystem"
            path = "{self.visits}"
            fileext = ".ics"
            """)
        )
        (folder / "khal.conf").write_text(
            dedent(f"""
            [calendars]
            [[visits]]
            path = {self.visits}
            [sqlite]
            path = {folder}/khal.db
            [locale]
            local_timezone = {ZONE}
            default_timezone = {ZONE}
            timeformat = %H:%M
            dateformat = %Y-%m-%d
            longdateformat = %Y-%m-%d
            datetimeformat = %Y-%m-%d %H:%M
            longdatetimeformat = %Y-%m-%d %H:%M
            [default]
            default_calendar = visits
            """)
        )
        self.folder = folder

    def runs(self, command, *arguments):
        program = Path(sys.executable).parent / command
        done = subprocess.run(
            [program, "-c", self.folder / f"{command}.conf", *arguments],
            env=self._env,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def subscribes(self):
        self.runs("vdirsyncer", "discover")
        self.syncs()

    def syncs(self):
        self.runs("vdirsyncer", "sync")

    def imports(self, file):
        path = self.folder / "visit.ics"
        path.write_bytes(file)
        self.runs("khal", "import", "--batch", str(path))

    def sees(self, first_day):
        """Lines of uid, start and title, as khal shows them. (vdirsyncer gives fetched events a uid of its own.)"""
        lines = self.runs(
            "khal", "list", "--day-format", "", "--format", "{uid} {start} {title}", first_day.isoformat(), "21d"
        )
        return sorted(line for line in lines.splitlines() if line.strip())


@pytest.fixture
def monday():
    """A Monday two weeks from now: the server that is asked has a real clock."""
    make_clinic(time_zone=ZONE)
    today = local_date(timezone.now(), zone_named(ZONE))
    return today + timedelta(days=14 - today.weekday())


def line(made, day, time, title="Visit, Room 1"):
    return f"{made.public_id} {day:%Y-%m-%d} {time} {title}"


def shown(subscriber, first_day):
    """What the subscriber sees without the uids, in order of time."""
    return sorted(each.partition(" ")[2] for each in subscriber.sees(first_day))


def test_a_subscriber_sees_a_booking_then_its_new_time_once_and_then_nothing_of_it(
    house, book, live_server, tmp_path, monday
):
    now, friday = timezone.now(), monday + timedelta(days=4)
    secret = feeds.make_address(user=house.nurse, by=house.nurse, now=now)
    book(at(f"{friday} 15:00"), patient=make_patient(), now=now)
    made = book(at(f"{monday} 10:00"), now=now)
    subscriber = Subscriber(tmp_path, live_server.url + reverse("sessions_app:feed", args=[secret]))

    subscriber.subscribes()
    kept = f"{friday} 15:00 Visit, Room 1"
    assert shown(subscriber, monday) == [f"{monday} 10:00 Visit, Room 1", kept]

    tuesday = monday + timedelta(days=1)
    moved = booking.move(appointment=made, version=1, starts_at=at(f"{tuesday} 11:30"), by=house.desk, now=now)
    subscriber.syncs()
    assert shown(subscriber, monday) == [f"{tuesday} 11:30 Visit, Room 1", kept]

    booking.cancel(appointment=moved, version=moved.version, reason="unwell", by=house.desk, now=now)
    subscriber.syncs()
    assert shown(subscriber, monday) == [kept]
    assert feeds.address_of(house.nurse).last_read_at is not None


def test_an_ended_address_gives_a_subscriber_nothing_more(house, book, live_server, tmp_path, monday):
    now = timezone.now()
    secret = feeds.make_address(user=house.nurse, by=house.nurse, now=now)
    book(at(f"{monday} 10:00"), now=now)
    subscriber = Subscriber(tmp_path, live_server.url + reverse("sessions_app:feed", args=[secret]))
    subscriber.subscribes()

    feeds.end_address(user=house.nurse, by=house.nurse, now=now)

    with pytest.raises(AssertionError, match="Not Found"):
        subscriber.syncs()


def test_a_feed_that_is_fetched_again_after_a_move_is_the_same_event(house, book, live_server, tmp_path, monday):
    now, tuesday = timezone.now(), monday + timedelta(days=1)
    address = reverse("sessions_app:feed", args=[feeds.make_address(user=house.nurse, by=house.nurse, now=now)])
    made = book(at(f"{monday} 10:00"), now=now)
    calendar = Subscriber(tmp_path)

    calendar.imports(urlopen(live_server.url + address, timeout=LIMIT_S).read())
    assert calendar.sees(monday) == [line(made, monday, "10:00")]

    booking.move(appointment=made, version=1, starts_at=at(f"{tuesday} 11:30"), by=house.desk, now=now)
    calendar.imports(urlopen(live_server.url + address, timeout=LIMIT_S).read())
    assert calendar.sees(monday) == [line(made, tuesday, "11:30")]


def test_the_files_of_a_visit_are_one_event_in_a_patients_calendar(house, book, tmp_path, monday):
    clinic, now = make_clinic(name="Lilac Hill"), timezone.now()
    made = book(at(f"{monday} 10:00"), now=now)
    patients = Subscriber(tmp_path)
    patients.imports(calendar_file(made, clinic=clinic))
    assert patients.sees(monday) == [line(made, monday, "10:00", "Visit: Lilac Hill")]

    tuesday = monday + timedelta(days=1)
    moved = booking.move(appointment=made, version=1, starts_at=at(f"{tuesday} 11:30"), by=house.desk, now=now)
    patients.imports(calendar_file(_fresh(moved), clinic=clinic))
    assert patients.sees(monday) == [line(made, tuesday, "11:30", "Visit: Lilac Hill")]

    booking.cancel(appointment=moved, version=moved.version, reason="unwell", by=house.desk, now=now)
    patients.imports(calendar_file(_fresh(moved), method="CANCEL", clinic=clinic))
    (file,) = patients.visits.glob("*.ics")
    assert "STATUS:CANCELLED" in file.read_text()


def _fresh(made):
    return Appointment.objects.select_related("entry__patient").get(pk=made.pk)
