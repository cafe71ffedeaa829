"""When a report's time runs out the next clinician is asked: once for each time; when none is left, everybody is."""

from datetime import timedelta

import pytest

from aftercare import report_escalation, report_work
from aftercare.models import ReportNotice, ReportStep, SymptomReport
from aftercare.presenters.queue import queue_page
from clinic.access import Role
from clinic.models import AuditEvent, Clinic
from sessions_app.models import Service
from tests.makers import at, make_hours, make_report, make_service, make_user

pytestmark = pytest.mark.django_db
REPORTED = at("2026-01-15 09:10")  # Thursday; due at 13:10
DUE = at("2026-01-15 13:10")


@pytest.fixture
def people():
    """Two clinicians and a lead, and a nurse whose hours are the clinic's: Monday to Friday, 8 to 18."""
    nurse = make_user(Role.NURSE, name="Nina Nurse")
    make_hours(nurse)
    make_service("first_visit", nurses=[nurse])
    names = {"ada": Role.CLINICIAN, "ben": Role.CLINICIAN, "lea": Role.CLINICAL_LEAD}
    return {"nurse": nurse} | {name: make_user(role, name=name.title()) for name, role in names.items()}


def made(to, **facts):
    """A report as it is filed: somebody is named, and written to."""
    report = make_report(given_to=to, **facts)
    ReportNotice.objects.create(report=report, number=0, to=to, sent_at=REPORTED)
    return report


def ring(moment):
    return report_escalation.escalate_due(now=moment)


def asked(report):
    return [
        (step.at, step.to.name)
        for step in ReportStep.objects.filter(report=report, what="escalated").select_related("to")
    ]


def test_before_its_time_nobody_else_is_asked(people):
    report = made(people["ada"])

    assert (ring(DUE - timedelta(seconds=1)), asked(report)) == (0, [])


def test_the_next_clinician_is_asked_on_the_same_day_although_first_visits_are_on_mondays_alone(people):
    monday = make_user(Role.NURSE, name="Monday Nurse")
    make_hours(monday, weekdays=[0])
    Service.objects.get().nurses.set([monday])
    make_service(nurses=[people["nurse"]])
    report = made(people["ada"])
    report_work.take(report=report, by=people["ada"], now=DUE)

    assert [ring(DUE + timedelta(hours=4, minutes=minute)) for minute in (-1, 0)] == [0, 1]
    assert asked(report) == [(DUE + timedelta(hours=4), "Ben")]


def test_when_the_time_is_over_the_next_clinician_is_asked_once(people):
    report = made(people["ada"])

    assert [ring(DUE + timedelta(minutes=minute)) for minute in range(10)] == [1] + [0] * 9
    assert asked(report) == [(DUE, "Ben")]
    assert list(ReportNotice.objects.values_list("number", "to__name")) == [(0, "Ada"), (1, "Ben")]
    assert report_work.fresh(report).given_to == people["ben"]
    assert list(AuditEvent.objects.values_list("action", "by_name")) == [("report escalated", "system")]


def reminders(report):
    """The rounds to everybody: minutes since the report, and the names."""
    rounds = {}
    rows = ReportNotice.objects.filter(report=report, to_all=True).select_related("to").order_by("number")
    for notice in rows:
        rounds.setdefault((notice.written_at - REPORTED) / timedelta(minutes=1), []).append(notice.to.name)
    return rounds


def test_each_further_time_asks_one_more_until_every_clinician_was_asked_once(people):
    report = made(people["ada"], level="EMERGENCY", symptoms=["COLLAPSE"], due_at=REPORTED)
    for minute in range(60):
        ring(REPORTED + timedelta(minutes=minute))

    # Ada was named at the report, so she is asked again last; then no clinician is left.
    assert asked(report) == [
        (REPORTED + timedelta(minutes=5 * number), name) for number, name in enumerate(["Ben", "Lea", "Ada"])
    ]


def test_when_no_clinician_is_left_everybody_who_answers_is_written_to_once_in_each_further_time(people):
    make_user(Role.FRONT_DESK, name="Flo Desk")
    report = made(people["ada"], level="EMERGENCY", symptoms=["COLLAPSE"], due_at=REPORTED)
    for half_minute in range(60):
        ring(REPORTED + timedelta(seconds=30 * half_minute))

    # The three clinicians were asked at 0, 5 and 10 minutes.
    assert reminders(report) == {15: ["Ada", "Ben", "Lea", "Nina Nurse"], 20: ["Ada", "Ben", "Lea", "Nina Nurse"]} | {
        25: ["Ada", "Ben", "Lea", "Nina Nurse"]
    }
    assert AuditEvent.objects.filter(action="report reminded", by_name="system").count() == 3


def test_a_reminder_to_everybody_leaves_open_pages_as_they_are(people):
    report = made(people["ada"], level="EMERGENCY", symptoms=["COLLAPSE"], due_at=REPORTED)
    for minute in (0, 5, 10):
        ring(REPORTED + timedelta(minutes=minute))
    version = report_work.fresh(report).version
    ring(REPORTED + timedelta(minutes=15))

    saved = report_work.save(report=report, version=version, contact="no_answer", by=people["ada"])
    assert (saved.taken_by, list(reminders(report))) == (people["ada"], [15])


def test_reminders_of_a_report_for_today_keep_to_the_clinics_hours(people):
    report = made(people["ada"])
    for hour in range(72):  # to Sunday, 13:10
        ring(DUE + timedelta(hours=hour))

    # 13:10, 17:10 and 18:00 asked the clinicians; Friday 12:00, 16:00, 18:00 asked all, rung at ten past.
    assert [REPORTED + timedelta(minutes=minute) for minute in reminders(report)] == [
        at("2026-01-16 12:10"),
        at("2026-01-16 16:10"),
        at("2026-01-16 18:10"),
    ]


def test_the_further_time_of_a_report_for_today_runs_on_the_clinics_hours(people):
    report = made(people["ada"])
    ring(DUE)

    assert [ring(at(text)) for text in ("2026-01-15 17:09", "2026-01-15 17:10")] == [0, 1]
    # Nobody works after 18:00: from 17:10 on four hours end with the day.
    assert [ring(at(text)) for text in ("2026-01-15 17:59", "2026-01-15 18:00", "2026-01-16 11:59")] == [0, 1, 0]
    assert [name for _, name in asked(report)] == ["Ben", "Lea", "Ada"]


def test_who_took_it_has_as_long_as_for_a_new_one_before_others_are_asked(people):
    report = make_report(level="EMERGENCY", symptoms=["COLLAPSE"], due_at=REPORTED + timedelta(minutes=5))
    report_work.take(report=report, by=people["ada"], now=REPORTED + timedelta(minutes=3))

    assert [ring(REPORTED + timedelta(minutes=minute)) for minute in (5, 7, 8)] == [0, 0, 1]
    assert (report_work.fresh(report).taken_by, asked(report)[0][1]) == (None, "Ben")


def test_a_patient_who_was_reached_by_a_clinician_ends_it(people):
    report = made(people["ada"])
    report_work.save(report=report, version=1, contact="reached", by=people["ada"], now=REPORTED)

    assert ring(DUE + timedelta(days=3)) == 0


def test_handed_over_after_it_was_reached_its_time_runs_again_and_it_waits_in_the_queue(people):
    report = made(people["ada"])
    saved = report_work.save(report=report, version=1, contact="reached", by=people["ada"], now=REPORTED)
    handed = {"to": people["ben"], "note": "Please see her today.", "by": people["ada"]}
    report_work.hand_over(report=report, version=saved.version, **handed, now=at("2026-01-15 10:00"))

    assert list(SymptomReport.objects.with_answered().values_list("is_answered", flat=True)) == [False]
    (row,) = [row for group in queue_of(people["ben"]).groups for row in group.rows]
    assert (row.until, row.timer is not None) == ("by 13:10", True)
    assert [ring(at(text)) for text in ("2026-01-15 13:59", "2026-01-15 14:00")] == [0, 1]
    assert asked(report) == [(at("2026-01-15 14:00"), "Lea")]


def test_reached_again_by_whom_it_was_handed_to_ends_it(people):
    report = made(people["ada"])
    saved = report_work.save(report=report, version=1, contact="reached", by=people["ada"], now=REPORTED)
    handed = {"to": people["ben"], "note": "Please see her today.", "by": people["ada"]}
    saved = report_work.hand_over(report=report, version=saved.version, **handed, now=REPORTED)
    report_work.save(report=report, version=saved.version, contact="reached", by=people["ben"], now=REPORTED)

    assert ring(DUE + timedelta(days=3)) == 0
    assert list(SymptomReport.objects.with_answered().values_list("is_answered", flat=True)) == [True]


def queue_of(reader):
    facts = {"show": "open", "number": 1, "chosen": None}
    return queue_page(reader, **facts, clinic=Clinic.current(), now=at("2026-01-15 10:00"))


def test_a_nurse_who_reached_the_patient_does_not_end_it(people):
    report = made(people["ada"])
    report_work.save(report=report, version=1, contact="reached", by=people["nurse"], now=REPORTED)

    assert (ring(DUE), asked(report)) == (1, [(DUE, "Ben")])


def test_what_is_expected_is_never_escalated(people):
    made(people["ada"], level="REASSURE", symptoms=["BRUISES"])

    assert ring(DUE + timedelta(days=3)) == 0


def test_a_closed_report_is_never_escalated(people):
    report = made(people["ada"])
    report_work.close(report=report, version=1, outcome="mistake", note="Fine.", by=people["ada"], now=REPORTED)

    assert ring(DUE + timedelta(days=3)) == 0


def test_a_lone_clinician_is_asked_once_more_and_then_reminded_in_each_further_time():
    only = make_user(Role.CLINICIAN, name="Only")
    report = made(only, level="EMERGENCY", symptoms=["COLLAPSE"], due_at=REPORTED)
    for minute in range(20):
        ring(REPORTED + timedelta(minutes=minute))

    assert asked(report) == [(REPORTED, "Only")]
    assert reminders(report) == {5: ["Only"], 10: ["Only"], 15: ["Only"]}


def test_who_has_it_is_not_asked_in_its_place_but_keeps_it_and_is_reminded_with_all_others():
    only, nurse = make_user(Role.CLINICIAN, name="Only"), make_user(Role.NURSE, name="Nina")
    report = made(only, level="EMERGENCY", symptoms=["COLLAPSE"], due_at=REPORTED)
    report_work.take(report=report, by=only, now=REPORTED)
    for minute in range(13):
        ring(REPORTED + timedelta(minutes=minute))

    assert (asked(report), report_work.fresh(report).taken_by) == ([], only)
    assert reminders(report) == {5: [nurse.name, "Only"], 10: [nurse.name, "Only"]}


def test_without_any_clinician_the_nurses_are_reminded():
    make_user(Role.NURSE, name="Nina")
    report = make_report(level="EMERGENCY", symptoms=["COLLAPSE"], due_at=REPORTED)

    assert [ring(REPORTED + timedelta(minutes=minute)) for minute in range(6)] == [1, 0, 0, 0, 0, 1]
    assert reminders(report) == {0: ["Nina"], 5: ["Nina"]}


def test_a_clinic_without_a_clinician_loses_nothing_and_names_the_first_who_comes():
    report = make_report()
    assert (ring(DUE), report_escalation.name_first(now=DUE)) == (0, 0)

    first = make_user(Role.CLINICIAN, name="First")
    assert [report_escalation.name_first(now=DUE) for _ in range(2)] == [1, 0]
    assert (report_work.fresh(report).given_to, ReportNotice.objects.get().number) == (first, 0)


def test_a_write_meanwhile_makes_the_escalation_walk_away(people):
    report = made(people["ada"])
    report_work.take(report=report, by=people["ada"], now=DUE)

    assert report_work.escalate(report=report, to=people["ben"], now=DUE) is False
    assert (asked(report), ReportNotice.objects.count()) == ([], 1)


def test_the_watch_costs_the_same_for_one_and_for_thirty(people, django_assert_max_num_queries):
    for _ in range(30):
        made(people["ada"])
    with django_assert_max_num_queries(6):
        ring(DUE - timedelta(minutes=1))
