"""What staff do about reports: take, call, note, hand over, close; who may, and who was first."""

from datetime import timedelta

import pytest

from aftercare import report_work
from aftercare.models import ReportNotice, ReportStep, SymptomReport
from clinic.access import Role
from clinic.models import AuditEvent
from sessions_app.refusals import Refused, Stale
from tests.makers import at, make_report, make_user

pytestmark = pytest.mark.django_db
NOW = at("2026-01-15 09:30")


@pytest.fixture
def nurse():
    return make_user(Role.NURSE, name="Petra Fallowell")


@pytest.fixture
def clinician():
    return make_user(Role.CLINICIAN, name="Beatrix Alderman")


def steps(report):
    return list(ReportStep.objects.filter(report=report).values_list("what", "by__name", "to__name", "words"))


def state(report):
    stored = report_work.fresh(report)
    return stored.version, stored.taken_by, stored.given_to, stored.closed_by


def trail():
    return list(AuditEvent.objects.order_by("id").values_list("action", "by_name"))


def refusal(do, **facts):
    with pytest.raises(Refused) as refused:
        do(**facts)
    return refused.value


def test_a_report_is_taken_once_however_often_it_is_pressed(nurse):
    report = make_report()
    for _ in range(2):
        report_work.take(report=report, by=nurse, now=NOW)

    assert state(report) == (2, nurse, nurse, None)
    assert steps(report) == [("taken", "Petra Fallowell", None, "")]
    assert trail() == [("report taken", "Petra Fallowell")]


def test_who_comes_second_hears_who_has_it(nurse, clinician):
    report = make_report()
    report_work.take(report=report, by=nurse, now=NOW)

    assert refusal(report_work.take, report=report, by=clinician, now=NOW).message == (
        "Petra Fallowell took this at 09:30. Ask before you call too."
    )
    assert state(report)[1] == nurse


def test_a_colleague_takes_over_by_saying_so(nurse, clinician):
    report = make_report()
    taken = report_work.take(report=report, by=nurse, now=NOW)
    report_work.take_over(report=report, version=taken.version, by=clinician, now=NOW)

    assert state(report) == (3, clinician, clinician, None)
    assert steps(report)[-1] == ("taken", "Beatrix Alderman", None, "Taken over from Petra Fallowell")


def test_a_call_is_written_down_and_whoever_called_has_the_report(nurse):
    report = make_report()
    report_work.save(
        report=report, version=1, contact="no_answer", outcome="scan", note=" Rang twice. ", by=nurse, now=NOW
    )

    assert steps(report) == [("no_answer", "Petra Fallowell", None, "Duplex scan. Rang twice.")]
    assert state(report) == (2, nurse, nurse, None)
    assert report_work.fresh(report).outcome == "scan"


def test_who_calls_about_a_report_that_a_colleague_has_leaves_it_with_them(nurse, clinician):
    report = make_report()
    taken = report_work.take(report=report, by=nurse, now=NOW)

    report_work.save(report=report, version=taken.version, contact="reached", by=clinician, now=NOW)

    assert state(report) == (3, nurse, nurse, None)
    assert steps(report)[-1] == ("reached", "Beatrix Alderman", None, "")


def test_a_note_alone_takes_nothing(nurse):
    report = make_report()
    report_work.save(report=report, version=1, note="Her husband rang too.", by=nurse, now=NOW)

    assert (steps(report), state(report)) == (
        [("noted", "Petra Fallowell", None, "Her husband rang too.")],
        (2, None, None, None),
    )


def test_an_empty_form_is_refused_and_writes_nothing(nurse):
    report = make_report()

    assert refusal(report_work.save, report=report, version=1, by=nurse).field == "note"
    assert (steps(report), state(report)[0], trail()) == ([], 1, [])


def test_a_hand_over_names_the_colleague_writes_to_them_and_leaves_the_report_untaken(nurse, clinician):
    report = make_report()
    taken = report_work.take(report=report, by=nurse, now=NOW)
    report_work.hand_over(report=report, version=taken.version, to=clinician, note="Calf is warm.", by=nurse, now=NOW)

    assert state(report) == (3, None, clinician, None)
    assert steps(report)[-1] == ("handed_over", "Petra Fallowell", "Beatrix Alderman", "Calf is warm.")
    assert list(ReportNotice.objects.values_list("number", "to__name")) == [(1, "Beatrix Alderman")]


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_a_report_is_not_handed_to_who_does_not_answer_reports(nurse, role):
    report = make_report()
    refused = refusal(report_work.hand_over, report=report, version=1, to=make_user(role), note="Please.", by=nurse)

    assert (refused.field, steps(report)) == ("to", [])


def test_a_hand_over_says_why(nurse, clinician):
    report = make_report()
    refused = refusal(report_work.hand_over, report=report, version=1, to=clinician, note=" ", by=nurse)

    assert (refused.message, refused.field) == ("Write what your colleague must know.", "note")
    assert (state(report)[0], steps(report), ReportNotice.objects.count()) == (1, [], 0)


def test_a_report_is_handed_to_the_same_colleague_once(nurse, clinician):
    report = make_report()
    report_work.hand_over(report=report, version=1, to=clinician, note="Calf is warm.", by=nurse, now=NOW)
    again = {"report": report, "to": clinician, "note": "Please look.", "by": nurse, "now": NOW}
    asked = refusal(report_work.hand_over, version=2, **again)
    report_work.take(report=report, by=clinician, now=NOW)
    taken = refusal(report_work.hand_over, version=3, **again)

    assert [(refused.field, refused.message) for refused in (asked, taken)] == [
        ("to", "Beatrix Alderman was asked already and has not taken it yet. Choose somebody else."),
        ("to", "Beatrix Alderman has it already. Choose somebody else."),
    ]
    assert ([step[0] for step in steps(report)], ReportNotice.objects.count()) == (["handed_over", "taken"], 1)


def test_nobody_hands_a_report_to_themselves(nurse):
    report = make_report()
    refused = refusal(report_work.hand_over, report=report, version=1, to=nurse, note="Mine.", by=nurse)

    assert (refused.field, refused.message) == ("to", "Choose a colleague. To answer it yourself, take it.")


def test_a_clinician_closes_with_a_note_and_it_is_closed_once(clinician):
    report = make_report()
    facts = {"outcome": "visit", "note": "Came at 12:15.", "contact": "reached", "by": clinician, "now": NOW}
    for _ in range(2):
        report_work.close(report=report, version=1, **facts, result_known=True)

    assert [step[0] for step in steps(report)] == ["reached", "closed"]
    assert steps(report)[-1][3] == "Comes to the clinic. Came at 12:15."
    assert state(report) == (2, clinician, clinician, clinician)
    assert trail() == [("report closed", "Beatrix Alderman")]


@pytest.mark.parametrize("level", ["EMERGENCY", "SAME_DAY", "NEXT_DAY"])
def test_a_nurse_closes_nothing_that_a_clinician_must_see(nurse, level):
    report = make_report(level=level)
    refused = refusal(report_work.close, report=report, version=1, outcome="advised", note="Fine.", by=nurse)

    assert (refused.rule, state(report)[3]) == ("permission", None)


def test_a_nurse_closes_what_is_expected(nurse):
    report = make_report(level="REASSURE", symptoms=["BRUISES"])
    report_work.close(report=report, version=1, outcome="advised", note="Bruises, as expected.", by=nurse, now=NOW)

    assert state(report)[3] == nurse


@pytest.mark.parametrize("level", ["EMERGENCY", "SAME_DAY", "NEXT_DAY"])
@pytest.mark.parametrize("outcome", ["advised", "visit", "scan"])
@pytest.mark.parametrize(
    ("contact", "words"),
    [
        ("", "Nobody has reached the patient yet, so the report stays open. Choose “Reached” when you have spoken."),
        (
            "no_answer",
            "No answer: the report stays open, and its time runs. Press “Save, keep open” and call again later.",
        ),
    ],
)
def test_a_report_whose_patient_nobody_reached_stays_open(clinician, level, outcome, contact, words):
    report = make_report(level=level)
    facts = {"outcome": outcome, "note": "Rang.", "contact": contact, "by": clinician}
    refused = refusal(report_work.close, report=report, version=1, **facts)

    assert (refused.field, refused.message) == ("contact", words)
    assert (state(report), steps(report), trail()) == ((1, None, None, None), [], [])


def test_a_call_without_answer_closes_nothing_even_when_somebody_spoke_with_the_patient_before(nurse, clinician):
    report = make_report()
    report_work.save(report=report, version=1, contact="reached", by=nurse, now=NOW)
    facts = {"version": 2, "outcome": "advised", "note": "Rang.", "by": clinician, "now": NOW}

    assert refusal(report_work.close, report=report, contact="no_answer", **facts).field == "contact"
    assert report_work.close(report=report, **facts).closed_by == clinician


@pytest.mark.parametrize("outcome", ["sent_on", "treated_elsewhere", "mistake"])
def test_what_is_learnt_another_way_closes_a_report_with_a_note_that_says_how(clinician, outcome):
    report = make_report(level="EMERGENCY")
    facts = {"report": report, "version": 1, "outcome": outcome, "contact": "no_answer", "by": clinician, "now": NOW}
    refused = refusal(report_work.close, note="", **facts)
    report_work.close(note="The hospital rang.", **facts)

    assert (refused.field, refused.message) == (
        "note",
        "Write what was found or said, or how you know: it closes the report.",
    )
    assert (state(report)[3], [step[0] for step in steps(report)]) == (clinician, ["no_answer", "closed"])


def test_a_contact_that_nobody_can_choose_is_refused(clinician):
    report = make_report()
    facts = {"outcome": "mistake", "note": "Fine.", "contact": "taken", "by": clinician}

    assert refusal(report_work.close, report=report, version=1, **facts).field == "contact"


@pytest.mark.parametrize(
    ("facts", "field"), [({"outcome": "", "note": "Fine."}, "outcome"), ({"outcome": "advised", "note": "  "}, "note")]
)
def test_closing_needs_what_became_of_it_and_a_note(clinician, facts, field):
    report = make_report()

    assert refusal(report_work.close, report=report, version=1, contact="reached", by=clinician, **facts).field == field
    assert state(report)[3] is None


def test_a_stale_page_closes_nothing_and_says_why(nurse, clinician):
    report = make_report()
    report_work.save(report=report, version=1, contact="reached", note="Short of breath now.", by=nurse, now=NOW)

    with pytest.raises(Stale) as stale:
        report_work.close(report=report, version=1, outcome="advised", note="Fine.", by=clinician, now=NOW)
    assert stale.value.message == (
        "Somebody else worked on this report meanwhile. Look at what is new, then send yours again."
    )
    assert state(report)[3] is None


def test_nothing_is_written_to_a_closed_report(nurse, clinician):
    report = make_report()
    report_work.close(report=report, version=1, outcome="mistake", note="Fine.", by=clinician, now=NOW)

    for do, facts in (
        (report_work.take, {}),
        (report_work.save, {"version": 2, "note": "One more thing."}),
        (report_work.hand_over, {"version": 2, "to": make_user(), "note": "Please."}),
    ):
        assert refusal(do, report=report, by=nurse, **facts).message == (
            "Beatrix Alderman closed this report at 09:30. Nothing was saved. What comes after it is a new report."
        )
    assert [step[0] for step in steps(report)] == ["closed"]


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR, Role.PATIENT])
def test_who_only_reads_reports_changes_none(role):
    report, by = make_report(), make_user(role)
    for do, facts in (
        (report_work.take, {}),
        (report_work.take_over, {"version": 1}),
        (report_work.save, {"version": 1, "contact": "reached"}),
        (report_work.hand_over, {"version": 1, "to": make_user()}),
        (report_work.close, {"version": 1, "outcome": "advised", "note": "Fine."}),
    ):
        assert refusal(do, report=report, by=by, **facts).rule == "permission"
    assert (state(report)[0], steps(report), trail()) == (1, [], [])


def test_a_note_that_is_too_long_is_refused_with_the_length(nurse):
    report = make_report()

    assert refusal(report_work.save, report=report, version=1, note="x" * 401, by=nurse).message == (
        "Shorten this to 400 characters."
    )


def test_only_a_clinician_who_reached_the_patient_ends_the_timer(nurse, clinician):
    report = make_report()

    def is_answered():
        return SymptomReport.objects.with_answered().get(pk=report.pk).is_answered

    report_work.save(report=report, version=1, contact="reached", by=nurse, now=NOW)
    by_nurse = is_answered()
    report_work.save(report=report, version=2, contact="no_answer", by=clinician, now=NOW + timedelta(minutes=5))
    without = is_answered()
    report_work.save(report=report, version=3, contact="reached", by=clinician, now=NOW + timedelta(minutes=9))

    assert (by_nurse, without, is_answered()) == (False, False, True)
