"""The pages about patients: forms, duplicates, stale pages, search, paging, and who sees what."""

import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import actions
from clinic.access import Role
from clinic.models import AuditEvent, ContactPreference, Patient
from clinic.patient_list import PAGE_SIZE
from clinic.search import bulk_index, index_patient
from tests.makers import make_clinic, make_patient, make_patient_user, make_user
from tests.support.browser_form import fields_of

pytestmark = pytest.mark.django_db
LIST, NEW = "clinic:patients", "clinic:patient_new"


@pytest.fixture
def desk(client):
    person = make_user(Role.FRONT_DESK, name="Petra Fallowell")
    client.force_login(person)
    return person


BIRTH_DATE = "Enter the birth date with day, month and year"
AREA_CODE = "Enter the number with its area code"
WHOLE_EMAIL = "Enter the whole e-mail, for example name@example.com."
INVALID = "Select a valid choice. {} is not one of the available choices."


def facts(**changed):
    data = {
        "given_name": "Marigold",
        "family_name": "Quillfeather",
        "birth_date": "1967-03-04",
        "phone": "(212) 555-0119",
        "email": "marigold@example.com",
        "language": "en",
        "time_zone": "America/New_York",
        "contact_email": "yes",
        "contact_sms": "",
        **changed,
    }
    return {name: value for name, value in data.items() if value is not None}


def register(client, **changed):
    return client.post(reverse(NEW), facts(**changed))


def errors(response):
    return {name: [str(words) for words in found] for name, found in response.context["form"].errors.items()}


def page(client, patient):
    return client.get(reverse("clinic:patient", args=[patient.public_id]))


def opened(client, patient):
    """The form as a browser would send it back."""
    body = client.get(reverse("clinic:patient_edit", args=[patient.public_id])).content.decode()
    return fields_of(body, "form-stack")


def edit(client, patient, data):
    return client.post(reverse("clinic:patient_edit", args=[patient.public_id]), data)


# --- Registering -----------------------------------------------------------------------------------------------------


def test_registering_leads_to_the_patients_page(client, desk):
    response = register(client)

    patient = Patient.objects.get()
    assert response.url == reverse("clinic:patient", args=[patient.public_id])
    assert (patient.name, str(patient.phone), patient.email) == (
        "Marigold Quillfeather", "+12125550119", "marigold@example.com",
    )  # fmt: skip
    assert dict(ContactPreference.objects.values_list("channel", "allowed")) == {"email": True}


def test_the_time_zone_is_the_clinics_unless_said_otherwise(client, desk):
    make_clinic(time_zone="Europe/London")

    form = client.get(reverse(NEW)).context["form"]

    assert form["time_zone"].value() == "Europe/London"


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"given_name": ""}, "given_name", "Enter the first name."),
        ({"family_name": "   "}, "family_name", "Enter the last name."),
        ({"given_name": "x" * 61}, "given_name", "Ensure this value has at most 60 characters (it has 61)."),
        ({"given_name": "Mari\r\nBcc: x"}, "given_name", "Write this on one line."),
        ({"given_name": "Mari\x00"}, "given_name", "Write this on one line."),
        ({"birth_date": ""}, "birth_date", "Enter the birth date."),
        ({"birth_date": "31.2.1967"}, "birth_date", f"{BIRTH_DATE}, for example 4 Mar 1967."),
        ({"birth_date": "2999-01-01"}, "birth_date", "This date is still to come. Check the year."),
        ({"birth_date": "1867-03-04"}, "birth_date", "Check the year: it is before 1900."),
        ({"phone": "119"}, "phone", f"{AREA_CODE}, for example (201) 555-0123, or with + and its country."),
        ({"phone": "1-800-FLOWERS"}, "phone", "Enter the number in digits, for example (201) 555-0123."),
        ({"phone": "+1 900 555 0119"}, "phone", "This is a premium-rate number. Enter the patient's own number."),
        ({"phone": "+12125550119\r\nBcc: x"}, "phone", "Enter the number in digits, for example (201) 555-0123."),
        ({"email": "marigold"}, "email", WHOLE_EMAIL),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, "email", WHOLE_EMAIL),
        ({"email": "javascript:alert(1)"}, "email", WHOLE_EMAIL),
        ({"email": "", "contact_email": "yes"}, "contact_email", "Enter the e-mail, or answer No."),
        ({"phone": "", "contact_sms": "yes"}, "contact_sms", "Enter the phone number, or answer No."),
        ({"language": "xx"}, "language", INVALID.format("xx")),
        ({"time_zone": "Mars/Phobos"}, "time_zone", INVALID.format("Mars/Phobos")),
        ({"contact_email": "maybe"}, "contact_email", INVALID.format("maybe")),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_saved(client, desk, changed, field, words):
    response = register(client, **changed)

    assert (response.status_code, Patient.objects.count()) == (200, 0)
    assert words in errors(response)[field]


def test_what_was_typed_stays(client, desk):
    body = register(client, birth_date="", given_name='Mari" onfocus="alert(1)').content.decode()

    assert 'value="Mari&quot; onfocus=&quot;alert(1)"' in body
    assert 'value="(212) 555-0119"' in body


def test_an_email_of_somebody_else_is_explained(client, desk):
    register(client)

    response = register(client, given_name="Basil", family_name="Oakenshaw", birth_date="1980-01-01", phone="")

    assert errors(response) == {
        "email": [
            "Marigold Quillfeather signs in with this e-mail. A shared one would open the other person's plan. "
            "Enter another, or leave it empty."
        ]
    }
    assert Patient.objects.count() == 1


def test_a_namesake_is_shown_with_a_way_to_open_or_to_register_anyway(client, desk):
    register(client)
    first = Patient.objects.get()

    warned = register(client, email="", contact_email="")

    body = warned.content.decode()
    assert "<b>Marigold Quillfeather, 4 Mar 1967</b>, is already registered." in body
    assert 'aria-labelledby="namesakes" autofocus>' in body  # a reader begins with the question, not with the form
    assert reverse("clinic:patient", args=[first.public_id]) in body
    assert "Register anyway: it is somebody else" in body
    assert Patient.objects.count() == 1
    register(client, email="", contact_email="", not_the_same=str(first.public_id))
    assert Patient.objects.count() == 2


def test_sending_the_form_twice_registers_once(client, desk):
    register(client)
    second = register(client)

    assert Patient.objects.count() == 1
    assert [each.patient.name for each in second.context["namesakes"]] == ["Marigold Quillfeather"]


def test_a_search_that_found_nobody_begins_the_registration(client, desk):
    form = client.post(reverse(NEW), {"typed": "Basil Oakenshaw"}).context["form"]
    by_date = client.post(reverse(NEW), {"typed": "4 Mar 1967"}).context["form"]
    by_phone = client.post(reverse(NEW), {"typed": "(212) 555-0119"}).context["form"]

    assert (form["given_name"].value(), form["family_name"].value()) == ("Basil", "Oakenshaw")
    assert (by_date["birth_date"].value(), by_phone["phone"].value()) == ("1967-03-04", "(212) 555-0119")
    assert Patient.objects.count() == 0


def test_a_registration_on_the_way_to_a_booking_goes_back_there(client, desk):
    back = {"then": "book", "date": "2026-01-14", "at": "09:00", "service": "3", "next": "//evil.example", "x": "1"}

    response = client.post(f"{reverse(NEW)}?{'&'.join(f'{k}={v}' for k, v in back.items())}", facts())

    patient = Patient.objects.get()
    assert response.url == (
        f"{reverse('sessions_app:book')}?patient={patient.public_id}&service=3&date=2026-01-14&at=09%3A00"
    )


def test_fields_that_are_not_the_forms_change_nothing(client, desk):
    extra = {
        "is_staff": "1", "role": "administrator", "roles": "|administrator|", "user": "1", "registered_by": "1",
        "version": "99", "public_id": str(uuid.uuid4()), "weight_kg": "300", "allergies": "x",
        "polidocanol_allergy": "on", "risk_factors": "smoking", "id": "77",
    }  # fmt: skip

    register(client, **extra)

    patient = Patient.objects.get()
    assert (patient.version, patient.registered_by, patient.user.is_staff) == (1, desk, False)
    assert (patient.weight_kg, patient.allergies, patient.polidocanol_allergy, patient.risk_factors) == (
        None,
        "",
        False,
        [],
    )
    assert patient.user.roles == {Role.PATIENT}


@pytest.mark.parametrize("data", [{"given_name": "x" * 600_000}, {f"field{n}": "1" for n in range(5000)}])
def test_too_much_is_refused(client, desk, data):
    response = client.post(reverse(NEW), data)

    assert (response.status_code in (400, 413), Patient.objects.count()) == (True, 0)


# --- Changing --------------------------------------------------------------------------------------------------------


def test_a_change_is_saved_and_nothing_else_moves(client, desk):
    register(client)
    patient = Patient.objects.get()

    response = edit(client, patient, opened(client, patient) | {"family_name": "Sandpiper"})

    patient.refresh_from_db()
    assert response.status_code == 302
    assert (patient.name, patient.version, patient.email) == ("Marigold Sandpiper", 2, "marigold@example.com")
    assert AuditEvent.objects.get(action="patient changed").details == {"fields": ["family_name"]}


def test_a_stale_page_shows_the_difference_and_overwrites_nothing(client, desk):
    register(client)
    patient = Patient.objects.get()
    mine = opened(client, patient) | {"family_name": "Sandpiper", "phone": "(212) 555-0133"}
    actions.update_patient(
        patient=patient, version=1, changes={"phone": "+12125550122", "language": "es"}, by=make_user(Role.NURSE)
    )

    response = edit(client, patient, mine)

    patient.refresh_from_db()
    assert (response.status_code, patient.name, str(patient.phone)) == (409, "Marigold Quillfeather", "+12125550122")
    assert b'aria-labelledby="differences" autofocus>' in response.content
    assert response.context["differences"] == [
        {"label": "Phone", "was": "(212) 555-0119", "now": "(212) 555-0122", "both": True},
        {"label": "Language", "was": "English", "now": "Español", "both": False},
    ]
    form = response.context["form"]
    assert {name: form[name].value() for name in ("family_name", "phone", "language", "version")} == {
        "family_name": "Sandpiper", "phone": "(212) 555-0133", "language": "es", "version": "2",
    }  # fmt: skip


def test_a_stale_page_whose_hidden_values_were_changed_is_refused_like_any_other(client, desk):
    register(client)
    patient = Patient.objects.get()
    client.force_login(make_user(Role.NURSE))
    hidden = ("weight_kg", "birth_date", "risk_factors", "time_zone", "polidocanol_allergy")
    mine = opened(client, patient) | {f"initial-{name}": "rubbish" for name in hidden}
    actions.update_patient(patient=patient, version=1, changes={"language": "es"}, by=make_user(Role.NURSE))

    response = edit(client, patient, mine)

    patient.refresh_from_db()
    assert (response.status_code, patient.version) == (409, 2)


def test_after_looking_at_the_difference_the_page_can_be_saved(client, desk):
    register(client)
    patient = Patient.objects.get()
    mine = opened(client, patient) | {"family_name": "Sandpiper"}
    actions.update_patient(patient=patient, version=1, changes={"language": "es"}, by=make_user(Role.NURSE))
    again = fields_of(edit(client, patient, mine).content.decode(), "form-stack")

    response = edit(client, patient, again)

    patient.refresh_from_db()
    assert (response.status_code, patient.name, patient.language) == (302, "Marigold Sandpiper", "es")


def test_a_nurse_changes_clinical_facts_and_the_desk_leaves_them_alone(client, desk):
    register(client)
    patient = Patient.objects.get()
    client.force_login(make_user(Role.NURSE))
    edit(client, patient, opened(client, patient) | {
        "weight_kg": "68.5", "allergies": "Latex", "polidocanol_allergy": "on", "risk_factors": ["smoking", "obesity"],
    })  # fmt: skip
    client.force_login(desk)

    edit(client, patient, opened(client, patient) | {"family_name": "Sandpiper", "weight_kg": "99", "allergies": ""})

    patient.refresh_from_db()
    assert (patient.name, str(patient.weight_kg), patient.allergies) == ("Marigold Sandpiper", "68.5", "Latex")
    assert (patient.polidocanol_allergy, patient.risk_factors) == (True, ["smoking", "obesity"])


@pytest.mark.parametrize("weight", ["-1", "0", "19.9", "350.1", "68.55", "heavy", "1e9", "NaN"])
def test_an_impossible_weight_is_refused(client, weight):
    client.force_login(make_user(Role.NURSE))

    response = register(client, weight_kg=weight)

    assert list(errors(response)) == ["weight_kg"]
    assert Patient.objects.count() == 0


# --- Looking ---------------------------------------------------------------------------------------------------------

CANARIES = {"weight_kg": "123.4", "allergies": "CANARYALLERGY", "risk_factors": ["thrombophilia"]}


def canary_patient():
    patient = make_patient(given_name="Marigold", family_name="Quillfeather", polidocanol_allergy=True, **CANARIES)
    index_patient(patient)
    return patient


def leaks(body):
    return [
        word for word in ("123.4", "CANARYALLERGY", "Clotting disorder", "thrombophilia", "olidocanol") if word in body
    ]


def test_the_desk_sees_no_clinical_fact_on_any_page_about_patients(client, desk):
    patient = canary_patient()

    bodies = [
        page(client, patient).content.decode(),
        client.get(reverse("clinic:patient_edit", args=[patient.public_id])).content.decode(),
        client.get(reverse(LIST)).content.decode(),
        client.post(reverse(LIST), {"q": "quill"}).content.decode(),
        client.post(reverse("clinic:patient_suggestions"), {"q": "quill"}).content.decode(),
    ]

    assert [leaks(body) for body in bodies] == [[]] * 5
    assert all("Quillfeather" in body for body in bodies)


def test_who_treats_sees_the_clinical_facts(client):
    client.force_login(make_user(Role.NURSE))

    body = page(client, canary_patient()).content.decode()

    assert leaks(body) == ["123.4", "CANARYALLERGY", "Clotting disorder", "olidocanol"]


@pytest.mark.parametrize(("role", "action"), [(Role.FRONT_DESK, "patient read"), (Role.NURSE, "chart read")])
def test_looking_at_a_patient_is_on_record(client, role, action):
    reader, patient = make_user(role), canary_patient()
    client.force_login(reader)

    page(client, patient)

    event = AuditEvent.objects.filter(patient_id=patient.pk).get()
    assert (event.action, event.by_id) == (action, reader.pk)


@pytest.mark.parametrize("role", [Role.PATIENT, Role.ADMINISTRATOR, None])
@pytest.mark.parametrize("name", [LIST, NEW, "clinic:patient_suggestions"])
def test_who_may_not_find_patients_finds_nobody(client, role, name):
    canary_patient()
    client.force_login(make_user(role))

    for text in ("quill", "0177", "%", "_", ""):
        response = client.post(reverse(name), {"q": text})
        assert (response.status_code, "Quillfeather" in response.content.decode()) == (403, False)


def test_a_patient_reaches_neither_another_patient_nor_the_desks_page_of_oneself(client):
    other, own = canary_patient(), make_patient_user()
    client.force_login(own)

    for patient in (other, own.patient):
        for name in ("clinic:patient", "clinic:patient_edit"):
            assert client.get(reverse(name, args=[patient.public_id])).status_code == 403


def test_an_id_that_never_was_is_not_found(client, desk):
    assert client.get(reverse("clinic:patient", args=[uuid.uuid4()])).status_code == 404


def test_a_search_shows_what_fits_and_how_to_register_who_does_not(client, desk):
    canary_patient()

    found = client.post(reverse(LIST), {"q": "quill"}).content.decode()
    nobody = client.post(reverse(LIST), {"q": "<script>alert(1)</script>"}).content.decode()

    assert "1 patient fits" in found
    assert "Nobody fits" in nobody
    assert "Looked for “&lt;script&gt;alert(1)&lt;/script&gt;”." in nobody
    assert "<script>alert" not in nobody


def test_searches_are_posted_so_that_no_name_stands_in_an_address(client, desk):
    body = client.get(reverse(LIST)).content.decode()

    search = body[body.index('<form class="search"') :]
    assert 'method="post"' in search[: search.index(">")]


@pytest.mark.parametrize("query", ["?order=weight_kg", "?patient__ssn=1", "?after=x", "?before=%00", "?__class__=1"])
def test_keys_that_mean_nothing_are_ignored(client, desk, query):
    canary_patient()

    assert client.get(f"{reverse(LIST)}{query}").status_code == 200


def test_an_empty_clinic_says_what_comes_next(client, desk):
    body = client.get(reverse(LIST)).content.decode()

    assert "Nobody is registered yet" in body
    assert reverse(NEW) in body


def many(number):
    bulk_index(
        Patient.objects.bulk_create(
            Patient(
                given_name=f"Ada{n % 7}", family_name=f"Birch{n // 3:05d}", birth_date="1970-01-01", time_zone="UTC"
            )
            for n in range(number)
        )
    )


def test_ten_thousand_patients_are_paged_forth_and_back_without_gap_or_double(client, desk):
    many(10_000)
    expected = list(Patient.objects.order_by("family_name", "given_name", "id").values_list("pk", flat=True))

    seen, address = [], reverse(LIST)
    for _ in range(5):
        shown = client.get(address).context["page"]
        seen += [patient.pk for patient in shown.patients]
        address = f"{reverse(LIST)}?after={shown.after}"
    back = client.get(f"{reverse(LIST)}?before={shown.before}").context["page"]

    assert seen == expected[: 5 * PAGE_SIZE]
    assert [patient.pk for patient in back.patients] == expected[3 * PAGE_SIZE : 4 * PAGE_SIZE]
    last = Patient.objects.get(pk=expected[-PAGE_SIZE - 1])
    end = client.get(f"{reverse(LIST)}?after={last.public_id}").context["page"]
    assert ([patient.pk for patient in end.patients], end.after) == (expected[-PAGE_SIZE:], None)


def test_the_list_costs_the_same_for_one_and_for_thirty(client, desk):
    counts = []
    for number in (1, 30):
        many(number)
        client.get(reverse(LIST))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(LIST))
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 5


def _sent_without_allergy(client, patient, **more):
    url = reverse("clinic:patient_edit", args=[patient.public_id])
    sent = fields_of(client.get(url).content.decode(), "form-stack")
    sent.pop("polidocanol_allergy", None)
    return client.post(url, {**sent, **more})


def test_the_tick_of_an_allergy_is_fixed_for_a_nurse(client):
    patient = make_patient(polidocanol_allergy=True)
    client.force_login(make_user(Role.NURSE))

    answer = _sent_without_allergy(client, patient, given_name="Rosalind")

    patient.refresh_from_db()
    assert (answer.status_code, patient.given_name, patient.polidocanol_allergy) == (302, "Rosalind", True)
    shown = client.get(reverse("clinic:patient_edit", args=[patient.public_id])).content.decode()
    assert actions.ONLY_CLINICIANS in shown


def test_a_clinician_is_asked_why_an_allergy_is_ruled_out(client):
    patient = make_patient(polidocanol_allergy=True)
    client.force_login(make_user(Role.CLINICIAN))

    refused = _sent_without_allergy(client, patient)
    accepted = _sent_without_allergy(client, patient, allergy_ruled_out="Tested, negative")

    patient.refresh_from_db()
    assert errors(refused) == {"allergy_ruled_out": [actions.WHY_RULED_OUT]}
    assert (accepted.status_code, patient.polidocanol_allergy) == (302, False)


def test_what_endangers_a_patient_stands_before_everything_else(client):
    patient = make_patient(
        polidocanol_allergy=True, allergies="Latex, penicillin", risk_factors=["oestrogen"], weight_kg=Decimal("62.5")
    )
    client.force_login(make_user(Role.NURSE))

    page = client.get(reverse("clinic:patient", args=[patient.public_id])).content.decode()
    head = page.partition("page-nav")[0]

    for words in ("Polidocanol", "Latex, penicillin", "Pill or hormone therapy", "62.5 kg", "at most 125 mg a day"):
        assert head.count(words) == page.count(words) == 1, words


def test_no_allergy_on_file_is_said_too(client):
    client.force_login(make_user(Role.NURSE))

    page = client.get(reverse("clinic:patient", args=[make_patient().public_id])).content.decode()

    assert "none recorded" in page.partition("page-nav")[0]


def test_the_front_desk_is_shown_no_allergy(client, desk):
    patient = make_patient(polidocanol_allergy=True, allergies="Latex")

    page = client.get(reverse("clinic:patient", args=[patient.public_id])).content.decode()

    assert ("Polidocanol" in page, "Latex" in page, "treat-facts" in page) == (False, False, False)
