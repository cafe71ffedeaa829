"""Registering and changing patients: what is written, what is refused, what follows."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from allauth.account.models import EmailAddress

from clinic import actions
from clinic.access import Role
from clinic.consent import WORDING_VERSION, WORDINGS, Channel
from clinic.duplicates import PossibleDuplicates
from clinic.forms import PatientForm
from clinic.models import AuditEvent, ContactPreference, OptOut, Patient, StaffTask, User
from clinic.notifications.consent import hash_of_address, standing
from clinic.search import find_patients
from tests.makers import at, make_clinic, make_patient, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return make_user(Role.FRONT_DESK)


@pytest.fixture
def nurse():
    return make_user(Role.NURSE)


def register(by, **facts):
    return actions.register_patient(
        by=by,
        **{
            "given_name": "Marigold",
            "family_name": "Quillfeather",
            "birth_date": date(1967, 3, 4),
            "phone": "+12125550119",
            "email": "Marigold@Example.com",
            **facts,
        },
    )


def change(patient, by, *, version=None, contact=None, **changes):
    return actions.update_patient(
        patient=patient, version=version or patient.version, changes=changes, contact=contact, by=by
    )


def actions_of(patient):
    return list(AuditEvent.objects.filter(patient_id=patient.pk).order_by("id").values_list("action", flat=True))


def test_a_registered_patient_is_found_and_has_the_clinics_time_zone(desk):
    make_clinic(time_zone="Europe/London")

    patient = register(desk)

    assert find_patients("quill") == [patient]
    assert (patient.time_zone, patient.registered_by, patient.version) == ("Europe/London", desk, 1)
    assert actions_of(patient) == ["portal account made", "patient registered"]


def test_an_own_email_opens_a_portal_account_without_a_password(desk):
    account = register(desk).user

    assert (account.email, account.name) == ("marigold@example.com", "Marigold Quillfeather")
    assert (account.roles, account.has_usable_password(), account.is_staff) == ({Role.PATIENT}, False, False)


def test_a_patient_without_email_has_no_account(desk):
    assert register(desk, email="").user is None


def test_an_email_of_somebody_else_is_refused(desk):
    first = register(desk)
    with pytest.raises(actions.EmailInUse) as of_patient:
        register(desk, given_name="Basil", birth_date=date(1980, 1, 1), phone="", email="MARIGOLD@example.com")
    with pytest.raises(actions.EmailInUse) as of_staff:
        register(desk, given_name="Basil", birth_date=date(1980, 1, 1), phone="", email=desk.email)

    assert (of_patient.value.patient, of_staff.value.patient) == (first, None)
    assert Patient.objects.count() == 1


def test_the_desk_writes_no_clinical_fact_and_a_nurse_does(desk, nurse):
    facts = {"weight_kg": Decimal("68.5"), "allergies": "Latex", "risk_factors": ["smoking"]}

    of_desk = register(desk, **facts)
    of_nurse = register(nurse, given_name="Basil", phone="", email="", **facts)

    assert (of_desk.weight_kg, of_desk.allergies, of_desk.risk_factors) == (None, "", [])
    assert (of_nurse.weight_kg, of_nurse.allergies, of_nurse.risk_factors) == (Decimal("68.5"), "Latex", ["smoking"])
    changed = change(of_nurse, desk, weight_kg=Decimal("200"), allergies="")
    assert (changed.weight_kg, changed.allergies) == (Decimal("68.5"), "Latex")


@pytest.mark.parametrize(
    ("facts", "same_person", "same_phone"),
    [
        ({"phone": "", "email": ""}, True, False),
        ({"given_name": "MARIGÓLD", "phone": "", "email": ""}, True, False),
        ({"given_name": "Quillfeather", "family_name": "Marigold", "phone": "", "email": ""}, True, False),
        ({"given_name": "Basil", "email": ""}, False, True),
        ({"email": ""}, True, True),
    ],
)
def test_the_same_name_and_birth_date_or_phone_is_shown_first(desk, facts, same_person, same_phone):
    first = register(desk)

    with pytest.raises(PossibleDuplicates) as shown:
        register(desk, **facts)

    (namesake,) = shown.value.namesakes
    assert namesake.patient == first
    assert (namesake.same_name_and_birth_date, namesake.same_phone) == (same_person, same_phone)
    assert Patient.objects.count() == 1


@pytest.mark.parametrize("facts", [{"birth_date": date(1967, 3, 5)}, {"given_name": "Marie"}, {"family_name": "Quill"}])
def test_somebody_else_is_no_duplicate(desk, facts):
    register(desk)

    register(desk, **{"phone": "", "email": "", **facts})

    assert Patient.objects.count() == 2


def test_a_namesake_who_was_looked_at_does_not_stop_the_registration(desk):
    first = register(desk)

    second = register(desk, email="", not_the_same=[first.public_id])

    assert second.pk != first.pk
    with pytest.raises(PossibleDuplicates) as shown:
        register(desk, email="", not_the_same=[first.public_id])
    assert [each.patient for each in shown.value.namesakes] == [second]


def test_the_sign_in_follows_the_email_and_the_old_one_opens_nothing(desk):
    patient = register(desk)
    account = patient.user
    EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
    session_of_old_address = account.get_session_auth_hash()

    change(patient, desk, email="New@example.com")

    account.refresh_from_db()
    assert (account.email, account.is_active) == ("new@example.com", True)
    assert list(EmailAddress.objects.all()) == []
    assert account.get_session_auth_hash() != session_of_old_address
    assert actions_of(patient)[-2:] == ["sign-in moved", "patient changed"]


def test_without_email_the_portal_is_closed_and_the_address_is_free_for_somebody_else(desk):
    patient = register(desk)

    patient = change(patient, desk, email="")
    other = register(desk, given_name="Basil", phone="")
    patient = change(patient, desk, email="mari@example.com")

    assert other.user.email == "marigold@example.com"
    assert (patient.user.email, patient.user.is_active) == ("mari@example.com", True)


def test_an_account_that_was_switched_off_stays_off(desk):
    patient = register(desk)
    User.objects.filter(pk=patient.user.pk).update(is_active=False)

    patient = change(patient, desk, email="other@example.com", family_name="Sandpiper")

    assert (patient.user.is_active, patient.user.name) == (False, "Marigold Sandpiper")


def test_a_changed_name_is_found_and_the_old_one_is_not(desk):
    patient = register(desk)

    change(patient, desk, family_name="Sandpiper")

    assert [find_patients("quill"), find_patients("sandp")] == [[], [patient]]


def test_a_stale_change_is_refused_and_writes_nothing(desk):
    patient = register(desk)
    change(patient, desk, phone="+12125550120")

    with pytest.raises(actions.StalePatient) as stale:
        change(patient, desk, version=1, phone="+12125550121", email="x@example.com", contact={"sms": True})

    assert (stale.value.patient.phone, stale.value.patient.version) == ("+12125550120", 2)
    patient.refresh_from_db()
    assert (str(patient.phone), patient.email) == ("+12125550120", "marigold@example.com")
    assert ContactPreference.objects.count() == 0


def test_the_trail_names_the_changed_fields_and_no_values(desk):
    patient = register(desk)

    change(patient, desk, phone="+12125550120", family_name="Quillfeather")

    event = AuditEvent.objects.filter(action="patient changed").get()
    assert (event.details, event.by_id) == ({"fields": ["phone"]}, desk.pk)


@time_machine.travel(at("2026-01-13 10:00"), tick=False)
def test_a_consent_is_kept_with_its_time_and_wording(desk):
    patient = register(desk, contact={"email": True})

    preference = ContactPreference.objects.get(patient=patient)
    assert (preference.channel, preference.allowed, preference.recorded_by) == ("email", True, desk)
    assert (preference.decided_at, preference.wording_version) == (at("2026-01-13 10:00"), WORDING_VERSION)
    wordings = WORDINGS[WORDING_VERSION]
    assert set(wordings) == set(Patient.Language)
    assert [set(by_channel) for by_channel in wordings.values()] == [set(Channel)] * 2


def test_an_unchanged_consent_keeps_its_time_and_a_changed_one_does_not(desk):
    with time_machine.travel(at("2026-01-13 10:00"), tick=False):
        patient = register(desk, contact={"email": True, "sms": True})
    with time_machine.travel(at("2026-02-01 10:00"), tick=False):
        change(patient, desk, contact={"email": True, "sms": False})

    times = dict(ContactPreference.objects.values_list("channel", "decided_at"))
    assert times == {"email": at("2026-01-13 10:00"), "sms": at("2026-02-01 10:00")}
    assert dict(ContactPreference.objects.values_list("channel", "allowed")) == {"email": True, "sms": False}


def test_a_channel_that_was_not_asked_has_no_row(desk):
    register(desk)

    assert ContactPreference.objects.count() == 0


def test_a_patient_made_elsewhere_gets_the_account_with_the_first_change(desk):
    patient = make_patient(email="late@example.com")

    change(patient, desk, given_name="Late")

    patient.refresh_from_db()
    assert patient.user.email == "late@example.com"


def stop(patient, when):
    OptOut.objects.create(
        channel="email", address_hash=hash_of_address("email", patient.email), at=at(when), source="t"
    )


def test_a_consent_is_renewed_when_the_address_was_stopped_after_it(desk):
    with time_machine.travel(at("2026-01-13 10:00"), tick=False):
        patient = register(desk, contact={"email": True})
    stop(patient, "2026-01-14 10:00")
    assert standing(patient) == {"email": False}

    with time_machine.travel(at("2026-01-15 10:00"), tick=False):
        change(patient, desk, contact={"email": True})

    assert standing(patient) == {"email": True}
    assert ContactPreference.objects.get(patient=patient).decided_at == at("2026-01-15 10:00")


def test_the_form_shows_a_stopped_consent_as_no_so_that_saving_something_else_renews_nothing(desk):
    with time_machine.travel(at("2026-01-13 10:00"), tick=False):
        patient = register(desk, contact={"email": True})
    stop(patient, "2026-01-14 10:00")

    form = PatientForm(user=desk, patient=patient, zone="America/New_York")
    assert form["contact_email"].initial == "no"
    change(patient, desk, contact={"email": False})

    assert ContactPreference.objects.get(patient=patient).decided_at == at("2026-01-13 10:00")


def test_everybody_who_sees_charts_records_an_allergy(nurse):
    assert change(make_patient(), nurse, polidocanol_allergy=True).polidocanol_allergy


def test_a_nurse_cannot_take_back_an_allergy_to_polidocanol(nurse):
    patient = make_patient(polidocanol_allergy=True)

    with pytest.raises(actions.AllergyStands, match="Only a clinician takes back an allergy to polidocanol"):
        actions.update_patient(
            patient=patient,
            version=patient.version,
            changes={"polidocanol_allergy": False},
            allergy_ruled_out="I think so",
            by=nurse,
        )

    patient.refresh_from_db()
    assert (patient.polidocanol_allergy, patient.version) == (True, 1)


def test_a_clinician_takes_it_back_with_the_reason_and_the_lead_looks_at_it():
    patient, clinician = make_patient(polidocanol_allergy=True), make_user(Role.CLINICIAN)
    changes = {"polidocanol_allergy": False}

    with pytest.raises(actions.AllergyStands, match="Write why"):
        actions.update_patient(patient=patient, version=1, changes=changes, allergy_ruled_out=" ", by=clinician)
    with pytest.raises(actions.StalePatient):
        actions.update_patient(patient=patient, version=9, changes=changes, allergy_ruled_out="Tested", by=clinician)
    changed = actions.update_patient(
        patient=patient, version=1, changes=changes, allergy_ruled_out="Tested, negative", by=clinician
    )

    tasks = StaffTask.objects.values_list("kind", "patient", "note")
    assert not changed.polidocanol_allergy
    assert list(tasks) == [
        (StaffTask.Kind.OVERRIDE_TO_REVIEW, patient.pk, "Allergy to polidocanol taken back: Tested, negative")
    ]
    assert actions_of(patient) == ["allergy taken back", "patient changed"]
