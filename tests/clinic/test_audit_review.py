"""Who reviews the trail: filters, pages without counting, indexes, the chain's state, and least data by role."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import audit, database_rules
from clinic.access import Role
from clinic.audit_review import PAGE, AuditFilter, events_of, known_actions, page_of_events
from clinic.models import AuditEvent, User
from tests.makers import at, make_patient, make_patient_user, make_user

pytestmark = pytest.mark.django_db
NOW = at("2026-02-03 12:00")
URL = "/audit/"


@pytest.fixture
def lead(client):
    person = make_user(Role.CLINICAL_LEAD, name="Miriam Thornbury")
    client.force_login(person)
    return person


def event(action="chart read", *, by=None, patient=None, moment=NOW, **details):
    return AuditEvent.objects.create(
        action=action, at=moment, by_id=by.pk if by else None, by_name=str(by) if by else "system",
        patient_id=patient.pk if patient else None, details=details,
    )  # fmt: skip


def shown(response):
    """(who, what, patient) of each line but those of reading and of signing in here."""
    lines = [line for day in response.context["days"] for line in day.lines]
    return [(line.who, line.what, line.patient) for line in lines if line.what not in ("Audit read", "Signed in")]


def test_the_newest_stand_first_under_their_day(client, lead):
    nurse, patient = make_user(Role.NURSE, name="Ada Birchwood"), make_patient(given_name="Marigold", family_name="Q")
    event(by=nurse, patient=patient, moment=NOW - timedelta(days=1))
    event("session signed", by=nurse, patient=patient)

    response = client.get(URL)

    assert shown(response) == [
        ("Ada Birchwood", "Session signed", "Marigold Q"),
        ("Ada Birchwood", "Chart read", "Marigold Q"),
    ]
    assert [day.words for day in response.context["days"]][-2:] == ["Tue 3 Feb 2026", "Mon 2 Feb 2026"]


def test_filters_by_person_action_day_and_patient(client, lead):
    ada, tomas = make_user(name="Ada Birchwood"), make_user(name="Tomas Pinewright")
    patient = make_patient()
    event(by=ada, patient=patient)
    event("session signed", by=tomas, moment=NOW - timedelta(days=1))
    event("message sent")

    def found(**query):
        return [(who, what) for who, what, _ in shown(client.get(URL, query))]

    assert found(person=ada.public_id) == [("Ada Birchwood", "Chart read")]
    assert found(action="session signed") == [("Tomas Pinewright", "Session signed")]
    assert found(day="2026-02-02") == [("Tomas Pinewright", "Session signed")]
    assert found(patient=patient.public_id) == [("Ada Birchwood", "Chart read")]
    assert found(person="system", action="message sent") == [("system", "Message sent")]
    assert found(person=ada.public_id, action="session signed") == []


@pytest.mark.parametrize(
    "query",
    [
        {"day": "yesterday"}, {"day": "2026-02-30"}, {"person": "1"}, {"action": "' OR 1=1 --"}, {"patient": "x"},
        {"patient": "00000000-0000-4000-8000-000000000000"},
    ],
)  # fmt: skip
def test_bad_filters_are_said_and_show_no_half_answer(client, lead, query):
    response = client.get(URL, query)

    assert (response.status_code, list(response.context["form"].errors)) == (400, list(query))


def test_a_day_is_the_clinics_own_from_midnight_to_midnight(client, lead):
    for moment in ("2026-02-01 23:59", "2026-02-02 00:00", "2026-02-02 23:59", "2026-02-03 00:00"):
        event(f"at {moment}", moment=at(moment))

    assert [what for _, what, _ in shown(client.get(URL, {"day": "2026-02-02"}))] == [
        "At 2026-02-02 23:59",
        "At 2026-02-02 00:00",
    ]


# --- Pages -----------------------------------------------------------------------------------------------------------


def test_pages_go_on_where_the_last_one_ended_also_within_one_moment():
    made = [event(f"number {number}") for number in range(2 * PAGE + 5)]

    seen, before, pages = [], "", 0
    while pages == 0 or before:
        page = page_of_events(AuditFilter(), before=before)
        seen += [each.pk for each in page.events]
        before, pages = page.before, pages + 1

    assert (seen, pages) == ([each.pk for each in reversed(made)], 3)


def test_what_is_written_meanwhile_moves_no_line_to_the_next_page():
    for number in range(PAGE + 1):
        event(f"number {number}")
    first = page_of_events(AuditFilter())
    event("newer", moment=NOW + timedelta(minutes=1))

    assert [each.action for each in page_of_events(AuditFilter(), before=first.before).events] == ["number 0"]


@pytest.mark.parametrize("before", ["x", "1", "' OR 1=1", "eyJ4IjoxfQ:bad:sig", "é"])
def test_a_place_that_was_not_made_here_begins_at_the_newest(client, lead, before):
    event("newest", moment=NOW + timedelta(days=4000))

    assert shown(client.get(URL, {"before": before}))[0][1] == "Newest"


def test_the_next_page_keeps_the_filters(client, lead):
    for _ in range(PAGE + 1):
        event("session signed")

    body = client.get(URL, {"action": "session signed"}).content.decode()
    href = body.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")

    assert list(parse_qs(urlsplit(href).query)) == ["action", "before"]
    assert len(shown(client.get(URL + href))) == 1


@time_machine.travel(NOW, tick=False)
def test_fifty_lines_cost_as_many_queries_as_one(client, lead):
    costs = []
    for number in (1, PAGE):
        for _ in range(number):
            event(by=make_patient_user(), patient=make_patient())
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        costs.append(len(queries))

    assert costs[0] == costs[1]


def _plan_of(rows):
    """How the database would run it when the table is large: never by reading and sorting all of it.

    A planner chooses by what it knows of the table, so it gets one to know: a year of other people's events.
    """
    others = (
        AuditEvent(action="plan read", at=NOW - timedelta(hours=4 * number), by_name="system") for number in range(2000)
    )
    AuditEvent.objects.bulk_create(others)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE clinic_auditevent")
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    return rows.explain()


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (lambda: AuditFilter(), "audit_at"),
        (lambda: AuditFilter(person=make_user()), "audit_by_at"),
        (lambda: AuditFilter(patient=make_patient()), "audit_patient_at"),
        (lambda: AuditFilter(action="chart read"), "audit_action_at"),
        (lambda: AuditFilter(since=NOW - timedelta(days=1), until=NOW), "audit_at"),
    ],
)
def test_each_filter_walks_its_index(wanted, index):
    rows = events_of(wanted()).filter(at__lte=NOW).exclude(at=NOW, pk__gte=7)[: PAGE + 1]

    plan = _plan_of(rows)

    assert index in plan
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan or "LAST TERM" in plan


def test_the_actions_are_found_by_hopping_through_the_index():
    for action in ("b", "a", "b", "c"):
        event(action)

    assert known_actions() == ["a", "b", "c"]


# --- The chain -------------------------------------------------------------------------------------------------------


def test_the_state_of_the_chain_stands_on_the_page(client, lead):
    for _ in range(3):
        event()
    audit.seal()
    event()

    response = client.get(URL)

    assert response.context["chain"].is_whole
    assert "The newest 4 links were checked now and hold." in response.context["chain"].words
    assert "2 newer events wait for the next seal" in response.context["chain"].words


def test_a_broken_newest_link_is_said(client, lead):
    made = [event(f"number {number}") for number in range(3)]
    audit.seal()
    database_rules.remove(connection, "clinic")
    AuditEvent.objects.filter(pk=made[1].pk).update(action="nothing happened")
    database_rules.install(connection, "clinic")

    chain = client.get(URL).context["chain"]

    assert (chain.is_whole, f"Event {made[1].pk} " in chain.words) == (False, True)


def test_only_the_newest_links_are_walked_for_a_page():
    for _ in range(12):
        event()
    audit.seal()

    state = audit.chain_state(newest=5)

    assert (state.links, state.checked, state.broken) == (12, 5, None)


# --- Words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "about"),
    [
        ("sessions_app.TreatmentSession", "Session"),
        ("sessions_app.AdverseEvent", "Adverse event"),
        ("aftercare.SymptomReport", "Report"),
        ("old_app.GoneModel", "GoneModel"),
        ("", ""),
    ],
)
def test_what_an_event_is_about_stands_in_the_words_of_the_clinic(client, lead, subject, about):
    AuditEvent.objects.create(action="chart read", at=NOW, by_name="system", subject=subject)

    lines = [line for day in client.get(URL).context["days"] for line in day.lines]

    assert [line.about for line in lines if line.what == "Chart read"] == [about]


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"fields": ["started_at", "sites"], "version": 3}, "changed started at, sites; version 3"),
        ({"fields": ["answers", "screening"]}, "changed answers to findings, safety questions"),
        ({"starts_at": "2026-01-13T15:30:00+00:00"}, "from Tue 13 Jan 2026, 10:30"),
        ({"ends_at": "2026-01-14", "starts_at": "2026-01-13"}, "from Tue 13 Jan 2026; to Wed 14 Jan 2026"),
        ({"status": "done", "was": "in_treatment"}, "before in treatment; status done"),
        ({"level": "SAME_DAY", "urgent": True, "reason": ""}, "level same day; urgent yes"),
        ({"date": "2026-01-13", "checks": ["L3", "P14"]}, "checks L3, P14; date Tue 13 Jan 2026"),
        ({"session": "386f8e79-f01d-4001-8f15-78bf4bfc02c5"}, "session 386f8e79"),
        ({"lot": "ABCD"}, "lot ABCD"),
        ({"lot": "DEMO-2417", "at": "2026-99-13T15:30:00+00:00"}, "at 2026-99-13T15:30:00+00:00; lot DEMO-2417"),
    ],
)  # fmt: skip
def test_details_are_read_as_the_clinic_speaks_and_by_its_clock(client, lead, details, words):
    event(**details)

    lines = [line for day in client.get(URL).context["days"] for line in day.lines]

    assert [line.details for line in lines if line.what == "Chart read"] == [words]


def test_people_in_the_details_stand_by_their_name(client, lead):
    nurse, clinician = make_user(name="Ada Birchwood"), make_user(Role.CLINICIAN, name="Hugo Ashdown")
    event(nurse=nurse.pk, to=str(clinician.public_id), rooms=[nurse.pk])

    lines = [line for day in client.get(URL).context["days"] for line in day.lines]

    words = [line.details for line in lines if line.what == "Chart read"]
    assert words == [f"nurse Ada Birchwood; rooms {nurse.pk}; to Hugo Ashdown"]


def test_how_many_were_asked_is_not_read_as_who(client, lead):
    event(to=make_user(name="Ada Birchwood").pk)

    [line] = [line for day in client.get(URL).context["days"] for line in day.lines if line.what == "Chart read"]

    assert line.details == f"to {User.objects.get(name='Ada Birchwood').pk}"


# --- Roles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.NURSE, Role.FRONT_DESK, Role.CLINICIAN])
def test_who_does_not_review_is_refused(client, role):
    client.force_login(make_user(role))

    assert client.get(URL).status_code == 403


def test_the_administrator_sees_no_name_and_no_detail_of_a_patient(client):
    patient = make_patient(given_name="Marigold", family_name="Canaryfeather")
    account = make_patient_user(patient)
    event(by=make_user(name="Ada Birchwood"), patient=patient, note="CANARYNOTE")
    event("plan read", by=account)
    client.force_login(make_user(Role.ADMINISTRATOR))

    response = client.get(URL)

    reference = f"Patient {str(patient.public_id)[:8]}"
    body = response.content.decode()
    assert [word for word in ("Marigold", "Canaryfeather", "CANARYNOTE", str(patient.public_id)) if word in body] == []
    assert shown(response) == [(reference, "Plan read", ""), ("Ada Birchwood", "Chart read", reference)]


def test_the_administrator_cannot_choose_a_patient(client):
    patient = make_patient()
    event(patient=patient)
    event("message sent")
    client.force_login(make_user(Role.ADMINISTRATOR))

    response = client.get(URL, {"patient": patient.public_id})

    assert ("patient" in response.context["form"].fields, len(shown(response))) == (False, 2)


def test_the_lead_comes_from_a_patients_page_to_who_has_read_it(client, lead):
    patient = make_patient()
    body = client.get(reverse("clinic:patient", args=[patient.public_id])).content.decode()

    assert f'href="/audit/?patient={patient.public_id}"' in body
    assert shown(client.get(URL, {"patient": patient.public_id})) == [("Miriam Thornbury", "Chart read", str(patient))]


@pytest.mark.parametrize("role", [Role.NURSE, Role.CLINICIAN, Role.FRONT_DESK])
def test_others_are_not_led_to_the_trail_from_a_patients_page(client, role):
    client.force_login(make_user(role))

    body = client.get(reverse("clinic:patient", args=[make_patient().public_id])).content.decode()

    assert "/audit/" not in body


def test_reading_the_trail_is_on_record_with_what_was_looked_for(client, lead):
    patient, nurse = make_patient(), make_user()

    client.get(URL, {"patient": patient.public_id, "person": nurse.public_id, "day": "2026-02-03"})

    read = AuditEvent.objects.get(action="audit read")
    assert (read.by_id, read.patient_id, read.details) == (
        lead.pk,
        patient.pk,
        {"person": str(nurse.public_id), "day": "2026-02-03T00:00:00-05:00"},
    )
