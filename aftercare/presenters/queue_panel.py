"""What of a patient's reports stands on their page of staff."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aftercare.models import Tick
from aftercare.presenters.queue_report import OtherLine, report_lines
from aftercare.ticks import newest_well
from clinic.models import Clinic, Patient, User
from clinic.patient_page import HeadAlert
from sessions_app.wording import time_words

_SHOWN = 10
_WELL_SHOWN = 3
# Of these levels an open report stands in the head of the page, too.
_URGENT = frozenset({"emergency", "same_day"})


def reports_panel(patient: Patient, reader: User, now: datetime) -> Mapping[str, Any] | None:
    """Two queries. `well` are the last times when everything was said to be fine, as words."""
    zone = Clinic.current().zone
    lines = report_lines(patient, reader, now, zone, limit=_SHOWN)
    well = [_well_words(tick, patient, zone) for tick in newest_well(patient)[:_WELL_SHOWN]]
    alerts = [_alert(line) for line in lines if line.is_open and line.level in _URGENT]
    return {"places": [("reports-h", "Reports")], "lines": lines, "well": well, "alerts": alerts}


def _alert(line: OtherLine) -> HeadAlert:
    return HeadAlert(
        f"Report open: {line.title}. {line.when}. {line.state}.", line.url, "Open the report", is_urgent=True
    )


def _well_words(tick: Tick, patient: Patient, zone: ZoneInfo) -> str:
    """`Tue 20 Jan, 10:30 (by Rowan Alderpath)`, the name where somebody else said it."""
    by = "" if tick.given_by_id == patient.user_id else f" (by {tick.given_by})"
    return f"{time_words(tick.given_at, zone)}{by}"
