"""What stood on a page of the queue and was not touched is nobody's word: what a colleague stored meanwhile stays."""

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftercare import report_work, stocking_word
from aftercare.models import StockingOff, SymptomReport
from aftercare.report_scan import Scan
from aftercare.stocking_told import told_to
from aftercare.stocking_word import Wear, Word
from clinic.access import Role
from sessions_app.models import Appointment
from tests.aftercare.people import NOON, browser_of
from tests.aftercare.test_stocking_told import TOES, hero_of, main_of, report_by, text_of
from tests.makers import at, make_appointment, make_user
from tests.support.browser_form import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("larkfield_at_noon")]
SEEN = Word(Wear.SEEN)
SCAN = Scan(at("2026-01-19 14:20"), "Radiology")


@pytest.fixture
def ada():
    return browser_of(make_user(Role.CLINICIAN, name="Ada Birchwood"))


@pytest.fixture
def ben():
    return make_user(Role.CLINICIAN, name="Ben Thornbury")


def sent_by(answer):
    """What a browser would send of the form as the page shows it."""
    return {name: values[0] for name, values in fields_of(answer.content.decode(), "report-form").items()}


def opened(browser, report):
    return sent_by(browser.get(f"/queue/{report.public_id}/"))


def post(browser, report, button, sent):
    return browser.post(f"/queue/{report.public_id}/{button}/", sent)


def sent_twice(browser, report, sent, button="save"):
    """Refused because a colleague was quicker, then pressed again on the page that says so."""
    first = post(browser, report, button, sent)
    assert first.status_code == 409
    again = sent_by(first)
    assert post(browser, report, button, again).status_code == 302
    return again


def stored(report):
    return SymptomReport.objects.get(pk=report.pk)


def test_a_note_that_is_sent_again_leaves_a_colleagues_word_about_the_stocking(patient, ada, ben):
    report = report_by(patient, day=2, **TOES)
    page = opened(ada, report)
    report_work.save(report=report, version=1, contact="reached", stocking=SEEN, by=ben)

    again = sent_twice(ada, report, page | {"note": "Called her sister."})

    assert again["wear"] == "seen"
    assert hero_of(main_of(browser_of(patient.user)))[1].startswith("Leave the stocking off")
    assert list(report.steps.values_list("what", "words")) == [
        ("reached", "Stocking off until seen at a visit"),
        ("noted", "Called her sister."),
    ]


def test_a_note_that_is_sent_again_leaves_what_a_colleague_decided_and_when_and_where_the_scan_is(patient, ada, ben):
    report = report_by(patient, day=2)
    report = report_work.save(report=report, version=1, contact="reached", outcome="visit", by=ben)
    page = opened(ada, report)
    report_work.save(report=report, version=2, outcome="scan", scan=SCAN, by=ben)

    sent_twice(ada, report, page | {"note": "Called her sister."})

    now = stored(report)
    assert (now.outcome, now.scan_at, now.scan_place) == ("scan", SCAN.at, SCAN.place)
    assert "Your ultrasound scan: Mon 19 Jan, 14:20. Where: Radiology." in text_of(main_of(browser_of(patient.user)))


def test_what_was_changed_on_the_page_is_kept_and_counts_when_it_is_sent_again(patient, ada, ben):
    report = report_by(patient, day=2, **TOES)
    page = opened(ada, report)
    scan = Scan(at("2026-01-20 08:00"), "Radiology")
    report_work.save(report=report, version=1, contact="reached", outcome="visit", stocking=SEEN, scan=scan, by=ben)

    mine = {"outcome": "scan", "wear": "date", "on_again_on": "2026-01-19", "scan_on": "2026-01-21"}
    again = sent_twice(ada, report, page | mine | {"scan_from": "09:30"})

    assert mine.items() <= again.items()
    now = stored(report)
    assert (now.outcome, now.scan_at, now.scan_place) == ("scan", at("2026-01-21 09:30"), "Radiology")
    assert StockingOff.objects.holding(NOON).get().on_again_at == at("2026-01-19 00:00")


def test_what_is_refused_at_another_field_is_still_a_change_when_it_is_sent_again(patient, ada):
    report = report_by(patient, day=2, **TOES)
    mine = {"contact": "reached", "outcome": "scan", "wear": "seen", "scan_place": "Radiology"}
    refused = post(ada, report, "save", opened(ada, report) | mine | {"scan_on": "2026-01-19"})
    assert refused.status_code == 422

    post(ada, report, "save", sent_by(refused) | {"scan_from": "14:20"})

    now = stored(report)
    assert (now.outcome, now.scan_at, now.scan_place) == ("scan", SCAN.at, SCAN.place)
    assert StockingOff.objects.holding(NOON).count() == 1


def test_a_page_from_before_the_visit_does_not_say_the_word_again_that_the_visit_ended(patient, ada, ben):
    report = report_by(patient, day=2, **TOES)
    report = report_work.save(report=report, version=1, contact="reached", outcome="visit", stocking=SEEN, by=ben)
    visit = make_appointment(patient=patient, starts_at=at("2026-01-16 09:00"))
    page = opened(ada, report)
    assert page["wear"] == "seen"
    later = at("2026-01-16 09:30")
    Appointment.objects.filter(pk=visit.pk).update(status="arrived", status_at=later)

    with time_machine.travel(later, tick=False):
        post(browser_of(ben), report, "close", page | {"note": "Toes pink, stocking on.", "result_known": "on"})

        assert stored(report).closed_at == later
        assert told_to(patient, later) is None


def test_a_page_from_before_it_was_taken_back_does_not_say_the_word_again(patient, ada, ben):
    report = report_by(patient, day=2, **TOES)
    report = report_work.save(report=report, version=1, contact="reached", stocking=SEEN, by=ben)
    page = opened(ada, report)
    stocking_word.put_on_again(report=report, by=ben)

    sent_twice(ada, report, page | {"note": "Rang the pharmacy."})

    assert told_to(patient, NOON) is None


def test_who_opened_the_report_before_a_word_was_taken_back_hears_of_it_first(patient, ada, ben):
    report = report_by(patient, day=2, **TOES)
    report = report_work.save(report=report, version=1, contact="reached", stocking=SEEN, by=ben)
    page = opened(ada, report)
    stocking_word.put_on_again(report=report, by=ben)

    answer = post(ada, report, "save", page | {"wear": "date", "on_again_on": "2026-01-19"})

    assert answer.status_code == 409
    assert f"“{stocking_word.AGAIN}”" in text_of(answer.content.decode())
    assert told_to(patient, NOON) is None


def test_a_word_that_was_said_again_after_it_ended_is_a_new_one(patient, ada, ben):
    report = report_by(patient, day=2, **TOES)
    report = report_work.save(report=report, version=1, contact="reached", stocking=SEEN, by=ben)
    stocking_word.put_on_again(report=report, by=ben)

    post(ada, report, "save", opened(ada, report) | {"wear": "date", "on_again_on": "2026-01-19"})

    words = StockingOff.objects.holding(NOON).values_list("on_again_at", flat=True)
    assert [each.date() for each in words] == [date(2026, 1, 19)]


def test_taking_a_word_back_asks_for_its_row_by_key_alone(patient, ben):
    """As another worker's press leaves it: a condition in a subquery would be true for both on PostgreSQL."""
    report = report_by(patient, day=2, **TOES)
    report = report_work.save(report=report, version=1, contact="reached", stocking=SEEN, by=ben)

    with CaptureQueriesContext(connection) as queries:
        assert stocking_word.put_on_again(report=report, by=ben)

    ended = [each["sql"] for each in queries if each["sql"].startswith('UPDATE "aftercare_stockingoff"')]
    assert (len(ended), "SELECT" in ended[0]) == (1, False)


@pytest.mark.parametrize(
    "typed",
    [
        {"contact": "reached"},
        {"contact": "no_answer"},
        {"outcome": "visit"},
        {"wear": "seen"},
        {"scan_on": "2026-01-19", "scan_from": "14:20"},
        {"scan_place": "Radiology"},
    ],
)
def test_a_hand_over_drops_nothing_of_what_stands_on_the_page(patient, ada, ben, typed):
    report = report_by(patient, day=2, **TOES)
    note = {"note": "Please see her.", "to": str(ben.public_id)}

    refused = post(ada, report, "hand-over", opened(ada, report) | note | typed)

    told = "A hand-over takes the note alone. Press “Save, keep open” first, then hand it over with a note."
    assert (refused.status_code, told in text_of(refused.content.decode())) == (422, True)
    assert (note | typed).items() <= sent_by(refused).items()
    assert (report.steps.count(), stored(report).given_to) == (0, None)


def test_what_was_saved_before_does_not_keep_a_report_from_being_handed_over(patient, ada, ben):
    report = report_by(patient, day=2, **TOES)
    typed = {"contact": "reached", "outcome": "scan", "wear": "seen", "scan_on": "2026-01-19", "scan_from": "14:20"}
    post(ada, report, "save", opened(ada, report) | typed)

    post(ada, report, "hand-over", opened(ada, report) | {"note": "Please see her.", "to": str(ben.public_id)})

    assert stored(report).given_to == ben


def test_taking_over_drops_nothing_of_what_stands_on_the_page(patient, ada, ben):
    report = report_work.take(report=report_by(patient, day=2, **TOES), by=ben)
    page = opened(ada, report)

    refused = [post(ada, report, "take-over", page | typed) for typed in ({"note": "Pale."}, {"wear": "seen"})]

    told = "Taking over saves nothing of what stands here. Press “Save, keep open” first."
    assert [told in text_of(answer.content.decode()) for answer in refused] == [True, True]
    assert [answer.status_code for answer in refused] == [422, 422]
    assert (sent_by(refused[0])["note"], stored(report).taken_by) == ("Pale.", ben)
    assert post(ada, report, "take-over", page).status_code == 302
    assert stored(report).taken_by.name == "Ada Birchwood"


def test_who_takes_over_from_a_page_that_is_older_reads_what_is_new(patient, ada, ben):
    report = report_work.take(report=report_by(patient, day=2), by=ben)
    page = opened(ada, report)
    report_work.save(report=report, version=report.version, contact="reached", note="Toes pink.", by=ben)

    answer = post(ada, report, "take-over", page)

    assert (answer.status_code, "“Toes pink.”" in text_of(answer.content.decode())) == (409, True)
    assert stored(report).taken_by == ben
