"""What a patient is told of reports that are open: on the page of today, on the report's own page, and in the list."""

import re
from html import unescape

import pytest
import time_machine
from django.test import Client

from aftercare import report_work
from aftercare.models import SymptomReport
from clinic.access import Role
from clinic.models import Patient
from tests.aftercare.people import make_plan
from tests.makers import at, make_carer, make_clinic, make_hours, make_patient_user, make_report, make_user

pytestmark = pytest.mark.django_db
NOW = "2026-01-15 09:20"
MISSED = "We called and did not reach you. Please call us."
CALL_911 = "Call 911 now This can be an emergency. Do not wait for an answer here, and do not drive yourself."


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(name="Larkfield Clinic", phone="555-0100", phone_hours="8:00–18:00")
    make_hours(make_user(name="Ada Birchwood"))


@pytest.fixture
def patient():
    return make_patient_user(given_name="Marigold", family_name="Quillfeather").patient


@pytest.fixture
def clinician():
    return make_user(Role.CLINICIAN, name="Hugo Ashdown")


@pytest.fixture
def browser(patient):
    client = Client()
    with time_machine.travel(at(NOW), tick=False):
        client.force_login(patient.user)
        yield client


def text_of(response):
    page = response.content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def pages_of(browser, report):
    """Today, the page of the report, and the list."""
    return [text_of(browser.get(url)) for url in ("/today/", f"/how/sent/{report.public_id}/", "/how/sent/")]


def called(report, contact, *, by, when=NOW):
    """The clinician takes the report, calls, and keeps it open."""
    report_work.save(report=report, version=report.version, contact=contact, by=by, now=at(when))
    report.refresh_from_db()


# --- called in vain ----------------------------------------------------------------------------------------------


def test_a_call_in_vain_is_said_everywhere_with_a_way_to_call_back(browser, patient, clinician):
    report = make_report(patient=patient, by=patient.user)

    called(report, "no_answer", by=clinician)

    today, own, listed = pages_of(browser, report)
    assert [page.count(MISSED) for page in (today, own, listed)] == [1, 2, 1]
    assert own.index(MISSED) < own.index("We have your report")
    assert [page for page in (today, listed) if "looking at it" in page] == []
    assert [page for page in (today, own, listed) if "Somebody answers by" in page] == []
    for url in ("/today/", f"/how/sent/{report.public_id}/"):
        page = browser.get(url).content.decode()
        assert 'call-clinic" href="tel:555-0100"' in page


def test_a_later_call_that_reached_the_patient_ends_the_request_to_call(browser, patient, clinician):
    report = make_report(patient=patient, by=patient.user)
    called(report, "no_answer", by=clinician)

    called(report, "reached", by=clinician, when="2026-01-15 09:21")

    today, own, listed = pages_of(browser, report)
    assert [page for page in (today, own, listed) if MISSED in page] == []
    assert "We called and did not reach you. today, 09:20" in own  # as what happened
    assert [page for page in (today, own, listed) if "We spoke with you" not in page] == []


def test_a_second_call_in_vain_asks_to_call_again(browser, patient, clinician):
    report = make_report(patient=patient, by=patient.user)
    called(report, "reached", by=clinician)

    called(report, "no_answer", by=clinician, when="2026-01-15 09:21")

    assert [page.count(MISSED) for page in pages_of(browser, report)] == [1, 2, 1]


def test_in_spanish_too(browser, patient, clinician):
    patient.language = "es"
    patient.save()
    report = make_report(patient=patient, by=patient.user, language="es")

    called(report, "no_answer", by=clinician)

    assert "Le llamamos y no pudimos hablar con usted. Por favor, llámenos." in pages_of(browser, report)[0]


# --- an emergency ------------------------------------------------------------------------------------------------


def test_while_an_emergency_is_open_today_says_first_to_call(browser, patient):
    make_plan("2026-01-13 10:30", patient=patient)
    make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])

    page = browser.get("/today/")

    text = text_of(page)
    assert text.split(" Larkfield Clinic ", 1)[1].startswith(f"{CALL_911} Say: leg veins treated on Tue 13 Jan")
    assert "Call 911 Then call the clinic: 555-0100" in text
    assert 'href="tel:911" data-emergency-call' in page.content.decode()


def test_taken_or_called_in_vain_an_emergency_stays_one_until_it_is_answered(browser, patient, clinician):
    report = make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])

    report_work.take(report=report, by=clinician, now=at(NOW))
    assert CALL_911 in pages_of(browser, report)[0]
    report.refresh_from_db()
    called(report, "no_answer", by=clinician)
    assert [CALL_911 in page for page in pages_of(browser, report)] == [True, True, False]
    assert MISSED in pages_of(browser, report)[0]
    called(report, "reached", by=clinician, when="2026-01-15 09:21")

    assert [page for page in pages_of(browser, report) if "Call 911 now" in page] == []


def test_a_closed_emergency_is_one_no_more(browser, patient, clinician):
    report = make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])
    report_work.close(report=report, version=1, outcome="sent_on", note="The hospital rang.", by=clinician, now=at(NOW))

    assert "Call 911 now" not in text_of(browser.get("/today/"))


# --- answered and open -------------------------------------------------------------------------------------------


def test_once_the_clinic_spoke_with_the_patient_no_page_promises_an_answer(browser, patient, clinician):
    report = make_report(patient=patient, by=patient.user)
    assert [page.count("Somebody answers by today, 13:10") for page in pages_of(browser, report)] == [1, 1, 1]

    called(report, "reached", by=clinician)

    pages = pages_of(browser, report)
    assert [page for page in pages if "Somebody answers" in page] == []
    assert "We have your report We spoke with you" in pages[1]
    assert [page.count("We spoke with you") for page in pages] == [1, 2, 1]


@pytest.fixture
def nurse():
    return make_user(Role.NURSE, name="Nina Rowan")


ADVICE = "Take the stocking off now."


def advised(patient, **facts):
    return make_report(patient=patient, by=patient.user, told=f"Speak to a clinician today.\n{ADVICE}", **facts)


def test_what_was_advised_at_once_stands_until_a_clinician_spoke_with_the_patient(browser, patient, nurse, clinician):
    report = advised(patient)
    report_work.take(report=report, by=nurse, now=at(NOW))
    report.refresh_from_db()
    taken = pages_of(browser, report)
    called(report, "no_answer", by=nurse)
    in_vain = pages_of(browser, report)
    called(report, "reached", by=nurse, when="2026-01-15 09:22")
    spoken = pages_of(browser, report)
    called(report, "reached", by=clinician, when="2026-01-15 09:23")
    answered = pages_of(browser, report)
    report_work.close(
        report=report, version=report.version, outcome="visit", note="Came.", result_known=True, by=clinician,
        now=at("2026-01-15 09:24"),
    )  # fmt: skip
    closed = pages_of(browser, report)

    each = [taken, in_vain, spoken, answered, closed]
    assert [ADVICE in own for _, own, _ in each] == [True, True, True, False, False]
    assert [own for _, own, _ in each[3:] if "Speak to a clinician" in own] == []
    states = [today.split("You reported something today, 09:10.")[1].split(" Your report")[0] for today, _, _ in each]
    assert states == [
        " Nina Rowan is looking at it.",
        "",
        " We spoke with you and still work on it.",
        " We spoke with you.",
        " Answered today, 09:24. You came to the clinic. If you do not know what was found, call us.",
    ]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "We spoke with you. You get an ultrasound scan. If you do not know when or where, call us."),
        ("es", "Hablamos con usted. Le hacemos una ecografía. Si no sabe cuándo o dónde, llámenos."),
    ],
)
def test_what_a_clinician_decided_is_told_before_the_report_is_closed_and_never_the_note(
    browser, patient, clinician, language, said
):
    Patient.objects.update(language=language)
    report = make_report(patient=patient, by=patient.user)
    report = report_work.save(
        report=report, version=report.version, outcome="scan", note="Ask the vascular lab", by=clinician
    )
    assert [page for page in pages_of(browser, report) if "ecograf" in page or "ultrasound" in page] == []

    report_work.save(
        report=report, version=report.version, contact="reached", outcome="scan", note="DVT?", by=clinician
    )

    today, own, _ = pages_of(browser, report)
    assert (said in today, said in own) == (True, True)
    assert [page for page in (today, own) if "DVT" in page or "vascular" in page] == []


def test_an_emergency_that_was_answered_says_no_more_to_call_the_emergency_number(browser, patient, clinician):
    report = make_report(
        patient=patient,
        by=patient.user,
        level="EMERGENCY",
        symptoms=["CHEST_OR_BREATH"],
        told="Call 911 now. Do not wait and do not drive yourself.",
    )
    called(report, "reached", by=clinician)

    assert [page for page in pages_of(browser, report) if "Call 911 now" in page] == []


def test_a_report_handed_on_after_it_was_answered_advises_again_and_is_not_called_unanswered(
    browser, patient, clinician
):
    report = advised(patient, due_at=at("2026-01-15 09:15"))
    called(report, "reached", by=clinician)
    report_work.hand_over(
        report=report,
        version=report.version,
        to=make_user(Role.CLINICIAN, name="Ben"),
        note="Yours.",
        by=clinician,
        now=at("2026-01-15 09:21"),
    )

    today, own, _ = pages_of(browser, report)
    assert "You reported something today, 09:10. We spoke with you and still work on it." in today
    assert "Nobody has answered yet" not in today
    assert ADVICE in own


def test_what_became_of_a_report_stays_on_today_until_the_end_of_the_next_day(browser, patient, clinician):
    report = make_report(patient=patient, by=patient.user)
    called(report, "reached", by=clinician)
    report_work.close(report=report, version=report.version, outcome="advised", note="Told.", by=clinician, now=at(NOW))

    with time_machine.travel(at("2026-01-16 23:59"), tick=False):
        browser.force_login(patient.user)
        said = "You reported something Thu 15 Jan, 09:10. Answered Thu 15 Jan, 09:20. We told you what to do."
        assert said in text_of(browser.get("/today/"))
    with time_machine.travel(at("2026-01-17 00:00"), tick=False):
        browser.force_login(patient.user)
        assert "You reported something" not in text_of(browser.get("/today/"))


def test_what_was_closed_unreached_and_asks_for_a_call_is_said_on_today_with_a_way_to_call(browser, patient, clinician):
    asks = make_report(patient=patient, by=patient.user, level="REASSURE", symptoms=["BRUISES"])
    report_work.close(report=asks, version=1, outcome="visit", note="Looks odd.", by=clinician, now=at(NOW))
    make_report(patient=patient, by=patient.user)

    page = browser.get("/today/")

    assert text_of(page).count("We want to see you. Please call us.") == 1
    assert 'call-clinic" href="tel:555-0100"' in page.content.decode()
    assert "more" not in text_of(page).split("We want to see you")[1].split("Nobody watches")[0].split("Your report")[0]


def test_a_closed_report_comes_after_every_open_one_and_is_not_counted(browser, patient, clinician):
    closed = make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])
    report_work.close(report=closed, version=1, outcome="sent_on", note="Rang.", by=clinician, now=at(NOW))
    waits = make_report(patient=patient, by=patient.user, level="REASSURE", symptoms=["BRUISES"])

    page = browser.get("/today/")

    assert re.findall(r'href="(/how/sent/[^"]*)"', page.content.decode()) == [f"/how/sent/{waits.public_id}/"]
    assert "and 1 more" not in text_of(page)


def test_how_a_report_stands_is_said_in_spanish_too(browser, patient, nurse, clinician):
    patient.language = "es"
    patient.save()
    report = advised(patient, language="es")
    called(report, "reached", by=nurse)
    spoken = pages_of(browser, report)[0]
    called(report, "reached", by=clinician, when="2026-01-15 09:21")
    facts = {"outcome": "scan", "note": "No clot.", "result_known": True}
    report_work.close(report=report, version=report.version, **facts, by=clinician, now=at(NOW))

    assert "Nos avisó de algo hoy a las 09:10. Hablamos con usted y seguimos ocupándonos de ello." in spoken
    closed = "Nos avisó de algo hoy a las 09:10. Respondido: hoy a las 09:20."
    assert f"{closed} Le hicieron una ecografía. Si no sabe el resultado, llámenos." in pages_of(browser, report)[0]


def test_in_spanish_a_date_within_a_sentence_has_its_article(browser, patient):
    patient.language = "es"
    patient.save()
    facts = {"level": "REASSURE", "symptoms": ["BRUISES"], "language": "es", "due_at": at("2026-01-19 18:00")}
    report = make_report(patient=patient, by=patient.user, reported_at=at("2026-01-13 09:10"), **facts)
    today, page, _ = pages_of(browser, report)

    assert "Nos avisó de algo el mar 13 ene, 09:10. Lo leemos a más tardar el lun 19 ene, 18:00." in today
    assert "Lo leemos a más tardar el lun 19 ene, 18:00" in page
    assert "el mar 13 ene, 09:10. Lo leemos a más tardar el lun 19 ene" in text_of(browser.get("/today/kept/"))


# --- several -----------------------------------------------------------------------------------------------------


def test_of_several_each_open_one_is_shown_the_gravest_first(browser, patient):
    early, late = "2026-01-15 09:00", "2026-01-15 09:12"
    mild = make_report(patient=patient, by=patient.user, level="REASSURE", symptoms=["BRUISES"], reported_at=at(late))
    cord = {"level": "NEXT_DAY", "symptoms": ["TENDER_CORD"], "reported_at": at(late)}
    graver = make_report(patient=patient, by=patient.user, **cord)
    worst = make_report(patient=patient, by=patient.user, reported_at=at(early))

    page = browser.get("/today/")

    states = re.findall(r"You reported something (.*?) Your report", text_of(page))
    assert states == [
        "today, 09:00. Somebody answers by today, 13:00.",
        "today, 09:12. Somebody answers by today, 13:12.",
        "today, 09:12. We read it by today, 13:12.",
    ]
    ways = re.findall(r'href="(/how/sent/[^"]*)"', page.content.decode())
    assert ways == [f"/how/sent/{each.public_id}/" for each in (worst, graver, mild)]
    assert text_of(page).count("Call 555-0100 now") == 1


def test_of_many_the_first_five_are_shown_and_the_others_are_a_press_away(browser, patient):
    for _ in range(7):
        make_report(patient=patient, by=patient.user, level="REASSURE", symptoms=["BRUISES"])

    page = browser.get("/today/").content.decode()

    assert page.count(">Your report</a>") == 5
    assert '<a href="/how/sent/">and 2 more</a>' in page


def test_whatever_asks_for_a_call_is_shown_beside_the_worst(browser, patient, clinician):
    make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])
    missed = make_report(patient=patient, by=patient.user, level="NEXT_DAY", symptoms=["TENDER_CORD"])
    make_report(patient=patient, by=patient.user, due_at=at("2026-01-15 09:15"))
    make_report(patient=patient, by=patient.user, level="REASSURE", symptoms=["BRUISES"])
    called(missed, "no_answer", by=clinician)

    text = text_of(browser.get("/today/"))

    late, read = "This takes longer than we said. Call us now.", "We read it by today, 13:10."
    order = [CALL_911, "The clinic has been told", late, MISSED, read]
    assert sorted(order, key=text.index) == order
    assert [text.count(each) for each in order] == [1, 1, 1, 1, 1]


def test_an_answered_report_is_not_hidden_by_a_milder_one_that_waits(browser, patient, clinician):
    answered = make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])
    called(answered, "reached", by=clinician)
    waits = make_report(patient=patient, by=patient.user, level="REASSURE", symptoms=["BRUISES"])

    page = browser.get("/today/")

    ways = re.findall(r'href="(/how/sent/[^"]*)"', page.content.decode())
    assert ways == [f"/how/sent/{each.public_id}/" for each in (answered, waits)]
    assert "You reported something today, 09:10. We spoke with you." in text_of(page)


def test_what_must_be_told_a_clinician_today_leads_over_an_emergency_that_was_answered(browser, patient, clinician):
    answered = make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])
    called(answered, "reached", by=clinician)
    make_report(patient=patient, by=patient.user)

    text = text_of(browser.get("/today/"))

    order = ["Call 555-0100 now", "Somebody answers by", "We spoke with you.", "Thursday 15 January"]
    assert sorted(order, key=text.index) == order


# --- what to do first --------------------------------------------------------------------------------------------


def test_what_to_do_first_stands_on_today_until_a_clinician_spoke_with_the_patient(browser, patient, nurse, clinician):
    report = make_report(patient=patient, by=patient.user)
    steps = ["Call 555-0100 now" in text_of(browser.get("/today/"))]
    called(report, "reached", by=nurse)
    steps.append("Call 555-0100 now" in text_of(browser.get("/today/")))
    called(report, "reached", by=clinician, when="2026-01-15 09:22")
    steps.append("Call 555-0100 now" in text_of(browser.get("/today/")))

    assert steps == [True, True, False]


def test_taking_the_stocking_off_comes_before_the_call(browser, patient):
    told = f"Call 555-0100 now.\n{ADVICE} If the toes do not get better promptly, call 911."
    make_report(patient=patient, by=patient.user, symptoms=["TOES_UNDER_STOCKING"], told=told)

    page = browser.get("/today/").content.decode()

    advice = f'<p class="urgent-first" lang="en-gb">{ADVICE} If the toes do not get better promptly, call '
    assert f'{advice}<a class="em-link nowrap" href="tel:911">911</a>.' in page
    assert page.index(advice) < page.index("Call 555-0100 now")


def test_a_carer_reads_first_what_to_do_about_the_own_report(patient):
    carer = make_carer(patient=patient, may_report=True)
    make_report(patient=patient, by=carer.user, source="carer")
    client = Client()
    with time_machine.travel(at(NOW), tick=False):
        client.force_login(carer.user)
        text = text_of(client.get(f"/care/{carer.public_id}/"))

    assert text.index("Call 555-0100 now") < text.index("Thursday 15 January")


# --- an emergency is nowhere overlooked --------------------------------------------------------------------------

EVERYWHERE = "An emergency was reported, and nobody has answered it yet. Do not wait for an answer here."


@pytest.mark.parametrize("path", ["/how/", "/how/sent/", "/my-visits/", "/settings/", "/today/answer/first/"])
def test_while_an_emergency_is_open_every_page_of_the_patient_says_to_call(browser, patient, clinician, path):
    assert EVERYWHERE not in text_of(browser.get(path))
    report = make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])

    assert f"Call 911 now {EVERYWHERE}" in text_of(browser.get(path))

    called(report, "reached", by=clinician)
    assert EVERYWHERE not in text_of(browser.get(path))


def test_the_page_of_another_report_and_the_carers_pages_say_it_too_and_not_what_it_was(patient):
    carer = make_carer(patient=patient, may_report=True)
    make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])
    mild = make_report(patient=patient, by=carer.user, source="carer", level="REASSURE", symptoms=["BRUISES"])
    other = make_carer(patient=make_patient_user().patient, user=carer.user)
    at_home = f"/care/{carer.public_id}"
    client = Client()
    with time_machine.travel(at(NOW), tick=False):
        client.force_login(carer.user)
        paths = ("/care/", f"{at_home}/how/sent/{mild.public_id}/", f"{at_home}/how/sent/", f"{at_home}/how/")
        pages = [text_of(client.get(path)) for path in paths]
        others = text_of(client.get(f"/care/{other.public_id}/"))

    assert [(page.count("Call 911 now"), page.count(EVERYWHERE)) for page in pages[:3]] == [(1, 1)] * 3
    assert EVERYWHERE in pages[3]
    assert [page for page in (pages[0], pages[2]) if "chest" in page.lower()] == []
    assert "Call 911 now" not in others


def test_the_list_of_a_carer_who_reported_nothing_says_so_of_the_carer(patient):
    carer = make_carer(patient=patient, may_report=True)
    client = Client()
    client.force_login(carer.user)

    assert "You yourself have reported nothing so far." in text_of(client.get(f"/care/{carer.public_id}/how/sent/"))


def test_in_an_emergency_its_number_is_the_filled_button_below(browser, patient):
    report = make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])

    bars = []
    for path in ("/today/", f"/how/sent/{report.public_id}/", "/my-visits/"):
        page = browser.get(path).content.decode()
        bar = page[page.index('<nav class="bar-bottom"') :]
        bars.append(re.findall(r'<a class="btn (btn-[a-z]+) btn-lg" href="(tel:[^"]+)"', bar))

    assert bars == [[("btn-danger", "tel:911"), ("btn-secondary", "tel:555-0100")]] * 3


def test_who_calls_for_help_is_not_asked_to_walk(browser, patient):
    make_plan("2026-01-13 10:30", patient=patient)
    assert 'id="walk"' in browser.get("/today/").content.decode()
    make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])

    assert 'id="walk"' not in browser.get("/today/").content.decode()


def test_an_emergency_on_paper_has_its_date_and_time(browser, patient):
    make_plan("2026-01-13 10:30", patient=patient)
    make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])

    as_of = "As of Thu 15 Jan, 09:20. If the clinic has spoken with you since, what it said holds."
    assert [as_of in text_of(browser.get(path)) for path in ("/today/", "/plan/print/", "/today/kept/")] == [True] * 3


def test_many_open_reports_cost_today_one_query_more_than_none(browser, patient, django_assert_num_queries):
    browser.get("/today/")
    with django_assert_num_queries(11):
        browser.get("/today/")
    for _ in range(9):
        make_report(patient=patient, by=patient.user)

    with django_assert_num_queries(12):
        browser.get("/today/")


def test_a_carer_sees_the_emergency_that_the_carer_reported(patient):
    carer = make_carer(patient=patient, may_report=True)
    make_report(patient=patient, by=carer.user, source="carer", level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])
    client = Client()
    with time_machine.travel(at(NOW), tick=False):
        client.force_login(carer.user)
        text = text_of(client.get(f"/care/{carer.public_id}/"))

    assert CALL_911 in text
    assert SymptomReport.objects.get().closed_at is None


# --- told by phone -----------------------------------------------------------------------------------------------

PHONE = {"source": "phone", "told": "Speak to a clinician today. If it gets worse, call 911."}


def test_who_told_it_by_phone_reads_by_when_somebody_answers_and_is_not_sent_to_the_phone_again(
    browser, patient, clinician
):
    make_report(patient=patient, by=make_user(Role.FRONT_DESK), given_to=clinician, **PHONE)

    today = text_of(browser.get("/today/"))

    said = "You told us by phone today, 09:10. Somebody answers by today, 13:10. Your report"
    assert f"{said} Speak to a clinician today. If it gets worse, call 911 ." in today
    assert "Call 555-0100 now" not in today
    assert said.removesuffix(" Your report") in text_of(browser.get("/today/kept/")).replace("Thu 15 Jan", "today")


def test_what_somebody_else_told_by_phone_is_not_said_of_the_patient(browser, patient):
    make_report(patient=patient, by=make_user(Role.FRONT_DESK), reporter_words="her husband", **PHONE)

    assert "We were told by phone today, 09:10. Somebody answers by today, 13:10." in text_of(browser.get("/today/"))


@pytest.mark.parametrize(
    "facts",
    [
        {"due_at": at("2026-01-15 09:15")},  # nobody answered in time
        {"due_at": at("2026-01-16 09:00")},  # the clinic closes before
        {"level": "EMERGENCY", "symptoms": ["CHEST_OR_BREATH"]},
        {"given_to": None},  # nobody is there to answer
    ],
)
def test_by_phone_too_what_cannot_wait_says_to_call(browser, patient, clinician, facts):
    make_report(patient=patient, by=make_user(Role.FRONT_DESK), **{**PHONE, "given_to": clinician, **facts})

    call = "Call 911 now" if "level" in facts else "Call 555-0100 now"
    assert call in text_of(browser.get("/today/"))


def test_after_a_call_in_vain_it_says_to_call_back(browser, patient, clinician):
    report = make_report(patient=patient, by=make_user(Role.FRONT_DESK), **PHONE)

    called(report, "no_answer", by=clinician)

    assert "Call 555-0100 now" in text_of(browser.get("/today/"))


def test_told_by_phone_in_spanish(browser, patient):
    Patient.objects.filter(pk=patient.pk).update(language="es")
    make_report(patient=patient, by=make_user(Role.FRONT_DESK), **PHONE)

    said = "Nos lo dijo por teléfono hoy a las 09:10. Le respondemos a más tardar hoy a las 13:10."
    assert said in text_of(browser.get("/today/"))
