"""Who has a draft open: one person at a time, seen by the others, taken over on record, never a lock on the data."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.access import Role
from clinic.models import AuditEvent
from sessions_app import holding
from sessions_app.models import TreatmentSession
from sessions_app.presenters.chart_url import chart_url
from sessions_app.refusals import Refused
from tests.makers import at, make_draft_session, make_user
from tests.sessions_app.charts import in_force, page_of, ready_draft

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 10:31")


def events(session):
    found = AuditEvent.objects.filter(subject_id=str(session.public_id), action__contains="session").order_by("pk")
    return [(event.action, event.by_name, event.details) for event in found]


def ask(session, person, **data):
    client = Client()
    client.force_login(person)
    address = reverse("sessions_app:session_hold", args=[session.public_id])
    return client.post(address, data, headers={"hx-request": "true", "x-background": "1"})


def test_who_opens_a_draft_first_has_it_and_the_second_reads_who_and_since_when():
    session, ada, imani = make_draft_session(), make_user(name="Ada Birchwood"), make_user(name="Imani Rowanfield")

    first = holding.hold(session=session, by=ada, now=NOW)
    second = holding.hold(session=session, by=imani, now=NOW + timedelta(seconds=20))

    assert first == holding.Holder(ada, is_mine=True)
    assert (second.person, second.is_mine, second.was_mine) == (ada, False, False)
    assert events(session) == [("session held", "Ada Birchwood", {})]


def test_a_sign_of_life_that_cannot_be_written_leaves_the_page_as_it_is(monkeypatch):
    session, ada = make_draft_session(), make_user()

    def busy(**facts):
        raise Refused("Many people are saving at this moment.", rule="busy")

    monkeypatch.setattr(holding, "hold", busy)

    assert ask(session, ada).status_code == 503


@pytest.mark.parametrize("name", ["ada", "imani"])
def test_a_draft_that_is_opened_while_the_database_is_too_busy_is_to_read(monkeypatch, name):
    ada = make_user(name="Ada Birchwood")
    session, reader = make_draft_session(nurse=ada), ada if name == "ada" else make_user()

    def busy(**facts):
        raise Refused("Many people are saving at this moment.", rule="busy")

    client = Client()
    client.force_login(reader)
    monkeypatch.setattr(holding, "hold", busy)
    answer = client.get(chart_url(session))
    page = answer.content.decode()

    assert (answer.status_code, page.count("data-lock disabled")) == (200, 2)
    assert "Many people are saving at this moment." in page
    assert ("data-mine" in page, "Take over" in page, "I treat: record" in page) == (False, False, False)


def test_since_is_when_it_began_not_the_last_sign_of_life():
    session, ada, imani = make_draft_session(), make_user(), make_user()
    with time_machine.travel(NOW, tick=False):
        holding.hold(session=session, by=ada)
    for seconds in (20, 40, 60):
        holding.hold(session=session, by=ada, now=NOW + timedelta(seconds=seconds))

    assert holding.hold(session=session, by=imani, now=NOW + timedelta(seconds=61)).since == NOW


def test_a_sign_of_life_is_written_rarely_and_changes_no_version(django_assert_num_queries):
    session, ada = make_draft_session(), make_user()
    holding.hold(session=session, by=ada, now=NOW)

    with django_assert_num_queries(0):
        holding.hold(session=session, by=ada, now=NOW + timedelta(seconds=5))

    session.refresh_from_db()
    assert (session.held_at, session.version) == (NOW, 1)


def test_a_tablet_that_went_dark_holds_nothing_after_a_while():
    session, ada, imani = make_draft_session(), make_user(), make_user()
    holding.hold(session=session, by=ada, now=NOW)

    assert not holding.hold(session=session, by=imani, now=NOW + holding.HELD_FOR - timedelta(seconds=1)).is_mine
    assert holding.hold(session=session, by=imani, now=NOW + holding.HELD_FOR).is_mine


def test_a_page_that_was_left_is_free_at_once():
    session, ada, imani = make_draft_session(), make_user(), make_user()
    holding.hold(session=session, by=ada, now=NOW)

    holding.leave(session=session, by=ada)

    session.refresh_from_db()
    assert session.held_by == ada
    assert holding.hold(session=session, by=imani, now=NOW).is_mine


def test_nobody_leaves_for_somebody_else():
    session, ada, imani = make_draft_session(), make_user(), make_user()
    holding.hold(session=session, by=ada, now=NOW)

    holding.leave(session=session, by=imani)

    session.refresh_from_db()
    assert session.held_at == NOW


def test_taking_over_is_on_record_with_the_former_holder_and_that_one_is_told():
    session, ada, imani = make_draft_session(), make_user(), make_user(name="Imani Rowanfield")
    holding.hold(session=session, by=ada, now=NOW)

    holding.take_over(session=session, by=imani, now=NOW)
    holding.take_over(session=session, by=imani, now=NOW)

    assert events(session)[1:] == [("session taken over", "Imani Rowanfield", {"former": ada.pk})]
    told = holding.hold(session=session, by=ada, now=NOW)
    assert (told.person, told.is_mine, told.was_mine) == (imani, False, True)


def test_of_two_who_come_in_one_moment_one_has_it():
    session, ada, imani = make_draft_session(), make_user(), make_user()
    same = TreatmentSession.objects.get(pk=session.pk)  # read before the other one wrote

    holding.hold(session=session, by=ada, now=NOW)
    second = holding.hold(session=same, by=imani, now=NOW)

    assert (second.person, second.is_mine) == (ada, False)


def test_a_closed_session_is_held_and_taken_by_nobody():
    session = make_draft_session(status="not_treated", not_treated_reason="ill", sites=0)

    assert not holding.hold(session=session, by=make_user(), now=NOW).is_mine
    with pytest.raises(Refused):
        holding.take_over(session=session, by=make_user(), now=NOW)


def test_the_visit_page_is_to_be_read_only_while_a_colleague_has_it_and_open_after_taking_over():
    session = ready_draft()
    ada, imani = make_user(name="Ada Birchwood"), make_user(name="Imani Rowanfield")
    holding.hold(session=session, by=ada)
    client = Client()
    client.force_login(imani)
    page = reverse("sessions_app:visit", args=[session.appointment.public_id])

    before = client.get(page).content.decode()
    answer = client.post(reverse("sessions_app:session_take_over", args=[session.public_id]))
    after = client.get(page).content.decode()

    assert "Ada Birchwood has this visit open since" in before
    assert before.count('class="visit-lock" data-lock disabled') == 2
    assert answer.url == page
    assert "data-lock disabled" not in after


def test_a_page_that_is_only_read_takes_nothing_while_the_nurse_is_on_another_page():
    session = ready_draft()
    ada, hugo = make_user(name="Ada Birchwood"), make_user(Role.CLINICIAN, name="Hugo Ashdown")
    TreatmentSession.objects.update(nurse=ada)
    page = reverse("sessions_app:visit", args=[session.appointment.public_id])
    nurse, clinician = Client(), Client()
    nurse.force_login(ada)
    clinician.force_login(hugo)
    nurse.get(page)
    ask(session, ada, do="leave")  # she opens the adverse event

    opened = clinician.get(page).content.decode()
    looked = ask(session, hugo, do="look").content.decode()
    back = nurse.get(page).content.decode()

    assert ("Ada Birchwood had this visit open last." in opened, opened.count("data-lock disabled")) == (True, 2)
    assert ("data-look" in looked, "data-mine" in looked, 'form="take-over"' in looked) == (True, False, True)
    assert ("data-mine" in back, "data-lock disabled" in back) == (True, False)
    assert "Ada Birchwood has this visit open since" in ask(session, hugo, do="look").content.decode()


def test_who_presses_take_over_has_what_a_colleague_left():
    session = ready_draft()
    ada, imani = make_user(name="Ada Birchwood"), make_user(name="Imani Rowanfield")
    holding.hold(session=session, by=ada)
    holding.leave(session=session, by=ada)
    client = Client()
    client.force_login(imani)

    client.post(reverse("sessions_app:session_take_over", args=[session.public_id]))

    assert "data-lock disabled" not in client.get(chart_url(session)).content.decode()


def test_the_page_that_lost_the_visit_hears_who_took_it_and_that_it_was_signed():
    session = ready_draft()
    ada, imani = make_user(name="Ada Birchwood"), make_user(name="Imani Rowanfield")

    mine = ask(session, ada).content.decode()
    holding.take_over(session=session, by=imani)
    lost = ask(session, ada).content.decode()

    assert f'data-version="{session.version}" data-open data-mine' in mine
    assert "Imani Rowanfield took this visit over at" in lost
    assert "Take it back" in lost


def test_leaving_answers_nothing_and_frees_the_visit():
    session, ada = make_draft_session(), make_user()
    ask(session, ada)

    answer = ask(session, ada, do="leave")

    session.refresh_from_db()
    assert (answer.status_code, session.held_at) == (204, None)


def test_a_hold_never_keeps_typing_from_being_saved():
    in_force()
    session, imani = make_draft_session(), make_user()
    holding.hold(session=session, by=make_user())
    client = Client()
    client.force_login(imani)

    answer = client.post(reverse("sessions_app:session_save", args=[session.public_id]), page_of(session, note="seen"))

    assert answer.status_code == 302
    assert TreatmentSession.objects.get().note == "seen"


def test_the_key_of_the_copy_in_the_browser_is_another_for_each_person_and_session():
    session, other = ready_draft(), ready_draft()
    pages = []
    for person in (make_user(), make_user(Role.CLINICIAN)):
        for each in (session, other):
            client = Client()
            client.force_login(person)
            page = client.get(reverse("sessions_app:visit", args=[each.appointment.public_id])).content.decode()
            pages.append(page.split('data-copy-key="')[1].split('"')[0])

    assert len(set(pages)) == 4
    assert {len(key) for key in pages} == {44}
