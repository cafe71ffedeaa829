"""A patient is told of a booking and of its changes once, after the minutes in which they can be undone."""

import random
import re
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from clinic.models import ContactPreference, Delivery
from clinic.notifications import channels
from sessions_app import booking
from sessions_app.models import Appointment
from sessions_app.notices import Notice, announce, announce_undone, state_of
from sessions_app.reminders import reminder_letters, unwanted_reminders
from tests.clinic.notifications.engine import Clock, FakeChannel, ring
from tests.makers import at, make_clinic, make_patient, make_patient_user

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")
TODAY_9 = at("2026-01-13 09:00")


@pytest.fixture
def patient(house):
    make_clinic(change_grace_minutes=5, sender_name="Lilac Hill")
    house.patient = make_patient(email_allowed=True)
    return house.patient


@pytest.fixture
def clock():
    return Clock(TODAY_9)


@pytest.fixture
def channel(monkeypatch, settings):
    fake = FakeChannel()
    monkeypatch.setitem(channels.CHANNELS, "email", fake)
    settings.NOTIFICATION_CHANNELS = ["email"]
    return fake


@pytest.fixture
def desk(house, book, clock):
    """The desk at the time of the clock: books, moves, cancels."""

    class Desk:
        def books(self, when="2026-01-20 10:00", **facts):
            return book(when, now=clock.now(), **facts)

        def books_and_tells(self):
            """A booking that the patient knows of: its notice went out when its grace was over."""
            made = self.books()
            clock.passes(minutes=6)
            ring(clock)
            return made

        def moves(self, made, when):
            return booking.move(
                appointment=made, version=fresh(made).version, starts_at=at(when), by=house.desk, now=clock.now()
            )

        def cancels(self, made):
            return booking.cancel(
                appointment=made, version=fresh(made).version, reason="unwell", by=house.desk, now=clock.now()
            )

    return Desk()


def fresh(made):
    return Appointment.objects.select_related("entry__patient").get(pk=made.pk)


def told(channel):
    """What left so far: subject and the time it spoke of, if any."""
    return [
        (letter.step, next(line for line in letter.body.splitlines() if ", " in line and ":" in line))
        for letter in channel.letters
    ]


def notices():
    rows = Delivery.objects.filter(step__in=list(Notice)).order_by("due_at", "created_at")
    return [(row.step, row.state) for row in rows]


def test_a_booking_is_told_when_its_grace_is_over_and_not_before(patient, desk, clock, channel):
    made = desk.books()
    (row,) = Delivery.objects.filter(step="APPT_BOOKED")
    assert (row.due_at, row.not_after, row.policy) == (TODAY_9 + timedelta(minutes=5), made.starts_at, "hold")

    clock.passes(minutes=4)
    ring(clock)
    assert channel.letters == []

    clock.passes(minutes=1)
    ring(clock)
    ring(clock)
    assert told(channel) == [("APPT_BOOKED", "Tuesday 20 January, 10:00")]


def test_a_booking_that_is_cancelled_before_its_notice_went_out_sends_nothing(patient, desk, clock, channel):
    made = desk.books()
    clock.passes(minutes=3)
    desk.cancels(made)

    clock.passes(minutes=30)
    ring(clock)

    assert channel.letters == []
    assert notices() == [("APPT_BOOKED", "cancelled")]


def test_a_booking_that_is_moved_before_its_notice_went_out_is_one_notice_with_the_newest_time(
    patient, desk, clock, channel
):
    made = desk.books()
    clock.passes(minutes=3)
    desk.moves(made, "2026-01-21 11:00")
    clock.passes(minutes=3)
    desk.moves(made, "2026-01-22 12:00")

    clock.passes(minutes=30)
    ring(clock)

    assert told(channel) == [("APPT_BOOKED", "Thursday 22 January, 12:00")]


def test_a_visit_that_is_moved_twice_in_a_row_is_one_notice_of_its_new_time(patient, desk, clock, channel):
    made = desk.books_and_tells()
    desk.moves(made, "2026-01-21 11:00")
    clock.passes(minutes=2)
    desk.moves(made, "2026-01-22 12:00")

    clock.passes(minutes=4)
    ring(clock)
    assert len(channel.letters) == 1
    clock.passes(minutes=1)
    ring(clock)

    assert told(channel)[1:] == [("APPT_MOVED", "Thursday 22 January, 12:00")]


def test_a_visit_that_is_moved_back_to_the_time_the_patient_knows_sends_nothing(patient, desk, clock, channel):
    made = desk.books_and_tells()
    desk.moves(made, "2026-01-21 11:00")
    desk.moves(made, "2026-01-20 10:00")

    clock.passes(minutes=30)
    ring(clock)

    assert [step for step, _ in told(channel)] == ["APPT_BOOKED"]


def test_another_room_or_nurse_at_the_same_time_is_no_news_for_the_patient(house, patient, desk, clock, channel):
    made = desk.books_and_tells()

    announce(fresh(made), Notice.MOVED, clinic=make_clinic(), by=house.desk, now=clock.now())

    assert notices() == [("APPT_BOOKED", "sent")]


def test_a_cancelled_visit_is_told_with_the_time_that_the_patient_knew(patient, desk, clock, channel):
    made = desk.books_and_tells()
    desk.moves(made, "2026-01-21 11:00")
    clock.passes(minutes=1)
    desk.cancels(made)
    (row,) = Delivery.objects.filter(step="APPT_CANCELLED")
    assert row.not_after == at("2026-01-20 10:00")

    clock.passes(minutes=30)
    ring(clock)

    assert told(channel)[1:] == [("APPT_CANCELLED", "Tuesday 20 January, 10:00")]


def test_an_undone_move_sends_nothing(house, patient, desk, clock, channel):
    made = desk.books_and_tells()
    desk.moves(made, "2026-01-21 11:00")
    _put_back(made, "2026-01-20 10:00")

    announce_undone(fresh(made), clinic=make_clinic(), by=house.desk, now=clock.now())

    assert notices() == [("APPT_BOOKED", "sent"), ("APPT_MOVED", "cancelled")]


def test_an_undone_move_before_the_booking_was_told_leaves_the_booking_to_be_told(house, patient, desk, clock, channel):
    made = desk.books()
    desk.moves(made, "2026-01-21 11:00")
    _put_back(made, "2026-01-20 10:00")
    announce_undone(fresh(made), clinic=make_clinic(), by=house.desk, now=clock.now())

    clock.passes(minutes=30)
    ring(clock)

    assert told(channel) == [("APPT_BOOKED", "Tuesday 20 January, 10:00")]


def test_an_undone_cancellation_sends_nothing_to_who_knows_of_the_visit(house, patient, desk, clock, channel):
    made = desk.books_and_tells()
    desk.cancels(made)
    _put_back(made, "2026-01-20 10:00")

    announce_undone(fresh(made), clinic=make_clinic(), by=house.desk, now=clock.now())
    clock.passes(minutes=30)
    ring(clock)

    assert [step for step, _ in told(channel)] == ["APPT_BOOKED"]


def _put_back(made, when):
    """What undoing writes: the former time, and a version of its own."""
    row = fresh(made)
    row.entry.starts_at, row.entry.ends_at, row.entry.active = at(when), at(when) + timedelta(minutes=60), True
    row.entry.save()
    row.status, row.version = "booked", row.version + 1
    row.save()


# --- What the patient said or did themselves ------------------------------------------------------------------------


@pytest.fixture
def portal(house, patient, clock):
    """The patient in the portal at the time of the clock: confirms, asks to move, moves."""
    make_clinic(patients_may_move=True, patient_move_notice_hours=1)
    own = make_patient_user(patient)

    class Portal:
        user = own

        def confirms(self, made):
            return booking.confirm(appointment=fresh(made), via="portal", by=own, now=clock.now())

        def asks(self, made):
            row = fresh(made)
            return booking.ask_to_move(appointment=row, version=row.version, wish="a Friday", by=own, now=clock.now())

        def moves(self, made, when):
            row = fresh(made)
            return booking.move(appointment=row, version=row.version, starts_at=at(when), by=own, now=clock.now())

    return Portal()


def undo(made, by, clock):
    return booking.undo(appointment=made, version=fresh(made).version, by=by, now=clock.now())


def test_a_patient_whose_own_move_the_desk_takes_back_is_told(house, patient, desk, portal, clock, channel):
    made = desk.books_and_tells()
    portal.moves(made, "2026-01-21 11:00")
    clock.passes(minutes=1)
    undo(made, house.desk, clock)

    clock.passes(minutes=30)
    ring(clock)

    assert told(channel)[1:] == [("APPT_MOVED", "Tuesday 20 January, 10:00")]


def test_a_patient_whose_own_move_the_desk_moves_back_is_told(patient, desk, portal, clock, channel):
    made = desk.books_and_tells()
    portal.moves(made, "2026-01-21 11:00")
    clock.passes(minutes=1)
    desk.moves(made, "2026-01-20 10:00")

    clock.passes(minutes=30)
    ring(clock)

    assert told(channel)[1:] == [("APPT_MOVED", "Tuesday 20 January, 10:00")]


def test_a_patient_who_takes_back_the_own_move_is_told_nothing(patient, desk, portal, clock, channel):
    made = desk.books_and_tells()
    portal.moves(made, "2026-01-21 11:00")
    undo(made, portal.user, clock)

    clock.passes(minutes=30)
    ring(clock)

    assert [step for step, _ in told(channel)] == ["APPT_BOOKED"]


def test_a_patient_who_moves_alone_gets_the_new_time_in_writing(patient, desk, portal, clock, channel):
    made = desk.books_and_tells()
    portal.confirms(made)
    portal.moves(made, "2026-01-21 11:00")

    clock.passes(minutes=30)
    ring(clock)

    assert told(channel)[1:] == [("APPT_MOVED", "Wednesday 21 January, 11:00")]


@pytest.mark.parametrize("word", ["confirms", "asks"])
def test_who_spoke_of_a_visit_that_no_message_told_yet_is_told_of_its_end(patient, desk, portal, clock, channel, word):
    made = desk.books()
    getattr(portal, word)(made)
    clock.passes(minutes=1)
    desk.cancels(made)

    clock.passes(minutes=30)
    ring(clock)

    assert told(channel) == [("APPT_CANCELLED", "Tuesday 20 January, 10:00")]


def test_who_confirmed_a_booking_is_told_when_it_is_taken_back(house, patient, desk, portal, clock, channel):
    made = desk.books()
    portal.confirms(made)
    undo(made, house.desk, clock)

    clock.passes(minutes=30)
    ring(clock)

    assert told(channel) == [("APPT_CANCELLED", "Tuesday 20 January, 10:00")]


def test_who_confirmed_a_booking_is_told_of_a_move_as_a_move(patient, desk, portal, clock, channel):
    made = desk.books()
    portal.confirms(made)
    desk.moves(made, "2026-01-21 11:00")

    clock.passes(minutes=30)
    ring(clock)

    assert told(channel) == [("APPT_MOVED", "Wednesday 21 January, 11:00")]


def test_a_word_that_is_older_than_the_last_message_says_nothing(patient, desk, portal, clock, channel):
    made = desk.books()
    portal.confirms(made)
    clock.passes(minutes=6)
    ring(clock)
    desk.moves(made, "2026-01-21 11:00")
    clock.passes(minutes=6)
    ring(clock)
    desk.moves(made, "2026-01-22 12:00")
    desk.moves(made, "2026-01-21 11:00")

    clock.passes(minutes=30)
    ring(clock)

    assert [step for step, _ in told(channel)] == ["APPT_BOOKED", "APPT_MOVED"]


def test_a_visit_of_which_nothing_is_on_record_is_told_when_it_is_moved(patient, desk, clock, channel):
    ContactPreference.objects.update(allowed=False)
    made = desk.books()
    ContactPreference.objects.update(allowed=True)

    desk.moves(made, "2026-01-21 11:00")

    assert notices() == [("APPT_MOVED", "pending")]


def test_a_reminder_that_left_told_the_time_as_well(patient, desk, clock, channel):
    made = desk.books()
    Delivery.objects.filter(step="APPT_BOOKED").update(state="cancelled")
    clock.passes(days=4, minutes=30)
    ring(clock)
    assert [letter.step for letter in channel.letters] == ["APPT_3"]

    desk.moves(made, "2026-01-21 11:00")
    desk.moves(made, "2026-01-20 10:00")

    assert notices() == [("APPT_BOOKED", "cancelled"), ("APPT_MOVED", "cancelled")]


def test_a_notice_waits_for_the_morning_and_one_that_would_come_after_the_visit_is_not_planned(
    patient, desk, clock, channel
):
    clock.instant = at("2026-01-13 21:30")
    desk.books("2026-01-14 10:00")
    desk.books("2026-01-15 08:00", patient=make_patient(email_allowed=True))
    clock.passes(minutes=30)
    ring(clock)
    assert channel.letters == []

    clock.instant = at("2026-01-14 08:00")
    ring(clock)
    assert sorted(told(channel)) == [
        ("APPT_BOOKED", "Thursday 15 January, 08:00"),
        ("APPT_BOOKED", "Wednesday 14 January, 10:00"),
    ]

    clock.instant = at("2026-01-15 22:00")
    desk.books("2026-01-16 08:00", patient=make_patient(email_allowed=True))
    assert Delivery.objects.filter(step="APPT_BOOKED").count() == 2


def test_a_change_within_minutes_of_the_visit_is_left_to_the_person_who_makes_it(patient, desk, clock):
    desk.books("2026-01-13 09:00")

    assert notices() == []


def test_without_permission_to_write_nothing_is_planned_and_the_desk_is_asked(patient, desk):
    ContactPreference.objects.update(allowed=False)

    made = desk.books()

    assert notices() == []
    assert state_of(made).kind == "none"


def test_the_engine_drops_a_notice_that_the_calendar_does_not_bear_out(patient, desk, clock):
    made = desk.books()
    (row,) = Delivery.objects.filter(step="APPT_BOOKED")
    assert unwanted_reminders([row]) == {}

    Appointment.objects.filter(pk=made.pk).update(status="arrived")
    assert unwanted_reminders([row]) == {row.pk: "the appointment is arrived"}

    Appointment.objects.filter(pk=made.pk).update(status="booked")
    row.not_after += timedelta(hours=1)
    assert unwanted_reminders([row]) == {row.pk: "the appointment was moved"}

    row.step = "APPT_CANCELLED"
    assert unwanted_reminders([row]) == {row.pk: "the appointment is not cancelled any more"}


def test_the_file_that_goes_along_says_what_the_message_says(patient, desk, clock, channel):
    made = desk.books_and_tells()
    desk.cancels(made)
    clock.passes(minutes=6)
    ring(clock)

    booked, cancelled = (letter.attachments for letter in channel.letters)
    assert [(file.name, file.content_type) for file in (*booked, *cancelled)] == [
        ("visit.ics", "text/calendar; charset=utf-8; method=PUBLISH"),
        ("visit.ics", "text/calendar; charset=utf-8; method=CANCEL"),
    ]
    for (file,), lines in (
        (booked, ("SEQUENCE:1", "STATUS:CONFIRMED")),
        (cancelled, ("SEQUENCE:2", "STATUS:CANCELLED")),
    ):
        for line in (f"UID:{made.public_id}", "DTSTART:20260120T150000Z", *lines):
            assert f"{line}\r\n" in file.text


def test_reminders_carry_no_file(patient, desk):
    desk.books()

    with_file = {row.step for row in Delivery.objects.all() if reminder_letters([row])[row.pk].get("attachments")}

    assert with_file == {"APPT_BOOKED"}


def test_the_link_of_a_booking_leads_after_the_code_to_the_patients_visits_with_that_visit(
    patient, desk, clock, channel
):
    cache.clear()
    desk.books_and_tells()
    browser = Client()

    with time_machine.travel(clock.now(), tick=False):
        address = re.search(r"http://localhost:8000(/l/\S+)", channel.letters[-1].body).group(1)
        looked, asked = browser.get(address), browser.post(address)
        code = re.search(r"^\s+(\S+)\s*$", mail.outbox[-1].body, re.M).group(1)
        came = browser.post(asked.url, {"code": code})
        page = browser.get(came.url).content.decode()

    assert ("20 January" in looked.content.decode(), came.url) == (False, reverse("sessions_app:portal_visits"))
    assert '<h2 id="visit-1">Tuesday 20 January, <span class="together">10:00</span></h2>' in page


def test_every_message_about_a_visit_leads_to_the_visits(patient, desk, clock, channel):
    made = desk.books_and_tells()
    desk.moves(made, "2026-01-21 11:00")
    clock.passes(minutes=6)
    ring(clock)
    for days in (5, 2):
        clock.passes(minutes=days * 24 * 60)
        ring(clock)
    desk.cancels(made)
    clock.passes(minutes=6)
    ring(clock)

    assert [letter.step for letter in channel.letters] == [
        "APPT_BOOKED", "APPT_MOVED", "APPT_3", "APPT_1", "APPT_CANCELLED",
    ]  # fmt: skip
    assert list(patient.portal_links.values_list("leads_to", flat=True)) == ["visits"] * 5


def test_what_the_patient_was_or_will_be_told_is_a_sentence_with_a_time(patient, desk, clock, channel):
    made = desk.books()
    assert (state_of(made).words, state_of(made).at) == (
        "The patient will be told of the booking",
        TODAY_9 + timedelta(minutes=5),
    )

    clock.passes(minutes=6)
    ring(clock)
    assert (state_of(made).words, state_of(made).at, state_of(made).kind) == (
        "The patient was told of the booking",
        clock.now(),
        "told",
    )

    desk.moves(made, "2026-01-21 11:00")
    assert (state_of(made).words, state_of(made).kind) == ("The patient will be told of the new time", "planned")


def test_planning_in_the_night_says_when_the_message_leaves(patient, desk, clock, channel):
    clock.instant = at("2026-01-13 21:30")
    made = desk.books("2026-01-15 10:00")
    clock.passes(minutes=10)
    ring(clock)

    assert state_of(made).at == at("2026-01-14 08:00")


# --- Whatever is done, in whatever order ----------------------------------------------------------------------------

TIMES = ["2026-01-20 10:00", "2026-01-21 11:00", "2026-01-22 12:00"]


@pytest.mark.parametrize("seed", range(30))
def test_when_all_is_quiet_the_patient_knows_what_is_true_and_was_told_nothing_twice(
    house, patient, desk, clock, channel, seed
):
    chance = random.Random(seed)
    made = desk.books(TIMES[0])
    for _ in range(8):
        visit = fresh(made)
        deed = chance.choice(["move", "move", "cancel", "undo", "wait", "wait"])
        try:
            if deed == "move" and visit.status == "booked":
                desk.moves(made, chance.choice(TIMES))
            elif deed == "cancel" and visit.status == "booked":
                desk.cancels(made)
            elif deed == "undo":
                booking.undo(appointment=made, version=visit.version, by=house.desk, now=clock.now())
        except booking.Refused:
            pass  # there is nothing to undo any more
        clock.passes(minutes=chance.choice([0, 1, 4]) if deed != "wait" else chance.choice([1, 6]))
        ring(clock)
    clock.passes(minutes=10)
    ring(clock)

    visit, heard = fresh(made), told(channel)
    ends = [step == "APPT_CANCELLED" for step, _ in heard]
    if visit.status == "cancelled":
        assert not heard or ends[-1]
    else:
        assert (ends[-1], heard[-1][1]) == (False, f"{visit.starts_at.astimezone(NEW_YORK):%A %-d January, %H:%M}")
    assert all(before != after for before, after in pairwise(heard))
    # Told as a new booking the first time, and never again unless it was told to be cancelled between.
    assert [step for step, _ in heard].count("APPT_BOOKED") == (1 + ends[:-1].count(True) if heard else 0)
