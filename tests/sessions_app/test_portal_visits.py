"""Patients and their own visits: confirmed once, asked once, moved where the clinic lets them, and nobody else's."""

import re
import uuid
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from clinic.models import AuditEvent, Patient, StaffTask
from sessions_app import booking, portal, waiting
from sessions_app.models import Appointment, WaitListEntry
from sessions_app.portal import WhyNot
from sessions_app.presenters.portal import value_of
from sessions_app.repeat import repeat_rules
from sessions_app.views.get_started import thanks_url
from tests.makers import (
    at,
    make_appointment,
    make_clinic,
    make_hours,
    make_patient,
    make_patient_user,
    make_room,
    make_service,
    make_signed_session,
    make_user,
)

pytestmark = pytest.mark.django_db

NOW = at("2026-01-13 07:00")


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clinic(house):
    return make_clinic(
        name="Larkfield Clinic",
        phone="212-555-0100",
        address="1 Larkfield Road",
        patients_may_move=True,
        patient_move_notice_hours=24,
    )


@pytest.fixture
def visit(house, clinic, book):
    """A review on Thursday 15 January, 10:00, of a patient with a portal account."""
    make_patient_user(house.patient)
    return book("2026-01-15 10:00")


@pytest.fixture
def patient(visit, client):
    client.force_login(visit.patient.user)
    return client


def path(visit, more):
    return f"/my-visits/{visit.public_id}/{more}/"


def words_of(response):
    text = re.sub(r"<(script|template).*?</\1>", "", response.content.decode(), flags=re.S)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text[text.index("<main") :])))


def stored(visit):
    return Appointment.objects.select_related("entry__patient", "service").get(pk=visit.pk)


# --- see ----------------------------------------------------------------------------------------------------------


def test_page_shows_own_coming_visits_nearest_first(patient, house, book):
    book("2026-01-20 14:00", service=make_service(name="Other", chair_minutes=45))
    make_appointment(patient=make_patient(), starts_at=at("2026-01-16 11:00"))
    make_appointment(patient=house.patient, starts_at=at("2026-01-12 11:00"), status="done")

    response = patient.get("/my-visits/")

    days = re.findall(r'<h2 id="visit-\d">(.*?)</h2>', response.content.decode())
    assert [re.sub(r"<[^>]+>", "", day) for day in days] == ["Thursday 15 January, 10:00", "Tuesday 20 January, 14:00"]
    assert "With Nora Pike. Plan 50 minutes." in words_of(response)
    assert "1 Larkfield Road" in words_of(response)


def test_a_visit_of_today_and_of_tomorrow_is_told_as_such(patient, house):
    for when in ("2026-01-13 09:00", "2026-01-14 09:00"):
        make_appointment(patient=house.patient, starts_at=at(when))

    days = re.findall(r'<h2 id="visit-\d">(.*?),? <', patient.get("/my-visits/").content.decode())

    assert days == ["Today, Tuesday 13 January", "Tomorrow, Wednesday 14 January", "Thursday 15 January"]


def test_page_of_a_patient_without_visit_says_so(client):
    client.force_login(make_patient_user())

    assert "No visit is booked" in words_of(client.get("/my-visits/"))


@pytest.mark.parametrize("number", [1, 30])
def test_page_costs_the_same_queries_for_one_and_thirty_visits(patient, house, book, number, django_assert_num_queries):
    for day in range(1, number):
        make_appointment(patient=house.patient, starts_at=at("2026-01-15 12:00") + timedelta(days=day))
    patient.get("/my-visits/")

    with django_assert_num_queries(9):
        patient.get("/my-visits/")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-01-14 12:00", "the usual time is until Tue 20 Jan."),
        ("2026-01-21 12:00", "Call us if you want to come."),
    ],
)
def test_without_a_visit_the_usual_time_of_a_next_treatment_is_named(clinic, now, said):
    person = make_patient_user()
    make_signed_session(patient=person.patient, started_at=at("2026-01-06 10:00"))
    client = Client()
    with time_machine.travel(at(now), tick=False):
        client.force_login(person)
        assert said in words_of(client.get("/my-visits/"))


# --- confirm ------------------------------------------------------------------------------------------------------


def test_patient_confirms_once_however_often_it_is_pressed(patient, visit):
    for _ in range(2):
        assert patient.post(path(visit, "confirm"), {"version": 1}).url == "/my-visits/"

    confirmed = stored(visit)
    assert (confirmed.confirmed_at, confirmed.confirmed_via) == (NOW, "portal")
    assert AuditEvent.objects.filter(action__contains="confirmed").count() == 1
    assert "You said that you are coming." in words_of(patient.get("/my-visits/"))


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("en", "With that you take back your wish for another time.",
         "Thank you. We expect you. Your wish for another time is taken back; we do not call or write about it."),
        ("es", "Con eso retira su deseo de otra hora.",
         "Gracias. Le esperamos. Su deseo de otra hora queda retirado; no le llamamos ni escribimos por eso."),
    ],
)  # fmt: skip
def test_who_comes_after_all_is_told_before_and_after_that_the_wish_for_another_time_ends(
    patient, visit, language, before, after
):
    Patient.objects.update(language=language)
    assert before not in words_of(patient.get("/my-visits/"))
    patient.post(path(visit, "ask"), {"version": 1, "wish": "Any morning"})
    assert before in words_of(patient.get("/my-visits/"))

    said = words_of(patient.post(path(visit, "confirm"), {"version": 1}, follow=True))

    assert after in said
    assert before not in said
    assert (stored(visit).confirmed_at, stored(visit).move_wish) == (NOW, "")


def test_confirming_a_time_that_was_moved_meanwhile_is_refused_in_words(patient, visit, house):
    booking.move(appointment=visit, version=1, starts_at=at("2026-01-16 11:00"), by=house.desk, now=NOW)

    response = patient.post(path(visit, "confirm"), {"version": 1})

    assert response.status_code == 409
    assert "The clinic changed this visit while your page was open." in words_of(response)
    assert "Friday 16 January, 11:00" in words_of(response)
    assert stored(visit).confirmed_at is None


@pytest.mark.parametrize("version", ["", "x", "0", "-1", "9" * 30, "\x00"])
def test_confirming_without_a_right_version_changes_nothing(patient, visit, version):
    response = patient.post(path(visit, "confirm"), {"version": version})

    assert (response.status_code, stored(visit).confirmed_at) == (200, None)


# --- ask ----------------------------------------------------------------------------------------------------------


def test_wish_in_own_words_becomes_one_task_and_the_time_stays(patient, visit):
    for _ in range(2):
        patient.post(path(visit, "ask"), {"version": 1, "wish": "Any\r\nmorning  next week"})

    asked = stored(visit)
    assert (asked.move_wish, asked.starts_at) == ("Any morning next week", at("2026-01-15 10:00"))
    asked_for = StaffTask.objects.open().filter(kind="visit_move_asked")
    assert list(asked_for.values_list("about_id", flat=True)) == [visit.public_id]
    text = words_of(patient.get("/my-visits/"))
    assert "You asked for another time. We call or write to you; until then this time stays yours." in text
    assert "Any morning next week" in text


@pytest.mark.parametrize(
    ("wish", "words"),
    [("", "Write which days or times suit you."), ("   ", "Write which days or times suit you."),
     ("x" * 201, "Shorten this to 200 characters."), ("bell \x07", "Take out the special characters.")],
)  # fmt: skip
def test_wish_that_cannot_be_kept_is_refused_at_its_field(patient, visit, wish, words):
    response = patient.post(path(visit, "ask"), {"version": 1, "wish": wish})

    assert response.context["wish"].errors == {"wish": [words]}
    assert stored(visit).move_asked_at is None


def test_a_second_wish_begins_with_the_first_and_says_that_it_takes_its_place(patient, visit):
    patient.post(path(visit, "ask"), {"version": 1, "wish": "Any morning"})

    response = patient.get(path(visit, "change"))

    assert response.context["wish"]["wish"].value() == "Any morning"
    text = words_of(response)
    assert "You asked on Tue 13 Jan for: Any morning" in text
    assert "What you send now takes the place of it." in text
    assert "Change the wish" in text


def test_a_wish_that_is_too_long_is_refused_in_words_and_kept_whole(patient, visit):
    patient.post(path(visit, "ask"), {"version": 1, "wish": "Any morning"})
    typed = "x" * 201

    response = patient.post(path(visit, "ask"), {"version": 1, "wish": typed})

    page = response.content.decode()
    assert "Shorten this to 200 characters." in page
    assert response.context["wish"]["wish"].value() == typed
    assert "maxlength" not in page[page.index("<textarea") : page.index("</textarea>")]
    assert stored(visit).move_wish == "Any morning"


def test_staff_see_on_the_patients_page_what_was_said_of_a_visit(patient, visit, house):
    desk = Client()
    desk.force_login(house.desk)
    address = f"/patients/{visit.patient.public_id}/"

    patient.post(path(visit, "confirm"), {"version": 1})
    confirmed = words_of(desk.get(address))
    patient.post(path(visit, "ask"), {"version": 1, "wish": "Any morning"})
    asked = words_of(desk.get(address))

    assert ("Confirmed" in confirmed, "Confirmed" in asked) == (True, False)
    assert "Asked for another time Tue 13 Jan, 07:00: Any morning" in asked


def test_wish_on_a_stale_page_is_kept_in_its_field(patient, visit, house):
    booking.move(appointment=visit, version=1, starts_at=at("2026-01-16 11:00"), by=house.desk, now=NOW)

    response = patient.post(path(visit, "ask"), {"version": 1, "wish": "A morning"})

    assert response.status_code == 409
    assert response.context["wish"]["wish"].value() == "A morning"
    assert response.context["wish"]["version"].value() == 2


def test_wish_is_shown_as_text(patient, visit):
    patient.post(path(visit, "ask"), {"version": 1, "wish": "<script>alert(1)</script>"})

    assert "<script>alert(1)" not in patient.get("/my-visits/").content.decode()


# --- move ---------------------------------------------------------------------------------------------------------


def times_on(page):
    """{day: times} as the page offers them."""
    days = re.findall(r"<h3>(.*?)</h3>.*?<ul class=\"free-times plain\">(.*?)</ul>", page.content.decode(), flags=re.S)
    return {day: re.findall(r"</span>(\d\d:\d\d)</a>", times) for day, times in days}


def test_free_times_are_those_that_a_move_accepts(visit, clinic, house):
    offered = portal.free_times(visit, clinic=clinic, now=NOW)

    assert offered.starts[0] == at("2026-01-14 08:00")
    assert at("2026-01-15 10:00") not in offered.starts
    for start in offered.starts:
        moved = booking.move(
            appointment=visit, version=stored(visit).version, starts_at=start, by=visit.patient.user, now=NOW
        )
        assert moved.starts_at == start


def test_page_offers_one_time_an_hour_and_names_nobody(patient, visit, house):
    secret = make_patient(family_name="Secretson")
    make_appointment(nurse=house.nurse, room=house.room, starts_at=at("2026-01-14 12:00"), patient=secret)

    page = patient.get(path(visit, "change"))

    assert times_on(page)["Wednesday 14 January"] == [
        "08:00", "09:00", "10:00", "11:00", "13:00", "14:00", "15:00", "16:00", "17:00",
    ]  # fmt: skip
    for name in ("Secretson", "Nora Pike", house.room.name):
        assert name not in page.content.decode()


def test_looking_at_a_time_moves_nothing_and_the_button_does(patient, visit):
    wanted = value_of(at("2026-01-16 09:00"))
    page = patient.get(path(visit, "change"), {"at": wanted})
    assert "Move to Fri 16 Jan, 09:00" in words_of(page)
    assert stored(visit).starts_at == at("2026-01-15 10:00")

    answers = [patient.post(path(visit, "change"), {"version": 1, "at": wanted}).status_code for _ in range(2)]

    assert (answers, stored(visit).starts_at, stored(visit).version) == ([302, 302], at("2026-01-16 09:00"), 2)


def test_own_move_says_where_to_and_that_the_wish_is_answered(patient, visit):
    patient.post(path(visit, "ask"), {"version": 1, "wish": "Any morning"})
    asked = stored(visit)

    response = patient.post(
        path(visit, "change"), {"version": asked.version, "at": value_of(at("2026-01-16 09:00"))}, follow=True
    )

    said = "Moved to Fri 16 Jan, 09:00. That answers your wish for another time; you need not wait for us."
    assert said in words_of(response)
    assert stored(visit).move_asked_at is None


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Moved to Fri 16 Jan, 09:00. The time that we kept for you, Wed 14 Jan, 15:00, is free again."),
        ("es", "Su visita ha pasado al vie 16 ene, 09:00."
               " La hora que le habíamos guardado, mié 14 ene, 15:00, vuelve a quedar libre."),
    ],
)  # fmt: skip
def test_own_move_says_once_that_the_time_kept_from_the_wait_list_is_free(patient, visit, house, language, said):
    Patient.objects.filter(pk=house.patient.pk).update(language=language)
    entry = waiting.join(patient=house.patient, service=house.service, by=house.desk)
    waiting.offer(entry=entry, starts_at=at("2026-01-14 15:00"), by=house.desk)
    form = {"version": 1, "at": value_of(at("2026-01-16 09:00"))}

    first, again = (words_of(patient.post(path(visit, "change"), form, follow=True)) for _ in range(2))

    assert (said in first, said in again, said.partition(". ")[2] in again) == (True, False, False)
    assert WaitListEntry.objects.waiting().get() == entry


def test_the_page_before_the_move_says_on_the_way_back_that_the_time_is_hers(patient, visit):
    wanted = {"at": value_of(at("2026-01-16 09:00"))}
    patient.post(path(visit, "change"), {"version": 1, **wanted})

    page = patient.get(path(visit, "change"), wanted)

    assert "Fri 16 Jan, 09:00 is your time It is kept for you." in words_of(page)
    assert "Somebody else has just taken this time" not in words_of(page)
    assert '<a class="btn btn-primary btn-lg btn-block" href="/my-visits/">' in page.content.decode()


def test_time_that_was_taken_meanwhile_is_refused_and_the_old_one_stays(patient, visit, house, book):
    book("2026-01-16 09:00", patient=make_patient())

    response = patient.post(path(visit, "change"), {"version": 1, "at": value_of(at("2026-01-16 09:00"))})

    assert "Somebody else has just taken this time. Choose another one." in words_of(response)
    assert stored(visit).starts_at == at("2026-01-15 10:00")


def test_move_on_a_stale_page_is_refused_and_says_what_holds(patient, visit, house):
    booking.move(appointment=visit, version=1, starts_at=at("2026-01-19 11:00"), by=house.desk, now=NOW)

    response = patient.post(path(visit, "change"), {"version": 1, "at": value_of(at("2026-01-16 09:00"))})

    assert response.status_code == 409
    assert "Your visit is booked for Mon 19 Jan, 11:00" in words_of(response)


@pytest.mark.parametrize(
    "at_value", ["", "x", "2026-01-16T09:00", "9999-99-99T99:99Z", "2026-01-16T14:07Z", "2020-01-01T10:00Z", "\x00"]
)
def test_time_that_is_not_offered_is_not_moved_to(patient, visit, at_value):
    response = patient.post(path(visit, "change"), {"version": 1, "at": at_value})

    assert (response.status_code, stored(visit).starts_at) == (200, at("2026-01-15 10:00"))


@pytest.mark.parametrize(
    ("facts", "why"),
    [({"patients_may_move": False}, WhyNot.NOT_HERE), ({"patient_move_notice_hours": 52}, WhyNot.TOO_LATE)],
)
def test_where_the_clinic_does_not_allow_it_one_asks(patient, visit, facts, why):
    clinic = make_clinic(**facts)

    assert portal.free_times(visit, clinic=clinic, now=NOW).why_not is why
    page = patient.get(path(visit, "change"))
    assert (times_on(page), "Ask us for another time" in words_of(page)) == ({}, True)
    patient.post(path(visit, "change"), {"version": 1, "at": value_of(at("2026-01-16 09:00"))})
    assert stored(visit).starts_at == at("2026-01-15 10:00")


def test_treatment_moves_inside_its_window_only(house, clinic, client):
    patient = house.patient
    make_patient_user(patient)
    service = make_service(nurses=[house.nurse], rooms=[house.room])
    session = make_signed_session(
        appointment=make_appointment(patient=patient, starts_at=at("2026-01-12 10:00"), status="done", service=service)
    )
    visit = make_appointment(
        patient=patient, nurse=house.nurse, room=house.room, service=service, starts_at=at("2026-01-21 10:00")
    )
    window = repeat_rules(patient, service).window
    starts = portal.free_times(visit, clinic=clinic, now=NOW).starts

    days = sorted({start.astimezone(clinic.zone).date() for start in starts})
    assert session.status == "signed"
    assert (days[0] >= window.first_date, days[-1] <= window.last_date, len(days) > 3) == (True, True, True)


def test_later_days_follow_on_a_page_of_their_own(patient, visit):
    first = patient.get(path(visit, "change"))
    following = re.search(r'href="(\?from=[^"]+)"', first.content.decode())[1]

    later = patient.get(path(visit, "change") + following)

    assert following == "?from=2026-01-28"
    assert next(iter(times_on(later))) == "Wednesday 28 January"


@pytest.mark.parametrize("number", [1, 30])
def test_change_page_costs_nine_queries_at_most_however_full_the_calendar_is(
    patient, visit, number, django_assert_max_num_queries
):
    for _ in range(number):
        nurse, room = make_user(), make_room()
        make_hours(nurse)
        make_appointment(nurse=nurse, room=room, starts_at=at("2026-01-16 09:00"))
    patient.get(path(visit, "change"))

    with django_assert_max_num_queries(9):
        patient.get(path(visit, "change"))


# --- nobody else's ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "method"), [("confirm", "post"), ("ask", "post"), ("change", "post"), ("change", "get")]
)
def test_visit_of_somebody_else_is_not_there(visit, more, method):
    other = Client()
    other.force_login(make_patient_user())

    response = getattr(other, method)(path(visit, more), {"version": 1, "wish": "x", "at": "2026-01-16T14:00Z"})

    after = stored(visit)
    assert (response.status_code, after.confirmed_at, after.move_asked_at, after.version) == (404, None, None, 1)
    assert AuditEvent.objects.filter(action="denied").count() == 1


@pytest.mark.parametrize("more", ["confirm", "ask", "change"])
def test_visit_that_never_was_or_is_over_is_not_there(patient, house, more):
    past = make_appointment(patient=house.patient, starts_at=at("2026-01-12 10:00"), status="done")

    for public_id in (uuid.uuid4(), past.public_id):
        assert patient.post(f"/my-visits/{public_id}/{more}/", {"version": 1}).status_code == 404


@pytest.mark.parametrize("more", ["confirm", "ask"])
def test_looking_changes_nothing(patient, visit, more):
    assert patient.get(path(visit, more)).status_code == 405


def test_staff_have_no_portal(client, visit, house):
    client.force_login(house.desk)

    assert [client.get("/my-visits/").status_code, client.get(path(visit, "change")).status_code] == [403, 403]


# --- Spanish ------------------------------------------------------------------------------------------------------

SAME_IN_BOTH = re.compile(r"[\d\s:.,–+-]*|.*\d{3}-\d{4}.*|911|Larkfield Clinic|1 Larkfield Road|mornings")


def pieces(response):
    page = response.content.decode()
    main = re.sub(r"<(script|template).*?</\1>", "", page[page.index("<main") : page.index("</nav>")], flags=re.S)
    return {piece for piece in (unescape(each).strip() for each in re.split(r"<[^>]+>", main)) if piece}


def test_every_word_of_the_pages_is_spanish_for_who_reads_spanish(patient, visit):
    patient.post(path(visit, "ask"), {"version": 1, "wish": "mornings"})
    seen = {}
    for language in ("en", "es"):
        visit.patient.language = language
        visit.patient.save()
        client = Client()
        client.force_login(visit.patient.user)
        seen[language] = pieces(client.get("/my-visits/"))
        for when in ("2026-01-16 09:00", "2026-01-15 10:00"):
            seen[language] |= pieces(client.get(path(visit, "change"), {"at": value_of(at(when))}))

    assert {piece for piece in seen["en"] & seen["es"] if not SAME_IN_BOTH.fullmatch(piece)} == set()


WRONG = {"phone": "5", "email": "x", "website": "x", "name": "1", "weekdays": "9", "parts_of_day": "x"}


def test_every_word_of_the_public_pages_is_spanish(client, clinic):
    seen = {}
    for language in ("en", "es"):
        seen[language] = {
            *pieces(client.get(f"/get-started/?language={language}")),
            *pieces(client.post(f"/get-started/?language={language}", WRONG)),
            *pieces(client.post(f"/get-started/?language={language}", {"kind": "call_back"})),
            *pieces(client.get(thanks_url(language, NOW))),
        }

    assert {piece for piece in seen["en"] & seen["es"] if not SAME_IN_BOTH.fullmatch(piece)} == set()
