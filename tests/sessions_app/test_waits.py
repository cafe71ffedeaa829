"""While an adverse event is open, pages lead to it first; who reads no chart is told only that it waits."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from sessions_app.presenters.waits import waiting_alerts
from tests.makers import (
    at,
    make_adverse_event,
    make_appointment,
    make_course,
    make_patient,
    make_repeat_hold,
    make_room,
    make_signed_session,
    make_user,
)

pytestmark = pytest.mark.django_db
SEEN = {"acknowledged_at": at("2026-01-13 11:00")}


def lines(patient, role=Role.NURSE):
    return [(each.words, each.url, each.holds_booking) for each in waiting_alerts(patient, make_user(role))]


def event_url(event):
    return reverse("sessions_app:event", args=[event.public_id])


def patient_page(client, patient, role=Role.NURSE):
    client.force_login(make_user(role))
    return client.get(reverse("clinic:patient", args=[patient.public_id]))


def closed_event(patient, **facts):
    by = make_user(Role.CLINICIAN)
    closed = {"closed_at": at("2026-01-14 09:00"), "closed_by": by, "closing_note": "Gone"}
    return make_adverse_event(patient=patient, acknowledged_by=by, **SEEN, **closed, **facts)


@pytest.mark.parametrize(("seen", "words"), [({}, " No clinician has seen it."), (SEEN, "")])
def test_an_open_event_is_one_line_that_leads_to_it(seen, words):
    event = make_adverse_event(kind="extravasation", acknowledged_by=make_user() if seen else None, **seen)
    line = f"Adverse event open: extravasation, began Tue 13 Jan 2026, 10:40.{words}"

    assert lines(event.patient) == [
        (f"{line} No treatment is booked until a clinician closes it.", event_url(event), True)
    ]


@pytest.mark.parametrize(
    ("kinds", "named"),
    [
        (["haematoma", "dvt"], "haematoma and deep vein thrombosis"),
        (["haematoma", "dvt", "wheal", "ulcer"], "haematoma, deep vein thrombosis, wheal or itching and more"),
    ],
)
def test_several_open_events_are_one_line_that_leads_to_the_list(kinds, named):
    patient = make_patient()
    for kind in kinds:
        make_adverse_event(patient=patient, kind=kind)
    url = f"{reverse('clinic:patient', args=[patient.public_id])}#events-h"

    words = f"Adverse events open: {named}. No treatment is booked until a clinician closes them."
    assert lines(patient) == [(words, url, True)]


@pytest.mark.parametrize(
    ("kinds", "line"),
    [
        (["wheal"], "Adverse event open: wheal or itching, began Tue 13 Jan 2026, 10:40. No clinician has seen it."),
        (["wheal", "ulcer"], "Adverse events open: wheal or itching and ulcer or necrosis."),
    ],
)
def test_an_allergy_stands_before_the_open_events_and_they_do_not_promise_that_it_ends(kinds, line):
    patient = make_patient(polidocanol_allergy=True)
    for kind in kinds:
        make_adverse_event(patient=patient, kind=kind)

    allergy, events = [words for words, _, _ in lines(patient)]
    assert allergy.startswith("Allergy to polidocanol on record: no treatment is booked or given.")
    assert events == line
    assert [words for words, _, _ in lines(patient, Role.FRONT_DESK)] == [
        "The next treatment waits for a clinician's decision. Other visits can be booked."
    ]


def test_nothing_waits_for_a_closed_event_or_anothers():
    patient = make_patient()
    closed_event(patient)
    make_adverse_event()

    assert lines(patient) == []


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.NURSE])
def test_a_clinicians_hold_is_told_without_a_link(role):
    hold = make_repeat_hold()

    words = "The next treatment waits for a clinician's decision. Other visits can be booked."
    assert lines(hold.patient, role) == [(words, "", True)]


def test_the_front_desk_is_told_that_it_waits_and_not_why():
    event = make_adverse_event(kind="extravasation")

    assert [url for _, url, _ in lines(event.patient, Role.FRONT_DESK)] == [""]
    assert "xtravasation" not in str(lines(event.patient, Role.FRONT_DESK))


def test_the_patients_page_leads_to_the_event_before_booking(client):
    event = make_adverse_event()
    page = patient_page(client, event.patient).content.decode()
    head = page[page.index("record-head") : page.index("record-desk")]

    assert f'<a class="btn btn-primary push" href="{event_url(event)}">Open the event</a>' in head
    assert head.count("btn-primary") == 1


def test_without_an_event_booking_is_what_the_page_is_for(client):
    patient = make_patient()
    closed_event(patient)
    page = patient_page(client, patient)
    head = page.content.decode().partition("record-desk")[0]

    assert (page.context["head_alerts"], head.count("btn-primary"), "Book a visit" in head) == ([], 1, True)


def test_a_course_is_not_booked_further_while_an_event_is_open(client):
    course = make_course()
    before = patient_page(client, course.patient).content.decode()
    make_adverse_event(patient=course.patient)
    after = patient_page(client, course.patient).content.decode()

    assert ("Several sessions…" in before, "Several sessions…" in after) == (True, False)


def test_a_signed_session_does_not_offer_the_next_visit_while_an_event_is_open(client):
    session = make_signed_session()
    client.force_login(make_user())
    url = reverse("aftercare:sign", args=[session.public_id])
    before = client.get(url).content.decode()
    event = make_adverse_event(session=session)
    after = client.get(url).content.decode()

    assert ("Book the next visit" in before, "Book the next visit" in after) == (True, False)
    assert (event_url(event) in before, f'btn-primary push" href="{event_url(event)}"' in after) == (False, True)


def test_the_parts_of_the_page_are_linked_and_each_link_leads_somewhere(client):
    session = make_signed_session()
    make_adverse_event(session=session)
    page = patient_page(client, session.patient).content.decode()
    nav = page[page.index('class="tabs page-nav"') : page.index("</nav>", page.index('class="tabs page-nav"'))]
    targets = [part.partition('"')[0] for part in nav.split('href="#')[1:]]

    assert [page.count(f'id="{target}"') for target in targets] == [1] * len(targets)
    assert {"visits-title", "record-map-title", "record-line-title", "events-h", "reach"} <= set(targets)


def test_open_events_are_never_folded_and_old_ones_are(client):
    patient = make_patient()
    first = make_adverse_event(patient=patient, onset_at=at("2025-01-13 10:00"))
    for day in range(1, 6):
        closed_event(patient, onset_at=at(f"2026-01-0{day} 10:00"))
    page = patient_page(client, patient).content.decode()
    panel = page[page.index('id="events-panel"') :]
    open_part, _, folded = panel.partition("<details")

    assert (event_url(first) in open_part, open_part.count("event-line"), folded.count("event-line")) == (True, 4, 2)


def test_one_line_costs_as_much_for_thirty_events_as_for_one():
    reader, costs = make_user(), []
    for number in (1, 30):
        patient = make_patient()
        for _ in range(number):
            make_adverse_event(patient=patient)
        with CaptureQueriesContext(connection) as queries:
            waiting_alerts(patient, reader)
        costs.append(len(queries))

    assert costs == [2, 2]


@pytest.mark.parametrize(("number", "open_lines", "folded_lines"), [(1, 1, 0), (12, 3, 9)])
def test_visits_long_past_are_folded_and_still_there(client, number, open_lines, folded_lines):
    patient, nurse, room = make_patient(), make_user(), make_room()
    for day in range(number):
        starts_at = at("2025-03-03 09:00") + timedelta(days=day)
        make_appointment(patient=patient, nurse=nurse, room=room, starts_at=starts_at, status="done")
    page = patient_page(client, patient).content.decode()
    panel = page[page.index('id="visits-panel"') : page.index('id="wait-panel"')]
    shown, _, folded = panel.partition("<details")

    assert (shown.count("visit-line"), folded.count("visit-line")) == (open_lines, folded_lines)
