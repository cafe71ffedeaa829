"""What is normal, by day: the shipped words and the clinic's own, without promises, with every former text kept."""

import re

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client

from aftercare.expected_course import (
    COURSE,
    HELPS,
    MOST_OWN,
    SHIPPED,
    Words,
    all_words,
    expected_on,
    help_with,
    promise_in,
    save_words,
)
from aftercare.models import CourseText, Tick
from aftercare.ticks import REASONS
from clinic.access import Role
from clinic.models import AuditEvent
from sessions_app.refusals import Refused, Stale
from tests.aftercare.people import SPIDER, browser_of, make_plan
from tests.makers import at, make_clinic, make_patient_user, make_user

pytestmark = pytest.mark.django_db
PAGE = "/aftercare-words/"


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic()


@pytest.fixture
def lead():
    return make_user(Role.CLINICAL_LEAD)


def words(key="bruises", **facts):
    shipped = {"first_day": 0, "last_day": 28, "en": "Blue marks.", "es": "Marcas azules."}
    return Words(key, **{**shipped, **facts})


def saved(lead, key="bruises", after=0, **facts):
    return save_words(wanted=words(key, **facts), after=after, by=lead, now=at("2026-01-10 09:00"))


def keys_on(*days):
    return [each.key for each in expected_on(days, all_words())[0]]


# --- By day ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "keys"),
    [
        (0, ["itching", "soreness", "bruises", "darker-veins", "result"]),
        (2, ["itching", "soreness", "bruises", "darker-veins", "result"]),
        (3, ["soreness", "bruises", "darker-veins", "result"]),
        (7, ["soreness", "bruises", "darker-veins", "trapped-blood", "brown-line", "result"]),
        (22, ["bruises", "darker-veins", "brown-line", "fine-red-veins", "result"]),
        (56, ["darker-veins", "brown-line", "fine-red-veins", "result"]),
    ],
)
def test_each_day_has_its_own_course(day, keys):
    assert keys_on(day) == keys


def test_the_course_of_an_earlier_session_goes_on_beside_the_newest():
    earlier = ["trapped-blood", "brown-line"]

    assert keys_on(1, 11) == ["itching", "soreness", "bruises", "darker-veins", *earlier, "result"]


def test_before_any_session_nothing_is_told():
    assert expected_on([], all_words()) == ([], [])


def test_what_comes_later_is_told_with_its_first_day():
    later = expected_on([1], all_words())[1]

    assert [(each.key, each.first_day) for each in later] == [
        ("trapped-blood", 7),
        ("brown-line", 7),
        ("fine-red-veins", 14),
    ]


# --- The shipped words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [*COURSE, *HELPS], ids=lambda each: each.key)
def test_a_shipped_text_is_in_both_languages_with_its_source_and_promises_nothing(text):
    assert text.en
    assert text.es
    assert text.en != text.es
    assert text.source
    assert (promise_in(text.en), promise_in(text.es)) == ("", "")


def test_a_stocking_that_is_too_tight_says_what_to_do_tonight_and_when_it_comes_off():
    tip = help_with("stocking", "too_tight", all_words())

    assert "also tonight while it says day and night, if you can bear it. If your toes are numb, blue or cold" in tip.en
    assert "también esta noche mientras diga día y noche, si la aguanta. Si tiene los dedos dormidos" in tip.es
    assert "to be confirmed by the clinical lead" in tip.source


def test_there_is_a_tip_for_each_reason():
    wanted = {
        (task, reason, is_off)
        for task, reasons in REASONS.items()
        for reason in reasons
        for is_off in ((True, False) if task == "stocking" else (False,))
    }

    lacking = {each for each in wanted if help_with(*each[:2], all_words(), is_off=each[2]) is None}
    assert lacking == set()
    assert len(wanted) == len(HELPS)


def test_a_tip_for_a_stocking_that_is_off_never_speaks_of_one_that_is_on():
    off = [tip for tip in HELPS if tip.key.endswith("-off")]

    assert len(off) == len(REASONS["stocking"])
    for tip in off:
        assert not re.search(
            r"\b(keep|leave) (it|the stocking) on\b|\btake it off\b|in the morning", tip.en, re.IGNORECASE
        )
        assert not re.search(r"déjese|quítesela|por la mañana", tip.es, re.IGNORECASE)
        assert "to be confirmed by the clinical lead" in tip.source


# --- The clinic's words ------------------------------------------------------------------------------------------


def test_the_newest_of_the_clinics_words_counts_and_all_are_kept(lead):
    saved(lead, en="Blue marks.")
    saved(lead, en="Blue and green marks.", after=1)

    assert next(each for each in all_words() if each.key == "bruises").en == "Blue and green marks."
    assert [(row.number, row.text_en) for row in CourseText.objects.order_by("number")] == [
        (1, "Blue marks."),
        (2, "Blue and green marks."),
    ]


def test_what_the_clinic_hides_is_not_told(lead):
    saved(lead, is_shown=False)

    assert "bruises" not in keys_on(1)


def test_the_patient_reads_the_clinics_words_in_the_own_language(lead):
    saved(lead)
    pages = {}
    for language in ("en", "es"):
        patient = make_patient_user(language=language).patient
        make_plan("2026-01-13 10:30", SPIDER, patient=patient)
        client = Client()
        with time_machine.travel(at("2026-01-14 12:00"), tick=False):
            client.force_login(patient.user)
            pages[language] = client.get("/today/").content.decode()

    assert ("Blue marks." in pages["en"], "Marcas azules." in pages["en"]) == (True, False)
    assert ("Blue marks." in pages["es"], "Marcas azules." in pages["es"]) == (False, True)


def test_a_saved_text_is_in_the_trail_without_its_words(lead):
    row = saved(lead)

    event = AuditEvent.objects.get(action="aftercare words saved")
    assert (event.by_id, event.subject_id) == (lead.pk, str(row.pk))
    assert event.details == {"key": "bruises", "number": 1, "shown": True}


@pytest.mark.parametrize("change", [{"text_en": "Other"}, {"is_shown": False}])
def test_the_database_changes_no_saved_text(lead, change):
    row = saved(lead)

    with pytest.raises(DatabaseError), transaction.atomic():
        CourseText.objects.filter(pk=row.pk).update(**change)


# --- Refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "promise",
    [
        "It is painless.",
        "The veins are gone forever.",
        "Gone for ever.",
        "A cure for spider veins.",
        "Guaranteed to fade.",
        "Permanently gone.",
        "100 % success.",
        "The veins never come back.",
        "Es indoloro.",
        "Sin dolor.",
        "Desaparecen para siempre.",
        "Curado en un mes.",
        "Garantizado.",
    ],
)
def test_a_promise_is_refused(lead, promise):
    with pytest.raises(Refused, match="promises what nobody can keep"):
        saved(lead, en=promise)
    with pytest.raises(Refused, match="promises what nobody can keep"):
        saved(lead, es=promise)


@pytest.mark.parametrize(
    "harmless", ["Keep the skin secure.", "An accurate description.", "Care for the skin.", "Cuidado con el sol."]
)
def test_words_that_only_look_like_a_promise_are_kept(harmless):
    assert promise_in(harmless) == ""


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"en": " "}, "text_en"),
        ({"es": ""}, "text_es"),
        ({"es": "x" * 301}, "text_es"),
        ({"first_day": -1}, "first_day"),
        ({"first_day": 731, "last_day": None}, "first_day"),
        ({"first_day": 5, "last_day": 4}, "last_day"),
    ],
)
def test_a_text_that_cannot_be_told_is_refused(lead, facts, field):
    with pytest.raises(Refused) as refused:
        saved(lead, **facts)

    assert refused.value.field == field
    assert not CourseText.objects.exists()


def test_a_text_as_it_stands_is_not_saved_again(lead):
    shipped = SHIPPED["bruises"]

    with pytest.raises(Refused, match="Nothing was changed"):
        saved(lead, en=shipped.en, es=shipped.es)


def test_of_two_who_change_one_text_the_second_reads_first(lead):
    saved(lead, en="The first change.")

    with pytest.raises(Stale, match="A colleague saved this text"):
        saved(lead, en="The second change.", after=0)


def test_a_clinic_adds_a_number_of_texts_and_no_more(lead):
    for number in range(1, MOST_OWN + 1):
        saved(lead, key=f"own-{number}", en=f"Text {number}.")

    with pytest.raises(Refused, match=f"{MOST_OWN} texts of your own"):
        saved(lead, key="own-21")


# --- The page ----------------------------------------------------------------------------------------------------


def fields(**facts):
    return {
        "after": "0",
        "first_day": "0",
        "last_day": "14",
        "text_en": "Blue marks.",
        "text_es": "Marcas azules.",
        "is_shown": "on",
        **facts,
    }


def test_the_page_says_what_is_shipped_and_still_to_be_confirmed(lead):
    page = browser_of(lead).get(PAGE).content.decode()

    assert "to be confirmed by the clinical lead" in page
    assert page.count(">as shipped<") == len(SHIPPED)
    assert "Day 0 to day 28" in page
    assert "Stocking: hard to put on" in page


def test_a_language_that_is_missing_is_named_on_the_page(lead):
    client = browser_of(lead)
    pages = [
        client.post(f"{PAGE}?text=bruises", fields(**{name: ""})).content.decode() for name in ("text_en", "text_es")
    ]

    assert ["Write the text in English too." in page for page in pages] == [True, False]
    assert ["Write the text in Spanish too." in page for page in pages] == [False, True]
    assert "This field is required." not in "".join(pages)


def test_the_lead_changes_a_text_on_the_page(lead):
    client = browser_of(lead)

    assert client.post(f"{PAGE}?text=bruises", fields()).url == PAGE
    page = client.get(PAGE).content.decode()
    assert "Blue marks." in page
    assert "Day 0 to day 14" in page
    assert page.count(">as shipped<") == len(SHIPPED) - 1


def test_the_lead_adds_a_text(lead):
    browser_of(lead).post(f"{PAGE}?text=new", fields(last_day=""))

    assert [(row.key, row.number, row.last_day) for row in CourseText.objects.all()] == [("own-1", 1, None)]


def test_a_tip_has_no_days(lead):
    client = browser_of(lead)
    page = client.get(f"{PAGE}?text=help-walk-heat").content.decode()
    client.post(f"{PAGE}?text=help-walk-heat", fields(first_day="9"))

    assert 'name="first_day"' not in page
    assert CourseText.objects.get().first_day == 0


def test_a_promise_comes_back_with_what_to_write_instead_and_what_was_typed(lead):
    answer = browser_of(lead).post(f"{PAGE}?text=bruises", fields(text_en="They are gone for ever."))

    assert answer.status_code == 422
    assert "Say what people usually see instead." in answer.content.decode()
    assert "They are gone for ever." in answer.content.decode()


def test_a_stale_page_is_told_and_nothing_is_written(lead):
    saved(lead)
    answer = browser_of(lead).post(f"{PAGE}?text=bruises", fields(text_en="Another one."))

    assert "A colleague saved this text meanwhile." in answer.content.decode()
    assert CourseText.objects.count() == 1


@pytest.mark.parametrize("name", ["never-was", "help-", "own-7"])
def test_a_text_that_is_not_there_is_not_found(lead, name):
    assert browser_of(lead).get(f"{PAGE}?text={name}").status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CLINICAL_LEAD])
def test_only_the_clinical_lead_changes_the_words(role):
    assert browser_of(make_user(role)).get(PAGE).status_code == 403


def test_the_list_costs_the_same_queries_with_many_texts(lead, django_assert_max_num_queries):
    client = browser_of(lead)
    client.get(PAGE)
    for number in range(1, 11):
        saved(lead, key=f"own-{number}", en=f"Text {number}.")
    with django_assert_max_num_queries(6):
        client.get(PAGE)


def test_no_reason_is_left_without_a_name():
    assert {str(reason) for reason in Tick.Reason} == {
        reason for reasons in REASONS.values() for reason in map(str, reasons)
    }


@pytest.mark.parametrize(
    ("changed", "other", "says"),
    [("text_en", "text_es", "The English text is changed"), ("text_es", "text_en", "The Spanish text is changed")],
)
def test_one_language_that_is_left_behind_is_asked_about_at_its_field(lead, changed, other, says):
    client, shipped = browser_of(lead), SHIPPED["bruises"]
    stood = {"text_en": shipped.en, "text_es": shipped.es, "last_day": "28"}

    answer = client.post(f"{PAGE}?text=bruises", fields(**{**stood, changed: "Something else."}))

    form = answer.context["form"]
    assert (answer.status_code, list(form.errors)) == (422, [other])
    assert form.errors[other][0].startswith(says)
    assert 'name="still_same"' in answer.content.decode()
    assert not CourseText.objects.exists()
    sent = fields(**{**stood, changed: "Something else."}, still_same="on")
    assert client.post(f"{PAGE}?text=bruises", sent).status_code == 302


def test_other_days_alone_ask_for_no_other_words(lead):
    shipped = SHIPPED["bruises"]
    sent = fields(text_en=shipped.en, text_es=shipped.es)

    assert browser_of(lead).post(f"{PAGE}?text=bruises", sent).status_code == 302


def test_the_source_of_the_shipped_words_vouches_for_no_others(lead):
    shipped = SHIPPED["bruises"]
    saved(lead, en=shipped.en, es=shipped.es, last_day=20)
    as_shipped = next(each for each in all_words() if each.key == "bruises")
    saved(lead, after=1)
    changed = next(each for each in all_words() if each.key == "bruises")

    assert (as_shipped.source, changed.source) == (shipped.source, "")
    assert "42 %" not in browser_of(lead).get(PAGE).content.decode()


def test_a_text_that_is_too_long_comes_back_whole_and_nothing_cuts_it(lead):
    answer = browser_of(lead).post(f"{PAGE}?text=bruises", fields(text_en="x" * 301))

    assert answer.context["form"].errors["text_en"] == ["Shorten the text in English to 300 characters; it has 301."]
    assert "x" * 301 in answer.content.decode()
    assert "maxlength" not in answer.content.decode().split("<form class")[1]
