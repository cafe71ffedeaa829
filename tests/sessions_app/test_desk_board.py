"""The day board: what stands where, what is said about it, what it costs."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.models import Room, StaffTask
from sessions_app import booking, lists
from sessions_app.day import entries_of, hours_of, present_stamp
from sessions_app.presenters.board import Source, day_board, tally_of
from sessions_app.presenters.board_blocks import gaps
from sessions_app.presenters.board_filters import Filters
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_entry,
    make_hours,
    make_patient,
    make_room,
    make_service,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.sessions_app.desks import make_treatment

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 1, 13)
NOW = "2026-01-13 10:41"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(at(NOW), tick=False):
        yield


@pytest.fixture
def ada():
    nurse = make_user(Role.NURSE, name="Ada Birchwood")
    make_hours(nurse, starts="08:00", ends="12:00")
    make_hours(nurse, starts="13:00", ends="18:00")
    return nurse


def source(day=TUESDAY, last=None, *, now=NOW, may_book=True, progress=None):
    zone = make_clinic().zone
    return Source(
        entries=entries_of(day, last or day, zone=zone, now=at(now)),
        hours=hours_of(day, last or day),
        rooms=list(Room.objects.values_list("pk", "name")),
        now=at(now),
        zone=zone,
        grid_minutes=15,
        may_book=may_book,
        progress=progress or {},
    )


def board(day=TUESDAY, *, filters=None, **facts):
    return day_board(filters or Filters(day), source(day, **facts))


def said(lane, *kinds):
    return [(block.what, block.text, block.css) for block in lane.blocks if block.what in kinds]


def day_page(client, **query):
    return client.get(reverse("sessions_app:day"), query)


def visit(ada, clock, name="Basil Oakenshaw", status="booked", **facts):
    given, _, family = name.partition(" ")
    patient = make_patient(given_name=given, family_name=family)
    return make_appointment(patient=patient, nurse=ada, starts_at=at(f"2026-01-13 {clock}"), status=status, **facts)


def test_a_visit_stands_at_its_minute_with_chair_walk_and_turn_round(ada):
    visit(ada, "11:00", service=make_treatment())

    (lane,) = board().lanes
    (block,) = [block for block in lane.blocks if block.what == "visit"]

    assert (block.text, block.service, block.time) == ("Basil Oakenshaw", "Treatment", "11:00")
    assert (block.css, block.walk_css, block.walk) == ("appt-booked at-180 for-45 has-obs", "at-225 for-20", 20)
    assert block.buffer_css == "at-245 for-10"


@pytest.mark.parametrize("view", ["day", "week"])
def test_a_visit_in_a_closed_day_is_marked_until_somebody_says_that_it_stays(client, desk, ada, view):
    booked = visit(ada, "10:00")  # late by now, which is not what matters
    zone = make_clinic().zone
    nurse_is_sick = {"title": "Sick", "starts_at": at("2026-01-13 00:00"), "ends_at": at("2026-01-14 00:00")}
    booking.close(**nurse_is_sick, nurses=[ada], accepted=[booked.public_id], by=make_user(Role.ADMINISTRATOR))

    def shown():
        return client.get(reverse(f"sessions_app:{view}")).content.decode()

    paper = client.get(reverse("sessions_app:print_day")).content.decode()
    marked, stamp = shown(), present_stamp(TUESDAY, TUESDAY, zone=zone, now=at(NOW))
    assert ("Has to move" in marked, " appt-move" in marked, "min late" in marked) == (True, True, False)
    assert "Has to move" in paper
    lists.let_stay(task=StaffTask.objects.get(), by=desk, now=at(NOW))
    assert "Has to move" not in shown()
    assert "41 min late" in shown()
    assert present_stamp(TUESDAY, TUESDAY, zone=zone, now=at(NOW)) != stamp


def test_a_closure_whose_visit_has_gone_stands_there_in_one_piece(ada):
    booked, desk = visit(ada, "11:00"), make_user(Role.FRONT_DESK)
    day = {"starts_at": at("2026-01-13 08:00"), "ends_at": at("2026-01-13 18:00")}
    booking.close(title="Sick", **day, nurses=[ada], accepted=[booked.public_id], by=make_user(Role.ADMINISTRATOR))

    def sick():
        return [block.css for block in board().lanes[0].blocks if block.text == "Closed, Sick"]

    assert sick() == ["at-0 for-180", "at-240 for-360"]
    booking.cancel(appointment=booked, version=1, reason="The clinic cannot keep it", by=desk)
    assert sick() == ["at-0 for-600"]


def test_breaks_and_the_time_before_and_after_work_are_said_in_words(ada):
    late = make_user(Role.NURSE, name="Tomas Pinewright")
    make_hours(late, starts="09:30", ends="15:00")

    birchwood, pinewright = board().lanes

    assert said(birchwood, "pause", "closed") == [("pause", "Break", "at-240 for-60")]
    assert said(pinewright, "closed") == [
        ("closed", "Starts at 09:30", "at-0 for-90"),
        ("closed", "Until 15:00", "at-420 for-180"),
    ]
    assert (birchwood.note, pinewright.note) == ("08:00 to 18:00", "09:30 to 15:00")


def test_what_is_free_from_now_on_is_a_link_to_book_it(ada):
    visit(ada, "14:00")

    (lane,) = board().lanes

    free = [(block.text, block.url.partition("?")[2]) for block in lane.blocks if block.what == "free"]
    assert free == [
        ("Free 10:45 to 12:00", f"date=2026-01-13&at=10%3A45&nurse={ada.public_id}"),
        ("Free 13:00 to 14:00", f"date=2026-01-13&at=13%3A00&nurse={ada.public_id}"),
        ("Free 15:00 to 18:00", f"date=2026-01-13&at=15%3A00&nurse={ada.public_id}"),
    ]
    assert [block for block in board(may_book=False).lanes[0].blocks if block.what == "free"] == []
    assert [block for block in board(date(2026, 1, 12)).lanes[0].blocks if block.what == "free"] == []


def test_a_closure_and_time_off_take_the_free_time(ada):
    lead = make_user(Role.ADMINISTRATOR)
    booking.close(
        title="Staff training", starts_at=at("2026-01-13 15:00"), ends_at=at("2026-01-13 18:00"), nurses=[ada], by=lead
    )
    make_entry(nurse=ada, starts_at=at("2026-01-13 08:00"), ends_at=at("2026-01-13 12:00"))

    (lane,) = board().lanes

    assert said(lane, "closed") == [
        ("closed", "Time off", "at-0 for-240"),
        ("closed", "Closed, Staff training", "at-420 for-180"),
    ]
    assert [block.text for block in lane.blocks if block.what == "free"] == ["Free 13:00 to 15:00"]


@pytest.mark.parametrize(
    ("status", "clock", "status_at", "look", "state"),
    [
        ("booked", "11:00", "10:00", "appt-booked", ""),
        ("booked", "10:15", "09:00", "appt-booked", "26 min late"),
        ("booked", "08:00", "07:00", "appt-booked", "Not here"),
        ("arrived", "11:00", "10:33", "appt-arrived", "Here since 10:33"),
        ("in_treatment", "10:00", "10:06", "appt-treating", "Started 10:06"),
        ("done", "09:00", "10:01", "appt-done", ""),
        ("no_show", "09:00", "09:20", "appt-noshow", "No-show"),
    ],
)
def test_a_status_is_a_shape_a_colour_and_words(ada, status, clock, status_at, look, state):
    visit(ada, clock, status=status, status_at=at(f"2026-01-13 {status_at}"))

    (block,) = [block for block in board().lanes[0].blocks if block.what == "visit"]

    assert (block.css.split()[0], block.state) == (look, state)
    assert block.icon.startswith("<svg")
    assert block.spoken.startswith({"booked": "Booked", "no_show": "No-show"}.get(status, ""))


def test_what_one_press_makes_of_a_visit_follows_the_table_of_moves_and_the_day(ada):
    visit(ada, "11:00")
    visit(ada, "14:00", status="arrived")
    make_appointment(nurse=ada, starts_at=at("2026-01-14 11:00"))

    today, tomorrow = board().lanes[0].blocks, board(date(2026, 1, 14)).lanes[0].blocks

    assert [block.moves for block in today if block.what == "visit"] == [("arrived",), ("in_treatment", "booked")]
    assert [block.moves for block in tomorrow if block.what == "visit"] == [()]


def test_the_board_grows_with_long_hours_and_shows_what_lies_outside_of_them(ada):
    visit(ada, "06:30", "Hazel Snowdrop", status="done")
    night = make_user(Role.NURSE, name="Imani Rowanfield")
    make_hours(night, starts="10:00", ends="22:15")

    shown = board()

    assert (shown.hours[0], shown.hours[-1], shown.size) == (("at-0", "06:00"), ("at-960", "22:00"), "lanes-2 hours-17")
    assert [block.css for block in shown.lanes[0].blocks if block.text == "Hazel Snowdrop"] == [
        "appt-done at-30 for-30 has-obs appt-short"
    ]


def test_a_visit_of_somebody_without_hours_on_the_day_has_a_lane(ada):
    stranger = make_user(Role.NURSE, name="Zita Extra")
    make_appointment(nurse=stranger, starts_at=at("2026-01-13 10:00"))

    shown = board()

    assert [lane.title for lane in shown.lanes] == ["Ada Birchwood", "Zita Extra"]
    assert said(shown.lanes[1], "closed") == [("closed", "Does not work on this day", "at-0 for-600")]


def test_a_visit_booked_in_the_place_of_a_no_show_stands_beside_it(ada):
    visit(ada, "09:00", "Saffron Tidewell", status="no_show")
    visit(ada, "09:15", "Wren Appleyard")

    (lane,) = board().lanes

    assert lane.columns == 2
    assert [(b.text, b.column) for b in lane.blocks if b.what == "visit"] == [
        ("Saffron Tidewell", "col-1"),
        ("Wren Appleyard", "col-2"),
    ]


def test_cancelled_visits_are_not_shown(ada):
    visit(ada, "11:00", status="cancelled")

    assert [block for block in board().lanes[0].blocks if block.what == "visit"] == []
    assert tally_of(Filters(TUESDAY), source()) == []


def test_the_now_line_stands_at_the_minute_and_only_today(ada):
    assert board().now == ("at-160 plus-1", "10:41")
    assert board(date(2026, 1, 14)).now is None
    assert board(now="2026-01-13 07:10").now is None


def test_the_board_follows_the_wall_clock_when_the_clock_changes(ada):
    sunday = date(2026, 3, 8)
    make_hours(ada, weekdays=[6], starts="00:00", ends="12:00")
    make_appointment(nurse=ada, starts_at=at("2026-03-08 09:00"))

    (block,) = [b for b in board(sunday, now="2026-03-08 08:00").lanes[0].blocks if b.what == "visit"]

    assert (block.time, block.css.split()[1]) == ("09:00", "at-540")


@pytest.mark.parametrize(
    ("busy", "left"),
    [
        ([], [(0, 60), (90, 120)]),
        ([(0, 60)], [(90, 120)]),
        ([(10, 20), (20, 30)], [(0, 10), (30, 60), (90, 120)]),
        ([(-30, 10), (50, 100)], [(10, 50), (100, 120)]),
        ([(5, 50), (10, 20)], [(0, 5), (50, 60), (90, 120)]),
        ([(-10, 200)], []),
    ],
)
def test_gaps_are_what_busy_spans_leave(busy, left):
    assert list(gaps([(0, 60), (90, 120)], busy)) == left


def test_the_page_says_the_day_the_tally_and_the_visits(client, desk, ada):
    visit(ada, "11:00", "Basil Oakenshaw", status="arrived")
    visit(ada, "14:00", "Odette Fennimore")

    body = day_page(client).content.decode()

    assert "Tuesday 13 January" in body
    assert "<b>1</b> arrived" in body
    assert "<b>1</b> booked, 1 of them not confirmed" in body
    assert body.count("not confirmed</li>") == 1
    assert body.count("<b>Basil Oakenshaw</b>") == 1  # in the list of a phone
    assert body.count('<span class="appt-name">Basil Oakenshaw</span>') == 1
    assert 'aria-label="Check in Odette Fennimore"' in body
    assert 'style="' not in body


@pytest.mark.parametrize(
    "text", ["", "2026-13-45", "yesterday", "0001-01-01", "9999-12-31", "2026-01-13' OR 1=1", "%00"]
)
def test_a_date_that_is_none_shows_today(client, desk, ada, text):
    response = day_page(client, date=text, order="x", patient__ssn="1")

    assert (response.status_code, "Tuesday 13 January" in response.content.decode()) == (200, True)


def test_an_empty_clinic_says_what_to_do(client, desk):
    body = day_page(client).content.decode()

    beside = client.get(reverse("sessions_app:calls_beside")).content.decode()

    assert "Nobody works on this day" in body
    assert "Everybody whose window is open is booked." in beside
    assert "Every message has reached its patient." in beside


def fill(number, nurse_count):
    make_signed_protocol()
    service = make_service()
    for _ in range(nurse_count):
        nurse = make_user(Role.NURSE)
        make_hours(nurse, starts="06:00", ends="20:00")
        room = make_room()
        for k in range(number // nurse_count):
            make_appointment(
                nurse=nurse, room=room, service=service, starts_at=at("2026-01-13 07:00") + timedelta(hours=k)
            )
            past = make_appointment(
                nurse=nurse,
                room=room,
                service=service,
                starts_at=at("2026-01-04 07:00") + timedelta(hours=k),
                status="done",
            )
            make_signed_session(appointment=past, patient=past.patient)
            StaffTask.objects.create(kind=StaffTask.Kind.MESSAGE_FAILED, patient=past.patient)


@pytest.mark.parametrize(("number", "nurses"), [(1, 1), (30, 3)])
def test_the_day_costs_eight_queries_whatever_it_holds(client, desk, number, nurses):
    fill(number, nurses)
    day_page(client)  # the session's first page writes when it began

    with CaptureQueriesContext(connection) as queries:
        response = day_page(client)

    assert response.status_code == 200
    assert len(queries) <= 8, [query["sql"] for query in queries]


def test_the_refresh_answers_with_the_board_alone(client, desk, ada):
    response = client.get(reverse("sessions_app:day"), headers={"HX-Request": "true"})

    body = response.content.decode()
    assert body.lstrip().startswith('<div id="day"')
    assert ('id="calls"' in body, "<html" in body) == (False, False)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.FRONT_DESK, 200),
        (Role.NURSE, 200),
        (Role.CLINICIAN, 200),
        (Role.ADMINISTRATOR, 200),
        (Role.PATIENT, 403),
        (None, 403),
    ],
)
def test_who_sees_the_schedule_sees_the_day(client, ada, role, status):
    client.force_login(make_user(role))

    assert day_page(client).status_code == status


def test_nobody_sees_the_day_without_signing_in(client, ada):
    visit(ada, "11:00")

    response = day_page(client)

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_the_administrator_looks_and_has_nothing_to_press(client, ada):
    client.force_login(make_user(Role.ADMINISTRATOR))
    visit(ada, "14:00")

    body = day_page(client).content.decode()

    assert "Check in" not in body
    assert "Book a visit" not in body
    assert 'id="calls"' not in body


def test_what_people_typed_is_shown_as_text(client, desk):
    payload = "<img src=x onerror=alert(1)>"
    nurse = make_user(Role.NURSE, name=payload)
    make_hours(nurse)
    booking.close(
        title=payload, starts_at=at("2026-01-13 15:00"), ends_at=at("2026-01-13 16:00"), nurses=[nurse], by=nurse
    )
    for clock, status in (("08:00", "arrived"), ("11:00", "booked")):
        make_appointment(
            patient=make_patient(given_name=payload, family_name='"><script>'),
            nurse=nurse,
            room=make_room(name=f"{clock} {payload}"[:40]),
            service=make_service(name=f"{clock} {payload}"),
            starts_at=at(f"2026-01-13 {clock}"),
            status=status,
        )

    body = day_page(client).content.decode()

    assert "&lt;img src=x onerror=alert(1)&gt;" in body
    assert ("<img" in body, '"><script>' in body) == (False, False)


def test_the_keys_say_how_long_a_change_can_be_taken_back(client, desk):
    make_clinic(change_grace_minutes=8)

    assert "Take back the last change made here, within 8 min" in day_page(client).content.decode()
