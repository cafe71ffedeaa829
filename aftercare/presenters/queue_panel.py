"""What of a patient's reports stands on their page of staff."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aftercare.presenters.queue_report import report_lines
from clinic.models import Clinic, Patient, User

_SHOWN = 10


def reports_panel(patient: Patient, reader: User, now: datetime) -> Mapping[str, Any] | None:
    """Two queries."""
    lines = report_lines(patient, reader, now, Clinic.current().zone, limit=_SHOWN)
    return {"places": [("reports-h", "Reports")], "lines": lines}
