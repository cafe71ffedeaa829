"""A clinician says that the stocking stays off: every page follows, messages wait; it ends by itself or by a word."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction

from aftercare import report_work, stocking_word
from aftercare.letters import held
from aftercare.models import ReportStep, StockingOff
from aftercare.stocking_told import told_to
from aftercare.stocking_word import Wear, Word
from clinic.access import Role
from clinic.models import AuditEvent, Delivery
from sessions_app.models import Appointment
from sessions_app.refusals import Refused
from sessions_app.statuses import change_status
from tests.aftercare.people import NOON, SPIDER, browser_of, make_plan
from tests.aftercare.test_stocking_told import OWN_PAGES, PLAN, STOCKING, TOES, hero_of, main_of, report_by, text_of
from tests.makers import at, make_appointment, make_carer, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("larkfield_at_noon")]
OFF = "Leave the stocking off"
SO = "We told you so on Thu 15 Jan, 12:00."
MONDAY = date(2026, 1, 19)
UNTIL_SEEN, UNTIL_MONDAY = Word(Wear.SEEN), Word(Wear.DATE, MONDAY)


def answered(patient, clinician, word, **facts):
    """A report about the toes, day 2, whose giver was reached and told `word`; it stays open."""
    report = report_by(patient, day=2, **{**TOES, **facts})
    return report_work.save(report=report, version=1, contact="reached", stocking=word, by=clinician)


def closed(patient, clinician, word):
    report = report_by(patient, day=2, **TOES)
    return report_work.close(
        report=report, version=1, contact="reached", outcome="visit", note="Seen.", result_known=True,
        stocking=word, by=clinician,
    )  # fmt: skip


def leads(patient):
    """What stands largest on each of the patient's pages."""
    return {hero_of(main_of(browser_of(patient.user), path))[0] for path in OWN_PAGES}


# --- what the patient reads --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", OWN_PAGES)
@pytest.mark.parametrize("done", [answered, closed])
def test_until_a_day_it_stays_off_on_every_page(patient, clinician, path, done):
    done(patient, clinician, UNTIL_MONDAY)

    page = main_of(browser_of(patient.user), path)

    kind, words = hero_of(page)
    assert kind == "off"
    assert f"{OFF} Wear it again from Mon 19 Jan. {SO} {PLAN}" in words
    assert "Stocking day and night paused; on again from Mon 19 Jan until Tue 20 Jan, 10:30" in text_of(page)
    assert "Stocking by day until Tue 3 Feb" in text_of(page)


def test_the_picture_is_paused_for_as_long_as_it_stays_off(patient, clinician):
    answered(patient, clinician, UNTIL_MONDAY)

    picture = main_of(browser_of(patient.user))

    bars = re.findall(r'<rect class="band-(continuous|daytime|paused)"[^>]* height="24"', picture)
    assert bars == ["continuous", "paused", "continuous", "daytime"]


def test_until_they_were_seen_the_visit_is_named(patient, clinician):
    make_appointment(patient=patient, starts_at=at("2026-01-16 09:00"))
    closed(patient, clinician, UNTIL_SEEN)

    assert f"{OFF} Until the visit: tomorrow, 09:00. {SO}" in hero_of(main_of(browser_of(patient.user)))[1]
    assert "wear your stocking" not in text_of(main_of(browser_of(patient.user)))


@pytest.mark.parametrize("path", OWN_PAGES)
def test_until_they_were_seen_no_line_of_the_plan_promises_when_it_is_on_again(patient, clinician, path):
    make_appointment(patient=patient, starts_at=at("2026-01-16 09:00"))
    closed(patient, clinician, UNTIL_SEEN)

    page = text_of(main_of(browser_of(patient.user), path))

    assert "Stocking day and night paused until we tell you; your plan says until Tue 20 Jan, 10:30" in page
    assert "on again from" not in page


def test_without_a_booked_visit_the_page_says_to_call(patient, clinician):
    closed(patient, clinician, UNTIL_SEEN)

    words = hero_of(main_of(browser_of(patient.user)))[1]

    until = "Until the clinic has looked at the leg. No visit is booked: call the clinic."
    assert f"{OFF} {until} {SO}" in words


def test_nobody_is_asked_meanwhile_whether_it_is_on_and_who_says_so_is_told(patient, clinician):
    closed(patient, clinician, UNTIL_MONDAY)
    client = browser_of(patient.user)

    assert "Is the stocking on?" not in main_of(client)
    assert f"{OFF}. Wear it again from Mon 19 Jan. {SO}" in text_of(main_of(client, STOCKING))


def test_in_spanish_too(patient, clinician):
    patient.language = "es"
    patient.save()
    closed(patient, clinician, UNTIL_MONDAY)

    words = hero_of(main_of(browser_of(patient.user)))[1]

    assert words.startswith(
        "No se ponga la media Vuelva a ponérsela desde el lun 19 ene. Se lo dijimos el jue 15 ene, 12:00. Su plan dice"
    )


def test_a_carer_reads_it_too_and_of_no_report(patient, clinician):
    carer = make_carer(patient=patient, may_report=False)
    closed(patient, clinician, UNTIL_MONDAY)

    page = main_of(browser_of(carer.user), f"/care/{carer.public_id}/")

    said = "Wear it again from Mon 19 Jan. The clinic said so on Thu 15 Jan, 12:00."
    assert f"{OFF} {said}" in hero_of(page)[1]
    assert "A report about this person is open" not in page


def test_a_newer_report_that_is_not_answered_speaks_first(patient, clinician):
    closed(patient, clinician, UNTIL_MONDAY)
    later = NOON + timedelta(minutes=20)
    report_by(patient, **TOES, reported_at=later, due_at=later + timedelta(hours=4))

    assert hero_of(main_of(browser_of(patient.user)))[1].startswith("Take the stocking off As we told you after")


# --- when it ends ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("moment", "kinds"), [("2026-01-18 23:59", {"off"}), ("2026-01-19 00:00", {"continuous"})])
def test_the_plan_leads_again_from_the_day_that_was_said(patient, clinician, moment, kinds):
    closed(patient, clinician, UNTIL_MONDAY)

    with time_machine.travel(at(moment), tick=False):
        assert leads(patient) == kinds


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("booked", {"off"}),
        ("cancelled", {"off"}),
        ("no_show", {"off"}),
        ("arrived", {"continuous"}),
        ("done", {"continuous"}),
    ],
)
def test_until_seen_ends_when_the_patient_has_come_to_a_visit(patient, clinician, status, kinds):
    closed(patient, clinician, UNTIL_SEEN)
    make_appointment(patient=patient, starts_at=at("2026-01-16 09:00"), status=status)

    with time_machine.travel(at("2026-01-16 12:00"), tick=False):
        assert leads(patient) == kinds


def test_a_visit_before_the_word_ends_nothing(patient, clinician):
    make_appointment(patient=patient, starts_at=at("2026-01-15 11:30"), status="done")
    closed(patient, clinician, UNTIL_SEEN)

    assert leads(patient) == {"off"}


def becomes(visit, *steps):
    """The visit goes through these states, each at its time of that Thursday."""
    for clock, status in steps:
        moment = at(f"2026-01-15 {clock}")
        with time_machine.travel(moment, tick=False):
            change_status(appointment=visit, to=status, by=make_user(Role.NURSE), now=moment)


LATE = (("12:05", "arrived"), ("12:10", "in_treatment"), ("12:40", "done"))


@pytest.mark.parametrize("steps", [LATE[:1], LATE[:2], LATE])
def test_who_comes_late_to_a_visit_that_had_begun_is_seen_there(patient, clinician, steps):
    visit = make_appointment(patient=patient, starts_at=at("2026-01-15 11:55"))
    closed(patient, clinician, UNTIL_SEEN)

    assert leads(patient) == {"off"}
    becomes(visit, *steps)

    with time_machine.travel(at("2026-01-15 13:00"), tick=False):
        assert leads(patient) == {"continuous"}


@pytest.mark.parametrize("starts_at", ["2026-01-15 11:30", "2026-01-15 11:55"])
def test_who_was_in_the_room_when_it_was_said_is_not_seen_by_leaving(patient, clinician, starts_at):
    visit = make_appointment(patient=patient, starts_at=at(starts_at))
    becomes(visit, ("11:40", "arrived"), ("11:56", "in_treatment"))
    closed(patient, clinician, UNTIL_SEEN)
    becomes(visit, ("12:20", "done"))

    with time_machine.travel(at("2026-01-15 13:00"), tick=False):
        assert leads(patient) == {"off"}


def test_who_waits_for_a_visit_to_come_is_seen_once_it_begins(patient, clinician):
    visit = make_appointment(patient=patient, starts_at=at("2026-01-15 12:30"))
    becomes(visit, ("11:50", "arrived"))
    closed(patient, clinician, UNTIL_SEEN)

    before = leads(patient)
    becomes(visit, ("12:30", "in_treatment"))

    with time_machine.travel(at("2026-01-15 13:00"), tick=False):
        assert (before, leads(patient)) == ({"off"}, {"continuous"})


def test_an_arrival_on_the_wrong_line_that_was_taken_back_ends_nothing(patient, clinician):
    Appointment.objects.update(status_at=at("2026-01-13 10:30"))  # the treatment that the plan is of
    visit = make_appointment(patient=patient, starts_at=at("2026-01-15 11:55"))
    closed(patient, clinician, UNTIL_SEEN)
    becomes(visit, ("12:05", "arrived"), ("12:06", "booked"))

    assert leads(patient) == {"off"}


@pytest.mark.parametrize("word", [UNTIL_SEEN, UNTIL_MONDAY])
def test_a_stocking_that_was_put_on_at_a_treatment_since_holds(patient, clinician, word):
    closed(patient, clinician, word)

    with time_machine.travel(at("2026-01-16 12:00"), tick=False):
        make_plan("2026-01-16 10:30", SPIDER, patient=patient)
        assert told_to(patient, at("2026-01-16 12:00")) is None


def test_a_clinician_takes_it_back_also_after_the_report_was_closed(patient, clinician):
    report = closed(patient, clinician, UNTIL_SEEN)
    browser = browser_of(clinician)
    address = f"/queue/{report.public_id}/"
    assert "Stocking off until seen at a visit, said" in text_of(main_of(browser, address))

    for _ in range(2):
        browser.post(f"{address}stocking-on/")

    assert leads(patient) == {"continuous"}
    assert "Stocking off until seen" not in text_of(main_of(browser, address)).partition("So far")[0]
    assert list(ReportStep.objects.filter(what="noted").values_list("words", flat=True)) == [stocking_word.AGAIN]
    assert AuditEvent.objects.filter(action="stocking on again", by_name="Hugo Ashdown").count() == 1


def test_it_is_asked_and_may_last_for_as_long_as_a_plan_for_extensive_veins_may_hold(patient, clinician):
    late = report_by(patient, **{**TOES, "day": 300})
    page = browser_of(clinician).get(f"/queue/{late.public_id}/").content.decode()

    said = report_work.save(
        report=late, version=1, contact="reached", stocking=Word(Wear.DATE, date(2027, 1, 15)), by=clinician
    )

    assert ('name="wear"' in page, 'name="on_again_on"' in page) == (True, True)
    assert said.stocking_off.get().on_again_at is not None


@pytest.mark.parametrize("role", [Role.NURSE, Role.FRONT_DESK])
def test_nobody_else_takes_it_back(patient, clinician, role):
    report = closed(patient, clinician, UNTIL_SEEN)

    assert browser_of(make_user(role)).post(f"/queue/{report.public_id}/stocking-on/").status_code == 403
    assert leads(patient) == {"off"}


@pytest.mark.parametrize("is_answered", [True, False])
def test_while_another_report_keeps_it_off_taking_one_word_back_is_said_as_what_it_is(patient, clinician, is_answered):
    report = answered(patient, clinician, UNTIL_SEEN)
    other = report_by(patient, day=2, **TOES, reported_at=at("2026-01-15 09:30"))
    if is_answered:
        report_work.save(report=other, version=1, contact="reached", stocking=UNTIL_SEEN, by=clinician)

    page = browser_of(clinician).post(f"/queue/{report.public_id}/stocking-on/", follow=True).content.decode()

    kept = "Taken back, but the page of Marigold Quillfeather still says to keep the stocking off"
    assert f"{kept}: look at all their reports before you tell them." in text_of(page)
    assert "says again what the plan says" not in text_of(page)
    assert report.steps.get(what="noted").words == stocking_word.STILL_OFF
    assert leads(patient) == {"off"}


@pytest.mark.parametrize("do", [report_work.save, report_work.close])
@pytest.mark.parametrize("is_other_off", [True, False])
def test_the_form_says_so_too(patient, clinician, do, is_other_off):
    report = answered(patient, clinician, UNTIL_SEEN)
    if is_other_off:
        report_by(patient, day=2, **TOES, reported_at=at("2026-01-15 09:30"))
    closing = {"outcome": "advised", "note": "Told."} if do is report_work.close else {}

    do(report=report, version=2, contact="reached", stocking=Word(Wear.PLAN), by=clinician, **closing)

    said = stocking_word.STILL_OFF if is_other_off else stocking_word.AGAIN
    assert said in report.steps.order_by("pk").last().words
    assert leads(patient) == ({"off"} if is_other_off else {"continuous"})


def test_a_report_that_was_handed_over_keeps_it_off_without_the_word(patient, clinician):
    report = answered(patient, clinician, UNTIL_SEEN)
    to = make_user(Role.CLINICIAN)
    report_work.hand_over(report=report, version=2, to=to, note="Please look.", by=clinician)

    report_work.save(report=report, version=3, stocking=Word(Wear.PLAN), note="Pink.", by=clinician)
    before = leads(patient)
    words = report.steps.order_by("pk").last().words
    report_work.save(report=report, version=4, contact="reached", by=to)

    assert (before, words, leads(patient)) == ({"off"}, f"{stocking_word.STILL_OFF}. Pink.", {"continuous"})


# --- messages ----------------------------------------------------------------------------------------------------


def test_messages_about_the_stocking_wait_meanwhile(patient, clinician):
    waiting = list(Delivery.objects.filter(patient=patient, source="plan", state="pending"))
    report = closed(patient, clinician, UNTIL_MONDAY)

    assert {each.step for each in waiting if each.pk in held(waiting)} >= {"COMP_SWITCH"}
    assert set(held(waiting).values()) == {"a clinician told the patient to pause a part of the plan"}
    with time_machine.travel(at("2026-01-19 00:00"), tick=False):
        assert held(waiting) == {}
    stocking_word.put_on_again(report=report, by=clinician)
    assert held(waiting) == {}


# --- what staff say and read --------------------------------------------------------------------------------------


def test_the_form_offers_it_to_a_clinician_and_not_to_a_nurse(patient, clinician):
    report = report_by(patient, day=2, **TOES)
    address = f"/queue/{report.public_id}/"

    assert "Off until we have seen them" in main_of(browser_of(clinician), address)
    assert "Off until we have seen them" not in main_of(browser_of(make_user(Role.NURSE)), address)


def test_what_is_pressed_on_the_page_is_stored_in_words_and_on_the_trail(patient, clinician):
    report = report_by(patient, day=2, **TOES)
    typed = {"version": 1, "contact": "reached", "outcome": "visit", "note": "Toes pink again.", "result_known": "on"}

    browser_of(clinician).post(
        f"/queue/{report.public_id}/close/", {**typed, "wear": "date", "on_again_on": "2026-01-19"}
    )

    stored = StockingOff.objects.get()
    assert (stored.report, stored.on_again_at, stored.said_by) == (report, at("2026-01-19 00:00"), clinician)
    said = "Stocking off, on again from Mon 19 Jan"
    assert report.steps.get(what="closed").words == f"Comes to the clinic. {said}. Toes pink again."
    assert AuditEvent.objects.get(action="report closed").details["stocking"] == said


def test_the_same_word_again_changes_nothing_and_another_one_takes_its_place(patient, clinician):
    report = answered(patient, clinician, UNTIL_SEEN)
    for word in (UNTIL_SEEN, UNTIL_MONDAY):
        report = report_work.save(report=report, version=report.version, stocking=word, note="So.", by=clinician)

    words = list(StockingOff.objects.order_by("pk").values_list("on_again_at", "ended_by"))
    assert words == [(None, clinician.pk), (at("2026-01-19 00:00"), None)]
    report_work.save(report=report, version=report.version, stocking=Word(Wear.PLAN), by=clinician)
    assert leads(patient) == {"continuous"}


@pytest.mark.parametrize(
    ("word", "contact", "field"),
    [
        (UNTIL_SEEN, "", "contact"),
        (UNTIL_SEEN, "no_answer", "contact"),
        (Word(Wear.DATE), "reached", "on_again_on"),
        (Word(Wear.DATE, date(2026, 1, 15)), "reached", "on_again_on"),
        (Word(Wear.DATE, date(2027, 1, 16)), "reached", "on_again_on"),
    ],
)
def test_a_word_that_cannot_be_said_is_refused_and_nothing_is_written(patient, clinician, word, contact, field):
    report = report_by(patient, day=2, **TOES)

    with pytest.raises(Refused) as refused:
        report_work.save(report=report, version=1, contact=contact, stocking=word, by=clinician)

    assert refused.value.field == field
    assert (StockingOff.objects.count(), report.steps.count()) == (0, 0)


def test_a_nurse_cannot_say_it(patient):
    report = report_by(patient, day=2, **TOES)

    with pytest.raises(Refused) as refused:
        report_work.save(report=report, version=1, contact="reached", stocking=UNTIL_SEEN, by=make_user(Role.NURSE))

    assert refused.value.rule == "permission"


def test_the_patients_page_of_staff_says_it_beside_the_plan(patient, clinician):
    nurse = browser_of(make_user(Role.NURSE))
    report = report_by(patient, day=2, **TOES)
    told = "Told to take the stocking off after a report that is not answered yet."
    assert told in text_of(main_of(nurse, f"/patients/{patient.public_id}/"))

    report_work.save(report=report, version=1, contact="reached", stocking=UNTIL_SEEN, by=clinician)

    page = text_of(main_of(nurse, f"/patients/{patient.public_id}/"))
    assert "Stocking off until seen at a visit, by a clinician's word. Their page says so." in page


def test_the_plan_of_staff_is_paused_as_the_patients_own_page_is(patient, clinician):
    nurse, path = browser_of(make_user(Role.NURSE)), f"/patients/{patient.public_id}/plan/"
    assert "Stocking day and night until Tue 20 Jan, 10:30" in text_of(main_of(nurse, path))
    report = report_by(patient, day=2, **TOES)
    told = "Told to take the stocking off after a report that is not answered yet. Their page says so."
    paused = "Stocking day and night paused until we tell you; your plan says until Tue 20 Jan, 10:30"
    before = text_of(main_of(nurse, path))

    report_work.save(report=report, version=1, contact="reached", stocking=UNTIL_MONDAY, by=clinician)

    page = text_of(main_of(nurse, path))
    assert (told in before, paused in before) == (True, True)
    assert "Stocking off, on again from Mon 19 Jan, by a clinician's word. Their page says so." in page
    assert "Stocking day and night paused; on again from Mon 19 Jan until Tue 20 Jan, 10:30" in page


def test_what_was_said_is_kept_by_the_database(patient, clinician):
    answered(patient, clinician, UNTIL_SEEN)
    word = StockingOff.objects.filter(ended_at__isnull=True)

    for change in (lambda: word.update(said_at=NOON - timedelta(days=1)), lambda: word.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
