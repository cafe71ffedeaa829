"""The plan on one sheet: words that stay true on paper, a code that leads back, for its patient and those who treat."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from aftercare.carers import end_carer
from aftercare.expected_course import Words, save_words
from aftercare.views.print_plan import paper
from clinic.access import Role
from clinic.models import AuditEvent, Clinic, PortalLink
from clinic.paper_link import paper_link
from sessions_app.presenters.handover import qr_of
from tests.aftercare.people import NOON, RETICULAR, SPIDER, browser_of, make_plan, reachable_patient, treated_patient
from tests.makers import at, make_appointment, make_carer, make_clinic, make_patient_user, make_repeat_hold, make_user

pytestmark = pytest.mark.django_db
OWN = "/plan/print/"


@pytest.fixture(autouse=True)
def _clinic(thursday_noon):
    make_clinic(name="Larkfield Vein Clinic", phone="212-555-0100", phone_hours="Mon to Fri 8:00 to 18:00")


@pytest.fixture
def patient():
    return treated_patient("2026-01-13 10:30", RETICULAR, given_name="Marigold", family_name="Quillfeather")


def page_of(user, path=OWN):
    return browser_of(user).get(path)


def staff_page(patient, role=Role.NURSE, query=""):
    return page_of(make_user(role), reverse("aftercare:plan_print", args=[patient.public_id]) + query)


def words_of(answer):
    """What is seen on the sheet; the picture's own text says the whole plan once more."""
    sheet = re.search("<article.*</article>", answer.content.decode(), re.S)[0]
    return " ".join(
        unescape(re.sub('<svg.*?</svg>|<p class="visually-hidden".*?</p>|<[^>]+>', " ", sheet, flags=re.S)).split()
    )


# --- What it says ------------------------------------------------------------------------------------------------


def test_the_sheet_answers_what_until_when_is_it_normal_and_whom_to_call(patient):
    make_appointment(patient=patient, starts_at=at("2026-01-22 10:00"))
    words = words_of(page_of(patient.user))

    for said in (
        "Larkfield Vein Clinic Your plan Marigold Quillfeather Treatment: Tue 13 Jan",
        "Stocking on, day and night Left leg until Tue 20 Jan, 10:30",
        "Walk 15 to 20 minutes every day from Wed 14 Jan to Tue 20 Jan",
        "Next visit Thu 22 Jan, 10:00",
        "What is normal",
        "911 At once, also if it has gone again: trouble breathing",
        "212-555-0100 Mon to Fri 8:00 to 18:00",
        "Printed on Thu 15 Jan, 12:00.",
    ):
        assert said in words


@pytest.mark.parametrize("language", ["en", "es"])
def test_sheet_page_and_kept_copy_say_the_same_of_what_is_normal(patient, language):
    patient.language = language
    patient.save()
    told = [
        re.findall(
            r"<li>(.*?)</li>", page_of(patient.user, path).content.decode().partition(begin)[2].partition(end)[0]
        )
        for path, begin, end in (
            (OWN, '<div class="plansheet-told">', "</section>"),
            ("/today/", '<ul class="normal">', "</details>"),
            ("/today/kept/", '<ul class="normal">', "</details>"),
        )
    ]

    assert len(told[0]) == 8
    assert told[1:] == [told[0], told[0]]


def test_a_sheet_has_room_for_so_many_words_and_says_that_the_page_has_more(patient):
    lead = make_user(Role.CLINICAL_LEAD)
    for number in range(1, 11):
        save_words(wanted=Words(f"own-{number}", 0, None, f"{number} {'blue ' * 50}", "azul " * 50), after=0, by=lead)
    words = words_of(page_of(patient.user))

    assert "Your page says more." in words
    assert words.count("blue blue blue") < 300


def test_nothing_on_the_sheet_is_true_of_one_day_only(patient):
    make_plan("2026-01-14 12:00", SPIDER, patient=patient)
    page = page_of(patient.user).content.decode()

    assert re.findall(r"(?i)\b(today,|tomorrow|left of|min left)\b", words_of(page_of(patient.user))) == []
    assert "today-line" not in page


def test_what_is_over_is_left_out():
    patient = make_patient_user(reachable_patient()).patient
    make_plan("2026-01-09 10:30", SPIDER, patient=patient)

    assert "Leave:" not in words_of(page_of(patient.user))


def test_legs_that_differ_have_a_line_each(patient):
    make_plan("2026-01-12 10:30", {**SPIDER, "leg": "right"}, patient=patient)

    assert "Left leg: day and night until Tue 20 Jan, 10:30" in words_of(page_of(patient.user))


def test_legs_that_were_treated_on_other_days_and_end_together_are_one_line_for_each_phase():
    patient = make_patient_user(reachable_patient()).patient
    make_plan("2026-01-05 10:30", SPIDER, patient=patient)
    make_plan("2026-01-13 10:30", RETICULAR, {**RETICULAR, "leg": "right"}, patient=patient)

    words = words_of(page_of(patient.user))

    assert "Stocking day and night until Tue 20 Jan, 10:30 Stocking by day until Tue 3 Feb" in words
    assert "Stocking, " not in words


def test_while_the_clinic_decides_first_no_usual_time_of_a_next_visit_is_named_anywhere(patient):
    assert "Usual time of a next visit from Tue 20 Jan to Tue 27 Jan" in words_of(page_of(patient.user))
    make_repeat_hold(patient=patient)

    for path in (OWN, "/today/", "/today/kept/"):
        words = " ".join(unescape(re.sub("<[^>]+>", " ", page_of(patient.user, path).content.decode())).split())
        assert "Next visit: we decide first when" in words
        assert "sual time" not in words
    assert "from Tue 20 Jan to Tue 27 Jan" not in page_of(patient.user).content.decode()


def test_a_reader_in_another_zone_is_told_whose_time_it_is(patient):
    patient.time_zone = "Europe/Madrid"
    patient.save()
    words = words_of(page_of(patient.user))

    assert "until Tue 20 Jan, 10:30 EST" in words
    assert "All times are the clinic's time (New York, EST)." in words


def test_without_a_plan_the_sheet_says_so_and_whom_to_call():
    words = words_of(page_of(make_patient_user().patient.user))

    assert "No plan holds now" in words
    assert "212-555-0100" in words


def test_large_text_leaves_out_the_picture_and_no_words(patient):
    ordinary, large = (page_of(patient.user, f"{OWN}{query}").content.decode() for query in ("", "?text=large"))

    assert ["plansheet-large" in page for page in (ordinary, large)] == [False, True]
    assert [('class="plan plan-narrow"' in page, "What is normal" in page) for page in (ordinary, large)] == [
        (True, True),
        (False, True),
    ]
    assert "plansheet-tight" not in large
    assert "plansheet-close" not in large


def test_the_sheet_begins_in_the_size_that_the_device_is_set_to(patient):
    browser = browser_of(patient.user)
    browser.cookies["text"] = "large"

    large, ordinary = (browser.get(f"{OWN}{query}").content.decode() for query in ("", "?text=ordinary"))

    assert ["plansheet-large" in page for page in (large, ordinary)] == [True, False]
    assert ('href="?text=ordinary"' in large, 'href="?text=large"' in ordinary) == (True, True)


@pytest.mark.parametrize("query", ["?text=", "?text=huge", "?text=large&text=small", "?language=es", "?patient=1"])
def test_anything_else_in_the_address_changes_nothing(patient, query):
    assert words_of(page_of(patient.user, OWN + query)) == words_of(page_of(patient.user))


def test_the_sheet_speaks_the_patients_language(patient):
    patient.language = "es"
    patient.save()
    page = page_of(patient.user).content.decode()

    assert '<article class="plansheet' in page
    assert 'lang="es" data-bs-theme="light"' in page
    assert "Su plan" in page


# --- The code on it ----------------------------------------------------------------------------------------------


def test_the_code_is_a_link_of_the_patient_that_ends_with_the_plan(patient):
    plan = make_plan("2026-01-14 12:00", SPIDER, patient=patient)
    ends_at = max(row.ends_at for row in patient.plans.all())

    assert plan.ends_at <= ends_at
    assert qr_of(paper_link(patient, ends_at)) in page_of(patient.user).content.decode()


def test_looking_at_the_sheet_writes_no_link_and_gives_the_same_code_each_time(patient):
    sheets = {words_and_code(page_of(patient.user)) for _ in range(3)}

    assert (len(sheets), PortalLink.objects.count()) == (1, 0)


def words_and_code(answer):
    return re.search(r'<svg[^>]*class="qr".*?</svg>', answer.content.decode(), re.S)[0]


def test_the_address_in_the_code_says_nothing_of_anybody(patient, settings):
    settings.BASE_URL = "https://portal.larkfield.example"
    link = paper_link(patient, NOON + timedelta(days=30))

    assert re.fullmatch(r"https://portal\.larkfield\.example/l/[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}/", link)


# --- Who may -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.NURSE, Role.CLINICIAN, Role.CLINICAL_LEAD])
def test_those_who_treat_print_it_for_the_patient(patient, role):
    assert "Marigold Quillfeather" in words_of(staff_page(patient, role))


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR])
def test_who_sees_no_plan_prints_none(patient, role):
    answer = staff_page(patient, role)

    assert answer.status_code == 403
    assert "Stocking" not in answer.content.decode()


def test_a_patient_prints_the_own_plan_only(patient):
    other = make_patient_user()

    assert page_of(other, reverse("aftercare:plan_print", args=[patient.public_id])).status_code == 403
    assert "Quillfeather" not in page_of(other).content.decode()


def test_printing_by_staff_is_in_the_audit_trail(patient):
    staff_page(patient)

    event = AuditEvent.objects.get(action="plan read")
    assert (event.patient_id, event.details) == (patient.pk, {"page": "print"})


def test_staff_choose_the_language_of_the_sheet(patient):
    english, spanish = (staff_page(patient, query=query).content.decode() for query in ("", "?language=es"))

    assert ['lang="es"' in page for page in (english, spanish)] == [False, True]
    assert "Print the plan of Marigold Quillfeather" in spanish
    assert "In English" in spanish


def test_the_page_of_the_plan_leads_to_its_print(patient):
    page = page_of(make_user(), reverse("aftercare:plan", args=[patient.public_id])).content.decode()

    assert reverse("aftercare:plan_print", args=[patient.public_id]) in page


# --- Carers ------------------------------------------------------------------------------------------------------


def carers_page(carer, query=""):
    return page_of(carer.user, f"/care/{carer.public_id}/plan/print/{query}")


def test_a_carer_prints_the_plan_that_the_patient_prints_without_the_code_of_the_patient(patient):
    carer = make_carer(patient=patient)
    own, cared = page_of(patient.user), carers_page(carer)

    caption = " Your page: scan this. We send you a code that opens it."
    assert words_of(cared) == words_of(own).replace(caption, "")
    page = cared.content.decode()
    assert "Print the plan of Marigold Quillfeather" in page
    assert ['class="plansheet-qr"' in each.content.decode() for each in (own, cared)] == [True, False]
    assert "/l/" not in page
    assert f'href="/care/{carer.public_id}/"' in page


def test_the_page_that_a_carer_may_see_leads_to_its_print(patient):
    carer = make_carer(patient=patient)
    page = page_of(carer.user, f"/care/{carer.public_id}/").content.decode()

    assert f'href="/care/{carer.public_id}/plan/print/"' in page
    assert "/today/kept/" not in page


def test_printing_by_a_carer_is_in_the_audit_trail(patient):
    carer = make_carer(patient=patient)
    carers_page(carer)

    event = AuditEvent.objects.get(action="read by a carer")
    assert (event.by_id, event.patient_id, event.details) == (
        carer.user_id,
        patient.pk,
        {"page": "aftercare:care_print"},
    )


def test_nobody_prints_at_the_address_of_another_carer_nor_after_the_end(patient):
    carer, other = make_carer(patient=patient), make_carer()
    address = f"/care/{carer.public_id}/plan/print/"

    answers = [page_of(user, address) for user in (other.user, patient.user)]
    end_carer(carer=carer, by=patient.user)
    answers.append(page_of(carer.user, address))

    assert [answer.status_code for answer in answers] == [404] * 3
    assert [answer for answer in answers if "Quillfeather" in answer.content.decode()] == []


def test_a_carer_of_another_language_chooses_the_one_of_the_sheet(patient):
    carer = make_carer(patient=patient, language="es")
    spanish, english = (carers_page(carer, query).content.decode() for query in ("", "?language=en&text=large"))

    sheets = [re.search(r'<article class="plansheet[^>]*lang="(\w+)"', page)[1] for page in (spanish, english)]
    assert sheets == ["es", "en"]
    assert ["Imprimir el plan de Marigold Quillfeather" in page for page in (spanish, english)] == [True, True]
    assert ("En inglés" in spanish, "En español" in english) == (True, True)
    assert 'href="?language=es&amp;text=large"' in english


def test_who_speaks_the_patients_language_is_offered_no_other(patient):
    assert "In Spanish" not in carers_page(make_carer(patient=patient)).content.decode()


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_printing_only_reads(patient, method):
    assert getattr(browser_of(patient.user), method)(OWN).status_code == 405


def test_the_sheet_costs_the_same_with_one_plan_and_with_five(patient, django_assert_num_queries):
    clinic = Clinic.current()
    for plans in (1, 5):
        while patient.plans.count() < plans:
            make_plan(at("2026-01-03 10:30") + timedelta(days=patient.plans.count()), SPIDER, patient=patient)
        with django_assert_num_queries(6):
            paper(patient, language="en", clinic=clinic, is_large=False, now=NOON)
