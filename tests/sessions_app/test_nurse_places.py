"""Where: marks of today and of earlier sessions, switched on and off by date, with what was injected."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from sessions_app.presenters.visit_places import MOST_EARLIER, earlier_views, marks
from tests.makers import at, make_appointment, make_patient, make_signed_session
from tests.sessions_app.charts import ready_draft, words
from tests.sessions_app.test_nurse_pages import values

pytestmark = pytest.mark.django_db
KNEE = {"segment": "knee", "volume_ml": Decimal("0.6"), "injection_count": 3}


def signed_on(patient, day, **facts):
    visit = make_appointment(patient=patient, starts_at=at(f"{day} 10:00"), status="done")
    return make_signed_session(appointment=visit, **{"sites": [KNEE], **facts})


def page_of_visit(session, query=""):
    client = Client()
    client.force_login(session.nurse)
    return client.get(reverse("sessions_app:visit", args=[session.appointment.public_id]) + query)


def test_a_mark_of_an_earlier_session_says_what_was_injected_there():
    session = signed_on(make_patient(), "2025-12-30")

    [mark] = marks([], [session], 2)

    assert mark == {
        "leg": "left",
        "segment": "knee",
        "kind": "last",
        "text": 2,
        "note": "Session 2, 30 Dec: Spider, 0.5 %, 3 × 0.2 mL, 10 cm, 0.6 mL",
        "group": "of-1",
    }


def test_two_sites_at_one_place_are_one_mark_with_both():
    twice = signed_on(make_patient(), "2025-12-30", sites=[KNEE, {**KNEE, "volume_ml": Decimal("0.9")}])

    [mark] = marks([], [twice], 1)

    assert "0.6 mL; Spider" in mark["note"]


def test_a_place_that_is_none_is_not_drawn():
    assert marks([("left:moon", 1), ("right:knee", 2)], [], 0) == [
        {"leg": "right", "segment": "knee", "kind": "today", "text": 2}
    ]


def test_the_newest_three_are_on_the_map_at_first_and_all_have_their_box():
    patient = make_patient()
    sessions = [signed_on(patient, day) for day in ("2025-12-30", "2025-12-16", "2025-12-02", "2025-11-18")]

    views = earlier_views(sessions, 4, today=at("2026-01-13 10:00").date())

    assert [(view.number, view.kind, view.is_shown, view.short) for view in views] == [
        (4, "last", True, "30 Dec 2025"),
        (3, "earlier", True, "16 Dec 2025"),
        (2, "older", True, "2 Dec 2025"),
        (1, "older", False, "18 Nov 2025"),
    ]


def test_every_box_has_its_rule_that_hides_the_marks():
    css = Path("static/css/charting.css").read_text()

    for back in range(1, MOST_EARLIER + 1):
        assert f".visit-map:has(#earlier-{back}:not(:checked)) .of-{back} {{ display: none; }}" in css


def test_the_page_lists_earlier_sessions_with_a_box_and_same_again_for_each_place_of_the_last():
    patient = make_patient()
    signed_on(patient, "2025-12-16")
    signed_on(patient, "2025-12-30")
    session = ready_draft(patient=patient)

    page = page_of_visit(session).content.decode()

    assert 'id="earlier-1" autocomplete="off" checked' in page
    assert 'id="earlier-2" autocomplete="off" checked' in page
    assert page.count("?same=1") == 2  # href and hx-get of the one place
    assert "Left knee: same as last time" in page


def test_same_as_last_time_for_one_site_brings_its_values_but_no_number_of_injections():
    patient = make_patient()
    signed_on(patient, "2025-12-30", sites=[{**KNEE, "position": 1}, {**KNEE, "segment": "popliteal", "position": 2}])
    session = ready_draft(patient=patient, sites=0)

    page = page_of_visit(session, "?same=2").content.decode()

    assert page.count("data-site=") == 1
    assert "Left popliteal" in words(page_of_visit(session, "?same=2"))
    assert values(page, "each_ml") == ["0.2"]
    assert values(page, "injection_count") == [None]


@pytest.mark.parametrize("query", ["?same=9", "?same=x", "?same=-1", "?same="])
def test_a_site_that_the_last_session_did_not_have_adds_nothing(query):
    session = ready_draft(sites=1)

    assert page_of_visit(session, query).content.decode().count("data-site=") == 1
