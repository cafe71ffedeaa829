"""Finding patients: what fits, in which order, at what cost."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.access import Role
from clinic.models import Patient, PatientSearchTerm
from clinic.search import bulk_index, find_patients, index_patient, terms_of
from tests.makers import make_patient, make_patient_user, make_user

pytestmark = pytest.mark.django_db


def registered(given_name, family_name, phone="", born=date(1980, 1, 1)):
    patient = make_patient(given_name=given_name, family_name=family_name, phone=phone, birth_date=born)
    index_patient(patient)
    return patient


def found(text, **options):
    return [patient.name for patient in find_patients(text, **options)]


@pytest.fixture
def marigold():
    return registered("Marigold", "Quillfeather", "+12125550119", date(1967, 3, 4))


@pytest.mark.parametrize(
    "text",
    [
        "Marigold Quillfeather",
        "quill",
        "QUILL",
        "gold",
        "feather mari",
        "mari quill",
        "m q",
        "quïllfèather",
        "0119",
        "555 0119",
        "+1 (212) 555-0119",
        "12125550119",
        "4 Mar 1967",
        "03/04/1967",
        "4.3.67",
        "1967-03-04",
        "march 1967",
        "quill 1967",
        "gold 0119",
        "mar 4.3.1967",
    ],
)
def test_a_patient_is_found_by_part_of_name_phone_or_birth_date(marigold, text):
    registered("Basil", "Oakenshaw", "+12125550144", date(1971, 9, 19))

    assert find_patients(text) == [marigold]


@pytest.mark.parametrize(
    "text", ["quill basil", "mariquill", "uf", "5 Mar 1967", "0118", "%", "_", "*", "q%r", "[a-z]", "\x00", "'; DROP"]
)
def test_what_does_not_fit_finds_nobody(marigold, text):
    assert find_patients(text) == []


def test_accents_and_apostrophes_of_a_name_need_not_be_typed():
    registered("Íñigo", "O’Hára-Weiß")

    assert found("inigo ohara weiss") == ["Íñigo O’Hára-Weiß"]
    assert found("O'Hara") == ["Íñigo O’Hára-Weiß"]


def test_beginnings_of_words_come_first_then_names():
    for given_name, family_name in [("Zoe", "Gander"), ("Anna", "Hagan"), ("Dan", "Abbot"), ("Hans", "Zandt")]:
        registered(given_name, family_name)

    assert found("an") == ["Anna Hagan"]
    assert found("han") == ["Hans Zandt"]
    assert found("gan") == ["Zoe Gander", "Anna Hagan"]
    registered("Beth", "Gannet")
    assert found("gan") == ["Zoe Gander", "Beth Gannet", "Anna Hagan"]


def test_the_first_ten_are_given_unless_asked_otherwise():
    patients = [make_patient(given_name="Ada", family_name=f"Birch{letter}") for letter in "lkjihgfedcba"]
    bulk_index(patients)

    assert found("ada") == [f"Ada Birch{letter}" for letter in "abcdefghij"]
    assert found("ada birchb", limit=3) == ["Ada Birchb"]
    assert len(found("ada", limit=11)) == 11


def test_a_new_name_replaces_the_old_one(marigold):
    marigold.family_name = "Sandpiper"
    marigold.save()
    index_patient(marigold)

    assert found("quill") == []
    assert found("sand") == ["Marigold Sandpiper"]


def test_only_people_whom_the_asking_person_may_see_are_found(marigold):
    account = make_patient_user(registered("Basil", "Oakenshaw"))
    desk = make_user(Role.FRONT_DESK)

    assert find_patients("quill", among=Patient.objects.visible_to(account)) == []
    assert find_patients("basil", among=Patient.objects.visible_to(account)) == [account.patient]
    assert find_patients("quill", among=Patient.objects.visible_to(desk)) == [marigold]


def test_clinical_columns_are_not_loaded(marigold):
    (patient,) = find_patients("quill")

    assert patient.get_deferred_fields() == {"weight_kg", "allergies", "polidocanol_allergy", "risk_factors"}


def test_terms_are_rotations_endings_and_digits():
    assert terms_of(given_name="Ivy", family_name="Rayn", phone="+1 55") == {
        "^rayn ivy": True,
        "ayn ivy": False,
        "^ivy rayn": True,
        "155": True,
    }


def test_a_name_of_any_length_fits_into_the_terms():
    registered("A" * 60, "Ö" * 60)

    assert len(find_patients("o" * 60)) == 1
    assert max(len(term) for term in PatientSearchTerm.objects.values_list("term", flat=True)) == 60


def many_patients(number):
    made = Patient.objects.bulk_create(
        Patient(
            given_name=f"{'Marigold' if n % 3 else 'Basil'}",
            family_name=f"Q{'abcdefghij'[n % 10]}uill{n:04d}",
            birth_date=date(1950, 1, 1) + timedelta(days=n),
            phone=f"+1212555{n:04d}",
            time_zone="UTC",
        )
        for n in range(number)
    )
    bulk_index(made)


TEXTS = ["m", "mari quill", "uill", "0007", "mar 1951", "qa 1950", "zzz"]


def test_the_number_of_queries_does_not_grow_with_the_number_of_patients():
    counts = {}
    for number in (1, 30):
        many_patients(number)
        for text in TEXTS:
            with CaptureQueriesContext(connection) as queries:
                find_patients(text)
            counts.setdefault(text, []).append(len(queries))

    assert {text: max(each) <= 8 and len(set(each)) <= 2 for text, each in counts.items()} == dict.fromkeys(TEXTS, True)


@pytest.mark.parametrize("text", TEXTS)
def test_every_search_is_served_by_an_index(text):
    many_patients(4000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    with CaptureQueriesContext(connection) as queries:
        find_patients(text)

    assert queries.captured_queries
    for query in queries.captured_queries:
        assert whole_table_reads(query["sql"]) == []


@pytest.mark.parametrize("text", ["m", "uill", "qa"])
def test_names_that_were_found_are_not_looked_for_in_the_index_of_all_names(text):
    """Read from its beginning until enough of them are met, it is nearly a whole table."""
    many_patients(4000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    with CaptureQueriesContext(connection) as queries:
        find_patients(text)

    plans = [line for query in queries.captured_queries for line in plan_of(query["sql"])]
    assert [line for line in plans if "patient_by_name" in line] == []


def whole_table_reads(sql):
    """Lines of the query plan that read a whole table, on either database."""
    return [line for line in plan_of(sql) if "SCAN clinic_patient" in line or "Seq Scan on clinic_patient" in line]


def plan_of(sql):
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute(f"{'EXPLAIN QUERY PLAN' if sqlite else 'EXPLAIN'} {sql}")
        return [str(row[-1]) for row in cursor.fetchall()]
