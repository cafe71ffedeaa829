"""Whose clock the pages and the messages follow, in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from clinic.models import Clinic, Patient


def zone_words(patient: Patient | None, clinic: Clinic, now: datetime) -> list[str]:
    """One sentence; two when the patient's clock shows something else than the clinic's. Carers hear the clinic's."""
    pages = gettext("Times on these pages are the clinic's time: %(place)s, now %(time)s.")
    lines = [pages % {"place": _place(clinic.zone), "time": f"{now.astimezone(clinic.zone):%H:%M}"}]
    own = ZoneInfo(patient.time_zone) if patient else clinic.zone
    if now.astimezone(own).utcoffset() != now.astimezone(clinic.zone).utcoffset():
        messages = gettext("Messages come by day in your own time: %(place)s, now %(time)s. If you moved, call us.")
        lines.append(messages % {"place": _place(own), "time": f"{now.astimezone(own):%H:%M}"})
    return lines


def _place(zone: ZoneInfo) -> str:
    return zone.key.rpartition("/")[2].replace("_", " ")
