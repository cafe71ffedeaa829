"""Somebody whom a patient lets look: added, invited, let answer, ended; and that nothing else opens to them."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from aftercare import carers
from aftercare.carers import MOST_CARERS, NotAdded, WhyNot
from aftercare.models import Carer, SymptomReport
from clinic.access import GRANTS, Permission, Role
from clinic.actions import EmailInUse, register_patient, update_patient
from clinic.models import AuditEvent, Patient, User
from tests.aftercare.people import RETICULAR, browser_of, make_plan
from tests.makers import (
    at,
    make_appointment,
    make_carer,
    make_clinic,
    make_patient,
    make_patient_user,
    make_report,
    make_user,
)

pytestmark = pytest.mark.django_db
MINE = "/settings/people/"


@pytest.fixture(autouse=True)
def _clinic(settings):
    settings.ACCOUNT_MAIL_IN_BACKGROUND = False
    make_clinic(name="Larkfield Vein Clinic", sender_name="Larkfield", phone="+12125550100")


@pytest.fixture
def patient():
    return make_patient_user(given_name="Marigold", family_name="Quillfeather", email="marigold@example.com").patient


def add(patient, **facts):
    """The row of somebody whom the patient added."""
    facts = {"name": "Rosa Wren", "email": "rosa@example.com", "language": "en", "may_report": False, **facts}
    return carers.add_carer(patient=patient, by=facts.pop("by", patient.user), **facts)


def why_not(patient, **facts):
    before = (Carer.objects.count(), User.objects.count(), len(mail.outbox))
    with pytest.raises(NotAdded) as refused:
        add(patient, **facts)
    assert (Carer.objects.count(), User.objects.count(), len(mail.outbox)) == before
    return refused.value.why


def actions_of(patient):
    return list(AuditEvent.objects.filter(patient_id=patient.pk).order_by("pk").values_list("action", flat=True))


# --- Adding ------------------------------------------------------------------------------------------------------


def test_a_carer_gets_an_account_of_their_own_that_may_nothing_but_look(patient):
    carer = add(patient)

    assert (carer.user.email, carer.user.roles, carer.user.is_staff) == ("rosa@example.com", {Role.CARER}, False)
    assert not carer.user.has_usable_password()
    assert GRANTS[Role.CARER] == {Permission.SIGN_IN, Permission.CARED_PLAN}
    assert actions_of(patient) == ["carer added", "carer invited"]


@pytest.mark.parametrize(
    ("language", "subject", "line"),
    [
        ("en", "Larkfield: a page is open to you", "If you do not know what this is about, do nothing."),
        ("es", "Larkfield: hay una página para usted", "Si no sabe de qué se trata, no haga nada."),
    ],
)
def test_the_invitation_names_no_patient_and_no_treatment(
    patient, language, subject, line, django_capture_on_commit_callbacks, settings
):
    settings.BASE_URL = "https://portal.example"
    with django_capture_on_commit_callbacks(execute=True):
        add(patient, language=language)

    message = mail.outbox[0]
    assert (message.to, message.subject) == (["rosa@example.com"], subject)
    assert line in message.body
    assert "https://portal.example/accounts/code/" in message.body
    words = f"{message.subject} {message.body}".casefold()
    assert [word for word in ("marigold", "quillfeather", "rosa", "vein", "plan", "stocking") if word in words] == []


def test_nothing_is_sent_when_nothing_was_written(patient, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert why_not(patient, email=patient.email) == WhyNot.OWN


def test_a_patient_who_never_signed_in_is_no_carer_of_the_own_page():
    patient, nurse = make_patient(email="mari@example.com"), make_user(Role.NURSE)

    assert why_not(patient, email="Mari@example.com", by=nurse) is WhyNot.OWN
    assert not User.objects.filter(email="mari@example.com").exists()


def test_a_carer_is_refused_in_words_for_a_carer_and_staff_in_words_for_staff(patient):
    carer, patients_words = make_carer(patient=patient), "about your own, call us."
    said = [browser_of(user).get("/audit/").content.decode() for user in (carer.user, patient.user)]
    to_staff = browser_of(make_user(Role.NURSE)).get("/today/").content.decode()

    assert [(patients_words in page, "administrator" in page) for page in said] == [(True, False), (True, False)]
    assert (patients_words in to_staff, "ask your administrator" in to_staff) == (False, True)


def test_an_email_of_staff_or_of_a_closed_account_cannot_be_used(patient):
    make_user(Role.NURSE, email="ada@example.com")
    make_user(Role.CARER, email="gone@example.com", is_active=False)

    assert why_not(patient, email="ADA@example.com") == WhyNot.UNUSABLE
    assert why_not(patient, email="gone@example.com") == WhyNot.UNUSABLE


def test_nobody_is_added_twice_and_after_the_end_once_more(patient):
    first = add(patient)
    assert why_not(patient, email="Rosa@Example.com") == WhyNot.ALREADY

    carers.end_carer(carer=first, by=patient.user)
    again = add(patient)

    assert (again.user, again.pk != first.pk, Carer.objects.living().count()) == (first.user, True, 1)


def test_a_patient_lets_a_handful_of_people_look(patient):
    for number in range(MOST_CARERS):
        add(patient, email=f"helper{number}@example.com")

    assert why_not(patient, email="one-more@example.com") == WhyNot.FULL


def test_another_patient_who_is_let_look_keeps_the_own_account_and_language(patient):
    other = make_patient_user(email="iris@example.com", language="es")

    carer = add(patient, email="iris@example.com")

    assert (carer.user, carer.language, carer.user.roles) == (other, "es", {Role.PATIENT})


def test_a_patient_without_an_account_gets_the_own_one_and_not_a_carers(patient):
    other = make_patient(email="iris@example.com")

    carer = add(patient, email="iris@example.com")

    other.refresh_from_db()
    assert (carer.user, carer.user.roles) == (other.user, {Role.PATIENT})


def test_a_carer_who_becomes_a_patient_keeps_the_account_and_what_it_may_see(patient):
    carer = add(patient)
    browser = browser_of(carer.user)
    facts = {"given_name": "Rosa", "family_name": "Wren", "birth_date": at("1980-03-04 12:00").date()}

    rosa = register_patient(**facts, email="rosa@example.com", by=make_user(Role.FRONT_DESK))

    account = User.objects.get(pk=carer.user_id)
    assert (rosa.user, account.roles) == (account, {Role.PATIENT})
    assert browser.get("/care/").status_code == 302  # who was signed in signs in again
    assert browser_of(account).get(f"/care/{carer.public_id}/").status_code == 200
    assert browser_of(account).get("/today/").status_code == 200


def test_a_patients_account_does_not_move_to_the_email_of_a_carer(patient):
    add(patient)
    other = make_patient_user().patient

    with pytest.raises(EmailInUse) as refused:
        update_patient(
            patient=other, version=other.version, changes={"email": "rosa@example.com"}, by=make_user(Role.FRONT_DESK)
        )
    assert (refused.value.patient, refused.value.is_carer) == (None, True)


# --- The patient's page ------------------------------------------------------------------------------------------

TYPED = {"name": "Rosa Wren", "email": "Rosa@Example.com", "language": "en"}


def test_the_page_says_it_once_more_before_it_lets_anybody_look(patient):
    browser = browser_of(patient.user)

    asked = browser.post(MINE, TYPED).content.decode()
    assert "Let rosa@example.com look" in asked
    assert not Carer.objects.exists()

    changed = browser.post(MINE, {**TYPED, "sure": "on", "change": "1"}).content.decode()
    assert 'value="Rosa Wren"' in changed
    assert not Carer.objects.exists()

    assert browser.post(MINE, {**TYPED, "sure": "on"}).url == MINE
    carer = Carer.objects.get()
    assert (carer.name, carer.user.email, carer.may_report) == ("Rosa Wren", "rosa@example.com", False)
    assert "Rosa Wren may look from now on." in browser.get(MINE).content.decode()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "Enter the person&#x27;s name."),
        ({"name": "Rosa\nWren"}, "Write this on one line."),
        ({"email": "rosa"}, "Enter the whole e-mail, for example name@example.com."),
        ({"email": "marigold@example.com"}, "This e-mail opens the page already."),
        ({"language": "de"}, "Choose a language."),
    ],
)
def test_what_is_wrong_is_said_in_words(patient, typed, words):
    answer = browser_of(patient.user).post(MINE, {**TYPED, "sure": "on", **typed})

    assert (answer.status_code, words in answer.content.decode()) == (200, True)
    assert not Carer.objects.exists()


def test_fields_that_the_form_does_not_have_change_nothing(patient):
    other = make_patient_user().patient
    extra = {"patient": other.pk, "user": other.user_id, "added_by": other.user_id, "roles": "|nurse|"}

    browser_of(patient.user).post(MINE, {**TYPED, "sure": "on", **extra})

    carer = Carer.objects.get()
    assert (carer.patient, carer.added_by, carer.user.roles) == (patient, patient.user, {Role.CARER})


def test_a_day_holds_ten_messages_and_no_more(patient):
    browser = browser_of(patient.user)
    for number in range(10):
        browser.post(MINE, {**TYPED, "email": f"try{number}@example.com", "sure": "on"})
        carers.end_carer(carer=Carer.objects.living().get(), by=patient.user)

    refused = browser.post(MINE, {**TYPED, "sure": "on"}).content.decode()

    assert "Too many messages were sent today. Try again tomorrow." in refused
    assert not Carer.objects.living().exists()


def test_the_list_shows_a_masked_email_and_when_somebody_looked(patient):
    carer = make_carer(patient=patient, name="Rosa Wren", user=make_user(Role.CARER, email="rosa@example.com"))
    browser = browser_of(patient.user)
    assert "Has not looked yet" in browser.get(MINE).content.decode()

    with time_machine.travel(at("2026-01-15 12:00"), tick=False):
        browser_of(carer.user).get(f"/care/{carer.public_id}/")

    page = browser.get(MINE).content.decode()
    assert ("Looked last on Thu 15 Jan" in page, "r…@example.com" in page, "rosa@example.com" in page) == (
        True,
        True,
        False,
    )


def test_the_list_costs_the_same_for_one_and_for_six(patient):
    browser = browser_of(patient.user)
    make_carer(patient=patient)
    browser.get(MINE)
    with CaptureQueriesContext(connection) as one:
        browser.get(MINE)
    for _ in range(MOST_CARERS - 1):
        make_carer(patient=patient)
    with CaptureQueriesContext(connection) as six:
        browser.get(MINE)

    assert (len(one), len(six) - len(one)) == (9, 0)


@pytest.mark.parametrize(("act", "may_report"), [("allow", True), ("look", False)])
def test_the_patient_lets_a_carer_answer_or_only_look(patient, act, may_report):
    carer = make_carer(patient=patient, may_report=not may_report)

    answer = browser_of(patient.user).post(f"{MINE}{carer.public_id}/", {"act": act})

    carer.refresh_from_db()
    assert (answer.url, carer.may_report, actions_of(patient)) == (MINE, may_report, ["carer changed"])


def test_the_message_goes_out_again_when_the_patient_asks(patient, django_capture_on_commit_callbacks):
    carer = make_carer(patient=patient)
    with django_capture_on_commit_callbacks(execute=True):
        browser_of(patient.user).post(f"{MINE}{carer.public_id}/", {"act": "invite"})

    assert ([message.to for message in mail.outbox], actions_of(patient)) == (
        [[carer.user.email]],
        ["carer invited"],
    )


@pytest.mark.parametrize("act", ["", "delete", "may_report"])
def test_a_press_that_does_not_exist_changes_nothing(patient, act):
    carer = make_carer(patient=patient)

    assert browser_of(patient.user).post(f"{MINE}{carer.public_id}/", {"act": act}).url == MINE
    assert Carer.objects.living().get() == carer


# --- The end -----------------------------------------------------------------------------------------------------


def test_an_ended_access_is_gone_at_the_next_request_of_an_open_session(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    carer = add(patient, may_report=True)
    browser = browser_of(carer.user)
    address = f"/care/{carer.public_id}/"
    assert browser.get(address).status_code == 200

    browser_of(patient.user).post(f"{MINE}{carer.public_id}/", {"act": "end"})

    gone = [browser.get(f"{address}{end}") for end in ("plan/print/", "answer/first/", "how/", "how/sent/")]
    gone += [browser.post(f"{address}{end}") for end in ("answer/second/", "how/", "how/3/")]
    assert [answer.status_code for answer in gone] == [404] * 7
    assert "Quillfeather" not in browser.get("/care/").content.decode()
    kept = browser.get(address, follow=True)
    assert kept.redirect_chain == [("/care/", 302)]
    assert "The page that you asked for is no longer open to you." in kept.content.decode()
    assert "There is no page for you now" in kept.content.decode()
    assert "Quillfeather" not in kept.content.decode()
    carer.refresh_from_db()
    assert (carer.ended_by, actions_of(patient)[-1]) == (patient.user, "carer ended")


def test_an_access_of_somebody_else_that_was_ended_is_not_there(patient):
    carer = make_carer(patient=patient)
    carers.end_carer(carer=carer, by=patient.user)

    assert browser_of(make_carer().user).get(f"/care/{carer.public_id}/").status_code == 404


def test_what_a_carer_reported_is_the_carers_to_see_until_the_access_ends(patient):
    other = make_patient_user()
    for user in (make_user(Role.CARER), other):
        carer = make_carer(patient=patient, user=user, may_report=True)
        given = make_report(patient=patient, by=user, source="carer")
        make_report(patient=patient, by=patient.user)
        assert list(SymptomReport.objects.visible_to(user)) == [given]

        carers.end_carer(carer=carer, by=patient.user)
        assert list(SymptomReport.objects.visible_to(user)) == []
    assert SymptomReport.objects.visible_to(patient.user).count() == 4


def test_ended_twice_it_stays_ended_by_the_first(patient):
    carer = add(patient)
    first = timezone.now() - timedelta(hours=1)
    carers.end_carer(carer=carer, by=patient.user, now=first)
    carers.end_carer(carer=carer, by=make_user(Role.NURSE))
    browser_of(patient.user).post(f"{MINE}{carer.public_id}/", {"act": "allow"})

    carer.refresh_from_db()
    assert (carer.ended_at, carer.ended_by, carer.may_report) == (first, patient.user, False)
    assert actions_of(patient).count("carer ended") == 1


def test_a_carer_may_stop_seeing_a_page(patient):
    carer = add(patient)
    browser = browser_of(carer.user)

    twice = [browser.post(f"/care/{carer.public_id}/leave/").url for _ in range(2)]

    carer.refresh_from_db()
    assert (twice, carer.ended_by, actions_of(patient).count("carer ended")) == (["/care/"] * 2, carer.user, 1)
    assert browser.get(f"/care/{carer.public_id}/").url == "/care/"


# --- What a carer sees -------------------------------------------------------------------------------------------


def test_a_carer_signs_in_by_a_code_to_the_own_email(patient, client):
    add(patient)
    mail.outbox.clear()

    client.post("/accounts/code/", {"email": "rosa@example.com"})
    code = next(line.strip() for line in mail.outbox[0].body.splitlines() if line.startswith("    "))
    answer = client.post("/accounts/code/confirm/", {"code": code}, follow=True)

    assert [address for address, _ in answer.redirect_chain] == ["/care/", f"/care/{Carer.objects.get().public_id}/"]
    assert "This is the page of Marigold Quillfeather." in answer.content.decode()


@time_machine.travel(at("2026-01-15 12:30"), tick=False)
def test_a_carer_reads_the_plan_and_finds_no_way_to_a_visit_or_a_message(patient):
    make_plan("2026-01-13 10:30", RETICULAR, patient=patient)
    visit = make_appointment(patient=patient, starts_at=at("2026-01-22 10:00"))
    carer = make_carer(patient=patient)

    page = browser_of(carer.user).get(f"/care/{carer.public_id}/").content.decode()

    assert [
        words for words in ("Stocking on, day and night", "Thu 22 Jan, 10:00", "Whom to call") if words not in page
    ] == []
    assert [words for words in (str(visit.public_id), "/my-visits/", "visit.ics", "/today/") if words in page] == []


@pytest.mark.parametrize("may_report", [True, False])
def test_every_link_that_a_carer_finds_leads_somewhere(patient, may_report):
    make_plan(timezone.now() - timedelta(days=2), RETICULAR, patient=patient)
    make_appointment(patient=patient, starts_at=timezone.now() + timedelta(days=5))
    carer = make_carer(patient=patient, may_report=may_report)
    make_report(patient=patient, by=carer.user, source="carer")
    browser, seen, waiting = browser_of(carer.user), {}, ["/care/"]
    while waiting:
        path = waiting.pop()
        answer = browser.get(path, follow=True)
        seen[path] = answer.status_code
        links = re.findall(r'<(?:a|form)[^>]* (?:href|action)="(/[^"#?]*)', answer.content.decode())
        actions = ("/leave/", "/accounts/", "/settings/language/")
        waiting += [
            link for link in links if link not in {*seen, *waiting} and not any(word in link for word in actions)
        ]

    assert {path: status for path, status in seen.items() if status != 200} == {}
    assert {f"/care/{carer.public_id}/", "/settings/"} <= seen.keys()
    assert (f"/care/{carer.public_id}/how/" in seen) == may_report


def test_a_page_is_in_the_carers_language_and_not_in_the_patients(patient):
    carer = make_carer(patient=patient, language="es")

    answer = browser_of(carer.user).get(f"/care/{carer.public_id}/")

    assert answer.headers["Content-Language"] == "es"
    assert "Esta es la página de Marigold Quillfeather." in answer.content.decode()


def test_a_carer_of_two_patients_chooses_and_sees_each_at_its_own_address(patient):
    user = make_user(Role.CARER)
    other = make_patient(given_name="Iris", family_name="Larkspur")
    first, second = make_carer(patient=patient, user=user), make_carer(patient=other, user=user)
    browser = browser_of(user)

    choice = browser.get("/care/").content.decode()
    pages = [browser.get(f"/care/{row.public_id}/").content.decode() for row in (first, second)]

    assert ("Marigold Quillfeather" in choice, "Iris Larkspur" in choice) == (True, True)
    assert ["Iris" in page for page in pages] == [False, True]
    assert ["Marigold" in page for page in pages] == [True, False]


def test_one_of_two_that_is_ended_leaves_the_other(patient):
    user = make_user(Role.CARER)
    first, second = make_carer(patient=patient, user=user), make_carer(user=user)
    carers.end_carer(carer=first, by=patient.user)
    browser = browser_of(user)

    assert browser.get("/care/").url == f"/care/{second.public_id}/"
    assert browser.get(f"/care/{first.public_id}/").url == "/care/"


def test_a_patient_who_is_a_carer_has_the_own_page_and_the_other(patient):
    other = make_patient_user(given_name="Iris", family_name="Larkspur")
    carer = make_carer(patient=patient, user=other)
    browser = browser_of(other)

    assert browser.get("/").url == "/today/"
    assert "Larkspur" in browser.get("/today/").content.decode()
    assert "Quillfeather" in browser.get(f"/care/{carer.public_id}/").content.decode()
    assert "Quillfeather" in browser.get("/care/").content.decode()
    assert "/care/" in browser.get("/settings/").content.decode()
    assert Patient.objects.visible_to(other).get() == other.patient


def test_the_other_way_round_nothing_is_open(patient):
    """Who lets somebody look sees nothing of them."""
    other = make_patient_user(given_name="Iris", family_name="Larkspur")
    carer = make_carer(patient=patient, user=other, name="My sister")
    browser = browser_of(patient.user)

    assert browser.get(f"/care/{carer.public_id}/").status_code == 404
    assert ["Larkspur" in browser.get(path).content.decode() for path in (MINE, "/care/", "/today/")] == [False] * 3


def test_the_address_of_another_carer_answers_like_one_that_never_was_and_the_try_is_on_record(patient):
    theirs, mine = make_carer(patient=patient), make_carer()
    browser = browser_of(mine.user)

    answers = [browser.get(f"/care/{theirs.public_id}/"), browser.post(f"/care/{theirs.public_id}/leave/")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert AuditEvent.objects.filter(action="denied", by_id=mine.user_id).count() == 2
    assert Carer.objects.living().count() == 2


def test_a_patient_does_not_end_somebody_elses_carer(patient):
    theirs = make_carer()

    for act in ("end", "allow", "invite"):
        assert browser_of(patient.user).post(f"{MINE}{theirs.public_id}/", {"act": act}).status_code == 404
    theirs.refresh_from_db()
    assert (theirs.ended_at, theirs.may_report, mail.outbox) == (None, False, [])


@pytest.mark.parametrize(
    "path",
    [
        "/today/",
        "/my-visits/",
        "/my-consents/",
        MINE,
        "/plan/print/",
        "/patients/",
        "/my-day/",
        "/messages/",
        "/audit/",
    ],
)
def test_a_carer_is_refused_every_page_that_is_not_the_carers(patient, path):
    carer = make_carer(patient=patient)

    assert browser_of(carer.user).get(path).status_code == 403


@pytest.mark.parametrize("end", ["", "record/", "plan/", "people/", "photographs/", "consent/"])
def test_a_carer_is_refused_the_chart_of_the_own_patient(patient, end):
    carer = make_carer(patient=patient)

    assert browser_of(carer.user).get(f"/patients/{patient.public_id}/{end}").status_code == 403


def test_a_carer_of_an_ended_access_has_no_session_of_staff_length(patient, settings):
    settings.SESSION_LIMITS = {"staff": (10, 10), "patient": (1800, 43200)}
    with time_machine.travel(at("2026-01-15 09:00"), tick=False) as clock:
        browser = browser_of(make_carer(patient=patient).user)
        browser.get("/care/", follow=True)
        clock.shift(timedelta(minutes=29))
        assert browser.get("/settings/").status_code == 200
        clock.shift(timedelta(minutes=31))
        assert browser.get("/settings/").status_code == 302


# --- Staff, on the patient's wish --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.NURSE, Role.CLINICIAN, Role.CLINICAL_LEAD])
def test_staff_who_treat_let_somebody_look_and_end_it(patient, role):
    nurse = make_user(role)
    browser, address = browser_of(nurse), f"/patients/{patient.public_id}/people/"

    assert browser.post(address, TYPED).url == address
    carer = Carer.objects.get()
    page = browser.get(address).content.decode()
    assert (carer.added_by, "Rosa Wren" in page, "rosa@example.com" in page) == (nurse, True, True)
    assert "carers read" in actions_of(patient)
    assert "Rosa Wren" in browser.get(f"/patients/{patient.public_id}/").content.decode()

    browser.post(f"{address}{carer.public_id}/", {"act": "end"})
    carer.refresh_from_db()
    assert carer.ended_by == nurse


def test_the_carer_of_one_patient_is_not_found_at_the_page_of_another(patient):
    carer, other = make_carer(patient=patient), make_patient()

    answer = browser_of(make_user(Role.NURSE)).post(
        f"/patients/{other.public_id}/people/{carer.public_id}/", {"act": "end"}
    )

    assert (answer.status_code, Carer.objects.living().count()) == (404, 1)


def test_the_desk_and_the_administrator_see_no_carers(patient):
    make_carer(patient=patient, name="Rosa Wren")

    for role in (Role.FRONT_DESK, Role.ADMINISTRATOR):
        assert browser_of(make_user(role)).get(f"/patients/{patient.public_id}/people/").status_code == 403
    desk = browser_of(make_user(Role.FRONT_DESK))
    assert "Rosa Wren" not in desk.get(f"/patients/{patient.public_id}/").content.decode()
