"""Calls about a stocking that does not work: the front desk's list, and where one is ended on the patient's page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse

from aftercare.stocking_help import HelpWanted, open_help
from clinic.models import Clinic, Patient, User
from sessions_app.presenters.lists import Act, Row, WorkList, counted
from sessions_app.wording import time_words


def help_list(*, now: datetime, zone: ZoneInfo, limit: int) -> WorkList:
    """For the page of calls."""
    found = open_help(limit=limit + 1)
    return WorkList(
        name="stocking",
        title="Stocking does not work",
        text="Said on the patient's page. Call, help, then write how.",
        rows=[_row(each, zone) for each in found[:limit]],
        count=counted(found, limit),
        icon="stocking",
        empty="Nobody waits for help with the stocking.",
    )


def _row(wanted: HelpWanted, zone: ZoneInfo) -> Row:
    url = reverse("clinic:patient", args=[wanted.patient_id])
    return Row(
        ident=f"stocking-{wanted.task_id}",
        name=wanted.name,
        url=url,
        text=f"{wanted.reason_words}, {time_words(wanted.since, zone)}",
        acts=(Act("Note the help", f"{url}#stocking-help", how="page"),),
        phone=wanted.phone,
    )


def help_panel(patient: Patient, reader: User, now: datetime) -> Mapping[str, Any] | None:
    """The open call of this patient; None when nobody waits."""
    found = open_help(limit=1, patient=patient)
    if not found:
        return None
    return {"wanted": found[0], "since": time_words(found[0].since, Clinic.current().zone)}
