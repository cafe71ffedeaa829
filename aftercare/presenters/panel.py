"""What of the plan stands on a patient's page of staff: what holds now, and the way to the whole."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aftercare.issuing import running_plans
from aftercare.presenters.picture import PlanPicture, plan_words
from aftercare.presenters.stocking_told import off_for_staff
from aftercare.presenters.words import Clock, short_day
from aftercare.stocking_told import told_to
from aftercare.stored import plan_of
from clinic.models import Patient, User
from clinic.patient_page import Glance
from clinic.protocol.zones import local_date


def plan_panel(patient: Patient, reader: User, now: datetime) -> Mapping[str, Any] | None:
    """The lines of the united plan that are not over; None while the patient never had one that holds.

    `off` says that the stocking is to be off all the same. One query more where there is a plan.
    """
    rows = running_plans(patient, now=now)
    if not rows:
        return None
    plans = [plan_of(row) for row in rows]
    zone = ZoneInfo(rows[-1].time_zone)
    told = told_to(patient, now)
    picture = PlanPicture(plans, clock=Clock(zone, local_date(now, zone)), words=plan_words(rows), now=now)
    lines = [line for line in picture.lines if not line.is_over]
    off = off_for_staff(told, zone) if told and picture.timeline.compression else ""
    return {
        "places": (("plan-panel-title", "Plan"),),
        "glance": [Glance("Plan", off or f"{line.what} {line.until}") for line in lines[:1]],
        "patient": patient,
        "lines": lines,
        "phase": picture.timeline.state_at(now).compression.value.lower(),
        "off": off,
        "since": " and ".join(short_day(plan.session_date) for plan in plans),
    }
