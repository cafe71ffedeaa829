"""The visit over HTTP: who may, what one tap does, how saving answers, what two people on one draft see."""

import re
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from sessions_app.models import TreatedSite, TreatmentSession
from tests.makers import (
    at,
    make_appointment,
    make_draft_session,
    make_patient,
    make_patient_user,
    make_service,
    make_signed_protocol,
    make_signed_session,
    make_user,
)
from tests.sessions_app.charts import SIGNING, events, in_force, page_of, ready_draft, signed_in, with_field, words

pytestmark = pytest.mark.django_db
HTMX = {"headers": {"HX-Request": "true"}}
NOW = "2026-01-13 10:50"
CHART_ROUTES = ["visit", "session", "session_save", "not_treated"]


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(at(NOW), tick=False):
        yield


def visit_url(session):
    return reverse("sessions_app:visit", args=[session.appointment.public_id])


def save_url(session):
    return reverse("sessions_app:session_save", args=[session.public_id])


def url_of(route, session):
    target = session.appointment.public_id if route == "visit" else session.public_id
    return reverse(f"sessions_app:{route}", args=[target])


def values(page, field):
    """What the inputs of that field hold, one per site; None for an empty one."""
    inputs = re.findall(rf'<input[^>]* name="site-[0-9a-z]+-{field}"[^>]*>', page)
    found = [re.search(r' value="([^"]*)"', each) for each in inputs]
    return [each.group(1) if each else None for each in found]


@pytest.mark.parametrize("sites", [0, 1])
def test_a_reason_that_nobody_lifts_stands_under_its_tick_and_in_the_bar_the_moment_it_is_ticked(client, sites):
    session = ready_draft(sites=sites)
    signed_in(client, make_user(Role.NURSE))
    before = client.get(visit_url(session)).content.decode()
    asked = page_of(session, stop="some", stop_items=["polidocanol_allergy"])

    answer = client.post(save_url(session), asked, **HTMX).content.decode()

    under_tick = answer.split('id="before-stops"')[1].split("</div>")[0]
    bar = answer.split('id="bar-stops"')[1].split("</div>")[0]
    assert "Allergy to polidocanol.</b> Do not inject." in under_tick
    assert 'class="strip-block" href="#finding-P1"' in bar
    assert "Allergy to polidocanol: do not inject" in bar
    assert ("octagon-alert" in before.split('id="before-stops"')[1].split("</div>")[0], "bar-stops" in before) == (
        False,
        False,
    )


def lock(session):
    TreatmentSession.objects.filter(pk=session.pk).update(
        status="signed", signed_by=session.nurse, signed_at=SIGNING, protocol_version=in_force()
    )


# --- Who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR])
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("route", CHART_ROUTES)
def test_who_does_not_treat_sees_no_chart_and_the_try_is_recorded(client, role, method, route):
    session = ready_draft(note="Very private words")

    response = getattr(signed_in(client, make_user(role)), method)(url_of(route, session))

    assert response.status_code == 403
    assert "private" not in words(response)
    assert [event.details["method"] for event in events("denied")] == [method.upper()]
    session.refresh_from_db()
    assert (session.status, session.version) == ("draft", 1)


@pytest.mark.parametrize("route", CHART_ROUTES)
def test_a_patient_sees_no_chart_not_even_the_own_one(client, route):
    patient = make_patient()
    session = ready_draft(patient=patient)

    assert signed_in(client, make_patient_user(patient)).get(url_of(route, session)).status_code == 403


@pytest.mark.parametrize("route", CHART_ROUTES)
def test_nobody_without_sign_in_gets_further_than_the_sign_in_page(client, route):
    url = url_of(route, ready_draft())

    response = client.get(url)

    assert (response.status_code, response["Location"]) == (302, f"{reverse('account_login')}?next={url}")


def test_an_autosave_after_the_session_ended_says_so_to_the_script(client):
    session = ready_draft()

    response = client.post(save_url(session), page_of(session, note="typed"), **HTMX)

    assert response.status_code == 401
    session.refresh_from_db()
    assert session.note == ""


@pytest.mark.parametrize("role", [Role.NURSE, Role.CLINICIAN, Role.CLINICAL_LEAD])
def test_who_treats_may_chart(client, role):
    session = ready_draft()

    assert signed_in(client, make_user(role)).get(visit_url(session)).status_code == 200


@pytest.mark.parametrize("route", CHART_ROUTES)
def test_an_id_that_never_was_is_404(client, route):
    url = reverse(f"sessions_app:{route}", args=["3f2504e0-4f89-41d3-9a0c-0305e82c3301"])
    client = signed_in(client, make_user())

    assert (client.post(url) if route == "session_save" else client.get(url)).status_code == 404


# --- Opening -------------------------------------------------------------------------------------------------------


def test_looking_at_a_visit_changes_nothing_and_offers_the_start(client):
    appointment = make_appointment(status="booked", travel_note="Flight on Friday")
    url = reverse("sessions_app:visit", args=[appointment.public_id])

    response = signed_in(client, appointment.entry.nurse).get(url)

    assert "Patient is here: start the visit" in words(response)
    assert "Flight on Friday" in words(response)
    assert not TreatmentSession.objects.exists()
    appointment.refresh_from_db()
    assert appointment.status == "booked"
    assert [event.patient_id for event in events("chart read")] == [appointment.patient.pk]


def test_one_tap_opens_the_visit(client):
    appointment = make_appointment(status="arrived")
    url = reverse("sessions_app:visit", args=[appointment.public_id])

    response = signed_in(client, appointment.entry.nurse).post(url, follow=True)

    assert response.redirect_chain == [(url, 302)]
    assert TreatmentSession.objects.get().appointment == appointment
    assert "Before the session" in words(response)


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client, method):
    session = ready_draft()

    assert getattr(signed_in(client, session.nurse), method)(visit_url(session)).status_code == 405


@pytest.mark.parametrize("method", ["get", "head"])
def test_saving_is_a_post(client, method):
    session = ready_draft()

    assert getattr(signed_in(client, session.nurse), method)(save_url(session)).status_code == 405


def test_a_visit_that_is_over_says_so_and_offers_no_start(client):
    appointment = make_appointment(status="cancelled")
    url = reverse("sessions_app:visit", args=[appointment.public_id])
    client = signed_in(client, appointment.entry.nurse)

    assert "start the visit" not in words(client.get(url)).lower()
    client.post(url)
    assert not TreatmentSession.objects.exists()


# --- The page ------------------------------------------------------------------------------------------------------


def test_the_page_shows_who_it_is_what_is_remembered_and_the_last_time(client):
    patient = make_patient(
        given_name="Marigold", family_name="Quillfeather", allergies="Latex", risk_factors=["smoking"]
    )
    make_signed_session(
        appointment=make_appointment(patient=patient, starts_at=at("2025-12-30 10:00"), status="done"),
        sites=[{"segment": "knee", "volume_ml": Decimal("0.6"), "injection_count": 3}],
        reaction="none",
    )
    session = ready_draft(patient=patient)

    page = words(signed_in(client, session.nurse).get(visit_url(session)))

    for part in (
        "Marigold Quillfeather",
        "session 2",
        "Allergies: Latex",
        "As last time, Tue 30 Dec: smokes; nothing else. Still true",
        "Session 1, 30 Dec 2025 0.6 mL, 3 mg at 1 site, 14 days ago",
        "Left knee Spider, 0.5 %, 3 × 0.2 mL, 10 cm 0.6 mL",
    ):
        assert part in page


def test_reading_a_chart_is_recorded_each_time(client):
    session = ready_draft()
    client = signed_in(client, session.nurse)

    client.get(visit_url(session))
    client.get(visit_url(session))

    read = (session.nurse.pk, str(session.public_id), session.patient_id)
    assert [(e.by_id, e.subject_id, e.patient_id) for e in events("chart read")] == [read, read]


def test_a_complete_draft_leads_to_the_signature_and_an_incomplete_one_says_what_is_missing(client):
    complete, incomplete = ready_draft(), ready_draft(reaction="")
    client = signed_in(client, complete.nurse)
    sign_url = reverse("aftercare:sign", args=[complete.public_id])

    page = client.get(visit_url(complete)).content.decode()
    waiting = client.get(visit_url(incomplete)).content.decode()

    assert f'href="{sign_url}"' in page
    assert "Reaction: yes or none" in waiting
    assert reverse("aftercare:sign", args=[incomplete.public_id]) not in waiting


def test_every_place_that_missing_things_point_to_is_on_the_page(client):
    in_force()
    session = make_draft_session(sites=0)

    page = signed_in(client, session.nurse).get(visit_url(session)).content.decode()

    anchors = re.findall(r'href="#([^"]+)"', page.split('id="missing-list"')[1].split("</ul>")[0])
    assert len(anchors) == 13
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in page] == []


def test_the_clinics_usual_stocking_is_offered_first_and_the_ampoules_say_how_they_are_stored(client):
    session = ready_draft()
    client = signed_in(client, session.nurse)
    shipped = client.get(visit_url(session)).content.decode()
    usual = {"garment_default": "Knee stocking, 25 – 35 mmHg", "storage_text": "Keep at 15 to 25 °C"}
    make_signed_protocol(overrides=usual)

    page = client.get(visit_url(session)).content.decode()

    assert offered(shipped, "garment") == ["Thigh stocking", "Knee stocking", "Tights", "Bandage"]
    assert offered(shipped, "mmhg") == ["20-30", "15-20", "18-20", "23-32", "30-40"]
    assert "Storage:" not in shipped
    assert offered(page, "garment") == ["Knee stocking", "Thigh stocking", "Tights", "Bandage"]
    assert offered(page, "mmhg") == ["25-35", "15-20", "18-20", "20-30", "23-32", "30-40"]
    assert "Storage: Keep at 15 to 25 °C" in page


def offered(page, field):
    return re.findall(rf'data-fill="id_compression_{field}" value="([^"]+)"', page)


def test_the_questions_ask_for_what_the_signed_protocol_counts(client):
    session = ready_draft()
    client = signed_in(client, session.nurse)
    shipped = words(client.get(visit_url(session)))
    make_signed_protocol(overrides={"vte_lookback_months": 12, "long_flight_hours": 6})

    page = words(client.get(visit_url(session)))

    assert "surgery, hospital stay or pregnancy within 3 months;" in shipped
    assert "flight over 4 hours or hard training" in shipped
    assert "Flight over 4 hours planned" in shipped
    assert "surgery, hospital stay or pregnancy within 12 months;" in page
    assert "flight over 6 hours or hard training" in page
    assert "Flight over 6 hours planned" in page


def test_words_that_look_like_code_are_shown_as_words(client):
    rude = "<b>rude</b>"
    patient = make_patient(given_name=rude, allergies=rude)
    session = ready_draft(patient=patient, note=rude, reaction="seen", reaction_note=rude, compression_garment=rude)
    client = signed_in(client, session.nurse)

    for page in (client.get(visit_url(session)), client.get(url_of("session", session))):
        assert rude not in page.content.decode()
        assert page.content.decode().count("&lt;b&gt;rude&lt;/b&gt;") >= 4


@pytest.mark.parametrize("number", [1, 30])
def test_the_page_costs_the_same_queries_whatever_the_number_of_sites(client, number):
    session = ready_draft(sites=number, ampoules=40)
    client = signed_in(client, session.nurse)
    client.get(visit_url(session))

    with CaptureQueriesContext(connection) as queries:
        client.get(visit_url(session))

    assert len(queries) == 14


@pytest.mark.parametrize("number", [1, 30])
def test_a_save_costs_the_same_queries_whatever_the_number_of_sites(client, number):
    session = ready_draft(sites=number, ampoules=40)
    client = signed_in(client, session.nurse)
    client.get(visit_url(session))
    sent = {**page_of(session, note="a word more"), "site-1-injection_count": "5"}

    with CaptureQueriesContext(connection) as queries:
        response = client.post(save_url(session), sent, **HTMX)

    assert response.status_code == 200
    assert len(queries) == 19


# --- Saving --------------------------------------------------------------------------------------------------------


def test_an_autosave_answers_the_fragments_that_follow_from_it(client):
    session = ready_draft()
    client = signed_in(client, session.nurse)
    sent = {**page_of(session), "site-1-injection_count": "20", "site-1-treated_length_cm": ""}

    response = client.post(save_url(session), sent, **HTMX)

    assert response.status_code == 200
    page = words(response)
    for part in (
        "Saved 10:50",
        "Volume 4 mL",
        "ask at 3, limit 10",
        "Dose today 20 mg",
        "Total above 3 mL L3",
        "20 × 0.2 mL",
    ):
        assert part in page
    assert 'data-version="2"' in response.content.decode()
    assert TreatedSite.objects.get().injection_count == 20


def test_the_map_comes_along_only_when_its_marks_changed(client):
    session = ready_draft()
    client = signed_in(client, session.nurse)
    same = with_field(session, "map", "1=left:calf_medial")

    answer = client.post(save_url(session), same, **HTMX).content.decode()
    moved = client.post(
        save_url(session), {**same, "version": "2", "site-1-place": "left:knee"}, **HTMX
    ).content.decode()

    assert 'id="places"' not in answer
    assert 'id="places"' in moved


def test_an_impossible_value_is_said_beside_its_field_and_the_rest_is_saved(client):
    session = ready_draft(sites=2)
    client = signed_in(client, session.nurse)
    sent = {**page_of(session, note="kept"), "site-2-each_ml": "-1"}

    response = client.post(save_url(session), sent, **HTMX)

    assert response.status_code == 422
    assert "Saved 10:50, not: site 2" in words(response)
    assert "id_site-2-each_ml&quot;: &quot;Enter a number above 0." in response.content.decode()
    session.refresh_from_db()
    assert (session.note, session.sites.count()) == ("kept", 1)


def test_without_script_an_impossible_value_comes_back_with_the_page(client):
    session = ready_draft()
    sent = {**page_of(session, note="kept"), "site-1-each_ml": "-1"}

    response = signed_in(client, session.nurse).post(save_url(session), sent)

    assert response.status_code == 200
    assert "Enter a number above 0." in response.content.decode()
    assert 'value="-1"' in response.content.decode()
    session.refresh_from_db()
    assert session.note == "kept"


def test_without_script_saving_leads_back_to_the_page(client):
    session = ready_draft()

    response = signed_in(client, session.nurse).post(save_url(session), page_of(session, note="kept"))

    assert (response.status_code, response["Location"]) == (302, visit_url(session))
    session.refresh_from_db()
    assert session.note == "kept"


def test_two_nurses_on_one_draft_the_second_gets_409_her_words_and_the_difference(client):
    session = ready_draft()
    second, first = make_user(name="Second Nurse"), make_user(name="First Nurse")
    sent = page_of(session, note="words of the second", weight_kg="61")
    signed_in(client, first).post(save_url(session), page_of(session, note="words of the first"), **HTMX)

    response = signed_in(client, second).post(save_url(session), sent, **HTMX)

    assert response.status_code == 409
    page = words(response)
    assert "Not saved: First Nurse saved this visit at 10:50" in page
    assert "Note words of the second words of the first" in page
    assert "Weight 61 70" in page
    session.refresh_from_db()
    assert (session.note, session.version) == ("words of the first", 2)


def test_a_conflict_compares_what_the_page_shows_and_not_what_stood_in_a_group_that_was_folded_away(client):
    session = ready_draft()
    sent = page_of(session, note="words of the second", stop="none", pregnant="no", abpi="0.9")
    client = signed_in(client, session.nurse)
    client.post(save_url(session), page_of(session, note="words of the first"), **HTMX)

    response = client.post(save_url(session), sent, **HTMX)

    assert [each["label"] for each in response.context["differences"]] == ["Note"]


def test_without_script_the_conflict_comes_with_the_whole_page_and_the_own_words(client):
    session = ready_draft()
    sent = page_of(session, note="words of the second")
    client = signed_in(client, session.nurse)
    client.post(save_url(session), page_of(session, note="words of the first"), **HTMX)

    response = client.post(save_url(session), sent)

    assert response.status_code == 409
    assert "Save this page over it" in words(response)
    page = response.content.decode()
    assert "words of the second</textarea>" in page
    assert '<input type="hidden" name="version" value="1">' in page
    assert 'name="version" value="2" data-keep-mine' in page


def test_after_seeing_the_difference_the_own_page_can_be_saved_over_it(client):
    session = ready_draft()
    sent = page_of(session, note="words of the second")
    client = signed_in(client, session.nurse)
    client.post(save_url(session), page_of(session, note="words of the first"), **HTMX)

    response = client.post(save_url(session), {**sent, "version": "2"}, **HTMX)

    assert response.status_code == 200
    session.refresh_from_db()
    assert session.note == "words of the second"


def test_a_page_of_a_session_that_was_signed_meanwhile_saves_nothing_and_says_so(client):
    session = ready_draft()
    sent = page_of(session, note="too late")
    lock(session)

    response = signed_in(client, session.nurse).post(save_url(session), sent, **HTMX)

    assert response.status_code == 409
    assert "signed and locked" in words(response)


@pytest.mark.parametrize("version", ["", "-1", "abc", "99999999999999999999", "1.5"])
def test_a_version_that_is_none_counts_as_older(client, version):
    session = ready_draft()

    response = signed_in(client, session.nurse).post(save_url(session), page_of(session, version=version), **HTMX)

    assert response.status_code == 409


def test_fields_of_other_people_and_states_cannot_be_sent(client):
    session, victim = ready_draft(), ready_draft(note="untouched")
    foreign = {
        "status": "signed",
        "signed_by": str(session.nurse.pk),
        "patient": str(victim.patient_id),
        "public_id": str(victim.public_id),
        "session": str(victim.pk),
        "nurse_id": "1",
        "protocol_version": "1",
        "amends": str(victim.pk),
    }

    signed_in(client, session.nurse).post(save_url(session), page_of(session, note="own", **foreign), **HTMX)

    session.refresh_from_db()
    victim.refresh_from_db()
    assert (session.status, session.signed_by, session.amends, session.note) == ("draft", None, None, "own")
    assert (victim.note, victim.version) == ("untouched", 1)


def test_a_nurse_sending_a_clinicians_override_lifts_nothing(client):
    ten = {"injection_count": 40, "volume_ml": Decimal("10.4"), "treated_length_cm": None}
    session = ready_draft(sites=[ten], ampoules=6)
    nurse, clinician = session.nurse, make_user(Role.CLINICIAN)
    sent = {**page_of(session), "answer-L4-reason": "because", "answer-L4-ack": "on"}

    signed_in(client, nurse).post(save_url(session), sent, **HTMX)
    session.refresh_from_db()
    assert "answers" not in session.screening

    signed_in(client, clinician).post(save_url(session), {**sent, "version": str(session.version)}, **HTMX)
    session.refresh_from_db()
    assert session.screening["answers"]["L4"]["by"] == clinician.pk


def test_a_finding_for_a_clinician_asks_the_nurse_for_nothing(client):
    ten = {"injection_count": 40, "volume_ml": Decimal("10.4"), "treated_length_cm": None}
    session = ready_draft(sites=[ten])

    page = signed_in(client, session.nurse).get(visit_url(session)).content.decode()

    assert 'name="answer-L3-reason"' in page
    assert 'name="answer-L4-reason"' not in page
    assert "A clinician answers this" in page


# --- Buttons -------------------------------------------------------------------------------------------------------


def press(client, session, do, **changes):
    return client.post(save_url(session), {**page_of(session), **changes, "do": do})


def test_now_is_the_servers_time(client):
    session = ready_draft(ended_at=None, observation_started_at=None, observation_ended_at=None)

    press(signed_in(client, session.nurse), session, "walk")

    session.refresh_from_db()
    assert (session.ended_at, session.observation_started_at) == (at(NOW), at(NOW))


def test_the_clock_of_the_walk_runs_from_the_stored_start(client):
    session = ready_draft(observation_started_at=at("2026-01-13 10:31"), observation_ended_at=None)

    page = signed_in(client, session.nurse).get(visit_url(session)).content.decode()

    assert 'data-elapsed="1140"' in page
    assert "may leave from 10:46" in page


def test_a_site_is_removed_and_the_others_move_up(client):
    session = ready_draft(sites=[{"segment": "knee"}, {"segment": "ankle"}, {"segment": "foot"}])

    press(signed_in(client, session.nurse), session, "remove-2")

    assert [(site.position, site.segment) for site in session.sites.all()] == [(1, "knee"), (2, "foot")]


def test_a_site_is_added_with_what_is_likely_and_no_number_of_injections(client):
    session = ready_draft(sites=[{"vein_type": "reticular", "strength_percent": Decimal(1), "needle_gauge": 27}])
    client = signed_in(client, session.nurse)

    page = client.get(visit_url(session), {"leg": "right", "segment": "popliteal"}, **HTMX).content.decode()

    assert 'value="right:popliteal" selected' in page
    assert re.search(r'value="reticular"[^>]*checked', page)
    assert [values(page, "needle_gauge"), values(page, "injection_count")] == [["27"], [None]]
    assert session.sites.count() == 1


def test_last_sessions_places_are_offered_without_their_numbers(client):
    patient = make_patient()
    make_signed_session(
        appointment=make_appointment(patient=patient, starts_at=at("2025-12-30 10:00"), status="done"),
        sites=[{"segment": "knee"}, {"segment": "ankle"}],
    )
    session = ready_draft(patient=patient, sites=0)

    page = signed_in(client, session.nurse).get(visit_url(session), {"again": "1"}, **HTMX).content.decode()

    assert re.findall(r'value="(left:[a-z]+)" selected', page) == ["left:knee", "left:ankle"]
    assert values(page, "injection_count") == [None, None]


@pytest.mark.parametrize(
    "query", [{"leg": "left", "segment": "arm"}, {"place": "x"}, {"leg": "left"}, {"patient__ssn": "1"}]
)
def test_places_that_do_not_exist_add_nothing(client, query):
    session = ready_draft()

    response = signed_in(client, session.nurse).get(visit_url(session), query)

    assert response.status_code == 200
    assert response.content.decode().count('name="site" value') == 1


def test_without_script_a_place_of_the_map_shows_the_page_with_one_row_more(client):
    session = ready_draft()

    response = signed_in(client, session.nurse).get(visit_url(session), {"leg": "right", "segment": "foot"})

    assert response.content.decode().count('name="site" value') == 2


def test_a_colleague_takes_over_as_the_injecting_nurse(client):
    session = ready_draft()
    colleague = make_user(name="Imani Rowanfield")
    client = signed_in(client, colleague)

    assert "opened this visit" in words(client.get(visit_url(session)))
    press(client, session, "takeover")

    session.refresh_from_db()
    assert session.nurse == colleague
    assert "nurse_id" in events("session saved")[0].details["fields"]


# --- Ending, reading -----------------------------------------------------------------------------------------------


def test_not_treated_today_ends_the_visit_with_a_reason(client):
    session = make_draft_session(sites=0)
    client = signed_in(client, session.nurse)
    url = url_of("not_treated", session)

    refused = client.post(url, {"version": "1", "reason": ""})
    ended = client.post(url, {"version": "1", "reason": "Fever"})

    assert "Write why the patient was not treated." in words(refused)
    assert (ended.status_code, ended["Location"]) == (302, reverse("sessions_app:my_day"))
    session.refresh_from_db()
    assert (session.status, session.not_treated_reason) == ("not_treated", "Fever")


@pytest.mark.parametrize(("kind", "name"), [("review", "Review of the legs"), ("first_visit", "First talk")])
def test_a_visit_without_a_treatment_says_how_it_ends_until_something_is_charted(client, kind, name):
    session = draft_of(kind, name=name, sites=0)
    client = signed_in(client, session.nurse)

    said = words(client.get(visit_url(session)))
    dialog = client.get(url_of("not_treated", session))
    charted = draft_of(kind, name="Another", sites=1)

    assert f"{name}: no treatment was booked. Write what you saw under Note and end the visit." in said
    assert "End the visit" in words(dialog)
    assert ">Consultation only</textarea>" in re.sub(r"\s*\n", "", dialog.content.decode())
    assert "no treatment was booked" not in words(signed_in(client, charted.nurse).get(visit_url(charted)))


def test_a_treatment_says_nothing_of_it_and_its_end_without_treatment_wants_a_reason(client):
    session = make_draft_session(sites=0)
    client = signed_in(client, session.nurse)

    assert "no treatment was booked" not in words(client.get(visit_url(session)))
    dialog = client.get(url_of("not_treated", session))
    assert "Not treated today" in words(dialog)
    assert ">Consultation only</textarea>" not in dialog.content.decode()


def draft_of(kind, *, sites, **facts):
    appointment = make_appointment(service=make_service(kind, **facts), status="in_treatment")
    return make_draft_session(appointment=appointment, sites=sites)


def test_the_dialog_of_not_treated_answers_errors_to_htmx_with_422(client):
    session = make_draft_session(sites=0)

    response = signed_in(client, session.nurse).post(url_of("not_treated", session), {"version": "1"}, **HTMX)

    assert response.status_code == 422


def test_something_applies_with_nothing_ticked_leaves_the_safety_questions_open(client):
    session = ready_draft()
    client = signed_in(client, session.nurse)

    saved = words(client.post(save_url(session), page_of(session, stop="some", stop_items=[]), **HTMX))
    page = client.get(visit_url(session)).content.decode()

    assert "Reasons not to treat: tick what applies, or “None of these”" in saved
    assert "2 to confirm" in saved
    assert re.search(r'<details class="card visit-before" id="before" open>', page)
    assert not re.search(r'<input[^>]*name="pregnant"[^>]* checked', page)


def test_a_session_signed_with_something_but_not_what_does_not_read_as_none(client):
    session = ready_draft(screening={"groups": {"stop": "some", "risk": "cleared"}, "pregnant": "no"})
    lock(session)

    page = words(signed_in(client, make_user(Role.CLINICIAN)).get(visit_url(session), follow=True))

    assert "Reasons not to treat something applies, not recorded what" in page
    assert "Risks and plans none" in page


def test_a_closed_visit_opens_as_a_record_to_read(client):
    asked = {"groups": {"stop": "none", "risk": "none"}, "smoking": True}
    session = ready_draft(note="All went well.", screening=asked)
    lock(session)
    client = signed_in(client, make_user(Role.CLINICIAN))

    response = client.get(visit_url(session), follow=True)

    page = words(response)
    assert response.redirect_chain == [(url_of("session", session), 302)]
    for part in (
        f"Signed by {session.nurse}, Tue 13 Jan, 11:00",
        "Left calf, medial Spider, 0.5 %, 4 × 0.2 mL, 10 cm , 0.6 mm 0.8 mL",
        "DEMO-1 2027-05 2",
        "Smokes",
        "All went well.",
        "16 min, 10:30 to 10:46. Walked and well",
    ):
        assert part in page
    assert len(events("chart read")) == 1


@pytest.mark.parametrize("number", [1, 30])
def test_reading_a_record_costs_the_same_queries_whatever_the_number_of_sites(client, number):
    session = make_signed_session(sites=number)
    client = signed_in(client, make_user())
    client.get(url_of("session", session))

    with CaptureQueriesContext(connection) as queries:
        client.get(url_of("session", session))

    assert len(queries) == 10
