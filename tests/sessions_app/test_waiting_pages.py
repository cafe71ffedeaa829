"""The pages of the wait list: who waits, joining, changing, leaving, offering, and the answer to an offer."""

import json
import re
from datetime import date, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.models import StaffTask
from sessions_app import booking, lists, waiting
from sessions_app.models import WaitListEntry, WaitListOffer
from sessions_app.presenters.freed import freed_line
from sessions_app.presenters.waiting_words import wishes_words
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_patient,
    make_report,
    make_service,
    make_signed_session,
    make_user,
    make_visit_request,
)
from tests.sessions_app.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client, house):
    client.force_login(house.desk)
    return client


@pytest.fixture
def join(house):
    def join(name="Greta Sandpiper", **facts):
        given, family = name.split()
        patient = facts.pop("patient", None) or make_patient(given_name=given, family_name=family)
        return waiting.join(**{"patient": patient, "service": house.service, "by": house.desk, "now": NOW, **facts})

    return join


def page(client, name, *args, **query):
    address = reverse(f"sessions_app:{name}", args=args)
    return client.get(f"{address}?{urlencode(query)}" if query else address)


def press(client, name, *args, **data):
    return client.post(reverse(f"sessions_app:{name}", args=args), data, follow=True)


def shown(answer):
    return [(row.name, row.wants, row.fits) for row in answer.context["rows"]]


def test_the_list_says_who_waits_since_when_and_for_what(desk, house, join, book):
    join("Greta Sandpiper", now=NOW - timedelta(days=6), weekdays=0b11, parts_of_day=["morning"], note="Works nights")
    patient = make_patient(given_name="Bess", family_name="Cowslip")
    book("2026-01-20 10:00", patient=patient)
    join(patient=patient, last_date=date(2026, 1, 16), nurse=house.nurse)

    rows = page(desk, "waiting").context["rows"]

    assert [(row.name, row.since, row.wants, row.has, row.note, row.fits) for row in rows] == [
        (
            "Greta Sandpiper",
            "Waits 6 days",
            "Review: Mon and Tue, mornings",
            "Nothing booked",
            "Works nights",
            "Today 08:00 with Nora Pike",
        ),
        (
            "Bess Cowslip",
            "Waits since today",
            "Review: Any day and time, until Fri 16 Jan, with Nora Pike",
            "Has Tue 20 Jan, 10:00",
            "",
            "Today 08:00 with Nora Pike",
        ),
    ]


def test_filters_stay_in_the_address(desk, house, join):
    other = make_service(kind="review", name="Zoom")
    join("Ash A", service=other)
    join("Birch B", parts_of_day=["morning"])
    join("Cedar C", parts_of_day=["evening"])
    join("Dove D", now=NOW - timedelta(days=9), last_date=date(2026, 1, 12))
    offered = join("Elder E")
    waiting.offer(entry=offered, starts_at=at("2026-01-14 10:00"), by=house.desk)

    def names(**query):
        return [row.name for row in page(desk, "waiting", **query).context["rows"]]

    assert names() == ["Ash A", "Birch B", "Cedar C", "Elder E"]
    assert names(service=other.pk) == ["Ash A"]
    assert names(part="morning") == ["Ash A", "Birch B", "Elder E"]
    assert names(nurse=house.nurse.pk, part="evening") == ["Ash A", "Cedar C", "Elder E"]
    assert names(show="over") == ["Dove D"]
    assert names(show="offered") == ["Elder E"]
    assert names(service="nonsense", nurse="0", part="x", show="y") == ["Ash A", "Birch B", "Cedar C", "Elder E"]


def test_an_empty_list_says_what_it_is_for(desk):
    assert "Nobody waits" in page(desk, "waiting").content.decode()
    assert "Nobody fits these filters" in page(desk, "waiting", part="morning").content.decode()


def test_the_list_costs_the_same_for_one_for_thirty_and_for_many(desk, house, join):
    counts = []
    for number in (1, 30, 70):
        for n in range(number):
            join(f"Greta Sandpiper{n}")
        page(desk, "waiting")
        with CaptureQueriesContext(connection) as queries:
            answer = page(desk, "waiting", page=1)
        counts.append(len(queries))

    assert counts[0] == counts[1] == counts[2]
    assert (len(answer.context["rows"]), answer.context["page"].paginator.num_pages) == (25, 5)


def test_ten_thousand_who_wait_are_a_page_and_the_longest_waiting_are_asked_first(desk, house, join):
    patients = type(house.patient).objects.bulk_create(
        type(house.patient)(
            given_name="Many", family_name=f"Wait{n}", birth_date=date(1970, 1, 1), time_zone="America/New_York"
        )
        for n in range(10_000)
    )
    WaitListEntry.objects.bulk_create(
        WaitListEntry(
            patient=patient, service=house.service, first_date=date(2026, 1, 1), created_at=NOW - timedelta(minutes=n),
            created_by=house.desk,
        )
        for n, patient in enumerate(patients)
    )  # fmt: skip

    assert [row.name for row in page(desk, "waiting", page=400).context["rows"]][-1] == "Many Wait0"
    assert [fit.entry.patient.family_name for fit in waiting.fitting(now=NOW, limit=2)] == ["Wait9999", "Wait9998"]


def test_joining_asks_for_the_patient_first_and_opens_with_what_they_prefer(desk, house):
    patient = make_patient(given_name="Greta", family_name="Sandpiper", prefers="evening")

    assert 'name="q"' in page(desk, "wait_join").content.decode()
    opened = page(desk, "wait_join", patient=patient.public_id)
    assert opened.context["form"].initial == {"service": house.service, "parts_of_day": ["evening"]}

    wishes = {"patient": patient.public_id, "service": house.service.pk, "weekdays": ["0", "2"], "note": "Soon"}
    press(desk, "wait_join", confirm="1", **wishes)
    press(desk, "wait_join", confirm="1", **wishes)

    entry = WaitListEntry.objects.get()
    assert (entry.patient, entry.weekdays, entry.parts_of_day, entry.note) == (patient, 0b101, [], "Soon")


def test_a_refused_joining_keeps_what_was_typed(desk, house, join):
    entry = join()
    data = {"confirm": "1", "patient": entry.patient.public_id, "service": house.service.pk, "note": "Typed"}

    answer = desk.post(reverse("sessions_app:wait_join"), data, headers={"HX-Request": "true"})

    body = answer.content.decode()
    assert answer.status_code == 422
    assert "waits for Review already, since Tue 13 Jan" in body
    assert 'value="Typed"' in body


def test_wishes_change_and_the_dialog_shows_them(desk, join):
    entry = join(weekdays=0b11, parts_of_day=["morning"])

    opened = page(desk, "wait_change", entry.public_id)
    assert opened.context["form"].initial["weekdays"] == ["0", "1"]
    press(desk, "wait_change", entry.public_id, last_date="2026-01-30", parts_of_day=["evening"])

    entry.refresh_from_db()
    assert (entry.weekdays, entry.parts_of_day, entry.last_date) == (127, ["evening"], date(2026, 1, 30))


def test_taking_somebody_off_is_one_tap_with_undo(desk, join):
    entry = join()

    answer = desk.post(reverse("sessions_app:wait_leave", args=[entry.public_id]), headers={"HX-Request": "true"})
    assert reverse("sessions_app:wait_back", args=[entry.public_id]) in answer.headers["HX-Trigger"]
    entry.refresh_from_db()
    assert entry.ended_why == "withdrawn"
    press(desk, "wait_back", entry.public_id)

    entry.refresh_from_db()
    assert entry.ended_at is None


def test_an_offer_is_made_answered_and_taken_back(desk, house, join):
    entry = join()
    slot = f"{at('2026-01-14 10:00').isoformat()}|{house.nurse.pk}"

    opened = page(desk, "wait_offer", entry.public_id, slot=slot)
    assert [(when, checked) for _, when, _, checked in opened.context["times"]][:2] == [
        ("Wed 14 Jan, 10:00", True),
        ("Tue 13 Jan, 08:00", False),
    ]
    press(desk, "wait_offer", entry.public_id, slot=slot)
    made = WaitListOffer.objects.get()
    press(desk, "offer_take_back", made.public_id)
    press(desk, "wait_offer", entry.public_id, slot=slot)
    again = WaitListOffer.objects.get(answer="")
    press(desk, "offer_accept", again.public_id)

    entry.refresh_from_db()
    assert (entry.ended_why, entry.appointment.starts_at) == ("booked", at("2026-01-14 10:00"))


def test_a_kept_time_is_booked_or_declined_in_one_tap_on_the_wait_list_too(desk, house, join, book):
    booked, first = book("2026-01-16 09:00"), join(patient=house.patient)
    kept = waiting.offer(entry=first, starts_at=at("2026-01-14 10:00"), by=house.desk)
    other = waiting.offer(entry=join("Nobody Booked"), starts_at=at("2026-01-14 11:00"), by=house.desk)

    body = page(desk, "waiting").content.decode()
    for made, words in ((kept, "Move Fri 16 Jan, 09:00 to Wed 14 Jan, 10:00"), (other, "Book Wed 14 Jan, 11:00")):
        button = body.split(f'hx-post="{reverse("sessions_app:offer_accept", args=[made.public_id])}"')[1]
        assert re.search(r"<button[^>]*>([^<]+)<", button)[1] == words
        assert f'hx-post="{reverse("sessions_app:offer_decline", args=[made.public_id])}"' in body
    press(desk, "offer_accept", kept.public_id)
    press(desk, "offer_decline", other.public_id)

    booked.entry.refresh_from_db()
    assert booked.entry.starts_at == at("2026-01-14 10:00")
    answer = page(desk, "waiting")
    assert [(row.name, row.offer, row.yes) for row in answer.context["rows"]] == [("Nobody Booked", "", "")]
    assert reverse("sessions_app:offer_accept", args=[other.public_id]) not in answer.content.decode()


def test_who_waits_for_a_clinician_is_offered_no_time_and_the_page_says_what_it_waits_for(desk, house, join):
    treatment = make_service(kind="treatment", name="Treatment")
    visit = make_appointment(
        patient=house.patient, service=treatment, nurse=house.nurse, room=house.room, starts_at=at("2026-01-06 10:00")
    )
    make_signed_session(appointment=visit)
    entry = join(patient=house.patient, service=treatment)
    make_report(patient=house.patient, by=house.desk, free_text="My calf throbs.")

    answer = page(desk, "wait_offer", entry.public_id).content.decode()

    assert "Treatment waits: a report of symptoms is open." in answer
    assert "No time is offered until that is answered." in answer
    assert ("Nothing that fits" in answer, "Keep it for" in answer) == (False, False)


def test_where_nothing_fits_the_wishes_are_one_press_away(desk, join):
    entry = join(nurse=make_user(Role.NURSE, name="Works Nowhere"))

    answer = page(desk, "wait_offer", entry.public_id).content.decode()

    assert "Nothing that fits is free in the next two weeks." in answer
    assert f'href="{reverse("sessions_app:wait_change", args=[entry.public_id])}"' in answer


def test_a_time_that_went_meanwhile_brings_others(desk, house, join, book):
    entry = join()
    book("2026-01-14 10:00", patient=make_patient())
    slot = f"{at('2026-01-14 10:00').isoformat()}|{house.nurse.pk}"

    answer = press(desk, "wait_offer", entry.public_id, slot=slot)

    assert answer.context["problems"] == ["Wed 14 Jan, 10:00 with Nora Pike is taken. Choose another time."]
    assert len(answer.context["times"]) == 3


@pytest.mark.parametrize("slot", ["", "nonsense", "2026-01-14T10:00:00+00:00|0", "9999-01-14T10:00:00+00:00|1"])
def test_an_offer_without_a_time_is_asked_again(desk, join, slot):
    answer = press(desk, "wait_offer", join().public_id, slot=slot)

    assert answer.context["problems"] == ["Choose a time."]


def test_an_answer_after_the_time_is_refused_in_words(desk, house, join):
    made = waiting.offer(entry=join(), starts_at=at("2026-01-14 10:00"), by=house.desk)

    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        answer = press(desk, "offer_accept", made.public_id)

    assert "This offer ended at 07:30." in answer.content.decode()


# --- A time that became free ---------------------------------------------------------------------------------------


def freed(house, starts="2026-01-14 10:00", ends="2026-01-14 11:00"):
    return freed_line(
        starts_at=at(starts),
        ends_at=at(ends),
        nurse_id=house.nurse.pk,
        nurse_public_id=house.nurse.public_id,
        clinic=make_clinic(),
        now=NOW,
    )


def test_after_a_cancelled_visit_it_says_how_many_wait_and_shows_them_in_order(desk, house, join, book):
    visit = book("2026-01-14 10:00", patient=make_patient())
    for name in ("Ash A", "Birch B", "Cedar C"):
        join(name)
    join("Dove D", weekdays=0b1)
    booking.cancel(appointment=visit, version=1, reason="Ill", by=house.desk, now=NOW)

    line = freed(house)

    assert (line.number, line.words) == (3, "3 people wait for this time.")
    assert [row.name for row in desk.get(line.url).context["rows"]] == ["Ash A", "Birch B", "Cedar C"]


def test_one_person_is_named_and_nobody_is_nothing(house, join):
    assert freed(house) is None
    join()
    assert freed(house).words == "Greta Sandpiper waits for this time."
    assert freed(house, "2026-01-12 10:00", "2026-01-12 11:00") is None


@pytest.mark.parametrize("query", [{}, {"from": "x", "to": "y", "nurse": "z"}, {"from": "2026-01-14T10:00"}])
def test_a_freed_time_that_is_none_is_not_found(desk, query):
    assert page(desk, "freed", **query).status_code == 404


# --- The other lists of the page -----------------------------------------------------------------------------------


def names_of(client, name):
    return [row.name for row in page(client, "calls", list=name).context["calls"].named(name).rows]


def test_visits_of_today_and_tomorrow_that_nobody_confirmed(desk, house, book):
    def booked(family, when, at=NOW - timedelta(days=1)):
        return book(when, patient=make_patient(given_name="P", family_name=family), now=at)

    booked("Later", "2026-01-15 10:00")
    booked("Tomorrow", "2026-01-14 10:00")
    sure = booked("Sure", "2026-01-13 11:00")
    booked("Today", "2026-01-13 10:00")
    booking.confirm(appointment=sure, via="desk", by=house.desk)

    assert names_of(desk, "unconfirmed") == ["P Today", "P Tomorrow"]


def test_who_was_booked_today_has_agreed_until_the_visit_is_moved(desk, house, book):
    visit = book("2026-01-14 10:00", patient=make_patient(given_name="P", family_name="Phone"))
    before = names_of(desk, "unconfirmed")

    booking.move(appointment=visit, version=1, starts_at=at("2026-01-14 12:00"), by=house.desk, now=NOW)

    assert (before, names_of(desk, "unconfirmed")) == ([], ["P Phone"])


def test_who_asks_for_another_time_stands_on_one_list_until_it_is_settled(desk, house, book):
    visit = book("2026-01-13 10:00", patient=make_patient(given_name="P", family_name="Wish"))
    booking.ask_to_move(appointment=visit, version=1, wish="After four", by=house.desk)

    assert (names_of(desk, "moves"), names_of(desk, "unconfirmed")) == (["P Wish"], [])
    press(desk, "confirm_visit", visit.public_id)
    assert (names_of(desk, "moves"), names_of(desk, "unconfirmed")) == ([], [])


def test_a_visit_outside_of_the_hours_may_stay_and_that_can_be_undone(desk, house, book):
    visit = book("2026-01-14 10:00", patient=make_patient(given_name="P", family_name="Outside"))
    task = StaffTask.objects.create(
        kind=StaffTask.Kind.VISIT_OUTSIDE_HOURS, patient=visit.patient, about_id=visit.public_id
    )

    assert names_of(desk, "outside") == ["P Outside"]
    press(desk, "visit_task_done", task.public_id)
    assert names_of(desk, "outside") == []
    press(desk, "visit_task_open", task.public_id)
    assert names_of(desk, "outside") == ["P Outside"]


def close_for(house, first, last, visits):
    nurses, accepted = [house.nurse], [visit.public_id for visit in visits]
    return booking.close(
        title="Sick", starts_at=at(first), ends_at=at(last), nurses=nurses, accepted=accepted, by=house.desk
    )


def test_a_visit_in_a_closed_day_is_to_be_moved_and_not_to_be_confirmed(desk, house, book):
    earlier = {"now": NOW - timedelta(days=7)}
    closed = book("2026-01-13 10:00", patient=make_patient(given_name="P", family_name="Closed"), **earlier)
    book("2026-01-14 10:00", patient=make_patient(given_name="P", family_name="Open"), **earlier)

    close_for(house, "2026-01-13 00:00", "2026-01-14 00:00", [closed])

    calls = page(desk, "calls").context["calls"]
    (row,) = calls.named("outside").rows
    assert [each.name for each in calls.named("unconfirmed").rows] == ["P Open"]
    assert (row.name, row.text) == ("P Closed", "Today 10:00, Review with Nora Pike. Closed: Sick.")
    assert [act.words for act in row.acts] == ["Move", "Cancel", "It stays"]
    assert calls.named("outside").level == "danger"
    assert page(desk, "calls_beside").context["calls"].named("outside").rows == [row]

    press(desk, "visit_task_done", StaffTask.objects.get(kind="visit_outside_hours").public_id)
    assert names_of(desk, "unconfirmed") == ["P Closed", "P Open"]


def test_the_page_of_a_visit_in_a_closed_day_says_that_it_has_to_move(desk, house, book):
    visit = book("2026-01-14 10:00")
    assert "Confirmed by phone" in page(desk, "appointment", visit.public_id).content.decode()

    close_for(house, "2026-01-14 00:00", "2026-01-15 00:00", [visit])

    shown = page(desk, "appointment", visit.public_id).content.decode()
    stays = reverse("sessions_app:visit_task_done", args=[StaffTask.objects.get().public_id])
    assert ("Has to move" in shown, "Closed: Sick." in shown, f'formaction="{stays}"' in shown) == (True,) * 3
    assert "Confirmed by phone" not in shown
    desk.post(stays)
    assert "Has to move" not in page(desk, "appointment", visit.public_id).content.decode()


def test_offers_run_out_the_soonest_first_and_requests_say_how_late(desk, house, join):
    make_clinic(offer_minutes=30)
    waiting.offer(entry=join("Ash A"), starts_at=at("2026-01-14 10:00"), by=house.desk, now=NOW - timedelta(minutes=5))
    waiting.offer(
        entry=join("Birch B"), starts_at=at("2026-01-14 12:00"), by=house.desk, now=NOW - timedelta(minutes=9)
    )
    make_visit_request(name="Perry Ash", asked_at=NOW - timedelta(hours=30), answer_by=NOW - timedelta(hours=6))

    calls = page(desk, "calls").context["calls"]

    assert [(row.name, row.urgent) for row in calls.named("offers").rows] == [
        ("Birch B", "21 min left."),
        ("Ash A", "25 min left."),
    ]
    assert [(row.name, row.urgent) for row in calls.named("requests").rows] == [
        ("Perry Ash", "6 h over the promised time.")
    ]


def test_the_bar_counts_what_cannot_wait_in_one_query(house, join):
    make_visit_request()
    StaffTask.objects.create(kind=StaffTask.Kind.MESSAGE_FAILED, patient=make_patient())
    waiting.offer(entry=join(), starts_at=at("2026-01-14 10:00"), by=house.desk)

    with CaptureQueriesContext(connection) as queries:
        number = lists.waiting_for_the_desk(house.desk)

    assert (number, len(queries)) == (3, 1)
    assert lists.waiting_for_the_desk(make_user(Role.NURSE)) == 0


def test_the_page_costs_the_same_for_one_and_for_thirty(desk, house, join):
    counts = []
    for number in (1, 30):
        for n in range(number):
            patient = make_patient()
            join(f"Greta Sandpiper{n}")
            make_visit_request()
            visit = make_appointment(patient=patient, service=house.service, starts_at=at("2026-01-13 12:00"))
            for kind in ("visit_move_asked", "visit_outside_hours"):
                StaffTask.objects.create(kind=kind, patient=patient, about_id=visit.public_id)
            if n % 7 == 0:
                entry = join(f"Offer Person{n}", patient=make_patient())
                waiting.offer(
                    entry=entry, starts_at=at(f"2026-01-{14 + number // 30} {9 + n // 7:02}:00"), by=house.desk
                )
        page(desk, "calls")
        with CaptureQueriesContext(connection) as queries:
            page(desk, "calls")
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("weekdays", "parts", "words"),
    [
        (127, [], "Any day and time"),
        (127, ["morning"], "Any day, mornings"),
        (31, ["morning", "evening"], "Mon to Fri, mornings and evenings"),
        (96, [], "Sat and Sun, any time"),
        (5, [], "Mon and Wed, any time"),
    ],
)
def test_wishes_in_words(weekdays, parts, words):
    assert wishes_words(weekdays, parts) == words


@pytest.mark.parametrize("how", ["cancel", "move", "status"])
def test_whoever_frees_a_time_is_told_at_once_who_waits_for_it(desk, house, join, book, how):
    visit = book("2026-01-13 08:00", patient=make_patient())
    book("2026-01-13 09:00", patient=make_patient())
    join(last_date=date(2026, 1, 13), parts_of_day=["morning"])
    elsewhere = {"slot": f"{at('2026-01-20 10:00').isoformat()}|{house.nurse.pk}", "confirm": "1", "version": "1"}
    data = {"cancel": {"version": "1", "reason": "The patient is ill"}, "move": elsewhere, "status": {"to": "no_show"}}
    address = reverse(f"sessions_app:{how}", args=[visit.public_id])

    with time_machine.travel(at("2026-01-13 08:00" if how == "status" else "2026-01-13 07:10"), tick=False):
        answer = desk.post(address, data[how], headers={"HX-Request": "true"})

    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert toast["text"].endswith("Greta Sandpiper waits for this time.")
    assert [row.name for row in desk.get(toast["more"]["url"]).context["rows"]] == ["Greta Sandpiper"]
