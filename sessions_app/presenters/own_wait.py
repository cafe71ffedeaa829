"""The wait list in the words of the patient who waits: that they are on it, and which time is kept until when."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from clinic.protocol.vocabulary import Hold
from sessions_app.own_wait import OwnWait
from sessions_app.presenters.patient_words import moment, near


@dataclass(frozen=True, slots=True)
class WaitWords:
    """`instead` takes the place of "Call us to book" where no visit is booked; `waits` stands beside a booked one.

    `kept` is a time that is kept for the patient, "" without one, `until` the end of that.
    """

    instead: str = ""
    waits: str = ""
    kept: str = ""
    until: str = ""


def wait_words(own: OwnWait, *, has_visit: bool, now: datetime, zone: ZoneInfo) -> WaitWords:
    """What a patient with or without a booked visit reads; nothing where nothing waits."""
    listed = _listed(own, has_visit=has_visit)
    return WaitWords(
        instead="" if has_visit else " ".join(each for each in (listed, _held(own)) if each),
        waits=listed if has_visit else "",
        kept=moment(own.kept.starts_at, zone) if own.kept else "",
        until=near(own.kept.until, now=now, zone=zone) if own.kept else "",
    )


def _listed(own: OwnWait, *, has_visit: bool) -> str:
    if not own.is_waiting:
        return ""
    listed = (
        gettext("You are on the list for an earlier time.")
        if has_visit
        else gettext("You are on the list for a visit.")
    )
    # Nobody is called about a time while one is kept, or while a clinician has to decide first.
    return listed if own.kept or own.holds else f"{listed} {gettext('We call you if a time becomes free.')}"


def _held(own: OwnWait) -> str:
    """The reports of a patient are known to the patient; what else holds is a clinician's to say."""
    if Hold.UNANSWERED_RED_FLAG in own.holds:
        return gettext("We look at your report first. Then we find a time together.")
    return gettext("We decide first when you come next. Call us if you have a question.") if own.holds else ""
