"""What becomes of a course: a reason for each early date, near visits, taken back, and people who left meanwhile."""

import json
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.access import Role
from sessions_app import booking
from sessions_app.presenters.course import open_course
from sessions_app.presenters.visits_panel import visits_panel
from tests.makers import at, make_patient, make_service, make_user
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def treatment():
    return make_service(name="Treatment")


@pytest.fixture
def course(house, treatment):
    def book(*starts, **facts):
        wish = {"planned_sessions": len(starts), "request_key": uuid.uuid4(), "by": house.desk, "now": NOW, **facts}
        visits = [booking.CourseVisit(at(start)) for start in starts]
        return booking.book_course(patient=house.patient, service=treatment, visits=visits, **wish)

    return book


def undo_by(client, user, course):
    client.force_login(user)
    with time_machine.travel(NOW + 2 * MINUTE, tick=False):
        address = reverse("sessions_app:undo_course", args=[course.public_id])
        return client.post(address, headers={"HX-Request": "true"})


def test_one_reason_approves_one_early_visit_and_no_other(house, course):
    starts = ("2026-01-14 10:00", "2026-01-16 10:00", "2026-01-19 10:00")

    with pytest.raises(booking.Refused) as refused:
        course(*starts, by=house.clinician, early_reason="The second one is early")

    assert {k: each.rule for k, each in refused.value.problems.items()} == {2: "B1"}


def test_a_visit_of_a_course_near_another_treatment_says_so(house, treatment, book, course):
    book("2026-02-03 10:00", service=treatment)

    made = course("2026-02-02 10:00")

    assert made.appointments.get().window_note == "Only 1 day before the treatment of Tue 3 Feb."


def test_a_course_that_was_taken_back_is_none(house, treatment, course):
    made = course("2026-01-14 10:00", "2026-01-28 10:00")
    assert open_course(house.patient, treatment) is None
    for visit in made.appointments.all():
        booking.undo(appointment=visit, version=1, by=house.desk, now=NOW + MINUTE)

    assert open_course(house.patient, treatment) is None
    assert visits_panel(house.patient, house.desk, NOW)["courses"] == []


def test_taking_a_course_back_says_how_many_visits_stay(client, house, course):
    made = course("2026-01-14 10:00", "2026-01-28 10:00", "2026-02-11 10:00")
    first = made.appointments.order_by("entry__starts_at").first()
    booking.move(appointment=first, version=1, starts_at=at("2026-01-14 12:00"), by=house.desk, now=NOW + MINUTE)

    answer = undo_by(client, house.desk, made)

    said = json.loads(answer.headers["HX-Trigger"])["toast"]["text"]
    assert said.startswith("1 of the sessions of ")
    assert sorted(made.appointments.values_list("status", flat=True)) == ["booked", "cancelled", "cancelled"]


def test_a_course_of_nobody_is_not_found(client, house):
    client.force_login(house.desk)

    assert client.post(reverse("sessions_app:undo_course", args=[uuid.uuid4()])).status_code == 404


def test_a_nurse_who_left_while_the_dialog_was_open_is_said(client, house, treatment):
    client.force_login(house.desk)
    gone = make_user(Role.FRONT_DESK)
    data = {"patient": house.patient.public_id, "service": treatment.pk, "nurse": gone.pk}

    answer = client.post(reverse("sessions_app:book_course"), data)

    assert answer.status_code == 200
    assert "This nurse is no longer here. Choose another." in answer.content.decode()


def test_the_words_of_an_overbooking_are_for_those_who_see_charts(client, house, book):
    booked = book("2026-01-14 10:00")
    beside = booking.book(
        patient=make_patient(),
        service=house.service,
        starts_at=booked.starts_at,
        request_key=uuid.uuid4(),
        by=house.clinician,
        overbook_reason="plastercanary",
        now=NOW,
    )
    address = reverse("sessions_app:appointment", args=[beside.public_id])

    for user, sees in ((house.clinician, True), (house.desk, False)):
        client.force_login(user)
        page = client.get(address).content.decode()
        assert ("plastercanary" in page) is sees
        assert "by Cleo Clinician" in page
