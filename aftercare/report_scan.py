"""When and where the scan is that a report led to: what changes of it, and what waits for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aftercare.models import SymptomReport
from clinic.models import Clinic
from clinic.protocol.triage import Level
from sessions_app.refusals import Refused
from sessions_app.wording import time_words


@dataclass(frozen=True, slots=True)
class Scan:
    """When and where a scan is, as far as it is known."""

    at: datetime | None
    place: str


def changes_of(report: SymptomReport, scan: Scan | None) -> dict[str, Any]:
    """What changes of when and where the scan is."""
    if scan is None or (scan.at, scan.place) == (report.scan_at, report.scan_place):
        return {}
    return {"scan_at": scan.at, "scan_place": scan.place}


def words_of(scanned: Mapping[str, Any]) -> str:
    """ "Scan: Mon 19 Jan, 14:20, Radiology"; empty where nothing of it changed."""
    if not scanned:
        return ""
    when = time_words(scanned["scan_at"], Clinic.current().zone) if scanned["scan_at"] else ""
    return f"Scan: {', '.join(filter(None, (when, scanned['scan_place'].rstrip('.')))) or 'no time and no place'}"


def details_of(scanned: Mapping[str, Any]) -> dict[str, str]:
    """For the trail. Of a place that it changed: the words are free text, and stand in the step."""
    if not scanned:
        return {}
    at: datetime | None = scanned["scan_at"]
    place = "given" if scanned["scan_place"] else "none"
    return {"scan_at": at.isoformat() if at else "none", "scan_place": place}


def refuse_unscanned(report: SymptomReport, scan_at: datetime | None, now: datetime) -> None:
    """Whatever else was decided: a scan that is still to come has no result, and the patient reads when it is."""
    if report.level == Level.REASSURE or scan_at is None or scan_at <= now:
        return
    words = (
        f"The scan is still to come: {time_words(scan_at, Clinic.current().zone)}. Press “Save, keep open”. "
        "If it was done earlier or is called off, empty its day and time."
    )
    raise Refused(words, rule="scan", field="scan_on")
