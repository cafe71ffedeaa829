"""Calls about a stocking that does not work: the front desk's list, the panel that ends one, the patient's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext

from aftercare.models import Tick
from aftercare.presenters.words import Clock
from aftercare.stocking_help import HelpWanted, due_times, open_help
from clinic.models import Clinic, Patient, User
from sessions_app.presenters.lists import Act, Row, WorkList, counted
from sessions_app.presenters.waiting_words import span_words
from sessions_app.wording import time_words


def help_list(*, now: datetime, zone: ZoneInfo, limit: int) -> WorkList:
    """For the page of calls."""
    found = open_help(limit=limit + 1)
    dues = due_times(found, now)
    return WorkList(
        name="stocking",
        title="Stocking does not work",
        text="Said on the patient's page. Call, help, then write how.",
        rows=[_row(each, due, now, zone) for each, due in zip(found[:limit], dues, strict=False)],
        count=counted(found, limit),
        icon="stocking",
        empty="Nobody waits for help with the stocking.",
        level="danger" if any(due <= now for due in dues) else "",
    )


def _row(wanted: HelpWanted, due: datetime, now: datetime, zone: ZoneInfo) -> Row:
    url = reverse("clinic:patient", args=[wanted.patient_id])
    is_over = due <= now
    said = f"{wanted.reason_words}, {time_words(wanted.since, zone)}"
    return Row(
        ident=f"stocking-{wanted.task_id}",
        name=wanted.name,
        url=url,
        text=said if is_over else f"{said}. Call by {time_words(due, zone)}.",
        acts=(Act("Note the help", f"{url}#stocking-help", how="page"),),
        phone=wanted.phone,
        urgent=f"{span_words(now - due)} over the promised time." if is_over else "",
    )


def help_panel(patient: Patient, reader: User, now: datetime) -> Mapping[str, Any] | None:
    """The open call of this patient; None when nobody waits."""
    found = open_help(limit=1, patient=patient)
    if not found:
        return None
    (due,), zone = due_times(found, now), Clinic.current().zone
    is_over = due <= now
    return {
        "wanted": found[0],
        "since": time_words(found[0].since, zone),
        "due": "" if is_over else time_words(due, zone),
        "late": span_words(now - due) if is_over else "",
    }


@dataclass(frozen=True, slots=True)
class HelpWords:
    """`is_late`: nobody has helped in time, and the words ask to call."""

    text: str
    is_late: bool


def help_words(patient: Patient, clock: Clock, now: datetime) -> HelpWords | None:
    """What whoever said that the stocking does not work reads while nobody has helped; None otherwise.

    One query, three more where somebody waits.
    """
    found = open_help(limit=1, patient=patient)
    if not found:
        return None
    (due,) = due_times(found, now)
    if found[0].reason == Tick.Reason.LOST:
        said = gettext("You told us that the stocking is lost, torn or wet.")
    else:
        said = gettext("You told us that the stocking does not work.")
    if due <= now:
        return HelpWords(f"{said} {gettext('This takes longer than we said. Call us now.')}", is_late=True)
    by_when = gettext("We call or write to you by %(when)s. If it cannot wait, call us.") % {"when": clock.until(due)}
    return HelpWords(f"{said} {by_when}", is_late=False)
