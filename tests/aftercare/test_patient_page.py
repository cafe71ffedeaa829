"""The patient's page of staff: what it begins with, what stands beside it, and what of the messages is folded."""

import pytest
import time_machine
from django.urls import reverse

from aftercare import report_work
from clinic.access import Role
from clinic.models import Delivery
from tests.aftercare.people import RETICULAR, make_plan
from tests.makers import at, make_appointment, make_patient, make_report, make_signed_session, make_user

pytestmark = pytest.mark.django_db


def page_of(client, patient, role=Role.NURSE):
    client.force_login(make_user(role))
    return client.get(reverse("clinic:patient", args=[patient.public_id])).content.decode()


def headings(part):
    return [words.partition("</h2>")[0].rpartition(">")[2] for words in part.split("<h2")[1:]]


def test_those_who_treat_meet_the_leg_map_first_and_what_is_arranged_beside_it(client):
    page = page_of(client, make_signed_session().patient)
    record, _, beside = page.partition("record-main")[2].partition("record-beside")

    assert headings(record)[:3] == ["Leg map", "Sessions", "Doses"]
    assert headings(beside)[:3] == ["Visits", "Reports", "Adverse events"]


def test_the_desk_meets_the_visits_first(client):
    page = page_of(client, make_signed_session().patient, Role.FRONT_DESK)
    first, _, beside = page.partition("record-main")[2].partition("record-beside")

    assert (headings(first)[0], headings(beside)) == ("Visits", ["How to reach"])


def test_the_next_visit_stands_with_the_allergies_before_everything_else(client):
    patient = make_patient()
    with time_machine.travel(at("2026-01-13 09:00"), tick=False):
        before = page_of(client, patient)
        make_appointment(patient=patient, starts_at=at("2026-01-22 10:00"))
        after = page_of(client, patient)
    heads = [page[page.index('id="clinical"') : page.index("record-desk")] for page in (before, after)]

    assert ["nothing booked" in head for head in heads] == [True, False]
    assert "Thu 22 Jan, 10:00" in heads[1]


def test_messages_that_come_are_folded_with_the_next_and_one_that_did_not_arrive_is_not(client):
    with time_machine.travel(at("2026-01-15 12:30"), tick=False):
        plan = make_plan("2026-01-13 10:30", RETICULAR)
        for state in ("claimed", "sending", "failed"):
            Delivery.objects.filter(source_id=plan.public_id, step="CHECK_1").update(state=state)
        page = page_of(client, plan.patient)
    panel = page[page.index('id="messages-panel-title"') :].partition("</section>")[0]
    open_part, _, folded = panel.partition("<details")
    summary = folded.partition("</summary>")[0]

    assert ("Did not arrive" in open_part, open_part.count("message-row"), folded.count("message-row") > 0) == (
        True,
        1,
        True,
    )
    assert ("Planned" in summary, "next " in summary) == (True, True)


@pytest.mark.parametrize(
    ("facts", "is_closed", "is_said"),
    [({}, False, True), ({"level": "REASSURE", "symptoms": ["BRUISES"]}, False, False), ({}, True, False)],
)
def test_an_open_report_that_hurries_stands_under_the_name_with_the_way_to_it(client, facts, is_closed, is_said):
    report, by = make_report(**facts), make_user(Role.CLINICIAN)
    if is_closed:
        report_work.close(
            report=report, version=1, contact="reached", outcome="visit", note="Seen.", result_known=True, by=by
        )
    page = page_of(client, report.patient)
    head = page[page.index("record-head") : page.index("record-desk")]
    link = f'href="{reverse("aftercare:queue_report", args=[report.public_id])}">Open the report</a>'

    assert ("Report open: " in head, link in head) == (is_said, is_said)
