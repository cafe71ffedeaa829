"""The demo is a believable clinic around now, made by the product's own actions, and cannot exist outside demo mode."""

import random
import re
from collections import defaultdict
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import override_settings
from django.utils import timezone

from aftercare.demo.cast import STAFF, STORIES
from aftercare.demo.desk_cast import WAITING
from aftercare.demo.front_desk import FrontDesk
from aftercare.demo.history import registered_at
from aftercare.demo.house import MIDDLE_OF_THE_DAY, zone_at_work
from aftercare.models import AftercarePlan, Carer, CourseText, ReportNotice, ReportStep, SymptomReport, Tick
from clinic.models import Clinic, Delivery, Patient, StaffTask, User
from clinic.notifications.outbox import sent_letters
from clinic.settings import demo as demo_settings
from sessions_app.courses import progress_of
from sessions_app.models import Appointment, Closure, DatedHours, TreatmentSession, WaitListOffer
from sessions_app.presenters.calls import NAMES, calls_for
from tests.makers import at

DEMO = {
    "DEMO": True,
    "DEMO_PASSWORD": "a-long-demo-password",
    "DEMO_PEOPLE": demo_settings.DEMO_PEOPLE,
    "NOTIFICATION_CHANNELS": ["file"],
}
NOW = at("2026-11-18 11:10")


@pytest.fixture
def demo(db, settings, tmp_path):
    for name, value in DEMO.items():
        setattr(settings, name, value)
    settings.OUTBOX_DIR = tmp_path / "outbox"
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mails"
    with time_machine.travel(NOW, tick=False):
        call_command("seed_demo", stdout=StringIO())
        yield


@pytest.mark.parametrize("command", ["seed_demo", "demo_people"])
def test_no_demo_command_runs_outside_demo_mode(db, command):
    with pytest.raises(CommandError, match="demo"):
        call_command(command)

    assert User.objects.count() == 0


@override_settings(**DEMO)
def test_a_database_with_people_is_never_filled(db):
    User.objects.create_user("somebody@example.org", None, name="Somebody")

    with pytest.raises(CommandError, match="already"):
        call_command("seed_demo")


@pytest.mark.parametrize("hour", range(24))
def test_at_every_hour_some_zone_of_the_list_is_about_midday(hour):
    now = timezone.now().replace(hour=hour, minute=30)

    from zoneinfo import ZoneInfo

    assert now.astimezone(ZoneInfo(zone_at_work(now))).hour in MIDDLE_OF_THE_DAY


def test_the_whole_demo_tells_its_stories(demo):
    """One long look, because filling the demo is the slow part."""
    clinic = Clinic.current()
    today = timezone.localdate(timezone.now(), clinic.zone)
    visits = Appointment.objects.filter(entry__starts_at__date=today)
    running = AftercarePlan.objects.running_at(timezone.now())
    overlapping = [patient for patient in Patient.objects.all() if running.filter(patient=patient).count() > 1]

    assert (clinic.is_demo, Patient.objects.count()) == (True, len(STORIES))
    assert set(visits.values_list("status", flat=True)) == {"done", "arrived", "in_treatment", "booked", "no_show"}
    assert len({visit.entry.nurse_id for visit in visits.select_related("entry")}) == 3
    assert [patient.name for patient in overlapping] != []
    assert any(
        {site.vein_type for site in session.sites.all()} == {"spider", "reticular"}
        for session in TreatmentSession.objects.signed().prefetch_related("sites")
    )
    assert Delivery.objects.filter(state="failed").exists()
    assert StaffTask.objects.open().filter(kind="message_failed").exists()
    assert not Delivery.objects.filter(state="pending", due_at__lt=timezone.now() - timedelta(hours=4)).exists()
    assert not TreatmentSession.objects.filter(started_at__lt=F("patient__registered_at")).exists()
    assert not Patient.objects.filter(phone__in=User.objects.staff().exclude(phone="").values("phone")).exists()
    call_command("check_integrity", stdout=StringIO())
    _looks_like_a_busy_front_desk(timezone.now(), clinic)
    _looks_like_patients_who_answer()
    _looks_like_staff_who_were_asked(timezone.now())

    out = StringIO()
    call_command("demo_people", stdout=out)
    listed = re.findall(r"\S+@example\.com", out.getvalue())
    assert listed == demo_settings.DEMO_PEOPLE
    assert DEMO["DEMO_PASSWORD"] in out.getvalue()


def _looks_like_a_busy_front_desk(now, clinic):
    calls = calls_for(User.objects.get(email="desk@example.com"), now=now, clinic=clinic, limit=20)
    fennimore = Appointment.objects.filter(entry__patient__family_name="Fennimore", status="booked")

    assert {each.name: bool(each.rows) for each in calls.lists} == dict.fromkeys((*NAMES, "stocking"), True)
    assert [bool(row.urgent) for row in calls.named("requests").rows] == [True, False, False]
    assert WaitListOffer.objects.get().is_open(now)
    assert progress_of(fennimore)[fennimore.earliest("entry__starts_at").pk] == (2, 4)
    assert Appointment.objects.exclude(entry__overbook_reason="").count() == 1
    assert set(Appointment.objects.upcoming(now).values_list("confirmed_via", flat=True)) == {"", "desk"}
    assert (Closure.objects.count(), DatedHours.objects.count()) == (1, 2)


def _looks_like_patients_who_answer():
    reports = SymptomReport.objects.all()
    said = Tick.objects.filter(task="stocking").values_list("answer", flat=True)

    assert set(reports.values_list("level", flat=True)) == set(SymptomReport.Level.values)
    assert set(reports.values_list("source", flat=True)) == set(SymptomReport.Source.values)
    assert set(ReportStep.objects.values_list("what", flat=True)) == set(ReportStep.What.values) - {"noted"}
    # One waits for who takes it, one was handed over and waits too; what is expected alerts nobody.
    assert [report.level for report in reports.untaken().order_by("reported_at")] == [
        "REASSURE",
        "NEXT_DAY",
        "SAME_DAY",
    ]
    assert reports.filter(closed_at__isnull=False).count() == 3
    assert not reports.holding().filter(due_at__lt=timezone.now()).unanswered().exists()
    assert set(said) == {"yes", "part", "no"}
    assert StaffTask.objects.open().filter(kind="stocking_help").count() == 2
    assert (Carer.objects.living().count(), CourseText.objects.count()) == (2, 1)


def _looks_like_staff_who_were_asked(now):
    """The page of messages shows the e-mails of the demo's past at the times at which they left."""
    notices = ReportNotice.objects.filter(sent_at__isnull=False).order_by("-sent_at")
    shown = [
        (letter.at, letter.to)
        for email in ("clinician@example.com", "lead@example.com")
        for letter in sent_letters(to=email)
    ]

    assert len(notices) > 3
    assert sorted(shown) == sorted((each.sent_at, each.to.email) for each in notices)
    assert min(shown)[0] < now - timedelta(days=1)


def test_every_name_and_address_is_invented():
    phones = [story.phone for story in STORIES]

    assert len(set(phones)) == len(phones)
    assert all(phone[3:6] == "555" and phone[6:8] == "01" for phone in phones)
    emails = [story.email for story in STORIES if story.email] + [person.email for person in STAFF]
    assert all(email.endswith(("example.com", ".example")) for email in emails)


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("minute", [0, 29, 59])
def test_nobody_waits_before_being_registered_at_whatever_hour_the_demo_starts(hour, minute):
    now = at(f"2026-11-18 {hour:02}:{minute:02}")
    zone = ZoneInfo(zone_at_work(now))
    today = now.astimezone(zone).date()
    desk = FrontDesk(SimpleNamespace(people=defaultdict(str)), now, today, random.Random(1))
    registered = {story.family: registered_at(story, today, zone) for story in STORIES}

    joined = {
        event.args[0].family: moment for moment, event in desk.events() if getattr(event, "func", None) == desk._join
    }

    assert set(joined) == {waits.family for waits in WAITING}
    assert [family for family, moment in joined.items() if moment < registered[family]] == []
