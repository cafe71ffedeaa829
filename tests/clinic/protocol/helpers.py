"""Makers for the protocol's tests: sessions and plans in a line each."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from clinic.protocol import (
    InjectedSite,
    LoggingFacts,
    Protocol,
    SessionFacts,
    SiteFacts,
    VeinType,
    findings_before,
    findings_logged,
    plan_for,
)

NEW_YORK = "America/New_York"
SHIPPED = Protocol.default()
SPIDER, RETICULAR = VeinType.SPIDER, VeinType.RETICULAR


def local(text, zone=NEW_YORK):
    """``2026-01-13 10:30`` on the wall of a zone, as an aware instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def site(vein_type, leg="left", volume="1.0"):
    return InjectedSite(leg=leg, vein_type=vein_type, volume_ml=Decimal(volume))


def session(end, *vein_types, zone=NEW_YORK, **facts):
    sites = facts.pop("sites", tuple(site(vein_type) for vein_type in vein_types))
    return SessionFacts(session_end=local(end, zone), time_zone=zone, sites=sites, **facts)


def plan(end, *vein_types, protocol=SHIPPED, **facts):
    return plan_for(session(end, *vein_types, **facts), protocol)


def injected(vein_type, strength, *volumes, **facts):
    """A logged site with the volume of each injection."""
    return SiteFacts(
        vein_type=vein_type,
        strength_percent=Decimal(strength),
        injections=tuple(Decimal(volume) for volume in volumes),
        **facts,
    )


def logged(*sites, protocol=SHIPPED, **facts):
    """The findings on logged sites, as {id: severity}."""
    return {each.id: each.severity for each in findings_logged(LoggingFacts(sites=sites, **facts), protocol)}


def before(facts, protocol=SHIPPED):
    """The findings before a session, as {id: severity}."""
    return {each.id: each.severity for each in findings_before(facts, protocol)}
