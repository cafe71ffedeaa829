"""A report is filed: its level, its timer, who answers, once for one form, whole or not at all."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.utils import translation

from aftercare import report_work
from aftercare.models import ReportNotice, SymptomReport
from aftercare.reports import Said, file_report, newest_treated, said_by
from aftercare.told import told
from clinic.access import Role
from clinic.models import AuditEvent, Clinic
from clinic.protocol import Level, Protocol
from clinic.protocol.triage import SYMPTOMS, triage_of
from sessions_app.refusals import Refused
from tests.aftercare.people import make_correction, make_plan
from tests.makers import (
    at,
    make_clinic,
    make_day_check,
    make_draft_session,
    make_entry,
    make_hours,
    make_patient,
    make_patient_user,
    make_service,
    make_site,
    make_user,
)

pytestmark = pytest.mark.django_db
NOW = "2026-01-15 09:10"


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(name="Larkfield Clinic", phone="555-0100")
    make_hours(make_user(name="Ada Birchwood"))
    make_service()


@pytest.fixture
def patient():
    return make_patient_user().patient


def report(patient, *symptoms, free_text="", now=NOW, **facts):
    facts = {"by": patient.user, "request_key": uuid4(), "source": "portal", **facts}
    said = facts.pop("said", None) or Said(symptoms=symptoms, free_text=free_text)
    return file_report(patient=patient, said=said, now=at(now), clinic=Clinic.current(), **facts)


@pytest.mark.parametrize(
    ("symptoms", "level", "due"),
    [
        (["CHEST_OR_BREATH", "BRUISES"], "EMERGENCY", "2026-01-15 09:15"),
        (["ONE_LEG"], "SAME_DAY", "2026-01-15 13:10"),
        (["TENDER_CORD"], "NEXT_DAY", "2026-01-16 18:00"),
        (["BRUISES"], "REASSURE", "2026-01-16 18:00"),
    ],
)
def test_a_report_has_its_level_and_its_timer(patient, symptoms, level, due):
    made = report(patient, *symptoms)

    assert (made.level, made.due_at, made.reported_at) == (level, at(due), at(NOW))
    assert made.because == symptoms[:1]
    assert SymptomReport.objects.open().get() == made


def test_the_clinic_sets_how_long_an_answer_takes(patient):
    make_clinic(report_emergency_minutes=2, report_same_day_minutes=60)

    assert report(patient, "COLLAPSE").due_at == at("2026-01-15 09:12")
    assert report(patient, "ONE_LEG").due_at == at("2026-01-15 10:10")


def _first_visits_by(nurse, *, weekdays=range(5)):
    """Who gives first visits, and nothing else; the nurse of every day gives none of them."""
    make_hours(nurse, weekdays=weekdays)
    make_service("first_visit", nurses=[nurse])


def test_first_visits_on_mondays_make_nobody_wait_until_monday(patient):
    _first_visits_by(make_user(name="Monday Nurse"), weekdays=[0])

    assert report(patient, "ONE_LEG").due_at == at("2026-01-15 13:10")
    assert report(patient, "TENDER_CORD").due_at == at("2026-01-16 18:00")


def test_the_leave_of_who_gives_first_visits_makes_nobody_wait(patient):
    away = make_user(name="First Visits")
    _first_visits_by(away)
    for day in range(12, 26):
        make_entry(nurse=away, starts_at=at(f"2026-01-{day} 00:00"), ends_at=at(f"2026-01-{day + 1} 00:00"))

    assert report(patient, "ONE_LEG").due_at == at("2026-01-15 13:10")
    assert report(patient, "TENDER_CORD").due_at == at("2026-01-16 18:00")


def test_own_words_are_for_a_clinician_on_the_same_day(patient):
    made = report(patient, free_text="  my knee feels odd\n")

    assert (made.level, made.free_text, made.because) == ("SAME_DAY", "my knee feels odd", ["FREE_TEXT"])


@pytest.mark.parametrize("words", ["", "  \n\t "])
def test_nothing_reported_is_refused(patient, words):
    with pytest.raises(Refused, match="Nothing was reported"):
        report(patient, free_text=words)
    assert not SymptomReport.objects.exists()


def test_a_report_follows_the_newest_signed_session_and_its_days(patient):
    make_plan("2026-01-02 10:30", patient=patient)
    plan = make_plan("2026-01-13 10:30", patient=patient)
    corrected = make_correction(plan, at_instant=at("2026-01-14 09:00"))

    made = report(patient, "ITCHING")

    assert (made.session, made.day, made.level) == (corrected, 2, "REASSURE")
    assert made.protocol_version == plan.protocol_version
    assert report(patient, "ITCHING", now="2026-01-16 09:10").level == "NEXT_DAY"


def test_a_report_before_any_session_has_no_day(patient):
    made = report(patient, "ITCHING")

    assert (made.session, made.day, made.level, made.protocol_version) == (None, None, "REASSURE", None)


def test_the_same_form_makes_one_report(patient):
    key = uuid4()
    said = Said(["ONE_LEG", "BRUISES"], ["CHEST"], "left", "It throbs")

    first = report(patient, said=said, request_key=key)
    again = report(patient, said=replace(said, symptoms=["BRUISES", "ONE_LEG"]), request_key=key)

    assert again == first
    assert SymptomReport.objects.get().symptoms == ["ONE_LEG", "BRUISES"]
    assert AuditEvent.objects.filter(action="symptoms reported").count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"symptoms": ["ONE_LEG", "CHEST_OR_BREATH"]},
        {"affirmed": ["CHEST"]},
        {"denied": []},
        {"leg": "right"},
        {"free_text": "It throbs more"},
    ],
)
def test_other_answers_with_a_used_key_are_another_report_once(patient, changed):
    key = uuid4()
    said = Said(["ONE_LEG"], ["FACE"], "left", "It throbs", affirmed=[])
    first = report(patient, said=said, request_key=key)

    other, again = (report(patient, said=replace(said, **changed), request_key=key) for _ in range(2))

    assert other == again != first
    assert said_by(other) == replace(said, **changed)
    assert SymptomReport.objects.count() == 2


def close(made):
    clinician = make_user(Role.CLINICIAN)
    version = SymptomReport.objects.get(pk=made.pk).version
    facts = {"outcome": "advised", "note": "All is well", "contact": "reached", "by": clinician}
    return report_work.close(report=made, version=version, **facts, now=at(NOW))


def test_the_same_form_again_after_its_report_was_closed_is_another_one_each_time(patient):
    key = uuid4()
    said = Said(["ONE_LEG"], ["FACE"], "left", "It throbs")
    made = []
    for _ in range(3):
        first, again = (report(patient, said=said, request_key=key) for _ in range(2))
        assert first == again
        close(first)
        made.append(first.pk)

    assert len(set(made)) == 3
    assert all(said.is_said_in(each) for each in SymptomReport.objects.all())


def test_other_answers_again_after_theirs_was_closed_are_another_report_while_the_first_is_open(patient):
    key = uuid4()
    first, other = (report(patient, symptom, request_key=key) for symptom in ("ONE_LEG", "TENDER_CORD"))
    close(other)

    once, twice = (report(patient, "TENDER_CORD", request_key=key) for _ in range(2))

    assert once == twice
    assert once not in (first, other)
    assert report(patient, "ONE_LEG", request_key=key) == first
    assert list(SymptomReport.objects.open().order_by("pk")) == [first, once]


def test_a_key_of_somebody_else_makes_nothing_and_shows_nothing(patient):
    made = report(patient, "ONE_LEG")
    other = make_patient_user()

    for about, by in ((other.patient, other), (patient, other)):
        with pytest.raises(Refused, match="sent already"):
            report(about, "BRUISES", by=by, request_key=made.request_key)
    assert SymptomReport.objects.get() == made


def test_the_clinician_of_the_day_answers_first(patient):
    make_user(Role.CLINICIAN, name="Abel First")
    today = make_user(Role.CLINICIAN, name="Zoe Today")
    make_day_check(clinician=today, date=at(NOW).date())

    made = report(patient, "ONE_LEG")

    assert made.given_to == today
    assert list(ReportNotice.objects.values_list("report", "number", "to")) == [(made.pk, 0, today.pk)]


def test_without_one_the_clinician_of_the_session_answers(patient):
    make_user(Role.CLINICIAN, name="Abel First")
    hers = make_user(Role.CLINICIAN, name="Zoe Answers")
    make_plan("2026-01-13 10:30", patient=patient, responsible_clinician=hers)

    assert report(patient, "ONE_LEG").given_to == hers


def test_who_left_is_not_asked(patient):
    left = make_user(Role.CLINICIAN, name="Abel Left", is_active=False)
    make_day_check(clinician=left, date=at(NOW).date())
    lead = make_user(Role.CLINICAL_LEAD, name="Lena Marsh")

    assert report(patient, "ONE_LEG").given_to == lead


def test_what_is_expected_sends_no_notice(patient):
    make_user(Role.CLINICIAN)
    report(patient, "BRUISES")

    assert not ReportNotice.objects.exists()


def test_a_report_without_any_clinician_is_kept(patient):
    assert report(patient, "ONE_LEG").given_to is None


def test_the_trail_has_codes_and_no_words(patient):
    made = report(patient, "ONE_LEG", free_text="It hurts at night")

    event = AuditEvent.objects.get(action="symptoms reported")
    assert (event.subject_id, event.patient_id, event.by_id) == (str(made.public_id), patient.pk, patient.user_id)
    assert event.details == {"level": "SAME_DAY", "source": "portal"}


def test_what_was_told_is_kept_in_the_language_of_the_report(patient):
    with translation.override("es"):
        english = report(patient, "TENDER_CORD").told

    assert english == "The clinic contacts you by the next working day. Call earlier if it gets worse."


@pytest.mark.parametrize("day", [None, 1, 9])
def test_people_are_told_what_the_triage_says(day):
    clinic = Clinic(emergency_number="112", phone="555-0100")
    protocol = Protocol.default().with_overrides({"emergency_number": "112", "clinic_phone": "555-0100"})
    codes = [symptom.code for symptom in SYMPTOMS]
    named = {"ITCHING", "DARKER_VEINS", "FINE_RED_VEINS"}  # of several, which is a test of its own
    several = [[code, "BRUISES"] for code in codes if code not in named]
    reported = [*([code] for code in codes), ["A_CODE_OF_TOMORROW"], *several]

    with translation.override("en-gb"):
        wrong = [
            symptoms
            for symptoms in reported
            if told(answer := triage_of(symptoms, protocol=protocol, day=day), clinic).replace("\n", " ") != answer.text
        ]

    assert wrong == []


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en-gb",
            [
                "Bruises usually fade in 2 to 4 weeks.",
                "Itching: expected in the first 2 days.",
                "Veins darker than before: expected at first.",
                "Most brown marks fade within a year.",
                "Fine new red veins: mention them at the next visit.",
            ],
        ),
        (
            "es",
            [
                "Los moretones suelen desaparecer en 2 a 4 semanas.",
                "Picazón: en los primeros 2 días es lo esperado.",
                "Venas más oscuras que antes: al principio es lo esperado.",
                "La mayoría de las manchas marrones se aclara en un año.",
                "Venitas rojas nuevas: coméntelas en su próxima visita.",
            ],
        ),
    ],
)
def test_of_several_symptoms_each_line_says_which_one_it_is_about(language, lines):
    codes = ["BRUISES", "ITCHING", "DARKER_VEINS", "BROWN_MARK", "FINE_RED_VEINS"]
    answer = triage_of(codes, protocol=Protocol.default(), day=1)

    with translation.override(language):
        assert told(answer, Clinic()).split("\n")[1:] == lines


def test_a_clinic_without_a_phone_names_none():
    answer = triage_of(["ONE_LEG"], protocol=Protocol.default())

    with translation.override("en-gb"):
        assert told(answer, Clinic(emergency_number="911")).startswith("Speak to a clinician today.")


def test_a_phone_number_is_never_read_as_a_template():
    answer = triage_of(["ONE_LEG"], protocol=Protocol.default())
    assert answer.level is Level.SAME_DAY

    with translation.override("en-gb"):
        assert told(answer, Clinic(phone="%(x)s%d", emergency_number="%s")).startswith("Call %(x)s%d. Speak")


def test_filing_costs_few_queries(patient, django_assert_max_num_queries):
    make_plan("2026-01-13 10:30", patient=patient)
    make_user(Role.CLINICIAN)

    with django_assert_max_num_queries(18):
        report(patient, "ONE_LEG")


def test_somebody_takes_a_report_down_at_the_phone():
    patient, desk = make_patient(), make_user(Role.FRONT_DESK)

    made = report(patient, "ONE_LEG", by=desk, source="phone", reporter_words=" her husband ")

    assert (made.source, made.reported_by, made.reporter_words) == ("phone", desk, "her husband")


def test_an_emergency_service_hears_of_a_session_of_today_that_is_not_signed_yet(patient):
    signed = make_plan("2026-01-02 10:30", patient=patient).session
    now = at(NOW)
    assert newest_treated(patient, now) == signed

    draft = make_draft_session(patient=patient, sites=0, started_at=at("2026-01-15 08:00"))
    assert newest_treated(patient, now) == signed  # nothing was injected
    make_site(draft)

    assert newest_treated(patient, now) == draft
    assert newest_treated(patient, at("2026-01-17 09:10")) == signed
