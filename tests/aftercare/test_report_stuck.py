"""What has come to a halt is said on every staff page, without a symptom, until it goes on."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from aftercare import report_escalation, report_watch, report_work
from aftercare.models import ReportNotice
from aftercare.report_scan import Scan
from aftercare.report_stuck import stuck_alerts
from clinic.access import Role
from clinic.models import StaffTask, User
from tests.makers import (
    at,
    make_appointment,
    make_entry,
    make_hours,
    make_patient,
    make_report,
    make_service,
    make_user,
)

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
    if "refused_at" in facts:
        facts = {"refused_address": to.email, **facts}
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


def test_an_address_that_was_corrected_is_not_called_refused_any_more(nurse):
    notice = unsent("Ada", refused_at=NOW)
    User.objects.filter(pk=notice.to_id).update(email="ada.right@clinic.example")

    assert said(nurse) == []


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


# --- taken and left open -----------------------------------------------------------------------------------------


@pytest.fixture
def ada():
    return make_user(Role.CLINICIAN, name="Ada")


def bess_report(ada, *, level="SAME_DAY", **facts):
    patient = make_patient(given_name="Bess", family_name="Cowslip")
    report = make_report(patient=patient, given_to=ada, level=level, **facts)
    return report_work.take(report=report, by=ada, now=NOW)


def reached(report, by, now=NOW):
    stored = report_work.fresh(report)
    return report_work.save(report=report, version=stored.version, contact="reached", by=by, now=now)


def leave(user, **facts):
    User.objects.filter(pk=user.pk).update(**(facts or {"is_active": False}))


ANSWERED = "The report of Bess Cowslip was answered on Thu 15 Jan and is still open: Ada closes it."
LEFT = "Ada has the report of Bess Cowslip and does not answer reports any more: take it over."


@pytest.mark.parametrize(("level", "is_urgent"), [("EMERGENCY", True), ("SAME_DAY", True), ("NEXT_DAY", False)])
def test_a_report_whose_taker_left_is_said_at_once(nurse, ada, level, is_urgent):
    report = bess_report(ada, level=level)
    before = said(nurse)
    leave(ada)

    address = reverse("aftercare:queue_report", args=[report.public_id])
    assert (before, said(nurse)) == ([], [(LEFT, address, is_urgent)])

    other = make_user(Role.CLINICIAN)
    report_work.take_over(report=report, version=report_work.fresh(report).version, by=other, now=NOW)
    assert said(nurse) == []


def test_an_answered_report_whose_taker_left_is_said_once(nurse, ada):
    reached(bess_report(ada), ada)
    leave(ada)

    assert [words for words, _, _ in said(nurse, at("2026-01-25 09:10"))] == [LEFT]


def test_who_answers_no_reports_any_more_has_left_them(nurse, ada):
    bess_report(ada)
    ada.roles = frozenset([Role.FRONT_DESK])
    ada.save()

    assert [words for words, _, _ in said(nurse)] == [LEFT]


def test_a_forgotten_report_whose_taker_left_is_said_once(nurse, ada):
    report = bess_report(ada, due_at=NOW)
    report_escalation.escalate_due(now=NOW + timedelta(hours=5))
    ReportNotice.objects.update(sent_at=NOW)
    leave(ada)
    assert report_work.fresh(report).reminded_at is not None

    assert [words for words, _, _ in said(nurse, NOW + timedelta(hours=6))] == [LEFT]


def test_an_answered_report_is_said_when_it_is_open_after_the_next_working_day(nurse, ada):
    report = reached(bess_report(ada), ada)
    address = reverse("aftercare:queue_report", args=[report.public_id])

    assert [said(nurse, at(text)) for text in ("2026-01-15 23:00", "2026-01-16 17:59")] == [[], []]
    assert [said(user, at("2026-01-16 18:00")) for user in (nurse, ada)] == [[(ANSWERED, address, False)]] * 2


def test_an_answered_report_that_is_called_about_again_has_another_working_day(nurse, ada):
    report = reached(bess_report(ada), ada)
    reached(report, ada, at("2026-01-16 10:00"))

    assert said(nurse, at("2026-01-19 17:59")) == []
    assert len(said(nurse, at("2026-01-19 18:00"))) == 1


def decided(report, ada, outcome, scan=None):
    facts = {"contact": "reached", "outcome": outcome, "scan": scan}
    return report_work.save(report=report, version=report.version, by=ada, now=NOW, **facts)


@pytest.mark.parametrize("outcome", ["scan", "visit", "advised"])
def test_a_report_whose_scan_is_to_come_is_not_left_until_the_working_day_after_it(nurse, ada, outcome):
    decided(bess_report(ada), ada, outcome, Scan(at("2026-02-05 14:20"), "Radiology"))  # a Thursday, three weeks later

    moments = ("2026-01-19 09:00", "2026-02-05 13:00", "2026-02-06 17:59", "2026-02-06 18:00")
    assert [[words for words, _, _ in said(nurse, at(text))] for text in moments] == [[], [], [], [ANSWERED]]


@pytest.mark.parametrize(
    ("outcome", "starts_at", "status", "is_said"),
    [
        ("visit", "2026-01-20 09:00", "booked", [False, False, True]),
        ("visit", "2026-01-20 09:00", "done", [False, False, True]),
        ("visit", "2026-01-20 09:00", "no_show", [True, True, True]),
        ("visit", "2026-01-20 09:00", "cancelled", [True, True, True]),
        ("visit", "2026-01-15 09:00", "done", [True, True, True]),  # before the answer
        ("visit", "2026-02-20 09:00", "booked", [True, True, True]),  # another one
        ("advised", "2026-01-20 09:00", "booked", [True, True, True]),
    ],
)
def test_a_report_whose_visit_was_agreed_is_not_left_until_the_working_day_after_it(
    nurse, ada, outcome, starts_at, status, is_said
):
    report = decided(bess_report(ada), ada, outcome)
    make_appointment(patient=report.patient, starts_at=at(starts_at), status=status)

    moments = ("2026-01-19 09:00", "2026-01-21 17:59", "2026-01-21 18:00")
    assert [[words for words, _, _ in said(nurse, at(text))] == [ANSWERED] for text in moments] == is_said


def test_what_waits_for_a_scan_is_said_when_its_taker_left(nurse, ada):
    decided(bess_report(ada), ada, "scan", Scan(at("2026-02-05 14:20"), ""))
    leave(ada)

    assert [words for words, _, _ in said(nurse)] == [LEFT]


def test_the_bar_counts_nothing_that_waits_for_a_scan(nurse, ada):
    decided(bess_report(ada), ada, "scan", Scan(at("2026-02-05 14:20"), ""))

    with time_machine.travel(at("2026-01-19 09:00"), tick=False):
        assert [report_watch.waiting_for(user) for user in (nurse, ada)] == [0, 1]


def test_an_answered_report_that_is_closed_is_not_said(nurse, ada):
    report = reached(bess_report(ada), ada)
    version = report_work.fresh(report).version
    report_work.close(report=report, version=version, outcome="advised", note="All is well", by=ada, now=NOW)
    leave(ada)

    assert said(nurse, at("2026-01-25 09:10")) == []


def test_what_is_expected_and_was_read_by_who_left_is_said_quietly(nurse, ada):
    reached(bess_report(ada, level="REASSURE", symptoms=["BRUISES"]), ada)
    before = said(nurse, at("2026-01-25 12:00"))
    leave(ada)

    assert before == []
    assert [(words, is_urgent) for words, _, is_urgent in said(nurse, at("2026-01-25 12:00"))] == [(LEFT, False)]


def test_many_reports_that_were_left_open_are_three_lines_and_one_more(nurse, ada):
    for _ in range(5):
        bess_report(ada)
    leave(ada)

    assert [words for words, _, _ in said(nurse)] == [LEFT] * 3 + ["More reports were taken and left open."]


def test_the_bar_counts_what_was_left_open_for_everybody(nurse, ada):
    def counted(moment):
        with time_machine.travel(moment, tick=False):
            return [report_watch.waiting_for(user) for user in (nurse, ada)]

    reached(bess_report(ada), ada)
    assert [counted(at(text)) for text in ("2026-01-16 17:59", "2026-01-16 18:00")] == [[0, 1], [1, 1]]

    leave(ada)
    assert counted(NOW) == [1, 1]


def test_the_number_in_the_bar_costs_the_same_for_one_and_for_thirty(nurse, ada, django_assert_num_queries):
    for number in (1, 29):
        for _ in range(number):
            reached(bess_report(ada), ada)
        with time_machine.travel(at("2026-01-20 12:00"), tick=False), django_assert_num_queries(5):
            report_watch.waiting_for(nurse)


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
