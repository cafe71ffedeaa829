"""The administrator's set-up pages: the clinic and its people; nothing of patients, nothing is deleted."""

from datetime import time

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.urls import reverse

from clinic.access import Role
from clinic.models import AuditEvent, Clinic, Patient, User
from sessions_app.models import NurseHours
from tests.makers import make_carer, make_hours, make_patient_user, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    person = make_user(Role.ADMINISTRATOR, name="Avery Setup")
    client.force_login(person)
    return person


def test_the_set_up_holds_exactly_these_two_things():
    assert set(admin.site._registry) == {Clinic, User}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_but_an_administrator_gets_in(client, role):
    client.force_login(make_user(role))

    assert client.get("/admin/").status_code == 403


@pytest.mark.parametrize("name", ["clinic_clinic", "clinic_user"])
def test_every_list_and_form_opens(client, administrator, name):
    rows = {"clinic_clinic": Clinic.current(), "clinic_user": make_user(name="Nora Invented")}

    for page in (reverse(f"admin:{name}_changelist"), reverse(f"admin:{name}_change", args=[rows[name].pk])):
        assert client.get(page).status_code == 200


def test_nothing_can_be_deleted(client, administrator):
    person = make_user()

    answer = client.post(reverse("admin:clinic_user_delete", args=[person.pk]), {"post": "yes"})

    assert answer.status_code == 403
    assert User.objects.filter(pk=person.pk).exists()
    assert b"delete_selected" not in client.get(reverse("admin:clinic_user_changelist")).content


def test_a_new_colleague_has_roles_and_no_password_and_is_on_record(client, administrator):
    facts = {"email": "New.Nurse@Example.com", "name": "New Nurse", "roles": ["nurse", "clinician"], "is_active": "on"}

    client.post(reverse("admin:clinic_user_add"), facts)

    person = User.objects.get(email="new.nurse@example.com")
    assert (person.roles, person.is_staff, person.has_usable_password()) == ({Role.NURSE, Role.CLINICIAN}, True, False)
    event = AuditEvent.objects.get(action="set-up added")
    assert (event.by_id, event.subject_id) == (administrator.pk, str(person.public_id))


def test_the_number_of_a_colleague_is_kept_as_it_is_dialled_and_shown_as_it_is_read(client, administrator):
    person = make_user(Role.CLINICIAN, email="hugo@example.com", name="Hugo Invented")
    page = reverse("admin:clinic_user_change", args=[person.pk])
    facts = {"email": person.email, "name": person.name, "roles": ["clinician"], "is_active": "on"}

    refused = client.post(page, {**facts, "phone": "555"})
    client.post(page, {**facts, "phone": "(212) 555-0142"})

    assert b"Enter the number with its area code" in refused.content
    assert str(User.objects.get(pk=person.pk).phone) == "+12125550142"
    assert b'value="(212) 555-0142"' in client.get(page).content


@pytest.mark.parametrize("name", ["phone", "out_of_hours_phone", "emergency_number", "vascular_surgeon_phone"])
def test_a_number_of_the_clinic_that_nobody_can_dial_is_refused_at_its_field(client, administrator, name):
    page = reverse("admin:clinic_clinic_change", args=[Clinic.current().pk])
    form = client.get(page).context["adminform"].form
    facts = {field: "" if form[field].value() is None else form[field].value() for field in form.fields}

    refused = client.post(page, {**facts, name: "at the desk"}).context["adminform"].form.errors
    taken = client.post(page, {**facts, name: "112"})

    assert refused == {name: ["Enter a number that can be dialled, for example 212-555-0100."]}
    assert (taken.status_code, getattr(Clinic.current(), name)) == (302, "112")


def test_a_colleague_cannot_be_made_a_patient(client, administrator):
    facts = {"email": "x@example.com", "name": "X", "roles": ["patient"], "is_active": "on"}

    answer = client.post(reverse("admin:clinic_user_add"), facts)

    assert answer.status_code == 200
    assert not User.objects.filter(email="x@example.com").exists()


def test_accounts_of_patients_are_not_shown_and_not_reachable(client, administrator):
    patient = make_patient_user(family_name="Quillfeather")

    assert b"Quillfeather" not in client.get(reverse("admin:clinic_user_changelist")).content
    answer = client.get(reverse("admin:clinic_user_change", args=[patient.pk]))
    assert answer.status_code == 302
    assert Patient.objects.count() == 1


def test_accounts_of_carers_are_not_shown_and_become_no_colleagues(client, administrator):
    account = make_carer(user=make_user(Role.CARER, name="Basil Quillfeather")).user

    assert b"Quillfeather" not in client.get(reverse("admin:clinic_user_changelist")).content
    facts = {"email": account.email, "name": account.name, "roles": ["nurse"], "is_active": "on"}
    answer = client.post(reverse("admin:clinic_user_change", args=[account.pk]), facts)
    assert answer.status_code == 302
    assert User.objects.get(pk=account.pk).roles == {Role.CARER}


def test_an_address_that_somebody_signs_in_with_is_refused_in_words(client, administrator):
    make_patient_user(email="marigold@example.com")
    facts = {"email": "Marigold@Example.com", "name": "X", "roles": ["nurse"], "is_active": "on"}

    answer = client.post(reverse("admin:clinic_user_add"), facts)

    errors = answer.context["adminform"].form.errors
    assert errors == {"email": ["Somebody already signs in with this e-mail."]}


@pytest.mark.parametrize("lookup", ["password__startswith", "roles__contains", "email__regex", "patient__family_name"])
def test_addresses_ask_the_people_for_nothing_but_what_the_list_offers(client, administrator, lookup):
    people = reverse("admin:clinic_user_changelist")

    assert client.get(people, {lookup: "a"}).status_code == 400
    assert client.get(people, {"is_active__exact": "1"}).status_code == 200


def test_saving_a_person_keeps_the_password(client, administrator):
    nurse = make_user(password="an-old-password-2026")

    client.post(
        reverse("admin:clinic_user_change", args=[nurse.pk]),
        {"email": nurse.email, "name": "Renamed", "roles": ["nurse"], "is_active": "on"},
    )

    nurse.refresh_from_db()
    assert nurse.name == "Renamed"
    assert nurse.check_password("an-old-password-2026")
    assert AuditEvent.objects.get(action="set-up changed").details == {"fields": ["name"]}


@pytest.mark.parametrize("facts", [{"roles": ["nurse"], "is_active": "on"}, {"roles": ["administrator"]}])
def test_administrators_cannot_end_their_own_access(client, administrator, facts):
    answer = client.post(
        reverse("admin:clinic_user_change", args=[administrator.pk]),
        {"email": administrator.email, "name": administrator.name, **facts},
    )

    assert "Ask another administrator to end your own access." in answer.content.decode()
    administrator.refresh_from_db()
    assert (administrator.roles, administrator.is_active) == ({Role.ADMINISTRATOR}, True)


@pytest.mark.django_db
def test_hours_that_meet_others_of_the_same_nurse_are_refused_in_words():
    nurse = make_user()
    [monday] = make_hours(nurse, weekdays=[0], starts="09:00", ends="17:00")
    facts = {"nurse": nurse, "weekday": 0, "valid_from": monday.valid_from}

    NurseHours(starts=time(17), ends=time(19), **facts).full_clean()
    with pytest.raises(ValidationError, match="Mon 09:00 to 17:00 is entered already"):
        NurseHours(starts=time(10), ends=time(18), **facts).full_clean()


@pytest.mark.parametrize("address", ["admin:index", "admin:clinic_user_changelist", "admin:clinic_user_add"])
def test_the_set_up_of_people_looks_like_every_other_page(client, administrator, address):
    page = client.get(reverse(address)).content.decode()

    assert ('class="topbar' in page, "admin/css" in page, "admin/js" in page) == (True, False, False)


def test_who_may_not_sign_in_any_more_is_said_in_the_list_and_can_be_left_out(client, administrator):
    make_user(name="Nora Invented", email="nora@example.com", is_active=False)
    people = reverse("admin:clinic_user_changelist")
    everybody, active = (client.get(people, wanted).content.decode() for wanted in ({}, {"is_active__exact": "1"}))

    assert ("Nora Invented" in everybody, "May not sign in" in everybody) == (True, True)
    assert ("Nora Invented" in active, "May not sign in" in active, "Avery Setup" in active) == (False, False, True)
