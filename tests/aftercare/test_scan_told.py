"""When and where a scan is: typed beside the answer, read by the patient on the own page, and in no message."""

import pytest
import time_machine

from aftercare import report_work
from aftercare.models import SymptomReport
from aftercare.report_scan import Scan
from clinic.models import AuditEvent, Delivery
from clinic.protocol.vocabulary import Hold
from sessions_app import repeat
from sessions_app.refusals import Refused
from tests.aftercare.people import browser_of
from tests.aftercare.test_stocking_told import main_of, report_by, text_of
from tests.makers import at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("larkfield_at_noon")]
SCAN = Scan(at("2026-01-19 14:20"), "Radiology, St Mary's, 2nd floor")
TOLD = "Your ultrasound scan: Mon 19 Jan, 14:20. Where: Radiology, St Mary's, 2nd floor."
TYPED = {"scan_on": "2026-01-19", "scan_from": "14:20", "scan_place": "Radiology, St Mary's, 2nd floor"}


def sent_for_a_scan(patient, clinician, scan=SCAN):
    report = report_by(patient, day=2)
    return report_work.save(report=report, version=1, contact="reached", outcome="scan", scan=scan, by=clinician)


def test_what_is_typed_is_stored_and_shown_again(patient, clinician):
    report, browser = report_by(patient, day=2), browser_of(clinician)
    address = f"/queue/{report.public_id}/"

    browser.post(f"{address}save/", {"version": 1, "contact": "reached", "outcome": "scan", **TYPED})

    stored = SymptomReport.objects.get(pk=report.pk)
    assert (stored.scan_at, stored.scan_place) == (SCAN.at, SCAN.place)
    page = main_of(browser, address)
    assert "Duplex scan: Mon 19 Jan, 14:20, Radiology, St Mary's, 2nd floor" in text_of(page)
    assert ('value="2026-01-19"' in page, 'value="14:20"' in page) == (True, True)


@pytest.mark.parametrize(
    ("missing", "words"), [("scan_from", "Enter the time too."), ("scan_on", "Enter the day too.")]
)
def test_a_day_without_its_time_is_asked_for_and_nothing_is_saved(patient, clinician, missing, words):
    report = report_by(patient, day=2)
    typed = {"version": 1, "contact": "reached", "outcome": "scan", **TYPED, missing: ""}

    answer = browser_of(clinician).post(f"/queue/{report.public_id}/save/", typed)

    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert report.steps.count() == 0


@pytest.mark.parametrize(
    ("day", "clock", "is_saved"),
    [("2025-01-19", "14:20", False), ("2026-01-15", "11:59", False), ("2026-01-15", "12:00", True)],
)
def test_a_time_that_has_passed_is_refused_at_its_day_and_nothing_is_saved(patient, clinician, day, clock, is_saved):
    report = report_by(patient, day=2)
    typed = {"version": 1, "contact": "reached", "outcome": "scan", **TYPED, "scan_on": day, "scan_from": clock}

    answer = browser_of(clinician).post(f"/queue/{report.public_id}/save/", typed)

    told = "This time has passed. Check day, year and time, or leave both empty."
    assert (answer.status_code == 302, told in text_of(answer.content.decode())) == (is_saved, not is_saved)
    assert report.steps.count() == is_saved


def test_a_scan_that_has_been_and_stands_untouched_on_the_page_keeps_nothing_from_being_saved(patient, clinician):
    report = sent_for_a_scan(patient, clinician)
    typed = {f"{start}{name}": value for name, value in TYPED.items() for start in ("", "initial-")}

    with time_machine.travel(at("2026-01-19 15:00"), tick=False):
        answer = browser_of(clinician).post(
            f"/queue/{report.public_id}/save/", {"version": 2, "note": "No result yet.", **typed}
        )

    assert (answer.status_code, report.steps.count()) == (302, 2)


@pytest.mark.parametrize("path", ["/today/", "/today/kept/"])
def test_the_patient_reads_when_and_where(patient, clinician, path):
    sent_for_a_scan(patient, clinician)

    assert TOLD in text_of(main_of(browser_of(patient.user), path))


def test_its_own_page_says_it_too(patient, clinician):
    report = sent_for_a_scan(patient, clinician)

    assert TOLD in text_of(main_of(browser_of(patient.user), f"/how/sent/{report.public_id}/"))


def test_in_spanish_too(patient, clinician):
    patient.language = "es"
    patient.save()
    sent_for_a_scan(patient, clinician)

    words = "Su ecografía: lun 19 ene, 14:20. Dónde: Radiology, St Mary's, 2nd floor."
    assert words in text_of(main_of(browser_of(patient.user)))


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        (Scan(None, "Radiology"), "You get an ultrasound scan. If you do not know when, call us. Where: Radiology."),
        (Scan(None, ""), "You get an ultrasound scan. If you do not know when or where, call us."),
    ],
)
def test_of_what_is_not_known_the_page_says_to_call(patient, clinician, scan, words):
    sent_for_a_scan(patient, clinician, scan)

    assert words in text_of(main_of(browser_of(patient.user)))


@pytest.mark.parametrize(("moment", "stands"), [("2026-01-19 14:20", True), ("2026-01-19 14:21", False)])
def test_of_a_closed_report_today_keeps_it_until_it_has_been(patient, clinician, moment, stands):
    """What is usually expected lets nothing wait: it is closed before its scan."""
    report = report_by(patient, day=2, level="REASSURE", symptoms=["BRUISES"])
    facts = {"contact": "reached", "outcome": "scan", "note": "Calf firm.", "scan": SCAN}
    report_work.close(report=report, version=1, by=clinician, **facts)

    with time_machine.travel(at(moment), tick=False):
        page = text_of(main_of(browser_of(patient.user)))

    assert ("Your ultrasound scan: today, 14:20." in page) is stands


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Planned ultrasound scan: today, 14:20. If it was not done or you do not know the result, call us."),
        ("es", "Ecografía prevista: hoy a las 14:20. Si no se la hicieron o no sabe el resultado, llámenos."),
    ],
)
def test_a_scan_whose_time_is_over_is_no_scan_to_come(patient, clinician, language, words):
    patient.language = language
    patient.save()
    report = sent_for_a_scan(patient, clinician)

    with time_machine.travel(at("2026-01-19 14:21"), tick=False):
        browser = browser_of(patient.user)
        pages = [text_of(main_of(browser, path)) for path in ("/today/", f"/how/sent/{report.public_id}/")]

    assert [words in page for page in pages] == [True, True]


@pytest.mark.parametrize(
    ("outcome", "scan", "words"),
    [
        ("scan", Scan(at("2026-01-15 11:20"), "Radiology"), "You had an ultrasound scan."),
        ("scan", Scan(None, "Radiology"), "You had an ultrasound scan."),
        ("visit", None, "You came to the clinic."),
    ],
)
def test_what_was_closed_with_its_result_known_is_not_told_as_still_to_come(patient, clinician, outcome, scan, words):
    report = report_by(patient, day=2)
    facts = {"contact": "reached", "outcome": outcome, "note": "No clot.", "result_known": True, "scan": scan}
    report_work.close(report=report, version=1, by=clinician, **facts)
    browser = browser_of(patient.user)

    pages = [text_of(main_of(browser, path)) for path in ("/today/", f"/how/sent/{report.public_id}/")]

    assert [words in page for page in pages] == [True, True]
    assert [each for each in pages for told in ("You get an", "Your ultra", "You come to") if told in each] == []


# --- closing -----------------------------------------------------------------------------------------------------

TO_COME = (
    "The scan is still to come: Mon 19 Jan, 14:20. Press “Save, keep open”. "
    "If it was done earlier or is called off, empty its day and time."
)


@pytest.mark.parametrize("outcome", ["scan", "advised", "sent_on"])
@pytest.mark.parametrize("is_stored", [True, False])
def test_nothing_is_closed_while_its_scan_is_to_come(patient, clinician, outcome, is_stored):
    report = sent_for_a_scan(patient, clinician, SCAN if is_stored else None)
    facts = {"outcome": outcome, "note": "No clot.", "result_known": True, "scan": None if is_stored else SCAN}

    with pytest.raises(Refused) as refused:
        report_work.close(report=report, version=report.version, by=clinician, **facts)

    assert (refused.value.field, refused.value.message) == ("scan_on", TO_COME)
    assert [*repeat.holds_of(patient)] == [Hold.UNANSWERED_RED_FLAG]


@pytest.mark.parametrize(
    ("scan", "moment"), [(Scan(None, ""), "2026-01-15 12:00"), (None, "2026-01-19 14:20")], ids=["taken out", "over"]
)
def test_it_is_closed_once_the_scan_is_over_or_its_time_was_taken_out(patient, clinician, scan, moment):
    report = sent_for_a_scan(patient, clinician)
    facts = {"outcome": "scan", "note": "No clot.", "result_known": True, "scan": scan}

    report_work.close(report=report, version=report.version, by=clinician, now=at(moment), **facts)

    assert [*repeat.holds_of(patient)] == []


def test_the_page_says_at_the_day_of_the_scan_why_it_stays_open(patient, clinician):
    report = sent_for_a_scan(patient, clinician)
    browser, address = browser_of(clinician), f"/queue/{report.public_id}/"
    typed = {"version": 2, "outcome": "scan", "note": "No clot.", "result_known": "on", **TYPED}

    refused = browser.post(f"{address}close/", typed)

    page = refused.content.decode()
    assert (refused.status_code, TO_COME in text_of(page)) == (422, True)
    assert "No clot." in page
    assert 'id="id_scan_on_error"' in page
    assert browser.post(f"{address}close/", typed | {"scan_on": "", "scan_from": ""}).status_code == 302


def test_nobody_is_told_of_a_scan_who_was_not_reached(patient, clinician):
    report = report_by(patient, day=2)
    report_work.save(report=report, version=1, outcome="scan", scan=SCAN, by=clinician)

    assert "ultrasound" not in text_of(main_of(browser_of(patient.user)))


def test_no_message_speaks_of_it(patient, clinician):
    before = set(Delivery.objects.values_list("pk", flat=True))

    sent_for_a_scan(patient, clinician)

    assert set(Delivery.objects.values_list("pk", flat=True)) == before


# --- what staff and the trail read of it -------------------------------------------------------------------------


def steps_of(report):
    return list(report.steps.order_by("pk").values_list("what", "words"))


def test_when_and_where_stand_in_the_step_and_the_time_on_the_trail(patient, clinician):
    report = sent_for_a_scan(patient, clinician)

    assert steps_of(report) == [("reached", "Duplex scan. Scan: Mon 19 Jan, 14:20, Radiology, St Mary's, 2nd floor")]
    details = AuditEvent.objects.get(action="report reached").details
    assert (details["scan_at"], details["scan_place"]) == ("2026-01-19T19:20:00+00:00", "given")

    report_work.save(report=report, version=report.version, scan=Scan(None, ""), by=clinician)

    details = AuditEvent.objects.get(action="report noted").details
    assert (details["scan_at"], details["scan_place"]) == ("none", "none")


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        (Scan(at("2026-01-22 14:20"), "Elsewhere."), "Scan: Thu 22 Jan, 14:20, Elsewhere"),
        (Scan(at("2026-01-22 14:20"), ""), "Scan: Thu 22 Jan, 14:20"),
        (Scan(None, ""), "Scan: no time and no place"),
    ],
)
def test_a_change_of_the_scan_alone_says_itself(patient, clinician, scan, words):
    report = sent_for_a_scan(patient, clinician)

    report = report_work.save(report=report, version=report.version, scan=scan, by=clinician)

    assert steps_of(report)[-1] == ("noted", words)
    page = text_of(main_of(browser_of(clinician), f"/queue/{report.public_id}/"))
    assert f"Hugo Ashdown wrote a note {words}" in page


def test_a_note_that_does_not_fit_beside_what_happens_now_is_refused_and_nothing_is_written(patient, clinician):
    report = report_by(patient, day=2)
    facts = {"contact": "reached", "outcome": "scan", "scan": Scan(SCAN.at, "x" * 120), "by": clinician}

    with pytest.raises(Refused) as refused:
        report_work.save(report=report, version=1, note="n" * 400, **facts)

    assert (refused.value.field, refused.value.message) == ("note", "Shorten this to 340 characters.")
    assert (report.steps.count(), SymptomReport.objects.get().version) == (0, 1)
    report_work.save(report=report, version=1, note="n" * 340, **facts)
    assert [len(words) for _, words in steps_of(report)] == [500]
