"""Signing over HTTP and as an action: everything or nothing, once, with a preview that keeps its word."""

from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftercare import actions
from aftercare.issuing import preview_of
from aftercare.models import AftercarePlan, PlanItem
from clinic.access import Role
from clinic.models import AuditEvent, Clinic, Delivery, Patient, ProtocolVersion
from sessions_app.models import Appointment, SessionFinding, TreatmentSession
from sessions_app.refusals import Stale
from tests.aftercare.people import RETICULAR, SPIDER, complete_draft, make_plan, reachable_patient, schedule_of
from tests.makers import (
    at,
    make_consent,
    make_day_check,
    make_draft_session,
    make_lot,
    make_patient_user,
    make_signed_protocol,
    make_user,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tuesday")]
NOW = at("2026-01-13 10:55")
ABOVE_3_ML = {**SPIDER, "volume_ml": Decimal("3.20"), "injection_count": 16}


@pytest.fixture
def _tuesday():
    with time_machine.travel(NOW, tick=False):
        yield


def page_of(session):
    return reverse("aftercare:sign", args=[session.public_id])


def signed_in(role=Role.NURSE, **facts):
    client = Client()
    client.force_login(make_user(role, **facts))
    return client


def post(client, session, **facts):
    given = {"version": session.version, "protocol": ProtocolVersion.in_force().number, **facts}
    return client.post(page_of(session), given)


def everything():
    """A fingerprint of all that signing writes."""
    return {
        "sessions": list(TreatmentSession.objects.order_by("pk").values_list("status", "version", "signed_by")),
        "findings": SessionFinding.objects.count(),
        "appointments": list(Appointment.objects.order_by("pk").values_list("status", "version")),
        "plans": AftercarePlan.objects.count(),
        "items": PlanItem.objects.count(),
        "deliveries": list(Delivery.objects.order_by("pk").values_list("pk", "state", "occurrence_key")),
        "audit": AuditEvent.objects.exclude(action__in=["chart read", "signed in"]).count(),
    }


# --- The page before -------------------------------------------------------------------------------------------------


def test_the_page_shows_the_plan_with_reasons_and_every_message():
    session = complete_draft(RETICULAR)

    page = signed_in(name="Ada Birchwood").get(page_of(session)).content.decode()

    for words in (
        "Sign as Ada Birchwood",
        "Tue 20 Jan, 10:30",
        "7 days, because a reticular vein was treated (left popliteal)",
        "Through day 21 from the session, every vein type",
        "Wed 14 Jan, 09:00",
        "How are you?",
        "Stocking day and night ends Tue 20 Jan, 10:30",
        "shortest Sun 18 Jan, 10:30",
    ):
        assert words in page


def test_an_emergency_is_one_tap_away_before_and_after_the_signature():
    session = complete_draft(SPIDER)
    nurse = signed_in()
    event = f"{reverse('sessions_app:event_begin', args=[session.patient.public_id])}?session={session.public_id}"

    before = nurse.get(page_of(session)).content.decode()
    post(nurse, session)
    after = nurse.get(page_of(session)).content.decode()

    assert ("The session is locked" in before, before.count(f'href="{event}"')) == (False, 1)
    assert ("The session is locked" in after, after.count(f'href="{event}"')) == (True, 1)


def test_the_head_says_what_the_patient_is_allergic_to():
    session = complete_draft(SPIDER)
    Patient.objects.filter(pk=session.patient_id).update(polidocanol_allergy=True, allergies="Latex")

    head = signed_in().get(page_of(session)).content.decode().split("</header>")[0]

    assert ("Allergy to polidocanol" in head, "Allergies: Latex" in head) == (True, True)


def test_what_the_page_promises_is_what_is_stored():
    session = complete_draft(RETICULAR, SPIDER)
    promised = preview_of(session, version=ProtocolVersion.in_force(), clinic=Clinic.current(), now=NOW)

    post(signed_in(), session)

    stored = [(row.step, row.due_at) for row in Delivery.objects.order_by("due_at")]
    assert stored == [(message.key.value, message.due_at) for message in promised.messages]
    items = {(item.key, item.ends_at, item.last_date) for item in PlanItem.objects.all()}
    assert items == {
        (str(item.key), getattr(item, "ends_at", None), getattr(item, "last_date", None))
        for item in promised.plan.items
    }


def test_looking_at_the_page_writes_only_that_somebody_looked():
    session = complete_draft()
    client = signed_in()
    before = everything()

    client.get(page_of(session))

    assert everything() == before
    assert AuditEvent.objects.filter(action="chart read", subject_id=str(session.public_id)).count() == 1


def test_an_incomplete_session_shows_what_is_missing_and_a_waiting_button():
    make_signed_protocol()
    session = make_draft_session(sites=1)

    page = signed_in().get(page_of(session)).content.decode()

    assert "Time the stocking went on" in page
    assert 'aria-disabled="true" aria-describedby="missing"' in page


def test_something_applies_without_saying_what_stops_the_signature_and_is_said_on_the_page():
    session = complete_draft()
    session.screening = {**session.screening, "groups": {"stop": "some", "risk": "none"}, "pregnant": "no"}
    session.save()
    client, before = signed_in(), everything()

    page, answer = (each.content.decode() for each in (client.get(page_of(session)), post(client, session)))

    assert "Reasons not to treat: tick what applies, or “None of these”" in page
    assert "Reasons not to treat: tick what applies, or “None of these”" in answer
    assert everything() == before
    session.refresh_from_db()
    assert session.status == "draft"


def test_without_a_signed_protocol_the_page_says_so():
    session = complete_draft()
    with patch("clinic.models.protocol.ProtocolVersion.in_force", return_value=None):
        page = signed_in().get(page_of(session)).content.decode()

    assert "No protocol is signed yet" in page
    assert 'aria-disabled="true"' in page


def test_without_a_signed_protocol_nobody_can_sign():
    session = complete_draft()
    client = signed_in()
    before = everything()
    with patch("clinic.models.protocol.ProtocolVersion.in_force", return_value=None):
        answer = client.post(page_of(session), {"version": session.version, "protocol": 0})

    assert "Ask the clinical lead to sign one" in answer.content.decode()
    assert everything() == before


# --- Signing ---------------------------------------------------------------------------------------------------------


def test_signing_locks_the_session_and_issues_its_plan():
    session = complete_draft()
    nurse = make_user(name="Ada Birchwood")
    client = Client()
    client.force_login(nurse)

    answer = post(client, session)

    session.refresh_from_db()
    assert answer.url == page_of(session)
    assert (session.status, session.signed_by, session.signed_at) == ("signed", nurse, NOW)
    plan = AftercarePlan.objects.get()
    assert (plan.session, plan.patient, plan.issued_by, plan.number) == (session, session.patient, nurse, 1)
    assert schedule_of(plan)[0] == ("CHECK_1", "2026-01-14T09:00")


def test_the_signed_page_shows_plan_and_messages_as_stored():
    session = complete_draft()
    client = signed_in(name="Ada Birchwood")
    post(client, session)

    page = client.get(page_of(session)).content.decode()

    assert "Signed by Ada Birchwood on Tue 13 Jan, 10:55" in page
    assert "Planned" in page
    assert "Sign as" not in page


def test_a_session_is_signed_once_however_often_it_is_sent():
    session = complete_draft()
    client = signed_in()
    post(client, session)
    before = everything()

    for _ in range(5):
        assert post(client, session).status_code in (200, 302)

    assert everything() == before


def test_signing_again_as_an_action_returns_the_same_plan():
    session = complete_draft()
    first = actions.sign_session(session=session, version=session.version, answers={}, by=session.nurse)
    again = TreatmentSession.objects.get(pk=session.pk)

    assert actions.sign_session(session=again, version=again.version, answers={}, by=session.nurse) == first


def test_an_open_finding_is_answered_on_the_page():
    session = complete_draft(ABOVE_3_ML)

    post(signed_in(), session, **{"reason-L3": "Many small veins on both legs", "ack-L3": "on"})

    finding = SessionFinding.objects.get(check_id="L3")
    assert (finding.reason, finding.overridden) == ("Many small veins on both legs", False)
    assert AftercarePlan.objects.count() == 1


def test_an_unanswered_finding_stops_the_signature_and_keeps_what_was_typed():
    session = complete_draft(ABOVE_3_ML)
    client = signed_in()
    before = everything()

    page = post(client, session, **{"reason-L3": "Many small veins"}).content.decode()

    assert "Many small veins</textarea>" in page
    assert "Tick the box below to confirm the reason." in page
    assert everything() == before


def test_a_page_that_somebody_overtook_answers_409_with_the_newest_state():
    session = complete_draft()
    client = signed_in()
    TreatmentSession.objects.filter(pk=session.pk).update(version=session.version + 1)
    before = everything()

    answer = post(client, session)

    assert answer.status_code == 409
    assert everything() == before


def test_a_protocol_signed_meanwhile_asks_for_a_second_look():
    session = complete_draft()
    seen = ProtocolVersion.in_force().number
    make_signed_protocol(overrides={"spider.continuous_days": 2})

    with pytest.raises(Stale):
        actions.sign_session(session=session, version=session.version, seen_protocol=seen, answers={}, by=session.nurse)
    assert AftercarePlan.objects.count() == 0


def test_a_session_without_an_injection_has_no_plan_and_no_message():
    session = complete_draft()
    session.sites.all().delete()

    answer = post(signed_in(), session)

    assert (AftercarePlan.objects.count(), Delivery.objects.count()) == (0, 0)
    assert answer.status_code == 200  # a session without a site is not signed; it ends as "not treated"


def test_extra_fields_change_nothing():
    session = complete_draft()
    other = make_user(name="Somebody Else")

    post(signed_in(), session, signed_by=other.pk, status="not_treated", patient=99, due_at="2030-01-01", number=7)

    session.refresh_from_db()
    plan = AftercarePlan.objects.get()
    assert (session.status, plan.number, plan.patient) == ("signed", 1, session.patient)
    assert session.signed_by != other


# --- All or nothing --------------------------------------------------------------------------------------------------

STEPS = ["close_session", "preview_of", "_store", "item_rows", "_call_off", "due_messages"]


def breaks_after(real):
    def works_then_breaks(*args, **kwargs):
        real(*args, **kwargs)
        raise DatabaseError("the connection is gone")

    return works_then_breaks


@pytest.mark.parametrize(
    ("module", "name"),
    [*((actions, step) for step in STEPS), (actions.notifications, "plan"), (actions.audit, "event")],
    ids=[*STEPS, "notifications.plan", "audit.event"],
)
def test_a_failure_after_any_step_leaves_no_trace(module, name):
    patient = reachable_patient()
    make_plan("2026-01-06 10:30", RETICULAR, patient=patient)
    session = complete_draft(patient=patient)
    before = everything()

    with patch.object(module, name, breaks_after(getattr(module, name))), pytest.raises(DatabaseError):
        actions.sign_session(session=session, version=session.version, answers={}, by=session.nurse, now=NOW)

    assert everything() == before


def test_after_a_failure_the_same_session_can_be_signed():
    session = complete_draft()
    with patch("aftercare.actions._store", side_effect=DatabaseError), pytest.raises(DatabaseError):
        actions.sign_session(session=session, version=session.version, answers={}, by=session.nurse, now=NOW)
    again = TreatmentSession.objects.get(pk=session.pk)

    plan = actions.sign_session(session=again, version=again.version, answers={}, by=session.nurse, now=NOW)

    assert plan == AftercarePlan.objects.get()


# --- Who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMINISTRATOR])
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_does_not_treat_may_not_sign(role, method):
    session = complete_draft()
    client = signed_in(role)
    before = everything()

    assert getattr(client, method)(page_of(session)).status_code == 403
    after = everything()
    assert after["audit"] == before["audit"] + 1  # the denial
    assert {**after, "audit": 0} == {**before, "audit": 0}


def test_a_patient_may_not_sign_not_even_the_own_session():
    session = complete_draft()
    client = Client()
    client.force_login(make_patient_user(session.patient))

    assert post(client, session).status_code == 403
    assert AftercarePlan.objects.count() == 0


def test_a_colleague_may_take_over_and_sign():
    session = complete_draft()
    colleague = make_user(name="Second Nurse")
    client = Client()
    client.force_login(colleague)

    post(client, session)

    session.refresh_from_db()
    assert session.signed_by == colleague


def test_a_session_that_never_was_is_not_found():
    session = complete_draft()

    assert signed_in().get(reverse("aftercare:sign", args=[session.patient.public_id])).status_code == 404


def test_a_visit_without_treatment_has_nothing_to_sign():
    make_signed_protocol()
    session = make_draft_session(sites=0)
    TreatmentSession.objects.filter(pk=session.pk).update(status="not_treated", not_treated_reason="Infection")

    page = signed_in().get(page_of(session)).content.decode()

    assert "Nothing to sign" in page


# --- Cost ------------------------------------------------------------------------------------------------------------


def queries_of_post(sites, plans_before=0, *, stands_on_records=False):
    """What the POST costs on a page that is signed in and warm, transaction statements left out.

    `stands_on_records`: the consent is signed here, the kit is the day's, and the ampoules are from the stock.
    """
    patient = reachable_patient()
    for number in range(plans_before):
        make_plan(f"2026-01-0{number + 2} 10:30", SPIDER, patient=patient)
    small = {**SPIDER, "volume_ml": Decimal("0.10"), "injection_count": 1}
    session = complete_draft(*([small] * sites), patient=patient)
    if stands_on_records:
        make_day_check(date=NOW.date())
        make_consent(patient=patient, signed_at=NOW - timedelta(days=20))
        lot = make_lot(ampoules=50)
        session.ampoules.update(stock_lot=lot, lot=lot.lot, expiry=lot.expiry)
    client = signed_in()
    client.get(page_of(session))
    given = {"version": session.version, "protocol": ProtocolVersion.in_force().number}
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(page_of(session), given)
    assert answer.status_code == 302
    return [
        query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
    ]


def test_signing_costs_the_same_with_one_site_and_with_thirty():
    assert (len(queries_of_post(1)), len(queries_of_post(30))) == (18, 18)


def test_signing_on_the_records_of_the_clinic_costs_the_stock_alone_more():
    assert len(queries_of_post(1, stands_on_records=True)) == 20


def test_signing_costs_the_same_with_one_running_plan_and_with_four():
    assert (len(queries_of_post(1, 1)), len(queries_of_post(1, 4))) == (23, 23)
