"""A clinician lets the next treatment wait, and lifts that again (B4); what the same area adds (B5)."""

import pytest

from clinic.access import Role
from clinic.models import AuditEvent
from sessions_app import booking, repeat, repeat_holds
from sessions_app.models import RepeatHold
from sessions_app.slots import find_slots, repeat_offer
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_patient,
    make_patient_user,
    make_service,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(house):
    def place(patient=None, **facts):
        wish = {"reason": "Waits for the blood test.", "by": house.clinician, "now": NOW, **facts}
        return repeat_holds.place(patient=patient or house.patient, **wish)

    return place


@pytest.fixture
def treatment(house):
    return make_service(name="Treatment")


@pytest.fixture
def treated(house):
    """The patient had a session on Monday 5 January 2026."""
    visit = make_appointment(patient=house.patient, status="in_treatment", starts_at=at("2026-01-05 10:00"))
    make_signed_session(appointment=visit)
    return house


def refused(action, **facts):
    with pytest.raises(booking.Refused) as raised:
        action(**facts)
    return raised.value


def test_a_hold_says_who_when_and_why_and_leaves_a_trace(house, place):
    hold = place()

    assert (hold.reason, hold.placed_by, hold.placed_at) == ("Waits for the blood test.", house.clinician, NOW)
    event = AuditEvent.objects.get(action="repeat held")
    assert (event.by_id, event.patient_id, event.details) == (house.clinician.pk, house.patient.pk, {})


def test_placing_the_same_hold_twice_makes_one(place):
    assert place().pk == place().pk
    assert AuditEvent.objects.filter(action="repeat held").count() == 1


def test_another_reason_does_not_replace_a_hold(place):
    place()

    error = refused(place, reason="On holiday.")

    assert error.message == (
        "Cleo Clinician holds the next treatment already: Waits for the blood test. Lift that hold first."
    )


def test_a_hold_that_slips_in_at_the_same_moment_is_found(place, monkeypatch):
    placed = place()
    answers = iter([None, placed])
    monkeypatch.setattr(repeat_holds, "open_hold", lambda patient: next(answers))

    assert place().pk == placed.pk


def test_lifting_is_recorded_once_and_frees_the_patient_for_a_new_hold(house, place):
    hold = place()

    lifted = [repeat_holds.lift(hold=hold, note="Test is fine.", by=house.clinician, now=NOW) for _ in range(2)]

    assert [(each.lifted_at, each.lifted_by, each.lift_note) for each in lifted] == [
        (NOW, house.clinician, "Test is fine.")
    ] * 2
    assert AuditEvent.objects.filter(action="repeat hold lifted").count() == 1
    assert place(reason="Another one.").pk != hold.pk


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.NURSE, Role.ADMINISTRATOR])
def test_only_a_clinician_holds_and_lifts(place, role):
    somebody, hold = make_user(role), place()

    assert refused(place, by=somebody).rule == "permission"
    assert refused(repeat_holds.lift, hold=hold, note="x", by=somebody).rule == "permission"
    assert RepeatHold.objects.get().lifted_at is None


def test_both_need_words(house, place):
    assert refused(place, reason="  ").field == "reason"
    assert refused(place, reason="x" * 301).rule == "length"
    assert refused(repeat_holds.lift, hold=place(), note=" ", by=house.clinician).field == "note"


def test_a_held_treatment_is_not_booked_or_moved_by_anybody(treated, treatment, book, place):
    standing = book("2026-01-14 10:00", service=treatment)
    hold = place()

    for by in (treated.desk, treated.clinician):
        with pytest.raises(booking.Refused) as raised:
            book("2026-01-15 10:00", service=treatment, by=by, early_reason="all is well")
        assert (raised.value.rule, raised.value.message) == (
            "B4",
            "Booking is on hold. Ask a clinician to clear it first.",
        )
    move = {"appointment": standing, "version": 1, "starts_at": at("2026-01-16 10:00"), "by": treated.desk, "now": NOW}
    assert refused(booking.move, **move).rule == "B4"

    repeat_holds.lift(hold=hold, note="Test is fine.", by=treated.clinician, now=NOW)
    assert booking.move(**move).starts_at == at("2026-01-16 10:00")


def test_a_held_treatment_does_not_move_within_its_day_by_anybody(treated, treatment, book, place):
    make_clinic(patients_may_move=True, patient_move_notice_hours=1)
    standing, own = book("2026-01-14 10:00", service=treatment), make_patient_user(treated.patient)
    hold = place()
    move = {"appointment": standing, "version": 1, "starts_at": at("2026-01-14 14:00"), "now": NOW}

    for by in (treated.desk, treated.clinician, own):
        assert refused(booking.move, **move, by=by, early_reason="all is well").rule == "B4"

    repeat_holds.lift(hold=hold, note="Test is fine.", by=treated.clinician, now=NOW)
    assert booking.move(**move, by=treated.desk).starts_at == at("2026-01-14 14:00")


def test_a_visit_that_was_approved_early_does_not_move_within_its_day_while_held(treated, treatment, book, place):
    make_signed_protocol()
    facts = {"service": treatment, "now": at("2026-01-08 07:00")}
    early = book("2026-01-09 10:00", by=treated.clinician, early_reason="a long journey", **facts)
    place()

    error = refused(
        booking.move, appointment=early, version=1, starts_at=at("2026-01-09 14:00"), by=treated.clinician,
        early_reason="a long journey", now=facts["now"],
    )  # fmt: skip

    assert (early.early_approved_by, error.rule) == (treated.clinician, "B4")


def test_a_held_first_treatment_does_not_move_within_its_day(house, treatment, book, place):
    standing = book("2026-01-14 10:00", service=treatment)
    place()

    error = refused(
        booking.move, appointment=standing, version=1, starts_at=at("2026-01-14 14:00"), by=house.desk, now=NOW
    )

    assert error.rule == "B4"


def test_a_held_treatment_that_stands_is_cancelled_and_put_back(treated, treatment, book, place):
    standing = book("2026-01-14 10:00", service=treatment)
    place()

    gone = booking.cancel(appointment=standing, version=1, reason="held", by=treated.desk, now=NOW)
    back = booking.undo(appointment=gone, version=gone.version, by=treated.desk, now=NOW)

    assert (gone.status, back.status) == ("cancelled", "booked")


def test_a_hold_keeps_back_the_first_treatment_too(house, treatment, book, place):
    place()

    with pytest.raises(booking.Refused) as raised:
        book("2026-01-15 10:00", service=treatment)
    dates = {"first_date": at("2026-01-15 10:00").date(), "last_date": at("2026-01-16 10:00").date()}
    offer = repeat_offer(patient=house.patient, service=treatment, now=NOW, by=house.desk)

    assert raised.value.rule == "B4"
    assert find_slots(service=treatment, patient=house.patient, now=NOW, **dates) == []
    assert (offer.on_hold, offer.best, offer.window) == (True, [], None)
    assert offer.sentence == "Booking is on hold. Ask a clinician to clear it first."


def test_other_visits_and_other_patients_are_not_held(house, treatment, book, place):
    place()

    assert book("2026-01-15 10:00").status == "booked"
    assert book("2026-01-15 12:00", service=treatment, patient=make_patient()).status == "booked"


def test_lists_ask_for_many_at_once(house, place, django_assert_num_queries):
    others = [make_patient() for _ in range(5)]
    place()
    place(others[0])

    with django_assert_num_queries(4):  # clinicians' holds, adverse events, allergies, reports
        waiting = repeat.on_hold([house.patient, *others])

    assert waiting == {house.patient.pk, others[0].pk}


# --- B5: the same area ----------------------------------------------------------------------------------------


def test_a_longer_wait_of_the_same_area_is_a_note_because_nobody_knows_the_area_yet(treated, treatment, book):
    make_signed_protocol(overrides={"same_area_min_days": 28})

    near = book("2026-01-14 10:00", service=treatment)
    both = book("2026-01-22 10:00", service=treatment)
    far = book("2026-02-02 10:00", service=treatment)

    assert near.window_note == "The same area waits 28 days: plan another area, or a later date."
    assert both.window_note == f"Later than usual: the window ended on day 14. {near.window_note}"
    assert far.window_note == "Later than usual: the window ended on day 14."


def test_with_the_shipped_protocol_the_same_area_adds_nothing(treated, treatment, book):
    make_signed_protocol()

    assert book("2026-01-12 10:00", service=treatment, now=at("2026-01-12 07:00")).window_note == ""
