"""What the database refuses about reports, ticks and carers, whatever code tries."""

import pytest
from django.db import IntegrityError, transaction

from aftercare.models import Carer, ReportStep, SymptomReport, Tick
from clinic.access import Role
from tests.makers import at, make_carer, make_report, make_tick, make_user

pytestmark = pytest.mark.django_db
LATER = at("2026-01-15 11:00")


def refused(write):
    with pytest.raises(IntegrityError), transaction.atomic():
        write()


def reached(report):
    ReportStep.objects.create(report=report, what="reached", by=make_user())


def close(report, by, **facts):
    state = {"closed_at": LATER, "closed_by": by, "closing_note": "Rang her.", "outcome": "advised", **facts}
    return SymptomReport.objects.filter(pk=report.pk).update(**state)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("level", "REASSURE"),
        ("symptoms", []),
        ("affirmed", ["FAINT"]),
        ("denied", ["COLLAPSE"]),
        ("free_text", "nothing at all"),
        ("told", "All is well."),
        ("due_at", at("2026-02-15 09:10")),
        ("day", 3),
    ],
)
def test_what_was_reported_never_changes(field, value):
    report = make_report()
    refused(lambda: SymptomReport.objects.filter(pk=report.pk).update(**{field: value}))


def test_a_report_is_never_removed():
    report = make_report()
    refused(report.delete)


@pytest.mark.parametrize("level", ["EMERGENCY", "SAME_DAY", "NEXT_DAY"])
def test_a_nurse_does_not_close_what_a_clinician_must_see(level):
    report = make_report(level=level)
    reached(report)
    refused(lambda: close(report, make_user(Role.NURSE)))
    assert close(report, make_user(Role.CLINICIAN)) == 1


def test_a_nurse_closes_what_is_expected():
    assert close(make_report(level="REASSURE"), make_user(Role.NURSE)) == 1


@pytest.mark.parametrize("level", ["EMERGENCY", "SAME_DAY", "NEXT_DAY"])
@pytest.mark.parametrize("outcome", ["advised", "visit", "scan"])
def test_a_report_whose_patient_nobody_reached_is_not_closed(level, outcome):
    report, by = make_report(level=level), make_user(Role.CLINICIAN)
    ReportStep.objects.create(report=report, what="no_answer", by=by)
    reached(make_report(level=level, patient=report.patient))
    refused(lambda: close(report, by, outcome=outcome))
    reached(report)
    assert close(report, by, outcome=outcome) == 1


@pytest.mark.parametrize("outcome", ["sent_on", "treated_elsewhere", "mistake"])
def test_what_is_learnt_another_way_closes_a_report_whose_patient_nobody_reached(outcome):
    assert close(make_report(level="EMERGENCY"), make_user(Role.CLINICIAN), outcome=outcome) == 1


@pytest.mark.parametrize("missing", [{"closing_note": ""}, {"outcome": ""}, {"closed_by": None}])
def test_a_report_is_closed_with_its_note_only(missing):
    report, by = make_report(), make_user(Role.CLINICAL_LEAD)
    reached(report)
    refused(lambda: close(report, by, **missing))


def test_a_closed_report_is_not_opened_again():
    report = make_report()
    reached(report)
    close(report, make_user(Role.CLINICIAN))
    empty = {"closed_at": None, "closed_by": None, "closing_note": "", "outcome": ""}
    refused(lambda: SymptomReport.objects.filter(pk=report.pk).update(**empty))


def test_no_report_begins_closed():
    by = make_user(Role.CLINICIAN)
    refused(lambda: make_report(closed_at=LATER, closed_by=by, closing_note="Done", outcome="advised"))


def test_steps_and_ticks_are_only_added():
    step = ReportStep.objects.create(report=make_report(), what="taken", by=make_user())
    tick = make_tick()
    for row, change in ((step, {"words": "Something else"}), (tick, {"answer": "no"})):
        refused(lambda row=row, change=change: type(row).objects.filter(pk=row.pk).update(**change))
        refused(row.delete)
    assert Tick.objects.get().answer == "yes"


def test_a_worn_stocking_has_no_reason_against_it():
    refused(lambda: make_tick(answer="yes", reason="heat"))


def test_an_ended_carer_does_not_come_back():
    carer = make_carer()
    Carer.objects.filter(pk=carer.pk).update(ended_at=LATER, ended_by=carer.user)
    refused(lambda: Carer.objects.filter(pk=carer.pk).update(ended_at=None, ended_by=None))
    refused(carer.delete)


def test_one_person_cares_for_a_patient_once():
    carer = make_carer()
    refused(lambda: make_carer(patient=carer.patient, user=carer.user))


def test_a_carer_is_no_member_of_staff():
    refused(lambda: make_user({Role.CARER, Role.NURSE}))
