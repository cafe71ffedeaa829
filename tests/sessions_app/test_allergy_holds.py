"""An allergy to polidocanol on record keeps every treatment from being booked (B4), as it blocks every session (P1)."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.access import Role
from clinic.models import Patient
from clinic.protocol.vocabulary import Hold
from sessions_app import booking, courses, event_decisions, repeat
from sessions_app.charting import chart_of
from sessions_app.presenters.calls import calls_for
from sessions_app.slots import repeat_offer
from tests.makers import (
    at,
    make_adverse_event,
    make_appointment,
    make_clinic,
    make_draft_session,
    make_patient,
    make_patient_user,
    make_service,
    make_signed_session,
    make_user,
)
from tests.sessions_app.charts import in_force, signed_in, words
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db
WAITS = "Treatment waits: something on record stands against it."


@pytest.fixture
def treatment(house):
    return make_service(name="Treatment")


def allergic(patient):
    Patient.objects.filter(pk=patient.pk).update(polidocanol_allergy=True)
    patient.refresh_from_db()


def rule_of(action, **facts):
    with pytest.raises(booking.Refused) as raised:
        action(**facts)
    return raised.value.rule


def test_the_desk_reads_before_the_patient_comes_that_a_booked_treatment_waits(client, house, treatment, book):
    earlier = {"now": NOW - timedelta(days=7)}
    well = make_patient(given_name="A", family_name="Well")
    book("2026-01-14 10:00", patient=well, service=treatment, **earlier)
    book("2026-01-14 12:00", **earlier)  # a review may be given
    for day in ("2026-01-16", "2026-01-21"):
        book(f"{day} 17:00", service=treatment, **earlier)
    allergic(house.patient)

    def texts(name, days):
        now, only = NOW + timedelta(days=days), [name]
        (found,) = calls_for(house.desk, now=now, clinic=make_clinic(), limit=8, only=only).lists
        return [row.text.partition(" with ")[0] for row in found.rows]

    assert texts("waits", 0) == ["Fri 16 Jan, 17:00, Treatment"]
    assert texts("unconfirmed", 0) == ["Tomorrow 10:00, Treatment", "Tomorrow 12:00, Review"]
    # Nobody confirms what waits.
    assert (texts("waits", 3), texts("unconfirmed", 3)) == (
        ["Today 17:00, Treatment", "Wed 21 Jan, 17:00, Treatment"],
        [],
    )
    signed_in(client, house.desk)
    with time_machine.travel(NOW, tick=False):
        page = words(client.get(reverse("sessions_app:calls")))
    assert (f"Fri 16 Jan, 17:00, Treatment with Nora Pike. {WAITS}" in page, "llerg" in page) == (True, False)

    Patient.objects.update(polidocanol_allergy=False)
    assert (texts("waits", 3), texts("unconfirmed", 3)) == ([], ["Today 17:00, Treatment"])


@pytest.mark.parametrize("was_treated", [False, True])
def test_no_treatment_is_booked_moved_or_offered_for_anybody(house, treatment, book, was_treated):
    if was_treated:
        before = make_appointment(patient=house.patient, status="in_treatment", starts_at=at("2026-01-05 10:00"))
        make_signed_session(appointment=before)
    standing = book("2026-01-14 10:00", service=treatment)
    allergic(house.patient)

    for by in (house.desk, house.clinician, make_patient_user(house.patient)):
        facts = {"appointment": standing, "version": 1, "starts_at": at("2026-01-15 10:00"), "by": by, "now": NOW}
        assert rule_of(booking.move, **facts) in ("B4", "permission")
    for by in (house.desk, house.clinician):
        with pytest.raises(booking.Refused) as raised:
            book("2026-01-16 10:00", service=treatment, by=by, early_reason="all is well")
        assert raised.value.rule == "B4"
    offer = repeat_offer(patient=house.patient, service=treatment, now=NOW, by=house.clinician)
    course = courses.propose_course(patient=house.patient, service=treatment, count=2, now=NOW)
    assert (offer.on_hold, offer.best, course.on_hold, course.visits) == (True, [], True, [])
    assert repeat.on_hold([house.patient, make_patient()]) == {house.patient.pk}


def test_other_visits_are_booked_and_a_booked_treatment_can_be_cancelled(house, treatment, book):
    standing = book("2026-01-14 10:00", service=treatment)
    allergic(house.patient)

    gone = booking.cancel(appointment=standing, version=1, reason="allergic", by=house.desk, now=NOW)

    assert (gone.status, book("2026-01-15 10:00").status) == ("cancelled", "booked")


def test_it_follows_from_the_event_that_confirmed_it_and_ends_when_the_allergy_is_ruled_out(house, treatment, book):
    event = make_adverse_event(patient=house.patient, kind="anaphylaxis", severity_grade=3, outcome="recovered")
    event_decisions.confirm_allergy(event=event, by=house.clinician)
    event_decisions.close(event=event, version=event.version, note="Recovered in hospital", by=house.clinician)

    assert repeat.holds_of(house.patient) == (Hold.POLIDOCANOL_ALLERGY,)
    Patient.objects.update(polidocanol_allergy=False)
    assert book("2026-01-15 10:00", service=treatment).status == "booked"


def test_who_reads_charts_reads_why_and_the_desk_that_a_clinician_decides(client, house, treatment, book):
    visit = book("2026-01-14 10:00", service=treatment)
    allergic(house.patient)

    def told(person):
        signed_in(client, person)
        asked = {"patient": str(house.patient.public_id), "service": treatment.pk}
        dialog = client.get(reverse("sessions_app:book"), asked, headers={"HX-Request": "true"})
        move = client.get(reverse("sessions_app:move", args=[visit.public_id]), headers={"HX-Request": "true"})
        shown = client.get(reverse("sessions_app:appointment", args=[visit.public_id]))
        patient = client.get(reverse("clinic:patient", args=[house.patient.public_id]))
        return [words(each) for each in (dialog, move, shown, patient)]

    with time_machine.travel(NOW, tick=False):
        desk, clinician = told(house.desk), told(house.clinician)

    assert "Something on record stands against a treatment. A clinician decides." in desk[0]
    assert "Something on record stands against a treatment. A clinician decides." in desk[1]
    assert WAITS in desk[2]
    assert "The next treatment waits for a clinician's decision." in desk[3]
    assert [page for page in desk if "polidocanol" in page.lower() or "allerg" in page.lower()] == []
    assert "An allergy to polidocanol is on record: no treatment can be booked." in clinician[0]
    assert "An allergy to polidocanol is on record: no treatment can be booked." in clinician[1]
    assert "Allergy to polidocanol on record: no treatment is booked or given." in clinician[3]


def test_in_the_chart_the_check_says_it_and_no_clinician_can_answer_for_it():
    in_force()
    session = make_draft_session(patient=make_patient(polidocanol_allergy=True), sites=0)

    found = {each.finding.id: each.finding.override.value for each in chart_of(session, now=NOW).findings}

    assert (found.get("P1"), "B4" in found) == ("none", False)


def test_a_start_of_the_visit_says_that_it_waits(client, house, treatment, book):
    visit = book("2026-01-14 10:00", service=treatment)
    allergic(house.patient)
    signed_in(client, make_user(Role.NURSE))

    assert WAITS in words(client.get(reverse("sessions_app:visit", args=[visit.public_id])))
