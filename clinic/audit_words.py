"""What an audit event says, in words. The trail itself stores the names of models, codes and instants."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps

from clinic.models import User
from clinic.protocol.zones import local_time

_LONGEST = 200
# Names that read otherwise than the code calls them.
_SUBJECTS = {
    "sessions_app.CalendarEntry": "Time in the calendar",
    "sessions_app.SeriesConsent": "Consent",
    "sessions_app.TreatmentSession": "Session",
    "clinic.Delivery": "Message",
    "clinic.User": "Account",
    "aftercare.SymptomReport": "Report",
}
_NAMES = {"fields": "changed", "starts_at": "from", "ends_at": "to", "was": "before", "status_at": "since"}
# What no page calls as the table does.
_FIELDS = {"screening": "safety questions", "answers": "answers to findings"}
_PEOPLE = frozenset({"nurse", "nurses", "clinician", "instead_of", "former", "answered_by", "person", "to"})
# A number in these says how many, never who.
_COUNTED = frozenset({"to"})
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
# "SAME_DAY", "in_treatment", "EMERGENCY", but not the number of a check or of a lot.
_CODE = re.compile(r"[A-Za-z0-9]+(_[A-Za-z0-9]+)+|[A-Z]{4,}", re.ASCII)


class AuditWords:
    """Words for one page. `staff` are the people whom a detail may name by an id."""

    def __init__(self, zone: ZoneInfo, staff: Iterable[User]) -> None:
        self.zone = zone
        self._names = {key: str(person) for person in staff for key in (str(person.pk), str(person.public_id))}

    def subject(self, label: str) -> str:
        """ "Adverse event"; the last part of the label where no such model is known any more."""
        if label in _SUBJECTS:
            return _SUBJECTS[label]
        try:
            return str(apps.get_model(label)._meta.verbose_name).capitalize()
        except (LookupError, ValueError):
            return label.rpartition(".")[2]

    def details(self, details: Mapping[str, Any]) -> str:
        """ "changed sites, started at; version 3": what is empty is left out, what is long is cut.

        In the order of their names, because PostgreSQL keeps no order of what was written.
        """
        words = "; ".join(
            sorted(
                f"{_NAMES.get(name, name.replace('_', ' '))} {self._value(name, value)}"
                for name, value in details.items()
                if value not in (None, "", [])
            )
        )
        return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"

    def _value(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return ", ".join(self._value(name, each) for each in value)
        text = _FIELDS.get(str(value), str(value)) if name == "fields" else str(value)
        is_counted = name in _COUNTED and isinstance(value, int)
        if name in _PEOPLE and text in self._names and not is_counted:
            return self._names[text]
        if _INSTANT.fullmatch(text) or _DAY.fullmatch(text):
            return self._moment(text)
        if _ID.fullmatch(text):
            return text[:8]
        if isinstance(value, str) and name != "lot" and _CODE.fullmatch(text):
            return text.replace("_", " ") if text != text.upper() else text.replace("_", " ").lower()
        return text

    def _moment(self, text: str) -> str:
        try:
            if len(text) == len("2026-01-13"):
                day = date.fromisoformat(text)
                return f"{day:%a} {day.day} {day:%b %Y}"
            local = local_time(datetime.fromisoformat(text), self.zone)
        except (ValueError, OverflowError):
            return text
        return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"
