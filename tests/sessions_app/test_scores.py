"""Taking scores: all ten or none, the ulcer rule, both legs at once, never last time's answers in silence."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.models import AuditEvent
from clinic.protocol.scores import RVCSS_ITEMS
from sessions_app.forms.scores import opened_token
from sessions_app.models import Score
from tests.aftercare.people import make_plan
from tests.makers import at, make_patient, make_user

pytestmark = pytest.mark.django_db
NOW = at("2026-02-03 12:00")
ZERO = {item.name: "0" for item in RVCSS_ITEMS}
ALL_TEN = "Answer this item; all ten make the score."


@pytest.fixture
def nurse(client):
    person = make_user(Role.NURSE, name="Ada Birchwood")
    client.force_login(person)
    return person


@pytest.fixture
def patient():
    return make_patient()


def answers(leg, **points):
    return {f"{leg}-{name}": value for name, value in {**ZERO, **points}.items()}


def address(patient):
    return reverse("sessions_app:score_new", args=[patient.public_id])


def send(client, patient, *, opened=None, **data):
    return client.post(address(patient), {"opened": opened or opened_token(NOW), **data})


def errors(response):
    return {name: [str(words) for words in found] for name, found in response.context["form"].errors.items()}


def stored(patient):
    return sorted(patient.scores.values_list("leg", "scale", "result"))


@time_machine.travel(NOW, tick=False)
def test_both_legs_and_both_scales_are_taken_at_once(client, nurse, patient):
    data = {
        **answers("right", pain="1", compression="2"),
        **answers(
            "left", pain="2", varicose_veins="2", oedema="1", ulcers="1", ulcer_duration="1", ulcer_size="1",
            compression="3",
        ),
        "left-clinical": "C2r", "left-symptoms": "s", "left-cause": "Ep", "left-places": ["As", "Ap"],
        "left-mechanism": "Pr",
    }  # fmt: skip

    response = send(client, patient, **data)

    assert response.url == reverse("sessions_app:scores", args=[patient.public_id])
    assert stored(patient) == [("left", "ceap", "C2r,s Ep As,p Pr"), ("left", "rvcss", "11"), ("right", "rvcss", "3")]


def test_all_zero_is_a_score_of_zero(client, nurse, patient):
    send(client, patient, **answers("right"))

    assert stored(patient) == [("right", "rvcss", "0")]


def test_each_missing_item_is_said_at_its_field(client, nurse, patient):
    response = send(client, patient, **{**answers("right"), "right-pain": "", "right-oedema": ""})

    assert errors(response) == {"right-pain": [ALL_TEN], "right-oedema": [ALL_TEN]}
    assert stored(patient) == []


@pytest.mark.parametrize(
    ("points", "wrong"),
    [
        ({"ulcer_size": "1"}, {"left-ulcer_size": ["An ulcer's size needs an active ulcer."]}),
        ({"ulcer_duration": "2"}, {"left-ulcer_duration": ["An ulcer's time needs an active ulcer."]}),
        ({"ulcers": "1", "ulcer_size": "1"}, {"left-ulcer_duration": ["Give the time of the ulcer."]}),
        ({"ulcers": "1", "ulcer_duration": "1"}, {"left-ulcer_size": ["Give the size of the ulcer."]}),
    ],
)
def test_the_ulcer_rule_stands_at_the_field(client, nurse, patient, points, wrong):
    response = send(client, patient, **answers("left", **points))

    assert (errors(response), stored(patient)) == (wrong, [])


def test_nothing_examined_is_no_score(client, nurse, patient):
    assert errors(send(client, patient)) == {
        "__all__": ["Examine at least one leg: choose a CEAP class, or answer the ten items."]
    }


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({"left-symptoms": "s"}, "left-clinical", "Choose the class too; the other parts belong to it."),
        ({"left-clinical": "C2", "left-places": ["An", "As"]}, "left-places", "No place found stands alone."),
        ({"left-clinical": "C9"}, "left-clinical", "Select a valid choice. C9 is not one of the available choices."),
        ({**answers("left"), "left-pain": "4"}, "left-pain",
         "Choose 0, 1, 2 or 3."),
        ({**answers("left"), "left-pain": "1 OR 1"}, "left-pain",
         "Choose 0, 1, 2 or 3."),
        ({**answers("left"), "opened": "tampered"}, "opened",
         "This page was changed on the way. Open it again and enter the scores."),
    ],
)  # fmt: skip
def test_bad_input_is_refused_at_its_field(client, nurse, patient, data, field, words):
    response = client.post(address(patient), {"opened": opened_token(NOW), **data})

    assert (errors(response), stored(patient)) == ({field: [words]}, [])


@time_machine.travel(NOW, tick=False)
def test_the_same_page_sent_twice_makes_no_second_row(client, nurse, patient):
    opened = opened_token(NOW - timedelta(minutes=2))

    for _ in range(2):
        send(client, patient, opened=opened, **answers("right"))

    assert stored(patient) == [("right", "rvcss", "0")]


def test_the_same_answers_on_another_day_are_a_new_row(client, nurse, patient):
    for day in (NOW, NOW + timedelta(days=30)):
        with time_machine.travel(day, tick=False):
            client.force_login(nurse)
            send(client, patient, opened=opened_token(day), **answers("right"))

    assert stored(patient) == [("right", "rvcss", "0")] * 2


def taken(patient, leg="right", *, at_instant=NOW, **points):
    found = {item.name: 0 for item in RVCSS_ITEMS} | points
    return Score.objects.create(
        patient=patient,
        leg=leg,
        scale="rvcss",
        answers=found,
        result=str(sum(found.values())),
        taken_at=at_instant,
        taken_by=make_user(Role.NURSE),
    )


def test_an_empty_form_holds_nothing_of_the_last_time(client, nurse, patient):
    taken(patient, pain=3)

    form = client.get(address(patient)).context["form"]

    assert (form["right-pain"].value(), "right-checked" in form.fields) == (None, False)


def test_same_as_last_time_fills_one_leg_and_asks_to_look_at_it(client, nurse, patient):
    taken(patient, pain=3)
    taken(patient, "left", pain=1)

    form = client.get(address(patient), {"same": "right"}).context["form"]

    assert (form["right-pain"].value(), form["left-pain"].value()) == (3, None)
    assert ("right-checked" in form.fields, "left-checked" in form.fields) == (True, False)


def test_last_times_answers_are_not_stored_before_somebody_says_to_have_looked(client, nurse, patient):
    taken(patient, pain=3)
    data = {**answers("right", pain="3"), "right-copied": "yes"}

    refused = send(client, patient, **data)
    accepted = send(client, patient, **data, **{"right-checked": "on"})

    assert list(errors(refused)) == ["right-checked"]
    assert accepted.status_code == 302
    event = AuditEvent.objects.get(action="score recorded")
    assert (event.details["from_last_time"], event.patient_id, event.by_id) == (True, patient.pk, nurse.pk)


def test_nothing_is_copied_for_a_leg_that_was_never_examined(client, nurse, patient):
    form = client.get(address(patient), {"same": ["left", "neither"]}).context["form"]

    assert (form["left-pain"].value(), "left-checked" in form.fields) == (None, False)


@time_machine.travel(at("2026-01-20 12:00"), tick=False)
def test_a_score_during_a_running_plan_is_warned_of_and_marked(client, nurse):
    patient = make_plan("2026-01-13 10:30").patient

    body = client.get(address(patient)).content.decode()
    send(client, patient, opened=opened_token(at("2026-01-20 11:00")), **answers("right", compression="3"))

    assert "Wearing the stocking alone can add 3 points" in body
    score = patient.scores.get()
    assert (score.taken_during_plan, score.session_id) == (True, patient.sessions.get().pk)


def test_without_a_plan_there_is_no_warning(client, nurse, patient):
    body = client.get(address(patient)).content.decode()
    send(client, patient, **answers("right"))

    assert ("An aftercare plan runs" in body, patient.scores.get().taken_during_plan) == (False, False)


@time_machine.travel(NOW, tick=False)
def test_the_history_shows_change_and_severe_from_eight(client, nurse, patient):
    taken(patient, pain=3, oedema=3, compression=1, at_instant=at("2025-06-03 09:00"))
    taken(patient, pain=3, oedema=3, compression=2, at_instant=at("2025-12-03 09:00"))
    taken(patient, pain=2, at_instant=at("2026-02-02 09:00"))
    taken(patient, "left", pain=1, at_instant=at("2026-02-02 09:05"))

    lines = client.get(reverse("sessions_app:scores", args=[patient.public_id])).context["lines"]

    assert [(line.when, line.leg, line.result, line.change, line.is_severe) for line in lines] == [
        ("Mon 2 Feb, 09:05", "Left", "1", "", False),
        ("Mon 2 Feb, 09:00", "Right", "2", "−6", False),
        ("Wed 3 Dec 2025, 09:00", "Right", "8", "+1", True),
        ("Tue 3 Jun 2025, 09:00", "Right", "7", "", False),
    ]


def test_a_score_is_never_changed_and_never_removed(patient):
    score = taken(patient)

    for change in (lambda: Score.objects.filter(pk=score.pk).update(result="30"), score.delete):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_the_history_costs_the_same_with_one_and_with_thirty(client, nurse, patient):
    costs = []
    for number in (1, 29):
        for back in range(number):
            taken(patient, at_instant=NOW - timedelta(days=back))
        client.get(reverse("sessions_app:scores", args=[patient.public_id]))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("sessions_app:scores", args=[patient.public_id]))
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_reading_scores_is_on_record(client, nurse, patient):
    client.get(reverse("sessions_app:scores", args=[patient.public_id]))

    event = AuditEvent.objects.get(action="chart read")
    assert (event.by_id, event.patient_id, event.details) == (nurse.pk, patient.pk, {"page": "scores"})
