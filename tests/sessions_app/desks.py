"""What tests of the front desk's pages stand on: Ada Birchwood's clinic, and the way a dialog asks."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from clinic.access import Role
from clinic.models import Clinic
from tests.makers import make_hours, make_room, make_service, make_signed_protocol, make_user

HTMX = {"HX-Request": "true"}


def make_treatment():
    """75 minutes of the calendar, as long as a nurse of the demo takes."""
    return make_service(name="Treatment", chair_minutes=45, walk_minutes=20, buffer_minutes=10)


def make_first_visit():
    return make_service("first_visit", name="First visit", chair_minutes=30, walk_minutes=0, buffer_minutes=0)


def open_clinic(*, until="16:00", signed_by=None):
    """Ada Birchwood from 08:00 on weekdays, two rooms, and the shipped protocol, signed. Answers the nurse."""
    make_signed_protocol(**({"by": signed_by} if signed_by else {}))
    make_room(name="Room 1"), make_room(name="Room 2")
    ada = make_user(Role.NURSE, name="Ada Birchwood")
    make_hours(ada, starts="08:00", ends=until)
    return ada


def today_at(clock, days=0):
    """A wall-clock time of the clinic's present day: the browser has the real clock."""
    zone = Clinic.current().zone
    day = timezone.now().astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time.fromisoformat(clock), zone)
