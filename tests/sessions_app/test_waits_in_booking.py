"""A patient who waits is booked or moved: the dialog says what they asked for, and the visit may end the wait."""

import json
import re
import uuid
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import AuditEvent
from sessions_app import booking, waiting
from sessions_app.integrity_of_records import problems_of_records
from sessions_app.models import Appointment, WaitListEntry
from tests.makers import at, make_patient, make_service
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
THURSDAY, FITS, FITS_NOT = 0b0001000, "2026-01-15 13:00", "2026-01-14 09:00"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client, house):
    client.force_login(house.desk)
    return client


@pytest.fixture
def waits(house):
    """The house's patient waits for a Thursday afternoon until 30 January."""
    return waiting.join(
        patient=house.patient,
        service=house.service,
        weekdays=THURSDAY,
        parts_of_day=["afternoon"],
        last_date=date(2026, 1, 30),
        note="Works mornings",
        by=house.desk,
        now=NOW - timedelta(days=6),
    )


def value(house, clock):
    return f"{at(clock).isoformat()}|{house.nurse.pk}|{house.room.pk}"


def ask(house, **more):
    return {"patient": str(house.patient.public_id), "service": house.service.pk, **more}


def opened(desk, house, **more):
    return desk.get(reverse("sessions_app:book"), ask(house, **more), headers=HTMX)


def press(desk, house, clock, **more):
    sent = {"confirm": "1", "slot": value(house, clock), "request_key": str(uuid.uuid4())}
    return desk.post(reverse("sessions_app:book"), ask(house, **{**sent, **more}), headers=HTMX)


def toast(answer):
    return json.loads(answer.headers["HX-Trigger"])["toast"]["text"]


def is_ticked(body):
    return bool(re.search(r'name="ends_wait" value="[^"]+" checked', body))


def test_the_dialog_says_what_the_patient_waits_for_and_offers_fitting_times_first(desk, house, waits):
    answer = opened(desk, house)

    body, times = answer.content.decode(), answer.context["times"]
    assert "Waits 6 days. Review: Thu, afternoons, until Fri 30 Jan." in body
    assert "“Works mornings”" in body
    assert [(each.when, each.fits) for each in times.options][:2] == [
        ("Thu 15 Jan, 12:00", True),
        ("Thu 22 Jan, 12:00", True),
    ]
    assert times.options[0].why == "Fits the wait list"
    assert times.chosen_option.when == "Thu 15 Jan, 12:00"
    assert is_ticked(body)


def test_a_day_shows_which_of_its_times_fit(desk, house, waits):
    answer = opened(desk, house, date="2026-01-15")

    [(_, options)] = answer.context["times"].groups
    assert {each.time for each in options if each.fits} == {
        each.time for each in options if "12:00" <= each.time < "17:00"
    }
    assert "Fits the wait list" in answer.content.decode()


def test_what_the_dialog_had_chosen_before_the_patient_was_known_gives_way_to_what_fits(desk, house, waits):
    address = reverse("sessions_app:book")
    nobody = desk.get(address, {"service": house.service.pk}, headers=HTMX)
    first = nobody.context["times"]
    sent = ask(house, slot=first.chosen, suggested_slot=first.suggested)

    named = desk.post(address, sent, headers=HTMX)
    picked = named.context["times"]
    kept = desk.post(address, {**sent, "suggested_slot": ""}, headers=HTMX).context["times"]

    hidden = f'name="suggested_slot" value="{first.chosen}"'
    assert (hidden in nobody.content.decode(), "suggested_slot" in named.content.decode()) == (True, False)
    assert (first.suggested, first.chosen_option.when) == (first.chosen, "Tue 13 Jan, 08:00")
    assert (picked.chosen_option.when, picked.extra) == ("Thu 15 Jan, 12:00", [])
    assert [(each.when, each.why) for each in kept.extra] == [("Tue 13 Jan, 08:00", "The time you chose")]
    assert (kept.chosen, kept.suggested) == (first.chosen, "")


def test_without_a_fitting_time_the_dialog_says_so_and_ends_nothing_by_itself(desk, house, waits):
    booking.close(title="Fair", starts_at=at("2026-01-15 00:00"), ends_at=at("2026-01-31 00:00"), by=house.desk)

    body = opened(desk, house).content.decode()

    assert "Nothing free here fits." in body
    assert not is_ticked(body)


def test_who_waits_for_another_kind_of_visit_or_not_at_all_is_asked_nothing(desk, house, waits):
    other = make_service(kind="first_visit", name="First visit")

    assert 'name="ends_wait"' not in opened(desk, house, service=other.pk).content.decode()
    waiting.leave(entry=waits, by=house.desk)
    assert 'name="ends_wait"' not in opened(desk, house).content.decode()


def test_a_booking_with_the_tick_ends_the_wait_and_undo_brings_it_back(desk, house, waits):
    answer = press(desk, house, FITS, ends_wait=str(waits.public_id))

    booked = Appointment.objects.get()
    waits.refresh_from_db()
    assert toast(answer).endswith(" Off the wait list.")
    assert (waits.ended_why, waits.appointment, waits.ended_by) == ("booked", booked, house.desk)
    assert AuditEvent.objects.filter(action="wait list left").count() == 1
    assert list(problems_of_records(NOW)) == []

    booking.undo(appointment=booked, version=1, by=house.desk, now=NOW)
    waits.refresh_from_db()
    assert (waits.ended_at, waits.appointment) == (None, None)
    assert list(problems_of_records(NOW)) == []


def test_a_booking_without_the_tick_leaves_the_wait(desk, house, waits):
    answer = press(desk, house, FITS_NOT, wait=str(waits.public_id))

    assert "wait list" not in toast(answer)
    assert WaitListEntry.objects.waiting().get() == waits


def test_what_was_ticked_for_a_time_stays_and_another_time_asks_anew(desk, house, waits):
    def looked(clock, **more):
        sent = ask(house, slot=value(house, clock), wait=str(waits.public_id), day=clock[:10], **more)
        return is_ticked(desk.post(reverse("sessions_app:book"), sent, headers=HTMX).content.decode())

    assert looked(FITS_NOT, ends_wait=str(waits.public_id)) is True
    assert looked(FITS) is False
    assert looked("2026-01-15 07:00") is False


def test_a_wait_that_is_not_the_patients_is_not_ended(desk, house, waits):
    others = waiting.join(patient=make_patient(), service=house.service, by=house.desk)

    press(desk, house, FITS, ends_wait=str(others.public_id))
    booking.book(
        patient=house.patient,
        service=house.service,
        starts_at=at("2026-01-16 09:00"),
        request_key=uuid.uuid4(),
        ends_wait=others,
        by=house.desk,
    )

    assert set(WaitListEntry.objects.waiting()) == {waits, others}


def test_a_refused_booking_leaves_the_wait(house, book, waits):
    book(FITS, patient=make_patient())

    with pytest.raises(booking.Taken):
        book(FITS, ends_wait=waits)

    assert WaitListEntry.objects.waiting().get() == waits


def test_a_visit_that_waits_moves_to_an_earlier_fitting_time_and_undo_brings_the_wait_back(desk, house, book):
    visit = book("2026-01-22 13:00")
    entry = waiting.join(patient=house.patient, service=house.service, weekdays=THURSDAY, by=house.desk, now=NOW)
    address = reverse("sessions_app:move", args=[visit.public_id])

    shown = desk.get(address, headers=HTMX)
    later = desk.get(address, {"slot": value(house, "2026-01-29 13:00")}, headers=HTMX)
    sent = {"confirm": "1", "version": 1, "slot": value(house, FITS), "ends_wait": str(entry.public_id)}
    answer = desk.post(address, sent, headers=HTMX)

    assert (is_ticked(shown.content.decode()), is_ticked(later.content.decode())) == (True, False)
    assert [each.when for each in shown.context["times"].options if each.fits] == [
        "Thu 15 Jan, 08:00",
        "Thu 15 Jan, 12:00",
        "Thu 22 Jan, 08:00",
        "Thu 22 Jan, 12:00",
    ]
    assert " Off the wait list." in toast(answer)
    entry.refresh_from_db()
    assert (entry.ended_why, entry.appointment) == ("booked", visit)

    booking.undo(appointment=visit, version=2, by=house.desk, now=NOW)
    entry.refresh_from_db()
    assert (entry.ended_at, entry.appointment) == (None, visit)
    assert list(problems_of_records(NOW)) == []


def test_what_is_kept_for_them_is_free_again_when_the_wait_ends(house, book, waits):
    first, second = book("2026-01-22 13:00"), book("2026-01-29 13:00")
    WaitListEntry.objects.filter(pk=waits.pk).update(appointment=second)
    waits.refresh_from_db()
    kept = waiting.offer(entry=waits, starts_at=at(FITS), by=house.desk, now=NOW)

    booking.move(
        appointment=first, version=1, starts_at=at("2026-01-21 13:00"), ends_wait=waits, by=house.desk, now=NOW
    )

    kept.refresh_from_db()
    assert (kept.answer, kept.hold.active) == ("taken_back", False)
    assert WaitListEntry.objects.waiting().count() == 0


def test_a_course_says_the_wait_and_ends_it_with_the_tick_and_its_undo_brings_it_back(desk, house):
    treatment = make_service(kind="treatment", name="Treatment")
    entry = waiting.join(
        patient=house.patient, service=treatment, parts_of_day=["morning"], by=house.desk, now=NOW - timedelta(days=2)
    )
    address = reverse("sessions_app:book_course")
    asked = {"patient": house.patient.public_id, "service": treatment.pk}
    times = ["2026-01-15 09:00", "2026-01-27 09:00"]

    shown = desk.get(address, asked, headers=HTMX).content.decode()
    sent = {
        **asked,
        "confirm": "1",
        "count": 2,
        "visit": [value(house, clock) for clock in times],
        "shape": f"||{treatment.pk}",
        "request_key": str(uuid.uuid4()),
    }
    afternoons = {**sent, "visit": [value(house, clock.replace("09", "13")) for clock in times]}
    afternoons.pop("confirm")
    looked = desk.post(address, afternoons, headers=HTMX).content.decode()
    answer = desk.post(address, {**sent, "ends_wait": str(entry.public_id)}, headers=HTMX)

    assert "Waits 2 days. Treatment: Any day, mornings." in shown
    assert (is_ticked(shown), is_ticked(looked)) == (True, False)
    assert toast(answer).endswith(" Off the wait list.")
    entry.refresh_from_db()
    first = Appointment.objects.order_by("entry__starts_at").first()
    assert (entry.ended_why, entry.appointment) == ("booked", first)

    desk.post(reverse("sessions_app:undo_course", args=[first.course.public_id]), headers=HTMX)
    entry.refresh_from_db()
    assert (entry.ended_at, entry.appointment) == (None, None)
    assert list(problems_of_records(NOW)) == []


def test_who_waits_already_changes_the_wishes_instead_of_joining_again(desk, house, waits):
    change = reverse("sessions_app:wait_change", args=[waits.public_id])

    body = opened(desk, house).content.decode()

    assert f'href="{change}"' in body
    assert f'href="{reverse("sessions_app:wait_join")}?' not in body


def test_only_who_waits_costs_two_queries_more(desk, house, waits):
    def queries_for(patient):
        asked = {"patient": patient.public_id, "service": house.service.pk}
        desk.get(reverse("sessions_app:book"), asked, headers=HTMX)
        with CaptureQueriesContext(connection) as queries:
            desk.get(reverse("sessions_app:book"), asked, headers=HTMX)
        return len(queries)

    assert queries_for(house.patient) - queries_for(make_patient()) == 2


def test_a_visit_that_leaves_the_waiting_one_where_it_is_does_not_end_the_wait(desk, house, book, waits):
    """Thu 22 Jan is booked and an earlier Thursday wished: one more visit on the 29th is no earlier one."""
    book("2026-01-22 12:00", nurse=house.nurse)

    later = opened(desk, house, slot=value(house, "2026-01-29 12:00"), date="2026-01-29")
    options = [each for _, group in later.context["times"].groups for each in group]
    earlier = opened(desk, house, date="2026-01-15").context["times"]

    assert (len(options) > 0, any(each.fits for each in options)) == (True, False)
    assert not is_ticked(later.content.decode())
    assert any(each.fits for _, group in earlier.groups for each in group)


def test_who_waits_for_one_more_visit_after_the_booked_one_waits_for_no_earlier_time(desk, house, book, waits):
    book("2026-01-16 10:00")
    WaitListEntry.objects.update(first_date=date(2026, 1, 26))

    later = opened(desk, house, date="2026-01-29")

    [(_, options)] = later.context["times"].groups
    assert any(each.fits for each in options)


def test_what_is_offered_after_a_time_was_taken_says_that_it_fits(desk, house, book, waits):
    book(FITS, patient=make_patient(), nurse=house.nurse)

    refused = press(desk, house, FITS, ends_wait=str(waits.public_id))

    near = {each.when: each.why for each in refused.context["times"].everything}
    assert refused.status_code == 422
    assert near["Thu 15 Jan, 12:00"] == "Fits the wait list, free, and near the time you wanted"
    assert near["Thu 15 Jan, 11:45"] == "Free, and near the time you wanted"
    assert is_ticked(refused.content.decode())
