"""Courses: every visit in the window of the one before it, all booked or none; and which of them is "3 of 5"."""

import uuid
from datetime import date, timedelta

import pytest

from clinic.models import AuditEvent, Delivery
from clinic.protocol.vocabulary import Hold
from sessions_app import booking, courses, repeat
from sessions_app.integrity import problems
from sessions_app.models import Appointment, CalendarEntry, Course
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_draft_session,
    make_hours,
    make_patient,
    make_room,
    make_service,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def treatment(house):
    return make_service(name="Treatment")


@pytest.fixture
def book_course(house, treatment):
    """`book_course("2026-01-14 10:00", …)`: the desk books these times for the house's patient."""

    def book_course(*when, **facts):
        wish = {
            "patient": house.patient,
            "service": treatment,
            "planned_sessions": len(when),
            "request_key": uuid.uuid4(),
            "by": house.desk,
            "now": NOW,
            **facts,
        }
        return booking.book_course(visits=[booking.CourseVisit(at(each)) for each in when], **wish)

    return book_course


def refused(action, *args, **facts):
    with pytest.raises(booking.CourseRefused) as raised:
        action(*args, **facts)
    return raised.value


THREE = ("2026-01-14 10:00", "2026-01-23 10:00", "2026-02-02 10:00")


# --- Booking --------------------------------------------------------------------------------------------------


def test_a_course_books_all_of_its_visits(house, treatment, book_course):
    course = book_course(*THREE, planned_sessions=5, done_before=2, travel_note="flies in March")

    visits = list(Appointment.objects.filter(course=course).order_by("entry__starts_at"))
    assert [visit.starts_at for visit in visits] == [at(when) for when in THREE]
    assert {visit.travel_note for visit in visits} == {"flies in March"}
    assert (course.planned_sessions, course.done_before, course.created_by) == (5, 2, house.desk)
    event = AuditEvent.objects.get(action="course booked")
    assert (event.patient_id, event.details) == (
        house.patient.pk,
        {"visits": 3, "planned_sessions": 5, "done_before": 2},
    )
    assert AuditEvent.objects.filter(action="appointment booked").count() == 3
    assert list(problems()) == []


def test_the_same_form_gives_the_same_course(book_course):
    key = uuid.uuid4()

    first, second = book_course(*THREE, request_key=key), book_course(*THREE, request_key=key)

    assert first.pk == second.pk
    assert (Course.objects.count(), Appointment.objects.count()) == (1, 3)


def test_a_used_form_does_not_pretend_to_have_booked_somebody_else(book_course):
    key = uuid.uuid4()
    book_course(*THREE, request_key=key)

    with pytest.raises(booking.Refused) as raised:
        book_course("2026-01-15 10:00", request_key=key, patient=make_patient())

    assert raised.value.message == "This form has made another course already. Open a new one."


def test_one_taken_time_keeps_the_whole_course_from_being_booked(house, book, book_course):
    book("2026-01-23 10:00", patient=make_patient())

    error = refused(book_course, *THREE)

    assert error.message == "A visit of the course cannot be booked so. Nothing was booked; change what is marked."
    (problem,) = error.problems.values()
    assert list(error.problems) == [1]
    assert problem.message == "Fri 23 Jan, 10:00 is taken. Choose another time."
    assert [slot.starts_at for slot in problem.alternatives] == [
        at("2026-01-23 09:00"),
        at("2026-01-23 11:00"),
        at("2026-01-23 08:45"),
    ]
    assert (Course.objects.count(), Appointment.objects.count()) == (0, 1)
    assert CalendarEntry.objects.count() == 1
    assert not Delivery.objects.exclude(source_id=Appointment.objects.get().public_id).exists()


def test_all_problems_are_told_at_once(book_course):
    error = refused(book_course, "2026-01-14 07:00", "2026-01-23 10:05", "2026-02-02 10:00")

    assert {number: problem.rule for number, problem in error.problems.items()} == {0: "hours", 1: "grid"}
    assert error.message == "2 visits of the course cannot be booked so. Nothing was booked; change what is marked."


def test_all_taken_times_are_told_at_once(book, book_course):
    for when in (THREE[0], THREE[2]):
        book(when, patient=make_patient())

    assert list(refused(book_course, *THREE).problems) == [0, 2]


def test_each_window_counts_from_the_visit_before(house, book_course):
    early = refused(book_course, "2026-01-14 10:00", "2026-01-20 10:00")
    assert {number: problem.rule for number, problem in early.problems.items()} == {1: "B1"}

    late = book_course("2026-01-14 10:00", "2026-01-29 10:00")
    notes = [visit.window_note for visit in late.appointments.order_by("entry__starts_at")]
    assert notes == ["", "Later than usual: the window ended on day 14."]


def test_a_clinician_approves_an_early_visit_of_a_course_with_a_reason(house, book_course):
    course = book_course(
        "2026-01-14 10:00", "2026-01-20 10:00", by=house.clinician, early_reason="the other leg, leaves in February"
    )

    first, second = course.appointments.order_by("entry__starts_at")
    assert (first.early_approved_by, first.early_reason) == (None, "")
    assert (second.early_approved_by, second.early_reason) == (house.clinician, "the other leg, leaves in February")


def test_one_reason_approves_one_early_visit_of_a_course(house, book_course):
    early = ("2026-01-14 10:00", "2026-01-20 10:00", "2026-01-26 10:00")

    error = refused(book_course, *early, by=house.clinician, early_reason="the other leg, leaves in February")

    assert {number: problem.rule for number, problem in error.problems.items()} == {2: "B1"}
    assert Appointment.objects.count() == 0


def test_the_first_window_counts_from_the_last_signed_session(house, book_course):
    make_signed_protocol()
    visit = make_appointment(patient=house.patient, status="in_treatment", starts_at=at("2026-01-12 10:00"))
    make_signed_session(appointment=visit)

    error = refused(book_course, "2026-01-15 10:00", "2026-01-26 10:00")

    assert {number: problem.rule for number, problem in error.problems.items()} == {0: "B1"}


def test_a_visit_that_is_booked_already_counts_as_the_one_before(house, treatment, book, book_course):
    book("2026-01-19 10:00", service=treatment)

    error = refused(book_course, "2026-01-22 10:00")

    assert error.problems[0].rule == "B1"
    book_course("2026-01-26 10:00")


@pytest.mark.parametrize("status", ["arrived", "in_treatment", "done"])
def test_who_books_on_the_way_out_counts_from_the_visit_of_today(house, treatment, book_course, propose, status):
    make_appointment(patient=house.patient, service=treatment, status=status, starts_at=at("2026-01-13 08:00"))
    noon = at("2026-01-13 12:00")

    assert refused(book_course, "2026-01-19 10:00", now=noon).problems[0].rule == "B1"
    (visit,) = propose(1, now=noon).visits
    assert (visit.window_first, visit.window_last) == (date(2026, 1, 20), date(2026, 1, 27))


def test_a_visit_of_today_without_treatment_is_not_counted_from(house, treatment, book_course):
    visit = make_appointment(patient=house.patient, service=treatment, status="done", starts_at=at("2026-01-13 08:00"))
    session = make_draft_session(appointment=visit)
    session.status, session.not_treated_reason = "not_treated", "fever"
    session.save()
    make_appointment(patient=house.patient, service=treatment, status="booked", starts_at=at("2026-01-13 10:00"))

    assert book_course("2026-01-15 10:00", now=at("2026-01-13 12:00")).planned_sessions == 1


def test_visits_follow_one_another(book_course):
    error = refused(book_course, "2026-01-23 10:00", "2026-01-14 10:00")

    assert error.problems[1].message == "This visit is not after the one before it. Choose a later date."


def test_a_hold_keeps_every_visit_back(house, book_course):
    repeat.register_holds("test", lambda patient: [Hold.OPEN_ADVERSE_EVENT])
    try:
        error = refused(book_course, *THREE)
    finally:
        repeat.unregister_holds("test")

    assert {problem.rule for problem in error.problems.values()} == {"B4"}


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"planned_sessions": 21}, "planned_sessions"),
        ({"planned_sessions": 0}, "planned_sessions"),
        ({"planned_sessions": 5, "done_before": 5}, "done_before"),
        ({"planned_sessions": 5, "done_before": -1}, "done_before"),
        ({"planned_sessions": 4, "done_before": 2}, "visits"),
    ],
)
def test_numbers_of_a_course_are_checked(book_course, facts, field):
    with pytest.raises(booking.Refused) as raised:
        book_course(*THREE, **facts)

    assert (raised.value.rule, raised.value.field) == ("course_length", field)


def test_a_course_is_of_treatments(house, book_course):
    with pytest.raises(booking.Refused) as raised:
        book_course(*THREE, service=house.service)

    assert raised.value.message == "A course is of treatments. Choose a treatment."


def test_any_room_is_found_for_each_visit(house, book, book_course):
    second = make_room(name="Room 2")
    other = make_user(name="Zoe Other")
    make_hours(other)
    book("2026-01-23 10:00", patient=make_patient())

    course = book_course(*THREE)

    places = [(v.entry.nurse, v.entry.room) for v in course.appointments.order_by("entry__starts_at")]
    assert places == [(house.nurse, house.room), (other, second), (house.nurse, house.room)]


def test_a_row_past_the_checks_undoes_the_whole_course(book, book_course, monkeypatch):
    book("2026-01-23 10:00", patient=make_patient())
    monkeypatch.setattr("sessions_app.entries._rows_in_the_way", lambda *_, **__: [])

    error = refused(book_course, *THREE)

    assert list(error.problems) == [1]
    assert (Course.objects.count(), CalendarEntry.objects.count()) == (0, 1)


def test_a_course_that_fails_half_way_leaves_no_trace(book_course, monkeypatch):
    calls = []

    def fail_at_the_second(*_, **__):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("the power went out")

    monkeypatch.setattr("sessions_app.visit_writes.plan_reminders", fail_at_the_second)
    with pytest.raises(RuntimeError):
        book_course(*THREE)

    assert not any(model.objects.exists() for model in (Course, CalendarEntry, Appointment, AuditEvent, Delivery))


def test_a_visit_of_a_course_moves_like_any_other(house, book_course):
    visit = book_course(*THREE).appointments.get(entry__starts_at=at(THREE[1]))

    moved = booking.move(appointment=visit, version=1, starts_at=at("2026-01-26 15:00"), by=house.desk, now=NOW)

    assert moved.starts_at == at("2026-01-26 15:00")
    assert courses.progress_of([moved]) == {moved.pk: (2, 3)}


# --- One more visit for a course ------------------------------------------------------------------------------


def test_a_single_visit_joins_its_course_until_that_is_full(house, treatment, book, book_course):
    course = book_course(*THREE, planned_sessions=4)

    fourth = book("2026-02-11 10:00", service=treatment, course=course)
    with pytest.raises(booking.Refused) as full:
        book("2026-02-20 10:00", service=treatment, course=course)

    assert courses.progress_of([fourth]) == {fourth.pk: (4, 4)}
    assert (full.value.rule, full.value.message) == (
        "course_full",
        "All 4 sessions of this course are booked. Book this one as a single visit.",
    )


def test_a_visit_does_not_join_the_course_of_somebody_else(house, treatment, book, book_course):
    course = book_course("2026-01-14 10:00", planned_sessions=3)

    for facts in ({"patient": make_patient(), "service": treatment}, {"service": house.service}):
        with pytest.raises(booking.Refused) as raised:
            book("2026-01-23 10:00", course=course, **facts)
        assert raised.value.rule == "course"


# --- Progress -------------------------------------------------------------------------------------------------


def test_progress_follows_the_order_of_the_visits_that_count(house, book_course):
    course = book_course(*THREE, planned_sessions=5, done_before=1)
    visits = list(course.appointments.order_by("entry__starts_at"))
    assert courses.progress_of(visits) == {
        visits[0].pk: (2, 5),
        visits[1].pk: (3, 5),
        visits[2].pk: (4, 5),
    }

    booking.cancel(appointment=visits[0], version=1, reason="ill", by=house.desk, now=NOW)

    assert courses.progress_of(visits) == {visits[1].pk: (2, 5), visits[2].pk: (3, 5)}


def test_progress_costs_one_query_for_any_number(house, book, book_course, django_assert_num_queries):
    single = book("2026-01-15 10:00", patient=make_patient())
    visits = [single, *book_course(*THREE).appointments.all()]
    for number in range(6):
        who = make_patient()
        start = at("2026-01-14 11:00") + timedelta(hours=number)
        visits += book_course(
            *[f"{start + timedelta(days=9 * k):%Y-%m-%d} {6 + number + 5}:00" for k in range(1)], patient=who
        ).appointments.all()

    with django_assert_num_queries(1):
        found = courses.progress_of(visits)
    with django_assert_num_queries(0):
        assert courses.progress_of([single]) == {}

    assert len(found) == 9


# --- Proposing ------------------------------------------------------------------------------------------------


@pytest.fixture
def propose(house, treatment):
    def propose(count, **facts):
        return courses.propose_course(
            **{"patient": house.patient, "service": treatment, "count": count, "now": NOW, **facts}
        )

    return propose


def chosen(proposal, house):
    return [booking.CourseVisit(visit.slot.starts_at, house.nurse) for visit in proposal.visits]


def test_a_proposal_can_be_booked_as_it_is(house, treatment, propose):
    proposal = propose(5)

    course = booking.book_course(
        patient=house.patient,
        service=treatment,
        visits=chosen(proposal, house),
        planned_sessions=5,
        request_key=uuid.uuid4(),
        by=house.desk,
        now=NOW,
    )

    assert course.appointments.count() == 5
    assert {visit.window_note for visit in course.appointments.all()} == {""}


def test_each_proposed_visit_lies_in_the_window_of_the_one_before(propose):
    visits = propose(4).visits

    days = [visit.slot.starts_at.date() for visit in visits]
    windows = [(visit.window_first, visit.window_last) for visit in visits]
    assert days[0] == date(2026, 1, 13)
    assert windows[1:] == [(day + timedelta(days=7), day + timedelta(days=14)) for day in days[:-1]]
    assert all(first <= day <= last for (first, last), day in zip(windows, days, strict=True))
    assert all(len(visit.others) == 3 for visit in visits)


def test_a_proposal_begins_where_the_patient_wishes(propose):
    proposal = propose(2, first_date=date(2026, 2, 3))

    assert proposal.visits[0].slot.starts_at == at("2026-02-03 08:00")
    assert proposal.sentence == "2 visits, Tue 3 to Fri 13 Feb; each in the window of the one before it."


def test_a_proposal_goes_on_from_the_visits_that_are_booked(house, treatment, book, propose):
    book("2026-01-19 10:00", service=treatment)

    (visit,) = propose(1).visits

    assert (visit.window_first, visit.window_last) == (date(2026, 1, 26), date(2026, 2, 2))


def test_a_proposal_keeps_the_nurse(house, propose):
    other = make_user(name="Ada First")
    make_hours(other, weekdays=[1])
    make_room()

    visits = propose(3, nurse=house.nurse).visits

    assert {visit.slot.nurse_id for visit in visits} == {house.nurse.pk}


def test_a_proposal_prefers_the_part_of_the_day_that_the_patient_likes(house, propose):
    house.patient.prefers = "afternoon"
    house.patient.save()

    visits = propose(3).visits

    assert [12 <= visit.slot.starts_at.astimezone(make_clinic().zone).hour < 17 for visit in visits] == [True] * 3
    assert all("in the afternoon, as preferred" in visit.slot.why for visit in visits)


def test_a_proposal_for_somebody_without_a_preference_is_no_row_of_late_evenings(house, propose):
    house.nurse.hours.all().delete()
    make_hours(house.nurse, starts="08:00", ends="19:00")

    visits = propose(3).visits

    # Each window's two middle days are the 10th and 11th after the visit before; 13 January is a Tuesday.
    assert [visit.slot.starts_at for visit in visits] == [
        at("2026-01-13 08:00"),
        at("2026-01-23 08:00"),
        at("2026-02-02 08:00"),
    ]
    assert [visit.slot.why for visit in visits[1:]] == [
        "same nurse as last time, middle of the window, leaves no gap"
    ] * 2


def test_a_full_window_is_proposed_later_and_says_so(house, propose):
    booking.close(
        title="Holiday", starts_at=at("2026-01-15 00:00"), ends_at=at("2026-01-31 00:00"), by=house.desk, now=NOW
    )

    first, second = propose(2).visits

    assert first.slot.starts_at.date() == date(2026, 1, 13)
    assert (second.slot.starts_at, second.note) == (
        at("2026-02-02 08:00"),
        "Later than usual: the window ended on day 14.",
    )


def test_a_proposal_ends_at_the_horizon(house, propose):
    make_clinic(booking_horizon_days=20)

    proposal = propose(5)

    assert len(proposal.visits) == 3
    assert proposal.sentence == "Only 3 of 5 visits: after Mon 2 Feb nothing is free or open for booking yet."


def test_nothing_is_proposed_while_a_clinician_must_look_first(propose):
    repeat.register_holds("test", lambda patient: [Hold.OPEN_ADVERSE_EVENT])
    try:
        proposal = propose(3)
    finally:
        repeat.unregister_holds("test")

    assert (proposal.visits, proposal.on_hold) == ([], True)
    assert proposal.sentence == "Booking is on hold. Ask a clinician to clear it first."


def test_a_proposal_costs_the_same_for_two_visits_and_for_ten(propose, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        assert len(propose(2).visits) == 2
    with django_assert_max_num_queries(12):
        assert len(propose(10).visits) == 10


# --- Treatments that are booked too near to each other --------------------------------------------------------


def test_a_visit_that_moves_too_near_to_another_of_its_course_is_noted(house, book_course):
    visit = book_course(*THREE).appointments.get(entry__starts_at=at(THREE[1]))

    def move(when, version):
        return booking.move(appointment=visit, version=version, starts_at=at(when), by=house.desk, now=NOW).window_note

    assert move("2026-01-19 10:00", 1) == "Only 5 days after the treatment of Wed 14 Jan."
    assert move("2026-01-30 10:00", 2) == "Only 3 days before the treatment of Mon 2 Feb."
    assert move("2026-02-02 14:00", 3) == "Another treatment is booked on the same day."
    assert move("2026-01-26 10:00", 4) == ""
    # Another hour of the same date says what was said.
    assert move("2026-01-21 10:00", 5) == move("2026-01-21 15:00", 6) == ""


def test_a_further_treatment_too_near_to_one_that_is_booked_is_noted(house, treatment, book):
    book("2026-01-19 10:00", service=treatment)

    assert book("2026-01-20 10:00", service=treatment).window_note == "Only 1 day after the treatment of Mon 19 Jan."
    assert book("2026-01-21 10:00").window_note == ""  # a review
    assert book("2026-01-20 12:00", service=treatment, patient=make_patient()).window_note == ""


def test_a_course_that_was_booked_between_look_and_write_is_shown(book_course, monkeypatch):
    """The same form, sent twice at once: the second begins before the first is written, and finds its times taken."""
    key = uuid.uuid4()
    first = book_course(*THREE, request_key=key)
    answers = iter([None, first])
    monkeypatch.setattr("sessions_app.course_booking._made_by", lambda *_: next(answers))

    assert book_course(*THREE, request_key=key).pk == first.pk
