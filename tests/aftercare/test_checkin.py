"""The patient's "How are you?", step by step, through the pages: levels, going back, pressing twice, rubbish."""

import re
from datetime import date
from html import unescape
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import DatabaseError
from django.test import Client

from aftercare import carers, report_work
from aftercare.forms.checkin import NO
from aftercare.models import ReportStep, SymptomReport, Tick
from aftercare.presenters.symptoms import QUESTIONS
from aftercare.ticks import say_well
from aftercare.views import checkin
from clinic.access import Role
from clinic.models import AuditEvent, StaffTask
from clinic.protocol.triage import SYMPTOMS
from tests.aftercare.people import make_plan
from tests.makers import (
    at,
    make_carer,
    make_clinic,
    make_hours,
    make_patient_user,
    make_report,
    make_service,
    make_user,
)

pytestmark = pytest.mark.django_db
NOW = "2026-01-15 09:10"
WELL = {question.key: NO for question in QUESTIONS}


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(name="Larkfield Clinic", phone="555-0100", phone_hours="8:00–18:00")
    make_hours(make_user(name="Ada Birchwood"))
    make_service()


@pytest.fixture
def patient():
    return make_patient_user(given_name="Marigold", family_name="Quillfeather").patient


@pytest.fixture
def clock():
    with time_machine.travel(at(NOW), tick=False) as traveller:
        yield traveller


@pytest.fixture
def browser(patient, clock):
    client = Client()
    client.force_login(patient.user)
    return client


def text_of(response):
    page = response.content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def hidden_of(response):
    """What a page sends without being asked: its key, its turn, and what it shows."""
    form = response.content.decode().partition('id="checkin"')[2].partition("</form>")[0]
    found = re.findall(r'<input type="hidden" name="(key|turn|shown)" value="([^"]*)"', form)
    assert found
    return dict(found)


def step(browser, url, data, *, follow=False):
    """Send a step with what its page has."""
    return browser.post(url, {**hidden_of(browser.get(url)), **data}, follow=follow)


def answer(browser, *symptoms, free_text="", follows=(), leg=""):
    """All three steps; the last answer."""
    step(browser, "/how/", WELL)
    second = step(browser, "/how/2/", {"symptoms": symptoms, "follows": follows})
    if second.url != "/how/3/":
        return second
    return step(browser, "/how/3/", {"free_text": free_text, "leg": leg})


def only_report():
    return SymptomReport.objects.get()


# --- levels ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("treated", "symptoms", "free_text", "level"),
    [
        ("2026-01-14 10:30", ["ITCHING"], "", "REASSURE"),  # T1
        ("2026-01-10 10:30", ["ONE_LEG"], "", "SAME_DAY"),  # T2
        ("2026-01-11 10:30", ["SKIN_DAMAGE"], "", "SAME_DAY"),  # T6
        ("2025-11-20 10:30", ["BROWN_MARK"], "", "REASSURE"),  # T8
        ("2026-01-13 10:30", [], "xyzzy my knee feels odd", "SAME_DAY"),  # T9
        ("2026-01-12 10:30", ["ITCHING"], "", "NEXT_DAY"),
        ("2026-01-13 10:30", ["TENDER_CORD", "BRUISES"], "", "NEXT_DAY"),
    ],
)
def test_the_answers_of_the_page_make_the_level(browser, patient, treated, symptoms, free_text, level):
    make_plan(treated, patient=patient)

    answer(browser, *symptoms, free_text=free_text)

    made = only_report()
    assert (made.level, made.symptoms, made.free_text, made.source) == (level, symptoms, free_text, "portal")
    assert made.denied == [question.key for question in QUESTIONS]


@pytest.mark.parametrize(
    ("yes", "code", "treated"),
    [
        ("CHEST", "CHEST_OR_BREATH", "2026-01-10 10:30"),  # T3, T10
        ("FACE", "ALLERGIC_REACTION", "2026-01-15 07:00"),  # T4
        ("BREATH", "ALLERGIC_REACTION", "2026-01-15 07:00"),
        ("STROKE", "STROKE_SIGN", "2025-11-20 10:30"),
        ("HEAD", "STROKE_SIGN", "2025-11-20 10:30"),
        ("FAINT", "COLLAPSE", "2026-01-10 10:30"),
        ("FOOT", "COLD_FOOT", "2026-01-10 10:30"),
    ],
)
def test_one_yes_is_an_emergency_whatever_else_is_not_answered(browser, patient, yes, code, treated):
    make_plan(treated, patient=patient)

    sent = step(browser, "/how/", {yes: "yes"})

    made = only_report()
    assert (made.level, made.symptoms, made.denied, made.due_at) == ("EMERGENCY", [code], [], at("2026-01-15 09:15"))
    assert sent.url == f"/how/sent/{made.public_id}/"


@pytest.mark.parametrize(("symptom", "treated"), [("ONE_LEG", "2026-01-10 10:30"), ("BRUISES", "2026-01-14 10:30")])
def test_an_emergency_found_on_going_back_takes_along_what_was_chosen(browser, patient, symptom, treated):
    make_plan(treated, patient=patient)  # T3, T10
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": [symptom]})

    step(browser, "/how/", {**WELL, "CHEST": "yes"})

    made = only_report()
    assert (made.level, made.symptoms) == ("EMERGENCY", ["CHEST_OR_BREATH", symptom])
    assert made.denied == [key for key in WELL if key != "CHEST"]


@pytest.mark.parametrize(
    ("line", "symptoms"),
    [
        ("TOES_NOT_BETTER", ["COLD_FOOT", "TOES_UNDER_STOCKING"]),
        ("SIGHT_LOST", ["STROKE_SIGN", "HEADACHE_OR_FLICKER"]),
    ],
)
def test_toes_that_stay_numb_and_lost_sight_are_emergencies(browser, line, symptoms):
    answer(browser, follows=[line])

    assert (only_report().level, only_report().symptoms) == ("EMERGENCY", symptoms)


def test_every_symptom_of_the_triage_can_be_reported():
    questions = {question.code for question in QUESTIONS}
    listed = {code for _, codes in checkin.words.TOPICS for code in codes}

    assert questions | listed == {symptom.code for symptom in SYMPTOMS} - {"LEG_WITH_EMERGENCY_SIGN"}
    assert {symptom.code for symptom in SYMPTOMS if symptom.level == "EMERGENCY"} - questions == {
        "LEG_WITH_EMERGENCY_SIGN"  # a sign that is asked by itself, with a symptom of the list
    }


# --- the emergency text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["/how/", "/how/2/", "/how/3/"])
def test_the_emergency_text_is_part_of_each_step_before_anything_is_sent(browser, patient, url):
    make_plan("2026-01-13 10:30", patient=patient)
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["BRUISES"]})

    text = text_of(browser.get(url))

    assert "Call 911 now This can be an emergency. Do not wait for an answer here, and do not drive yourself." in text
    assert "Say: leg veins treated on Tue 13 Jan with polidocanol." in text
    assert 'href="tel:911"' in browser.get(url).content.decode()
    assert not SymptomReport.objects.exists()


def test_the_receipt_of_an_emergency_says_first_to_call(browser):
    text = text_of(step(browser, "/how/", {"CHEST": "yes"}, follow=True))

    assert text.startswith("Call 911 now")
    assert "The clinic has been told Do not wait for us. Call the emergency number first." in text
    assert "Somebody answers by" not in text


def test_an_emergency_that_cannot_be_stored_still_says_to_call(browser, monkeypatch, caplog):
    def broken(**_):
        raise DatabaseError("Failing row contains (Marigold, chest pain)")

    monkeypatch.setattr(checkin, "file_report", broken)

    sent = step(browser, "/how/", {"CHEST": "yes"})

    assert sent.status_code == 503
    assert "Call 911 now" in text_of(sent)
    assert "The clinic could not be told. Call it yourself when help is on its way." in text_of(sent)
    assert [record.getMessage() for record in caplog.records if record.name == checkin.__name__] == [
        f"An emergency could not be stored: {describe_raised(broken)}"
    ]
    assert "Marigold" not in caplog.text


def describe_raised(broken):
    return f"DatabaseError at test_checkin.py:{broken.__code__.co_firstlineno + 1}"


# --- steps -------------------------------------------------------------------------------------------------------


def test_unanswered_questions_are_named_next_to_them_and_the_others_are_kept(browser):
    page = step(browser, "/how/", {"BREATH": "no", "FACE": "maybe", "CHEST": ["x", "no"]})

    html = page.content.decode()
    assert page.status_code == 200
    assert html.count("Answer yes or no.") == len(QUESTIONS) - 2
    assert f"{len(QUESTIONS) - 2} questions are not answered yet" in html
    assert 'value="no" id="id_BREATH_0" checked' in html
    assert 'id="error-FACE"' in html
    assert not SymptomReport.objects.exists()


FINE = "You told us that everything is fine"


def test_everything_is_fine_is_kept_with_its_time_and_asks_nobody(browser, patient):
    assert "Nothing was sent to the clinic." in text_of(browser.get("/how/well/"))

    last = answer(browser)

    said = Tick.objects.get()
    assert last.url == "/how/well/"
    assert (said.patient, said.given_by, said.task, said.answer) == (patient, patient.user, "well", "yes")
    assert (said.given_at, said.date) == (at(NOW), date(2026, 1, 15))
    well = text_of(browser.get("/how/well/"))
    assert f"Thank you. {FINE} (today, 09:10). The clinic can read it; nobody calls you about it." in well
    assert f"{FINE} (today, 09:10). Thank you." in text_of(browser.get("/today/"))
    assert (SymptomReport.objects.exists(), StaffTask.objects.exists()) == (False, False)
    assert AuditEvent.objects.filter(action="day answered").count() == 1


def test_today_thanks_on_the_day_itself_and_not_beside_a_report(browser, patient, clock):
    answer(browser)
    make_report(patient=patient, by=patient.user)
    beside = text_of(browser.get("/today/"))
    SymptomReport.objects.update(
        closed_at=at(NOW), closed_by=make_user(Role.CLINICIAN), outcome="mistake", closing_note="Rang."
    )
    clock.move_to(at("2026-01-16 00:00"))
    browser.force_login(patient.user)

    assert [page for page in (beside, text_of(browser.get("/today/"))) if FINE in page] == []


def test_what_a_carer_said_is_thanked_for_to_the_carer(browser, patient):
    carer = make_carer(patient=patient, may_report=True)
    client = Client()
    client.force_login(carer.user)
    home = f"/care/{carer.public_id}/"
    step(client, f"{home}how/", WELL)
    step(client, f"{home}how/2/", {})
    step(client, f"{home}how/3/", {"free_text": ""})

    assert Tick.objects.get().given_by == carer.user
    assert [FINE in text_of(client.get(url)) for url in (home, f"{home}how/well/")] == [True, True]
    assert [FINE in text_of(browser.get(url)) for url in ("/today/", "/how/well/")] == [False, False]


def test_pressing_twice_that_everything_is_fine_is_one_row_and_the_same_page(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {})
    form = {**hidden_of(browser.get("/how/3/")), "free_text": ""}

    assert [browser.post("/how/3/", form).url for _ in range(3)] == ["/how/well/"] * 3
    assert Tick.objects.count() == 1


def test_a_key_of_another_patients_says_nothing_of_this_one(browser):
    other = make_patient_user().patient
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {})
    form = {**hidden_of(browser.get("/how/3/")), "free_text": ""}
    say_well(patient=other, request_key=UUID(form["key"]), by=other.user)

    page = browser.post("/how/3/", form)

    assert "This could not be sent. Call us, or try again." in text_of(page)
    assert Tick.objects.get().patient == other


def test_fine_again_later_is_another_row(browser, clock):
    answer(browser)
    clock.shift(60)
    answer(browser)

    assert Tick.objects.count() == 2
    assert "(today, 09:11)" in text_of(browser.get("/how/well/"))


def test_the_list_and_the_words_come_after_the_questions(browser):
    assert [browser.get(url).url for url in ("/how/2/", "/how/3/")] == ["/how/", "/how/"]


def test_answers_to_the_questions_are_asked_again_after_half_an_hour(browser, clock, settings):
    settings.SESSION_LIMITS = {"patient": (36000, 36000), "staff": (36000, 36000)}
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["ONE_LEG"]})
    typed = {**hidden_of(browser.get("/how/3/")), "free_text": "It throbs", "leg": "left"}
    clock.shift(1801)

    assert browser.post("/how/3/", typed).url == "/how/"
    assert not SymptomReport.objects.exists()
    assert "checked" not in browser.get("/how/").content.decode()
    step(browser, "/how/", WELL)
    assert 'value="ONE_LEG" checked' in browser.get("/how/2/").content.decode()
    assert "It throbs</textarea>" in browser.get("/how/3/").content.decode()


def test_going_back_loses_nothing(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["ONE_LEG", "BRUISES"]})

    back = step(browser, "/how/3/", {"free_text": "It throbs", "leg": "left", "go": "back"})
    assert back.url == "/how/2/"
    ticks = browser.get("/how/2/").content.decode()
    assert [code for code in ("ONE_LEG", "BRUISES", "ITCHING") if f'value="{code}" checked' in ticks] == [
        "ONE_LEG",
        "BRUISES",
    ]
    assert step(browser, "/how/2/", {"symptoms": ["ONE_LEG"], "go": "back"}).url == "/how/"
    assert browser.get("/how/").content.decode().count(" checked") == len(QUESTIONS)
    step(browser, "/how/", WELL)
    words = browser.get("/how/3/").content.decode()
    assert "It throbs</textarea>" in words
    assert re.search(r'value="left"[^>]* checked', words)


def keep(browser, **answers):
    """What the script of the first step sends when something is pressed."""
    return browser.post("/how/", {**hidden_of(browser.get("/how/")), **answers, "go": "keep"})


def answers_of(browser):
    """How the first step opens: "yes" and "no" by question."""
    page = browser.get("/how/").content.decode()
    return dict(re.findall(r'name="([A-Z]+)" value="(yes|no)" id="[^"]+" checked', page))


def test_a_yes_that_was_pressed_after_no_to_all_is_there_when_the_questions_open_again(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["ONE_LEG"], "go": "back"})
    third = {**WELL, "CHEST": "yes"}

    assert keep(browser, **third).status_code == 204

    browser.get("/today/")
    assert [answers_of(browser) for _ in range(2)] == [third, third]
    assert [browser.get(url).url for url in ("/how/2/", "/how/3/")] == ["/how/", "/how/"]
    assert not SymptomReport.objects.exists()
    step(browser, "/how/", third)
    assert (only_report().affirmed, only_report().symptoms) == (["CHEST"], ["CHEST_OR_BREATH", "ONE_LEG"])
    assert answers_of(browser) == {}


def test_a_yes_without_an_earlier_draft_is_kept_too_until_it_is_taken_back(browser):
    keep(browser, CHEST="yes", BREATH="no")
    assert answers_of(browser) == {"BREATH": "no", "CHEST": "yes"}

    keep(browser, **WELL)

    assert answers_of(browser) == {}  # taken back, but no was not sent
    assert browser.get("/how/2/").url == "/how/"


def test_a_yes_from_a_page_that_was_left_behind_counts(browser):
    first = hidden_of(browser.get("/how/"))
    browser.post("/how/", {**first, **WELL})

    browser.post("/how/", {**first, **WELL, "FOOT": "yes", "go": "keep"})  # the browser's Back shows the old page

    assert browser.get("/how/3/").url == "/how/"
    sent = browser.post("/how/3/", {"shown": "", "free_text": "It throbs"})
    assert (sent.url, SymptomReport.objects.count()) == ("/how/", 0)
    assert answers_of(browser)["FOOT"] == "yes"


def test_a_yes_that_was_sent_does_not_come_back(browser):
    data = {**hidden_of(browser.get("/how/")), "CHEST": "yes"}
    browser.post("/how/", data)

    browser.post("/how/", {**data, "go": "keep"})  # came late

    assert answers_of(browser) == {}


def test_without_script_a_no_to_all_holds_until_the_questions_are_opened_again(browser):
    step(browser, "/how/", WELL)
    assert browser.get("/how/2/").status_code == 200

    assert answers_of(browser) == WELL  # nobody knows what is pressed on it now

    assert answers_of(browser) == {}
    assert [browser.get(url).url for url in ("/how/2/", "/how/3/")] == ["/how/", "/how/"]


def test_a_page_that_is_left_keeps_what_was_ticked(browser):
    step(browser, "/how/", WELL)

    left = step(browser, "/how/2/", {"symptoms": ["SKIN_DAMAGE"], "go": "keep"})

    assert left.status_code == 204
    assert 'value="SKIN_DAMAGE" checked' in browser.get("/how/2/").content.decode()


def test_an_emergency_ticked_on_a_page_that_is_left_stands_there_and_is_filed_with_the_next_send(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["HEADACHE_OR_FLICKER"], "follows": ["SIGHT_LOST"], "go": "keep"})

    assert browser.get("/how/3/").url == "/how/2/"  # not without it
    assert 'value="SIGHT_LOST" checked' in browser.get("/how/2/").content.decode()
    step(browser, "/how/", {**WELL, "CHEST": "yes"})

    assert only_report().affirmed == ["CHEST", "SIGHT_LOST"]


def test_going_back_from_a_ticked_emergency_files_it(browser):
    step(browser, "/how/", WELL)

    back = step(browser, "/how/2/", {"symptoms": ["HEADACHE_OR_FLICKER"], "follows": ["SIGHT_LOST"], "go": "back"})

    assert (only_report().level, only_report().affirmed) == ("EMERGENCY", ["SIGHT_LOST"])
    assert back.url == f"/how/sent/{only_report().public_id}/"


def test_what_a_page_keeps_too_late_takes_nothing_off(browser):
    step(browser, "/how/", WELL)
    second = hidden_of(browser.get("/how/2/"))
    browser.post("/how/2/", {**second, "symptoms": ["BRUISES", "ONE_LEG"]})
    third = hidden_of(browser.get("/how/3/"))

    assert browser.post("/how/2/", {**second, "symptoms": ["BRUISES"], "go": "keep"}).status_code == 204

    assert browser.get("/how/3/").content.decode().count("One leg hurts") == 1
    browser.post("/how/3/", third)
    assert only_report().symptoms == ["ONE_LEG", "BRUISES"]


def test_the_last_page_says_what_becomes_of_own_words(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {})

    text = text_of(browser.get("/how/3/"))
    assert "What you write above is sent; if you write nothing either, we note that everything is fine." in text
    assert ">Everything is fine</button>" in browser.get("/how/3/").content.decode()
    step(browser, "/how/3/", {"free_text": "A lump <on> my knee", "go": "keep"})
    page = browser.get("/how/3/").content.decode()
    assert ">Send to the clinic</button>" in page
    assert '<blockquote class="said" data-said>A lump &lt;on&gt; my knee</blockquote>' in page


def test_what_the_last_page_showed_is_what_is_sent(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["ONE_LEG"]})
    shown = hidden_of(browser.get("/how/3/"))
    session = browser.session  # changed meanwhile, by another tab
    session["how_are_you"]["own"]["symptoms"] = ["BRUISES"]
    session.save()

    browser.post("/how/3/", shown)

    assert only_report().symptoms == ["ONE_LEG"]


def test_a_draft_that_comes_back_after_it_was_sent_swallows_nothing(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["TENDER_CORD"]})
    before = dict(browser.session["how_are_you"])
    step(browser, "/how/3/", {})
    session = browser.session  # a request that had read the session before and writes it after
    session["how_are_you"] = before
    session.save()

    session_page = browser.get("/how/2/").content.decode()
    assert 'value="TENDER_CORD" checked' in session_page
    step(browser, "/how/2/", {"symptoms": ["TENDER_CORD", "ONE_LEG"]})
    step(browser, "/how/3/", {"free_text": "now my whole calf is swollen"})

    assert list(SymptomReport.objects.order_by("pk").values_list("level", "free_text")) == [
        ("NEXT_DAY", ""),
        ("SAME_DAY", "now my whole calf is swollen"),
    ]


def test_the_first_step_forgets_a_draft_that_was_sent(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["TENDER_CORD"]})
    before = dict(browser.session["how_are_you"])
    step(browser, "/how/3/", {})
    session = browser.session
    session["how_are_you"] = before
    session.save()

    assert "checked" not in browser.get("/how/").content.decode()
    step(browser, "/how/", WELL)
    assert "checked" not in browser.get("/how/2/").content.decode()


def test_a_text_that_is_too_long_is_kept_and_said_next_to_it(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["BRUISES"]})

    page = step(browser, "/how/3/", {"free_text": "x" * 2001})

    assert "Shorten this to 2000 characters; it has 2001." in text_of(page)
    assert "x" * 2001 in page.content.decode()
    assert not SymptomReport.objects.exists()


@pytest.mark.parametrize("rubbish", ["\x00", "a\x1bb", "a\x07"])
def test_special_characters_are_refused_in_words(browser, rubbish):
    step(browser, "/how/", WELL)
    page = step(browser, "/how/3/", {"free_text": f"It hurts {rubbish}"})

    assert page.status_code == 200
    assert "special characters" in text_of(page) or "Null characters" in text_of(page)
    assert "It hurts" in page.content.decode()


@pytest.mark.parametrize("pasted", ["línea uno\r\nlínea dos", "🦵 hurts \u202e rtl", "<script>alert(1)</script> & co"])
def test_ordinary_pasted_text_is_kept_and_shown_as_text(browser, pasted):
    last = answer(browser, free_text=pasted)

    assert only_report().free_text == pasted.replace("\r\n", "\n")
    assert "<script>alert" not in browser.get(last.url).content.decode()


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("/how/2/", {"symptoms": ["NO_SUCH_CODE", "BRUISES"]}),
        ("/how/2/", {"follows": ["1 OR 1=1"]}),
        ("/how/3/", {"leg": "third", "free_text": "It hurts"}),
    ],
)
def test_what_no_page_sends_is_refused_in_words(browser, url, data):
    step(browser, "/how/", WELL)

    page = step(browser, url, data)

    assert page.status_code == 200
    assert "Choose" in text_of(page)
    assert not SymptomReport.objects.exists()


def test_pressed_twice_it_is_sent_once(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["ONE_LEG"]})
    data = {**hidden_of(browser.get("/how/3/")), "free_text": "It throbs\r\nat night", "leg": "left"}

    answers = [browser.post("/how/3/", data).url for _ in range(3)]

    assert answers == [f"/how/sent/{only_report().public_id}/"] * 3


def test_an_emergency_pressed_twice_is_one_and_another_yes_is_another(browser):
    data = {**hidden_of(browser.get("/how/")), "CHEST": "yes"}
    for _ in range(2):
        browser.post("/how/", data)
    assert SymptomReport.objects.count() == 1

    browser.post("/how/", {**data, "FOOT": "yes"})

    assert [report.symptoms for report in SymptomReport.objects.order_by("pk")] == [
        ["CHEST_OR_BREATH"],
        ["CHEST_OR_BREATH", "COLD_FOOT"],
    ]


def close(report):
    clinician = make_user(Role.CLINICIAN)
    version = report_work.fresh(report).version
    facts = {"outcome": "advised", "note": "All is well", "contact": "reached"}
    report_work.close(report=report, version=version, **facts, by=clinician)


def test_an_emergency_sent_again_after_it_was_closed_is_a_new_one_once(browser, clock):
    data = {**hidden_of(browser.get("/how/")), "CHEST": "yes"}
    browser.post("/how/", data)
    first = only_report()
    close(first)
    clock.shift(600)

    answers = [browser.post("/how/", data).url for _ in range(2)]

    new = SymptomReport.objects.open().get()
    assert answers == [f"/how/sent/{new.public_id}/"] * 2
    assert new != first
    assert (new.level, new.affirmed, new.reported_at) == ("EMERGENCY", ["CHEST"], at("2026-01-15 09:20"))
    assert new.notices.count() == 1


def test_a_yes_kept_again_after_its_report_was_closed_stands_when_the_page_opens(browser, clock):
    data = {**hidden_of(browser.get("/how/")), "CHEST": "yes"}
    browser.post("/how/", data)
    browser.post("/how/", {**data, "go": "keep"})
    assert 'value="yes" checked' not in in_order(browser.get("/how/"))
    close(only_report())

    browser.post("/how/", {**data, "go": "keep"})

    assert 'value="yes" checked' in in_order(browser.get("/how/"))


def in_order(page):
    """The page with each answer's value before its state."""
    return " ".join(
        f'value="{value}"{" checked" if " checked" in tag else ""}'
        for tag in re.findall(r"<input[^>]*>", page.content.decode())
        for value in re.findall(r'value="(yes|no)"', tag)
    )


def test_words_sent_again_after_their_report_was_closed_are_a_new_report_once(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["ONE_LEG"]})
    data = {**hidden_of(browser.get("/how/3/")), "free_text": "It throbs"}
    browser.post("/how/3/", data)
    first = only_report()

    for number in (2, 3):
        close(SymptomReport.objects.open().get())
        answers = {browser.post("/how/3/", data).url for _ in range(2)}

        new = SymptomReport.objects.open().get()
        assert answers == {f"/how/sent/{new.public_id}/"}
        # Nobody asked the emergency questions again, so nothing says that they were answered.
        assert (new.symptoms, new.free_text, new.denied, first.denied) == (["ONE_LEG"], "It throbs", [], [*WELL])
        assert SymptomReport.objects.count() == number


def test_going_back_from_words_whose_report_was_closed_sends_nothing(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["ONE_LEG"]})
    data = hidden_of(browser.get("/how/3/"))
    browser.post("/how/3/", data)
    close(only_report())

    assert browser.post("/how/3/", {**data, "go": "back"}).url == "/how/2/"
    assert SymptomReport.objects.count() == 1


def test_words_changed_on_a_page_that_was_sent_are_kept_for_a_new_report(browser):
    step(browser, "/how/", WELL)
    step(browser, "/how/2/", {"symptoms": ["BRUISES"]})
    data = {**hidden_of(browser.get("/how/3/")), "free_text": "First"}
    browser.post("/how/3/", data)

    again = browser.post("/how/3/", {**data, "free_text": "It got worse"})

    assert again.url == "/how/"
    step(browser, "/how/", WELL)
    assert "It got worse</textarea>" in browser.get("/how/3/").content.decode()
    assert only_report().free_text == "First"


def test_after_sending_the_next_report_begins_empty(browser):
    answer(browser, "ONE_LEG", free_text="It throbs")

    assert "checked" not in browser.get("/how/").content.decode()
    assert browser.get("/how/3/").url == "/how/"


# --- afterwards --------------------------------------------------------------------------------------------------


def test_the_receipt_says_by_when_somebody_answers(browser):
    text = text_of(browser.get(answer(browser, "ONE_LEG", leg="left", free_text="It throbs").url))

    assert "We have your report Somebody answers by today, 13:10" in text
    assert "Call 555-0100 now Call 555-0100 Speak to a clinician today. If it gets worse, call 911 ." in text
    assert "One leg hurts, or is swollen, warm or red: calf, thigh, ankle or foot Left leg It throbs" in text
    assert "Nobody watches this page around the clock." in text
    assert "closed now" not in text


def test_out_of_hours_the_receipt_says_when_the_clinic_opens_and_where_to_go(browser, patient, clock):
    clock.move_to(at("2026-01-16 19:00"))
    browser.force_login(patient.user)
    text = text_of(browser.get(answer(browser, "ONE_LEG").url))

    assert "Somebody answers by Mon 19 Jan, 12:00" in text
    assert "The clinic is closed now and opens Mon 19 Jan, 08:00." in text
    assert "Go to urgent care or an emergency department now" in text


def test_the_receipt_calls_nothing_closed_because_no_first_visits_are_given(browser):
    monday = make_user(name="Monday Nurse")
    make_hours(monday, weekdays=[0])
    make_service("first_visit", nurses=[monday])

    text = text_of(browser.get(answer(browser, "ONE_LEG").url))

    assert "Somebody answers by today, 13:10" in text
    assert "closed now" not in text


def test_what_is_expected_is_read_and_not_promised_an_answer(browser):
    text = text_of(browser.get(answer(browser, "BRUISES").url))

    assert "We read it by tomorrow, 18:00" in text
    assert "This is usually part of the expected course." in text


def test_the_giver_sees_who_took_it_and_that_it_was_answered(browser, patient):
    report = make_report(patient=patient, by=patient.user)
    clinician = make_user(Role.CLINICIAN, name="Hugo Ashdown")
    for what in ("taken", "no_answer", "noted", "reached"):
        ReportStep.objects.create(report=report, what=what, at=at(NOW), by=clinician, words="Secret to staff")
    closing = {"closed_by": clinician, "closing_note": "Secret to staff", "outcome": "advised"}
    SymptomReport.objects.filter(pk=report.pk).update(
        taken_at=at(NOW), taken_by=clinician, closed_at=at("2026-01-15 09:30"), **closing
    )

    text = text_of(browser.get(f"/how/sent/{report.public_id}/"))

    assert "This report is answered" in text
    assert "Hugo Ashdown is looking at it" in text
    assert "We called and did not reach you. today" in text
    assert "Answered. We told you what to do. No visit and no scan was agreed." in text
    assert "Secret to staff" not in text
    assert "Answered today, 09:30" in text_of(browser.get("/how/sent/"))


@pytest.mark.parametrize(
    ("level", "outcome", "words"),
    [
        ("EMERGENCY", "sent_on", "We heard that you were sent to an emergency department. Call us if not."),
        ("SAME_DAY", "treated_elsewhere", "We heard that you were treated elsewhere. Call us if not."),
        ("SAME_DAY", "mistake", "We think that it was reported by mistake. Call us if not."),
        ("REASSURE", "advised", "We read it. Call us if it gets worse."),
        ("REASSURE", "visit", "We want to see you. Please call us."),
        ("REASSURE", "scan", "We want to see you. Please call us."),
    ],
)
def test_a_giver_whom_nobody_reached_is_not_told_that_it_was_answered(browser, patient, level, outcome, words):
    report = make_report(patient=patient, by=patient.user, level=level)
    by = make_user(Role.CLINICIAN, name="Hugo Ashdown")
    now = at("2026-01-15 09:30")
    report_work.close(
        report=report, version=1, outcome=outcome, note="The hospital rang.", contact="no_answer", by=by, now=now
    )

    text = text_of(browser.get(f"/how/sent/{report.public_id}/"))
    assert "This report is closed" in text
    assert f"Closed. {words} today, 09:30" in text
    assert [claim for claim in ("nswered", "We advised", "We spoke", "hospital rang") if claim in text] == []
    assert "Closed today, 09:30" in text_of(browser.get("/how/sent/"))


def test_each_question_is_told_as_it_was_answered(browser):
    text = text_of(step(browser, "/how/", {"BREATH": "yes", "CHEST": "no"}, follow=True))

    made = only_report()
    assert (made.symptoms, made.affirmed, made.denied) == (["ALLERGIC_REACTION"], ["BREATH"], ["CHEST"])
    told = "What you told us Trouble breathing, wheezing, or a tight throat Answered with no Chest pain"
    assert told in text
    assert "Left open Swollen face, lips or tongue" in text
    staff = Client()
    staff.force_login(make_user(Role.CLINICIAN))
    seen = text_of(staff.get(f"/queue/{made.public_id}/"))
    assert "Trouble breathing, wheezing, or a tight throat yes Chest pain" in seen
    assert "racing or uneven heartbeat no Swollen face" in seen
    assert seen.count("not answered") == len(QUESTIONS) - 2


@pytest.mark.parametrize(
    ("level", "late"),
    [
        ("SAME_DAY", "This takes longer than we said. Call us now."),
        ("REASSURE", "We are late reading it. If it changes or worries you, call us."),
    ],
)
def test_a_taken_report_whose_time_is_over_is_late_until_somebody_spoke_with_the_giver(
    browser, patient, clock, level, late
):
    report = make_report(patient=patient, by=patient.user, level=level, due_at=at("2026-01-15 09:15"))
    clinician = make_user(Role.CLINICIAN, name="Hugo Ashdown")
    SymptomReport.objects.filter(pk=report.pk).update(taken_at=at(NOW), taken_by=clinician)
    clock.move_to(at("2026-01-15 09:16"))
    url = f"/how/sent/{report.public_id}/"

    pages = [text_of(browser.get(page)) for page in (url, "/today/")]
    assert [page.count(late) for page in pages] == [1, 1]
    assert [page for page in pages if " by today, 09:15" in page] == []
    ReportStep.objects.create(report=report, what="reached", at=at("2026-01-15 09:16"), by=clinician)

    pages = [text_of(browser.get(page)) for page in (url, "/today/", "/how/sent/")]
    assert [page for page in pages if late in page] == []
    assert [page.count("We spoke with you") for page in pages] == [2, 1, 1]


def test_an_answer_that_nobody_gave_in_time_is_not_promised_any_more(browser, patient, clock):
    make_report(patient=patient, by=patient.user, due_at=at("2026-01-15 09:15"))
    make_report(patient=patient, by=patient.user, level="REASSURE", due_at=at("2026-01-15 09:15"))
    clock.move_to(at("2026-01-15 09:16"))

    text = text_of(browser.get("/how/sent/"))

    assert (text.count("Nobody has answered yet"), text.count("We have not read it yet")) == (1, 1)
    assert "09:15" not in text


def test_a_patient_sees_what_a_carer_reported_as_the_carers(browser, patient):
    user = make_user(Role.CARER, name="Ana Quillfeather")
    make_carer(patient=patient, user=user, may_report=True)
    report = make_report(patient=patient, by=user, source="carer")
    client = Client()
    client.force_login(user)

    pages = [text_of(browser.get(url)) for url in ("/how/sent/", f"/how/sent/{report.public_id}/", "/today/")]
    assert [page.count("Reported by Ana Quillfeather") for page in pages] == [1, 1, 1]
    own = text_of(client.get(f"/care/{user.cares_as.get().public_id}/how/sent/"))
    assert "Reported by" not in own


def test_an_answer_that_is_late_says_to_call(browser, patient, clock):
    report = make_report(patient=patient, by=patient.user)
    clock.move_to(at("2026-01-15 13:11"))

    assert "This takes longer than we said. Call us now." in text_of(browser.get(f"/how/sent/{report.public_id}/"))


@pytest.mark.parametrize(("level", "calls"), [("NEXT_DAY", 1), ("REASSURE", 0)])
def test_what_waits_too_long_has_the_number_under_the_words_and_what_is_only_read_has_not(
    browser, patient, clock, level, calls
):
    report = make_report(patient=patient, by=patient.user, level=level, due_at=at("2026-01-15 09:15"))
    clock.move_to(at("2026-01-15 09:16"))

    pages = [text_of(browser.get(page)) for page in (f"/how/sent/{report.public_id}/", "/today/")]

    assert [page.count("Call 555-0100") for page in pages] == [calls, calls]


def test_beside_a_more_urgent_call_it_is_not_offered_a_second_time(browser, patient, clock):
    make_report(patient=patient, by=patient.user)
    make_report(patient=patient, by=patient.user, level="NEXT_DAY", due_at=at("2026-01-15 09:15"))
    clock.move_to(at("2026-01-15 09:16"))

    text = text_of(browser.get("/today/"))

    assert text.count("This takes longer than we said. Call us now.") == 1
    assert re.findall("Call 555-0100(?! now)", text) == ["Call 555-0100"]


def test_the_list_of_reports_costs_the_same_for_one_and_for_thirty(browser, patient, django_assert_max_num_queries):
    for _ in range(30):
        make_report(patient=patient, by=patient.user)

    with django_assert_max_num_queries(10):
        page = browser.get("/how/sent/")
    assert page.content.decode().count("<li><a") == 30


def test_another_patients_report_is_not_there(browser):
    other = make_report(patient=make_patient_user().patient, free_text="Nobody else's business")

    assert browser.get(f"/how/sent/{other.public_id}/").status_code == 404
    assert "Nobody else" not in browser.get("/how/sent/").content.decode()


def test_no_title_or_address_says_what_was_reported(browser):
    last = answer(browser, "INFECTION_SIGN")

    pages = [browser.get(url).content.decode() for url in ("/how/", "/how/well/", "/how/sent/", last.url)]
    assert [re.search("<title>(.*?)</title>", page).group(1) for page in pages] == [
        "How are you? – Larkfield Clinic",
        "How are you? – Larkfield Clinic",
        "Your reports – Larkfield Clinic",
        "Your report – Larkfield Clinic",
    ]


# --- carers ------------------------------------------------------------------------------------------------------


def carer_of(patient, **facts):
    carer = make_carer(patient=patient, **{"may_report": True, **facts})
    client = Client()
    client.force_login(carer.user)
    return carer, client


def test_a_carer_who_may_reports_for_the_patient(patient, clock):
    carer, client = carer_of(patient)
    start = f"/care/{carer.public_id}/how/"

    step(client, start, WELL)
    step(client, f"{start}2/", {"symptoms": ["ONE_LEG"]})
    last = step(client, f"{start}3/", {"free_text": "She limps"})

    made = only_report()
    assert last.url == f"{start}sent/{made.public_id}/"
    assert (made.patient, made.reported_by, made.source) == (patient, carer.user, "carer")
    assert "She limps" in client.get(last.url).content.decode()


def test_a_carer_sees_own_reports_alone(patient, clock):
    carer, client = carer_of(patient)
    own = make_report(patient=patient, by=carer.user, source="carer")
    hers = make_report(patient=patient, by=patient.user, free_text="Not for the carer")

    page = client.get(f"/care/{carer.public_id}/how/sent/").content.decode()
    assert str(own.public_id) in page
    assert str(hers.public_id) not in page
    assert client.get(f"/care/{carer.public_id}/how/sent/{hers.public_id}/").status_code == 404


def test_a_carer_who_may_not_report_is_refused(patient, clock):
    carer, client = carer_of(patient, may_report=False)

    assert client.get(f"/care/{carer.public_id}/how/").status_code == 403
    assert client.post(f"/care/{carer.public_id}/how/", {"CHEST": "yes"}).status_code == 403
    assert not SymptomReport.objects.exists()


def test_an_ended_carer_finds_nothing(patient, clock):
    carer, client = carer_of(patient)
    carer.ended_at, carer.ended_by = at(NOW), patient.user
    carer.save()

    assert client.get(f"/care/{carer.public_id}/how/").status_code == 404


# --- cost --------------------------------------------------------------------------------------------------------


def test_the_steps_cost_few_queries(browser, patient, django_assert_max_num_queries):
    make_plan("2026-01-13 10:30", patient=patient)

    with django_assert_max_num_queries(11):
        browser.get("/how/")
    step(browser, "/how/", WELL)
    for url in ("/how/2/", "/how/3/"):
        with django_assert_max_num_queries(11):
            browser.get(url)


# --- the page of today -------------------------------------------------------------------------------------------


def test_today_says_by_when_a_report_is_answered_until_it_is(browser, patient, clock):
    report = make_report(patient=patient, by=patient.user, reported_at=at("2026-01-15 09:00"))

    page = browser.get("/today/")
    assert "You reported something today, 09:00. Somebody answers by today, 13:00. Your report" in text_of(page)
    assert f'href="/how/sent/{report.public_id}/"' in page.content.decode()
    clock.move_to(at("2026-01-15 13:01"))
    browser.logout()
    browser.force_login(patient.user)
    assert "This takes longer than we said. Call us now." in text_of(browser.get("/today/"))
    closing = {"closing_note": "Rang her.", "outcome": "mistake", "closed_by": make_user(Role.CLINICIAN)}
    SymptomReport.objects.update(closed_at=at("2026-01-15 13:02"), **closing)
    closed = "You reported something today, 09:00. Closed today, 13:02. We think that it was reported by mistake."
    assert closed in text_of(browser.get("/today/"))
    assert "Call us now" not in text_of(browser.get("/today/"))


def test_a_carer_sees_of_the_patients_own_reports_nothing_on_today(patient, clock):
    carer, client = carer_of(patient)
    make_report(patient=patient, by=patient.user)

    assert "You reported something" not in text_of(client.get(f"/care/{carer.public_id}/"))


# --- signed out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "data"), [("/how/", {"CHEST": "yes"}), ("/how/2/", {"follows": ["SIGHT_LOST"], "go": "back"})]
)
def test_an_emergency_sent_after_the_session_ended_says_to_call(browser, clock, url, data):
    step(browser, "/how/", WELL)
    sent = {**hidden_of(browser.get(url)), **data}
    clock.shift(1801)

    page = browser.post(url, sent)

    assert page.status_code == 401
    text = text_of(page)
    assert text.startswith("Call 911 now")
    assert "The clinic could not be told: you were signed out." in text
    assert "Say:" not in text
    assert "next=%2Fhow%2F" in page.content.decode()
    assert not SymptomReport.objects.exists()


@pytest.mark.parametrize("url", ["/how/", "/how/2/", "/how/3/"])
def test_what_is_sent_after_the_session_ended_says_that_it_did_not_arrive(browser, clock, url):
    step(browser, "/how/", WELL)
    sent = hidden_of(browser.get(url))
    clock.shift(1801)

    text = text_of(browser.post(url, {**sent, "symptoms": ["ONE_LEG"], "free_text": "It throbs"}))

    assert "What you sent did not reach us" in text
    assert "Sign in again and answer once more." in text
    assert "Call 911 now" not in text
    assert "throbs" not in text
    assert browser.get(url).status_code == 302
    assert not SymptomReport.objects.exists()


def test_a_carer_who_was_signed_out_is_told_no_id(patient):
    carer = make_carer(patient=patient, may_report=True)

    page = Client().post(f"/care/{carer.public_id}/how/", {"CHEST": "yes"}).content.decode()

    assert "Call 911 now" in page
    assert '?next=%2F"' in page
    assert str(carer.public_id) not in page
    assert "Marigold" not in page


def test_what_a_page_keeps_by_itself_after_the_session_ended_says_nothing(browser):
    assert Client().post("/how/2/", {"symptoms": ["ONE_LEG"], "go": "keep"}).content == b""


def test_nobody_is_let_in_by_a_foreign_site_after_the_session_ended(patient):
    page = Client(enforce_csrf_checks=True).post("/how/", {"CHEST": "yes"})

    assert (page.status_code, SymptomReport.objects.count()) == (403, 0)
    assert "The clinic could not be told: you were signed out." in text_of(page)


# --- not taken ---------------------------------------------------------------------------------------------------

EMERGENCIES = [("", {"CHEST": "yes"}), ("2/", {"follows": ["SIGHT_LOST"], "go": "back"})]
OLD_FORM = "The page was open for too long, or somebody signed in on this device meanwhile."
NOT_OPEN = "These questions are not open to you, or no longer. Nothing of what you sent was kept."
CALL = "Call 911 now This can be an emergency. Do not wait for an answer here, and do not drive yourself. Call 911"
NOT_TOLD = "The clinic could not be told. Call it yourself when help is on its way. Then call the clinic: 555-0100"


@pytest.fixture
def signed_in_again(patient, clock):
    """The patient, who signed in again in another tab: the token of every page of before is an old one."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(patient.user)
    strict.cookies["csrftoken"] = "b" * 32
    return strict


def old_form(url, data, client):
    return client.post(url, {**data, "csrfmiddlewaretoken": "a" * 32})


@pytest.mark.parametrize(("part", "data"), EMERGENCIES)
def test_an_emergency_of_a_form_from_before_a_sign_in_elsewhere_says_to_call(signed_in_again, part, data):
    page = old_form(f"/how/{part}", data, signed_in_again)

    text = text_of(page)
    assert (page.status_code, SymptomReport.objects.count()) == (403, 0)
    assert text.startswith(f"{CALL} {NOT_TOLD}")
    assert f"What you sent did not reach us {OLD_FORM} Open the questions again and answer once more." in text
    assert 'href="tel:911"' in page.content.decode()
    assert 'href="/how/">Open the questions again' in page.content.decode()


def test_what_is_no_emergency_of_such_a_form_says_that_it_did_not_arrive(signed_in_again):
    text = text_of(old_form("/how/3/", {"free_text": "It throbs"}, signed_in_again))

    assert text.startswith(f"What you sent did not reach us {OLD_FORM}")
    assert "Call 911 now" not in text


def test_such_a_form_of_a_carer_leads_back_to_the_same_questions(patient, clock):
    carer, client = carer_of(patient)
    client.handler.enforce_csrf_checks = True

    page = old_form(f"/care/{carer.public_id}/how/", {"CHEST": "yes"}, client)

    assert text_of(page).startswith(CALL)
    assert f'href="/care/{carer.public_id}/how/">Open the questions again' in page.content.decode()
    assert "Marigold" not in page.content.decode()


def test_other_old_forms_answer_as_ever(signed_in_again):
    page = old_form("/settings/", {}, signed_in_again)

    assert page.status_code == 403
    assert "Please try that again" in page.content.decode()


@pytest.mark.parametrize(("part", "data"), EMERGENCIES)
@pytest.mark.parametrize(("change", "status"), [("ended", 404), ("only looks", 403)])
def test_an_emergency_of_a_carer_who_may_not_report_any_more_says_to_call(patient, clock, part, data, change, status):
    carer, client = carer_of(patient)
    if change == "ended":
        carers.end_carer(carer=carer, by=patient.user)
    else:
        carers.allow_reports(carer=carer, may_report=False, by=patient.user)

    page = client.post(f"/care/{carer.public_id}/how/{part}", data)

    text = text_of(page)
    assert (page.status_code, SymptomReport.objects.count()) == (status, 0)
    assert text.startswith(f"{CALL} {NOT_TOLD}")
    assert f"What you sent did not reach us {NOT_OPEN} If somebody needs help, call us." in text
    assert "Say:" not in text


def test_who_never_was_a_carer_reads_the_same_and_nothing_of_the_patient(patient, clock):
    carer, client = carer_of(patient)
    carers.end_carer(carer=carer, by=patient.user)
    stranger = Client()
    stranger.force_login(make_carer().user)

    addresses = [f"/care/{public_id}/how/" for public_id in (carer.public_id, uuid4())]
    pages = [each.post(address, {"CHEST": "yes"}) for each in (client, stranger) for address in addresses]

    assert {page.status_code for page in pages} == {404}
    assert len({text_of(page) for page in pages}) == 1
    # The way to the other language leads back to the address that was asked, which tells whoever asked it nothing.
    said = [page.content.decode().replace(page.request["PATH_INFO"], "") for page in pages]
    assert [page for page in said if "Marigold" in page or "/care/" in page] == []


def test_a_carer_who_only_looks_is_told_nothing_of_the_patient(patient, clock):
    make_plan("2026-01-14 10:30", patient=patient)
    carer, client = carer_of(patient)
    carers.allow_reports(carer=carer, may_report=False, by=patient.user)

    page = client.post(f"/care/{carer.public_id}/how/", {"CHEST": "yes"}).content.decode()

    assert "Marigold" not in page
    assert "treated" not in page


def test_looking_at_what_is_not_open_says_so_as_ever(patient, clock):
    carer, client = carer_of(patient)
    carers.end_carer(carer=carer, by=patient.user)

    assert "did not reach us" not in client.get(f"/care/{carer.public_id}/how/").content.decode()


def test_who_works_here_is_refused_and_told_to_call_too(clock):
    client = Client()
    client.force_login(make_user(Role.NURSE))

    page = client.post("/how/", {"CHEST": "yes"})

    assert (page.status_code, text_of(page).startswith(CALL)) == (403, True)
    assert AuditEvent.objects.filter(action="denied").count() == 1


@pytest.mark.parametrize("change", ["ended", "only looks"])
def test_what_a_page_keeps_by_itself_when_it_is_not_open_any_more_says_nothing(patient, clock, change):
    carer, client = carer_of(patient)
    if change == "ended":
        carers.end_carer(carer=carer, by=patient.user)
    else:
        carers.allow_reports(carer=carer, may_report=False, by=patient.user)

    assert client.post(f"/care/{carer.public_id}/how/", {"CHEST": "yes", "go": "keep"}).content == b""


def test_what_is_not_taken_says_so_in_spanish(patient, clock):
    carer = make_carer(patient=patient, may_report=True, language="es")
    client = Client()
    client.force_login(carer.user)
    carers.allow_reports(carer=carer, may_report=False, by=patient.user)

    text = text_of(client.post(f"/care/{carer.public_id}/how/", {"CHEST": "yes"}))

    assert "Lo que envió no nos llegó Estas preguntas no están abiertas para usted, o ya no lo están." in text
    assert "911" in text
