"""The week of the clinic and of one nurse or room, lanes by room, filters, and what an open board learns of others."""

from datetime import date, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.models import Room
from sessions_app import booking
from sessions_app.day import entries_of, hours_of, present_stamp, stamp_of
from sessions_app.models import Appointment, Course, DatedHours
from sessions_app.presenters.board import Source, day_board, owners_of, week_of_one
from sessions_app.presenters.board_filters import Filters, chips_of, choices_of
from sessions_app.presenters.board_page import WEEK, look_at, working_days
from sessions_app.presenters.week import duration, week_board
from sessions_app.templatetags.board import lane_blocks
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_hours,
    make_patient,
    make_room,
    make_service,
    make_user,
)

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY, SUNDAY = date(2026, 1, 12), date(2026, 1, 13), date(2026, 1, 18)
NOW = "2026-01-13 10:41"
BACKGROUND = {"HX-Request": "true", "X-Background": "1"}


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(at(NOW), tick=False):
        yield


@pytest.fixture
def room():
    return make_room(name="Room 1")


@pytest.fixture
def ada():
    nurse = make_user(Role.NURSE, name="Ada Birchwood")
    make_hours(nurse, starts="08:00", ends="12:00")
    return nurse


def visit(nurse, when, name="Basil Oakenshaw", **facts):
    given, _, family = name.partition(" ")
    patient = make_patient(given_name=given, family_name=family)
    return make_appointment(patient=patient, nurse=nurse, starts_at=at(when), **facts)


def source(first=MONDAY, last=SUNDAY, *, now=NOW, may_book=True, progress=None):
    zone = make_clinic().zone
    return Source(
        entries=entries_of(first, last, zone=zone, now=at(now)),
        hours=hours_of(first, last),
        rooms=list(Room.objects.values_list("pk", "name")),
        now=at(now),
        zone=zone,
        grid_minutes=15,
        may_book=may_book,
        progress=progress or {},
    )


def week(filters=None, **facts):
    found, filters = source(**facts), filters or Filters(TUESDAY)
    look = look_at(WEEK, filters, now=found.now, zone=found.zone)
    return week_board(filters, found, working_days(look, found))


def said(cell):
    return [(block.what, block.time, block.text) for block in cell.blocks]


def test_the_week_has_a_row_per_nurse_and_a_column_per_working_day(ada):
    visit(ada, "2026-01-13 11:00")
    visit(ada, "2026-01-15 09:00", "Odette Fennimore")

    shown = week()

    assert [column.words for column in shown.columns] == [
        "Mon 12 Jan",
        "Tue 13 Jan",
        "Wed 14 Jan",
        "Thu 15 Jan",
        "Fri 16 Jan",
    ]
    (row,) = shown.rows
    assert (row.title, row.note) == ("Ada Birchwood", "2 visits")
    assert [said(cell) for cell in row.cells] == [
        [],
        [("visit", "11:00", "Basil Oakenshaw")],
        [],
        [("visit", "09:00", "Odette Fennimore")],
        [],
    ]


def test_a_weekend_on_which_somebody_works_or_is_booked_is_shown(ada):
    visit(ada, "2026-01-18 09:00")

    assert [column.day for column in week().columns][-1] == SUNDAY
    assert len(week().columns) == 6


def test_a_cell_says_hours_closures_and_how_much_is_free(ada, room):
    lead = make_user(Role.ADMINISTRATOR)
    booking.close(
        title="Staff training", starts_at=at("2026-01-14 10:00"), ends_at=at("2026-01-14 12:00"), nurses=[ada], by=lead
    )
    visit(ada, "2026-01-15 08:00", room=room)

    _, today, closed, booked, friday = week().rows[0].cells

    assert (today.free.text, today.free.time) == ("1 h 15 free", "10:45")
    assert [block.text for block in closed.blocks] == ["Closed, Staff training"]
    assert (closed.note, closed.free.text) == ("08:00 to 12:00", "2 h free")
    assert (booked.free.text, booked.free.url.partition("?")[2]) == (
        "3 h free",
        f"date=2026-01-15&at=09%3A00&nurse={ada.public_id}",
    )
    assert friday.free.text == "4 h free"
    assert [cell.free for cell in week(may_book=False).rows[0].cells] == [None] * 5


def test_the_now_line_stands_between_what_was_and_what_comes_of_today(ada):
    visit(ada, "2026-01-13 08:00", "Hazel Snowdrop", status="done")
    visit(ada, "2026-01-13 11:00")

    assert [cell.now_before for cell in week().rows[0].cells] == [-1, 1, -1, -1, -1]


@pytest.mark.parametrize(("minutes", "words"), [(45, "45 min"), (60, "1 h"), (195, "3 h 15"), (605, "10 h 05")])
def test_free_time_is_said_in_hours_and_minutes(minutes, words):
    assert duration(minutes) == words


def test_the_week_of_one_nurse_stands_on_a_time_axis_with_a_lane_per_day(ada):
    tomas = make_user(Role.NURSE, name="Tomas Pinewright")
    make_hours(tomas, starts="06:00", ends="20:00")
    visit(ada, "2026-01-15 09:00")
    filters = Filters(TUESDAY, nurse=ada.public_id)

    found = source()
    board = week_of_one(filters, found, *owners_of(filters, found), [TUESDAY, date(2026, 1, 15)])

    assert [(lane.title, lane.note, lane.day) for lane in board.lanes] == [
        ("Tue 13 Jan", "08:00 to 12:00", TUESDAY),
        ("Thu 15 Jan", board.lanes[1].note, date(2026, 1, 15)),
    ]
    assert [(b.time, b.text) for b in board.lanes[1].blocks if b.what == "visit"] == [("09:00", "Basil Oakenshaw")]
    assert (board.now[1], board.lanes[0].now, board.lanes[1].now) == ("10:41", board.now[0], "")


def test_hours_of_one_date_stand_in_the_place_of_the_weekly_ones(ada):
    DatedHours.objects.create(nurse=ada, date=TUESDAY, starts="14:00", ends="16:00")
    locum = make_user(Role.NURSE, name="Zita Extra")
    DatedHours.objects.create(nurse=locum, date=date(2026, 1, 17), starts="09:00", ends="11:00")

    rows = [(row.nurse, row.date.day, f"{row.starts:%H:%M}") for row in hours_of(TUESDAY, date(2026, 1, 17))]

    assert rows == [
        ("Ada Birchwood", 13, "14:00"),
        ("Ada Birchwood", 14, "08:00"),
        ("Ada Birchwood", 15, "08:00"),
        ("Ada Birchwood", 16, "08:00"),
        ("Zita Extra", 17, "09:00"),
    ]


def test_lanes_by_room_say_who_treats_and_are_free_only_while_a_nurse_is(ada, room):
    other = make_room(name="Room 2")
    visit(ada, "2026-01-13 11:00", room=room, service=make_service(name="Review"))

    one, two = day_board(Filters(TUESDAY, by="room"), source(TUESDAY, TUESDAY)).lanes

    assert (one.title, one.note, one.target) == ("Room 1", "Ada Birchwood", ("room", room.pk))
    assert [(b.text, b.service) for b in one.blocks if b.what == "visit"] == [
        ("Basil Oakenshaw", "Review, Ada Birchwood")
    ]
    # Ada is in room 1 from 11:00 to 12:00, so nobody can treat in room 2.
    assert [(b.text, b.url.partition("?")[2]) for b in two.blocks if b.what == "free"] == [
        ("Free 10:45 to 11:00", f"date=2026-01-13&at=10%3A45&room={other.pk}")
    ]


def test_an_overbooked_visit_stands_beside_the_other_and_is_flagged(ada, room):
    visit(ada, "2026-01-13 11:00", room=room)
    beside = visit(ada, "2026-01-13 11:15", "Greta Sandpiper", room=room, status="cancelled")
    Appointment.objects.filter(pk=beside.pk).update(status="booked")
    beside.entry.overbook_reason, beside.entry.active = "Pain since yesterday", True
    beside.entry.save()

    (lane,) = day_board(Filters(TUESDAY), source(TUESDAY, TUESDAY)).lanes

    visits = [block for block in lane.blocks if block.what == "visit"]
    assert [(b.text, b.column, b.is_overbooked) for b in visits] == [
        ("Basil Oakenshaw", "col-1", False),
        ("Greta Sandpiper", "col-2", True),
    ]
    assert visits[1].spoken.endswith(", overbooked")
    assert lane.columns == 2
    # Half a lane has no room for the word.
    drawn = lane_blocks(lane)
    assert (drawn.count('<span class="appt-mark" title="Overbooked">'), "appt-flag" in drawn) == (1, False)


def test_a_visit_to_come_that_is_not_confirmed_has_a_shape_of_its_own(ada):
    visit(ada, "2026-01-13 11:00", "Basil Oakenshaw")
    visit(ada, "2026-01-14 11:00", "Odette Fennimore", confirmed_at=at(NOW), confirmed_via="desk")
    visit(ada, "2026-01-13 08:00", "Hazel Snowdrop")

    blocks = [block for cell in week().rows[0].cells for block in cell.blocks]

    assert [(b.text, b.spoken.partition(", 50")[0], "circle-dashed" in b.icon) for b in blocks] == [
        ("Hazel Snowdrop", "Booked", False),
        ("Basil Oakenshaw", "Booked, not confirmed", True),
        ("Odette Fennimore", "Booked", False),
    ]


def test_the_visit_of_a_course_says_which_it_is(client, desk, ada):
    service = make_service(name="Treatment")
    patient = make_patient()
    course = Course.objects.create(
        patient=patient,
        service=service,
        planned_sessions=5,
        done_before=1,
        request_key="7b0a3e0e-3c6f-4f7e-9c2f-0d9f6a4f0001",
        created_by=desk,
    )
    for day in ("2026-01-13", "2026-01-27"):
        make_appointment(patient=patient, nurse=ada, service=service, starts_at=at(f"{day} 11:00"), course=course)

    assert "Treatment 2 of 5" in client.get(reverse("sessions_app:day")).content.decode()
    assert "Treatment 3 of 5" in client.get(reverse("sessions_app:day"), {"date": "2026-01-27"}).content.decode()


# --- filters ---------------------------------------------------------------------------------------------------


def test_filters_come_out_of_an_address_and_go_back_into_it(ada):
    asked = {"by": "room", "nurse": str(ada.public_id), "room": "3", "service": "2", "status": "unconfirmed"}

    filters = Filters.from_address(asked, TUESDAY)

    assert filters == Filters(TUESDAY, "room", ada.public_id, 3, 2, "unconfirmed")
    assert filters.address(room=None) == (f"date=2026-01-13&by=room&nurse={ada.public_id}&service=2&status=unconfirmed")


@pytest.mark.parametrize("text", ["", "x", "-1", "0", "9" * 40, "²", "1' OR 1=1", "%00", "1.5"])
def test_nonsense_in_an_address_is_no_filter(text):
    asked = dict.fromkeys(("by", "nurse", "room", "service", "status"), text)

    assert Filters.from_address(asked, TUESDAY) == Filters(TUESDAY)


def test_a_visit_that_the_filters_leave_out_still_takes_its_time(ada):
    treatment, review = make_service(name="Treatment"), make_service(name="Review")
    visit(ada, "2026-01-13 09:00", "Basil Oakenshaw", service=treatment)
    visit(ada, "2026-01-13 11:00", "Odette Fennimore", service=review)

    (lane,) = day_board(Filters(TUESDAY, service=review.pk), source(TUESDAY, TUESDAY)).lanes

    assert [(b.what, b.text) for b in lane.blocks if b.what in ("visit", "other")] == [
        ("other", "Busy"),
        ("visit", "Odette Fennimore"),
    ]


def test_a_filter_that_is_on_is_said_and_can_be_taken_off(ada):
    filters = Filters(TUESDAY, nurse=ada.public_id, state="unconfirmed")

    found = source(TUESDAY, TUESDAY)
    choices = choices_of(filters, entries=found.entries, hours=found.hours, rooms=[], services=[])

    assert [(chip.words, chip.without) for chip in chips_of(filters, choices)] == [
        ("Nurse: Ada Birchwood", "date=2026-01-13&status=unconfirmed"),
        ("Status: Not confirmed", f"date=2026-01-13&nurse={ada.public_id}"),
    ]


def test_filters_stay_in_the_links_to_other_days_and_the_week(client, desk, ada):
    body = client.get(reverse("sessions_app:day"), {"date": "2026-01-13", "status": "booked"}).content.decode()

    assert 'href="/day/?date=2026-01-14&amp;status=booked"' in body
    assert 'href="/week/?date=2026-01-13&amp;status=booked"' in body


def test_a_filter_that_nothing_fits_says_so(client, desk, ada):
    body = client.get(reverse("sessions_app:day"), {"nurse": "00000000-0000-4000-8000-000000000000"}).content.decode()

    assert "Nothing fits these filters" in body


# --- what others changed -----------------------------------------------------------------------------------------


def stamp_on(page):
    return page.content.decode().partition("stamp=")[2].partition('"')[0]


def changes(client, stamp, **query):
    return client.get(
        reverse("sessions_app:board_changes"), {"date": "2026-01-13", "stamp": stamp, **query}, headers=BACKGROUND
    )


@pytest.mark.parametrize("view", ["day", "week"])
def test_an_open_board_hears_nothing_until_somebody_changes_something(client, desk, ada, view):
    booked = visit(ada, "2026-01-13 11:00")
    stamp = stamp_on(client.get(reverse(f"sessions_app:{view}"), {"date": "2026-01-13"}))

    assert changes(client, stamp, view=view).status_code == 204

    booking.change_status(appointment=booked, to=Appointment.Status.ARRIVED, by=desk)
    answer = changes(client, stamp, view=view)
    assert (answer.status_code, answer.content.decode().lstrip()[:14]) == (200, '<div id="day" ')
    assert changes(client, stamp_on(answer), view=view).status_code == 204


def test_every_kind_of_change_gives_another_stamp(desk, ada):
    make_clinic()
    one, two = visit(ada, "2026-01-13 11:00"), visit(ada, "2026-01-13 09:00", "Odette Fennimore")
    zone = make_clinic().zone

    def stamp():
        read = stamp_of(entries_of(TUESDAY, TUESDAY, zone=zone, now=at(NOW)))
        assert read == present_stamp(TUESDAY, TUESDAY, zone=zone, now=at(NOW))
        return read

    seen = [stamp()]
    Appointment.objects.filter(pk=one.pk).update(confirmed_at=at(NOW), confirmed_via="desk")
    seen.append(stamp())
    Appointment.objects.filter(pk=one.pk).update(move_asked_at=at(NOW))
    seen.append(stamp())
    booking.cancel(appointment=two, version=1, reason="ill", by=desk)
    seen.append(stamp())
    booking.close(title="Fog", starts_at=at("2026-01-13 08:00"), ends_at=at("2026-01-13 09:00"), nurses=[ada], by=desk)
    seen.append(stamp())

    assert len(set(seen)) == 5


def test_a_board_that_shows_today_is_new_every_minute_and_another_day_is_not(client, desk, ada):
    today = stamp_on(client.get(reverse("sessions_app:day")))
    other = stamp_on(client.get(reverse("sessions_app:day"), {"date": "2026-01-15"}))

    with time_machine.travel(at("2026-01-13 10:42"), tick=False):
        assert changes(client, today).status_code == 200
        assert changes(client, other, date="2026-01-15").status_code == 204


def test_asking_for_changes_costs_one_query_of_its_own(client, desk, ada):
    visit(ada, "2026-01-13 11:00")
    stamp = stamp_on(client.get(reverse("sessions_app:day")))

    with CaptureQueriesContext(connection) as queries:
        changes(client, stamp)

    # The session, the person and the clinic are read for every request.
    assert len(queries) == 4, [query["sql"] for query in queries]


def test_asking_for_changes_keeps_nobody_signed_in(client, desk, ada):
    idle, _ = settings.SESSION_LIMITS["staff"]
    stamp = stamp_on(client.get(reverse("sessions_app:day")))
    ticks = range(60, idle + 61, 60)

    answers = []
    for seconds in ticks:
        with time_machine.travel(at(NOW) + timedelta(seconds=seconds), tick=False):
            answers.append(changes(client, stamp).status_code)

    assert answers == [200] * (len(ticks) - 1) + [401]


def test_nobody_learns_of_changes_without_signing_in(client, ada):
    visit(ada, "2026-01-13 11:00")

    assert changes(client, "").status_code == 401


# --- cost ----------------------------------------------------------------------------------------------------------


def fill(number, nurse_count, by):
    service = make_service()
    for _ in range(nurse_count):
        nurse, place = make_user(Role.NURSE), make_room()
        make_hours(nurse, starts="06:00", ends="20:00")
        for k in range(number // nurse_count):
            patient = make_patient()
            course = Course.objects.create(
                patient=patient, service=service, planned_sessions=3, request_key=patient.public_id, created_by=by
            )
            make_appointment(
                patient=patient,
                nurse=nurse,
                room=place,
                service=service,
                course=course,
                starts_at=at("2026-01-12 07:00") + timedelta(days=k % 5, hours=k // 5),
            )


@pytest.mark.parametrize(("number", "nurses"), [(1, 1), (30, 3)])
@pytest.mark.parametrize("query", [{}, {"by": "room"}, {"status": "booked"}])
@pytest.mark.parametrize("view", ["day", "week"])
def test_a_board_costs_eight_queries_whatever_it_holds(client, desk, number, nurses, query, view):
    fill(number, nurses, desk)
    client.get(reverse(f"sessions_app:{view}"))  # the session's first page writes when it began

    with CaptureQueriesContext(connection) as queries:
        response = client.get(reverse(f"sessions_app:{view}"), query)

    assert response.status_code == 200
    assert len(queries) <= 8, [query["sql"] for query in queries]


def test_a_board_of_twelve_nurses_scrolls_in_itself(client, desk):
    fill(12, 12, desk)

    body = client.get(reverse("sessions_app:day"), {"date": "2026-01-12"}).content.decode()

    assert "lanes-12 hours-14 board-scroll" in body


@pytest.mark.parametrize("name", ["week", "print_day", "board_changes"])
@pytest.mark.parametrize(
    ("role", "status"), [(Role.FRONT_DESK, 200), (Role.NURSE, 200), (Role.ADMINISTRATOR, 200), (Role.PATIENT, 403)]
)
def test_who_sees_the_schedule_sees_the_week_and_the_paper(client, ada, name, role, status):
    client.force_login(make_user(role))

    assert client.get(reverse(f"sessions_app:{name}")).status_code == status


def test_the_administrator_sees_a_week_with_nothing_to_press(client, ada):
    client.force_login(make_user(Role.ADMINISTRATOR))
    visit(ada, "2026-01-13 11:00")

    body = client.get(reverse("sessions_app:week")).content.decode()

    assert "Basil Oakenshaw" in body
    assert ("data-visit" in body, "data-cancel" in body, "/book/?" in body) == (False, False, False)


# --- on paper --------------------------------------------------------------------------------------------------------


def printed(client, **query):
    return client.get(reverse("sessions_app:print_day"), query).content.decode()


def test_the_day_on_paper_has_a_page_per_nurse_with_what_the_chair_needs(client, desk, ada, room):
    tomas = make_user(Role.NURSE, name="Tomas Pinewright")
    make_hours(tomas, starts="09:00", ends="15:00")
    visit(ada, "2026-01-13 11:00", room=room, service=make_service(name="Review"), note="Comes with her daughter")
    visit(ada, "2026-01-13 09:00", "Gone Away", status="cancelled")

    body = printed(client, date="2026-01-13")

    assert body.count('class="card paper"') == 2
    assert "Oakenshaw, Basil" in body
    assert "Comes with her daughter" in body
    assert "Nobody is booked." in body
    assert "Gone Away" not in body
    assert "Away, Gone" not in body
    assert printed(client, date="2026-01-13", nurse=str(tomas.public_id)).count('class="card paper"') == 1


def test_why_a_visit_was_overbooked_stays_off_the_paper(client, desk, ada):
    over = visit(ada, "2026-01-13 11:00")
    over.entry.overbook_reason = "Painful lump since Sunday"
    over.entry.save()

    body = printed(client)

    assert ("Overbooked" in body, "lump" in body) == (True, False)


@pytest.mark.parametrize(("number", "nurses"), [(1, 1), (30, 3)])
def test_the_day_on_paper_costs_the_same_however_long_it_is(client, desk, number, nurses):
    fill(number, nurses, desk)
    printed(client)

    with CaptureQueriesContext(connection) as queries:
        printed(client, date="2026-01-12")

    assert len(queries) <= 8, [query["sql"] for query in queries]
