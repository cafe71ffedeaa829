"""What has come to a halt is said on every staff page, without a symptom, until it goes on."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from aftercare import report_escalation, report_work
from aftercare.models import ReportNotice
from aftercare.report_stuck import stuck_alerts
from clinic.access import Role
from clinic.models import StaffTask
from tests.makers import at, make_entry, make_hours, make_patient, make_report, make_service, make_user

pytestmark = pytest.mark.django_db
NOW = at("2026-01-15 09:10")  # Thursday
MINUTE = timedelta(minutes=1)
QUEUE = "/queue/"


@pytest.fixture
def nurse():
    """Her hours are the clinic's: Monday to Friday, 8 to 18."""
    nurse = make_user(Role.NURSE, name="Nina Nurse")
    make_hours(nurse)
    make_service("first_visit", nurses=[nurse])
    return nurse


def said(user, moment=NOW):
    with time_machine.travel(moment, tick=False):
        return [(alert.words, alert.url, alert.is_urgent) for alert in stuck_alerts(user)]


def unsent(name, *, report=None, **facts):
    to = make_user(Role.CLINICIAN, name=name)
    report = report or make_report(given_to=to)
    return ReportNotice.objects.create(report=report, number=0, to=to, written_at=NOW, **facts)


def test_nothing_is_said_while_everything_goes_on(nurse):
    unsent("Ada")
    make_report(level="REASSURE", symptoms=["BRUISES"])

    assert said(nurse) == []


# --- e-mails that do not leave -----------------------------------------------------------------------------------


def test_an_e_mail_that_does_not_leave_in_five_minutes_is_said(nurse):
    unsent("Ada")

    assert said(nurse, NOW + 5 * MINUTE - timedelta(seconds=1)) == []
    assert said(nurse, NOW + 5 * MINUTE) == [
        (
            "E-mails about reports do not leave, to Ada. Tell them yourself, and whoever looks after the system.",
            QUEUE,
            True,
        )
    ]


def test_many_people_are_counted(nurse):
    for name in ("Ada", "Ben", "Cleo", "Dan", "Eva"):
        unsent(name)

    ((words, _, _),) = said(nurse, NOW + 5 * MINUTE)
    assert words.startswith("E-mails about reports do not leave, to Ada, Ben, Cleo and 2 more.")


def test_a_refused_address_is_said_at_once_as_what_it_is(nurse):
    unsent("Ada", refused_at=NOW)

    assert [words for words, _, _ in said(nurse)] == [
        "The mail server refuses e-mails to Ada: correct the address. Until then tell them of reports yourself."
    ]


def test_what_nobody_must_be_told_any_more_is_not_said(nurse):
    notice = unsent("Ada", refused_at=NOW)
    report_work.take(report=notice.report, by=nurse, now=NOW)

    assert said(nurse, NOW + 9 * MINUTE) == []


def test_who_looks_after_the_system_is_told_without_a_way_to_the_reports():
    unsent("Ada")

    ((_, url, _),) = said(make_user(Role.ADMINISTRATOR), NOW + 5 * MINUTE)
    assert url == ""


def test_a_report_with_time_makes_no_urgent_alert(nurse):
    unsent("Ada")
    later = make_user(Role.CLINICIAN, name="Ben")
    ReportNotice.objects.all().update(sent_at=NOW)
    unsent("Cleo", report=make_report(given_to=later, level="NEXT_DAY", symptoms=["TENDER_CORD"]))
    ReportNotice.objects.filter(sent_at__isnull=True).update(to=later)

    assert [is_urgent for _, _, is_urgent in said(nurse, NOW + 5 * MINUTE)] == [False]


# --- taken and forgotten -----------------------------------------------------------------------------------------


def test_a_report_that_was_taken_and_not_answered_is_said_when_no_clinician_is_left_to_ask(nurse):
    ada = make_user(Role.CLINICIAN, name="Ada")
    patient = make_patient(given_name="Bess", family_name="Cowslip")
    report = make_report(patient=patient, given_to=ada, level="EMERGENCY", symptoms=["COLLAPSE"], due_at=NOW)
    report_work.take(report=report, by=ada, now=NOW)
    before = said(nurse)
    report_escalation.escalate_due(now=NOW + 5 * MINUTE)

    address = reverse("aftercare:queue_report", args=[report.public_id])
    words = "Ada took the report of Bess Cowslip, but no clinician has answered in time."
    assert (before, said(nurse, NOW + 6 * MINUTE)) == ([], [(words, address, True)])

    stored = report_work.fresh(report)
    report_work.save(report=report, version=stored.version, contact="reached", by=ada, now=NOW + 7 * MINUTE)
    assert said(nurse, NOW + 8 * MINUTE) == []


# --- what we said we would read ----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.NURSE, Role.CLINICIAN, Role.FRONT_DESK])
def test_what_is_expected_is_said_quietly_once_we_did_not_read_it_in_time(role):
    make_report(level="REASSURE", symptoms=["BRUISES"], due_at=at("2026-01-16 18:00"))

    user = make_user(role)
    assert said(user, at("2026-01-16 18:00")) == []
    words = "1 report of what is expected is over time: we said by when we read it."
    assert said(user, at("2026-01-16 18:01")) == [(words, QUEUE, False)]


def test_what_is_expected_and_was_read_is_not_said(nurse):
    report = make_report(level="REASSURE", symptoms=["BRUISES"], due_at=at("2026-01-16 18:00"))
    report_work.save(report=report, version=1, contact="reached", by=nurse, now=NOW)

    assert said(nurse, at("2026-01-25 12:00")) == []


def test_an_administrator_hears_nothing_of_reports():
    make_report(level="REASSURE", symptoms=["BRUISES"], due_at=at("2026-01-16 18:00"))

    assert said(make_user(Role.ADMINISTRATOR), at("2026-01-25 12:00")) == []


# --- help with the stocking --------------------------------------------------------------------------------------

CALLS = "/calls/#list-stocking"


def help_wanted(created_at, **facts):
    patient = make_patient()
    facts = {"patient": patient, "about_id": patient.public_id, "created_at": created_at, **facts}
    return StaffTask.objects.create(kind="stocking_help", **facts)


def test_help_that_waits_longer_than_the_next_working_day_is_said_to_nurse_and_front_desk(nurse):
    help_wanted(NOW)
    desk = make_user(Role.FRONT_DESK)

    assert [said(user, at("2026-01-16 17:59")) for user in (nurse, desk)] == [[], []]
    words = "1 patient waits for help with the stocking since before the last working day."
    assert [said(user, at("2026-01-16 18:00")) for user in (nurse, desk)] == [[(words, CALLS, False)]] * 2


def test_a_weekend_and_a_holiday_give_help_more_time(nurse):
    help_wanted(at("2026-01-16 15:00"))  # Friday
    make_entry(kind="closure", nurse=nurse, starts_at=at("2026-01-19 00:00"), ends_at=at("2026-01-20 00:00"))

    assert [len(said(nurse, at(text))) for text in ("2026-01-19 19:00", "2026-01-20 17:59", "2026-01-20 18:00")] == [
        0,
        0,
        1,
    ]


def test_the_leave_of_who_gives_first_visits_gives_help_no_more_time(nurse):
    help_wanted(NOW)
    daily = make_user(Role.NURSE)
    make_hours(daily)
    make_service(nurses=[daily])
    for day in (16, 17, 18, 19):
        make_entry(nurse=nurse, starts_at=at(f"2026-01-{day} 00:00"), ends_at=at(f"2026-01-{day + 1} 00:00"))

    assert len(said(nurse, at("2026-01-16 18:00"))) == 1


def test_help_that_waits_for_longer_than_the_openings_are_looked_up_is_said_too(nurse):
    help_wanted(NOW - timedelta(days=90))
    help_wanted(NOW - timedelta(days=3))

    ((words, _, _),) = said(nurse)
    assert words == "2 patients wait for help with the stocking since before the last working day."


def test_help_that_was_given_is_not_said(nurse):
    help_wanted(NOW, done_at=NOW, done_by=nurse)

    assert said(nurse, at("2026-01-20 12:00")) == []


def test_the_alerts_cost_the_same_for_one_and_for_thirty(nurse, django_assert_max_num_queries):
    def ask():
        with django_assert_max_num_queries(10) as asked:
            said(nurse, at("2026-01-20 12:00"))
        return len(asked)

    def one(number):
        unsent(f"Name {number}")
        make_report(level="REASSURE", symptoms=["BRUISES"])
        help_wanted(NOW)

    one(0)
    for_one = ask()
    for number in range(1, 30):
        one(number)
    assert ask() == for_one
