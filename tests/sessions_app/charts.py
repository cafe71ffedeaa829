"""Drafts and sent pages for tests of the visit."""

import html
import re
from datetime import timedelta
from decimal import Decimal

from clinic.access import Role
from clinic.models import AuditEvent, ProtocolVersion
from sessions_app.forms.stored import stored_as_data
from sessions_app.models import SessionAmpoule
from tests.makers import at, make_appointment, make_draft_session, make_patient, make_signed_protocol, make_user

END = at("2026-01-13 10:30")
# The clock of a test that signs: after the walk.
SIGNING = at("2026-01-13 11:00")
ASKED = {
    "identifiers_confirmed": True,
    "medication_confirmed": True,
    "consent_signed": True,
    "consent_paper": "Signed on paper, folder 3",
    "kit_checked_today": True,
    "groups": {"stop": "none", "risk": "none"},
}


def signed_in(client, person):
    client.force_login(person)
    return client


def words(response):
    """The text of a page without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())


def ticked(page, name):
    """What a page sends for a tick: the finding as it stands beside it."""
    field = re.search(rf'<input[^>]*name="{name}"[^>]*>', page.content.decode()).group()
    return {name: re.search(r'value="([^"]*)"', field).group(1)}


def events(action):
    return list(AuditEvent.objects.filter(action=action).order_by("id"))


def in_force():
    return ProtocolVersion.in_force() or make_signed_protocol()


def ready_draft(*, sites=1, patient=None, ampoules=2, **facts):
    """A draft of Tuesday 13 January 2026, 10:00 in New York, that lacks nothing for its signature."""
    in_force()
    appointment = make_appointment(patient=patient or make_patient(), status="in_treatment")
    session = make_draft_session(
        appointment=appointment,
        sites=sites,
        **{
            "ended_at": END,
            "screening": ASKED,
            "weight_kg": Decimal("70.0"),
            "responsible_clinician": make_user(Role.CLINICIAN),
            "compression_legs": "both",
            "compression_garment": "Thigh stocking",
            "compression_mmhg": "20-30",
            "observation_started_at": END,
            "observation_ended_at": END + timedelta(minutes=16),
            "observation_status": "Walked and well",
            "reaction": "none",
            **facts,
        },
    )
    for strength in {site.strength_percent for site in session.sites.all()}:
        SessionAmpoule.objects.create(
            session=session, strength_percent=strength, lot="DEMO-1", expiry="2027-05", opened=ampoules
        )
    return session


def page_of(session, /, **changes):
    """What the visit page would send now: field → value or list, changed as asked (None leaves a field out)."""
    session.refresh_from_db()
    data = stored_as_data(session, in_force().protocol())
    sent = {"version": str(session.version), **{name: data.getlist(name) for name in data}}
    for name, value in changes.items():
        if value is None:
            sent.pop(name, None)
        else:
            sent[name] = value
    return sent


def with_field(session, name, value):
    """`page_of` with one field that has no name a keyword can have."""
    return {**page_of(session), name: value}
