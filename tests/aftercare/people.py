"""Who and what several tests of aftercare need, in a line each: patients, browsers, signed sessions with their plan."""

from datetime import timedelta
from decimal import Decimal

from django.test import Client

from aftercare.actions import issue_plan
from aftercare.issuing import preview_of
from clinic.access import Role
from clinic.models import Clinic, Delivery, ProtocolVersion
from sessions_app.models import SessionAmpoule
from tests.makers import (
    at,
    make_appointment,
    make_draft_session,
    make_patient,
    make_patient_user,
    make_signed_protocol,
    make_signed_session,
    make_user,
)

NOON = at("2026-01-15 12:00")
"""Of a Thursday, two days after `make_plan("2026-01-13 10:30")`; fixture `thursday_noon` stops the clock there."""
SPIDER = {"vein_type": "spider", "strength_percent": Decimal("0.50"), "volume_ml": Decimal("0.40")}
RETICULAR = {
    "vein_type": "reticular",
    "strength_percent": Decimal("1.00"),
    "volume_ml": Decimal("0.60"),
    "segment": "popliteal",
    "diameter_mm": Decimal("2.0"),
}
# Answers and facts that make a draft complete for the signature.
ANSWERED = {
    "identifiers_confirmed": True,
    "medication_confirmed": True,
    "consent_signed": True,
    "consent_paper": "Signed on paper, folder 3",
    "kit_checked_today": True,
    "groups": {"stop": "none", "risk": "none"},
}


def protocol_in_force():
    ours = {"reminder.activity_switch": True, "reminder.join_same_date": True}
    return ProtocolVersion.in_force() or make_signed_protocol(overrides=ours)


def reachable_patient(**facts):
    return make_patient(email_allowed=True, **facts)


def browser_of(user):
    """Somebody who is signed in."""
    client = Client()
    client.force_login(user)
    return client


def make_plan(ended_at, *sites, patient=None, signed_at=None, by=None, **facts):
    """A signed session that ended at `ended_at` ("2026-01-13 10:30" in New York) with its plan and messages."""
    ended = at(ended_at) if isinstance(ended_at, str) else ended_at
    patient = patient or reachable_patient()
    version = protocol_in_force()
    started = ended - timedelta(minutes=30)
    session = make_signed_session(
        protocol_version=version,
        appointment=make_appointment(patient=patient, starts_at=started, status="done"),
        patient=patient,
        sites=list(sites or [SPIDER]),
        started_at=started,
        ended_at=ended,
        **facts,
    )
    now = signed_at or ended + timedelta(minutes=20)
    issue = preview_of(session, version=version, clinic=Clinic.current(), now=now)
    return issue_plan(issue=issue, by=by or session.nurse, now=now)


def treated_patient(ended_at, *sites, **facts):
    """A patient with an account and the plan of one session; `facts` are the patient's."""
    patient = make_patient_user(reachable_patient(**facts)).patient
    make_plan(ended_at, *sites, patient=patient)
    return patient


def make_correction(plan, *sites, at_instant, **facts):
    """A signed correction of a plan's session, not yet issued: other sites, same end."""
    old = plan.session
    session = make_draft_session(
        appointment=old.appointment,
        patient=old.patient,
        sites=list(sites),
        started_at=old.started_at,
        amends=old,
        amendment_reason="The vein type was wrong.",
        lineage=old.lineage,
        **facts,
    )
    session.ended_at = old.ended_at
    session.status = session.Status.SIGNED
    session.protocol_version = protocol_in_force()
    session.signed_by, session.signed_at = old.nurse, at_instant
    session.save()
    return session


def amend(plan, *sites, at_instant, **facts):
    """The plan that follows from a correction of another plan's session."""
    session = make_correction(plan, *sites, at_instant=at_instant, **facts)
    issue = preview_of(session, version=session.protocol_version, clinic=Clinic.current(), now=at_instant)
    return issue_plan(issue=issue, by=session.nurse, now=at_instant)


def complete_draft(*sites, ended_at="2026-01-13 10:30", patient=None, **facts):
    """A draft that lacks nothing: watched for 20 minutes, stocking on, no reaction, one ampoule of each strength."""
    ended = at(ended_at) if isinstance(ended_at, str) else ended_at
    patient = patient or reachable_patient()
    protocol_in_force()
    session = make_draft_session(
        appointment=make_appointment(patient=patient, starts_at=ended - timedelta(minutes=30), status="in_treatment"),
        patient=patient,
        sites=list(sites or [SPIDER]),
        ended_at=ended,
        screening=ANSWERED,
        weight_kg=Decimal("70.0"),
        responsible_clinician=make_user(Role.CLINICIAN),
        compression_legs="both",
        compression_garment="thigh stocking",
        compression_mmhg="20–30",
        observation_started_at=ended,
        observation_ended_at=ended + timedelta(minutes=20),
        observation_status="Walked and well",
        reaction="none",
        **facts,
    )
    for strength in {site.strength_percent for site in session.sites.all()}:
        SessionAmpoule.objects.create(
            session=session, strength_percent=strength, lot="DEMO-1", expiry="2027-05", opened=2
        )
    return session


def schedule_of(plan_or_patient, *, states=("pending",)):
    """The messages of a patient as (step, local time), by due time."""
    patient = getattr(plan_or_patient, "patient", plan_or_patient)
    rows = Delivery.objects.filter(patient=patient, source="plan", state__in=states).order_by("due_at", "step")
    return [(row.step, row.local_time) for row in rows]
