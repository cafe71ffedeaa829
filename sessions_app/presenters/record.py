"""The record on a patient's page in words: time line of sessions, leg map of everything so far, doses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from clinic.access import Permission
from clinic.models import Patient, User
from clinic.protocol.zones import local_date
from clinic.templatetags.drawings import place_name
from sessions_app.facts import session_date, zone_of
from sessions_app.forms.choices import SEEN_ITEMS
from sessions_app.models import TreatmentSession
from sessions_app.presenters.chart_url import chart_url
from sessions_app.presenters.record_doses import Doses, dose_words, doses_of
from sessions_app.presenters.record_map import RecordMap, record_map
from sessions_app.record import Entry, PatientRecord, read_record
from sessions_app.wording import day_words

ON_PATIENT_PAGE, ON_OWN_PAGE = 5, 20
_LONGEST_NOTE = 60


@dataclass(frozen=True, slots=True)
class Tag:
    words: str
    kind: str
    icon: str


@dataclass(frozen=True, slots=True)
class Line:
    """One session of the time line; `number` is "" where nothing was injected."""

    id: UUID
    url: str
    number: str
    day: str
    tags: tuple[Tag, ...]
    places: str
    who: str
    ml: str
    mg: str
    is_draft: bool
    is_treatment: bool
    has_versions: bool


@dataclass(frozen=True, slots=True)
class RecordPage:
    """What the panel and the page of the whole record show. `older` is the number of sessions that are not shown."""

    patient: Patient
    lines: Sequence[Line]
    map: RecordMap
    doses: Doses
    number: int
    treatments: int
    older: int
    page: int = 1
    is_whole: bool = False
    may_treat: bool = False


def record_panel(patient: Patient, reader: User, now: datetime) -> Mapping[str, Any] | None:
    """The newest sessions for the patient's page; None while there is none."""
    record = read_record(patient, reader=reader)
    if not record.entries:
        return None
    return {
        "places": (("record-map-title", "Leg map"), ("record-line-title", "Sessions")),
        "patient": patient,
        "record": record_page(record, reader=reader, now=now, length=ON_PATIENT_PAGE),
    }


def record_page(
    record: PatientRecord, *, reader: User, now: datetime, length: int, page: int = 1, chosen: UUID | None = None
) -> RecordPage:
    """Page `page` (from 1) of the time line with the map of all sessions, or of the chosen one."""
    start = (page - 1) * length
    shown = record.entries[start : start + length]
    today = local_date(now, zone_of(record.entries[0].session)) if record.entries else now.date()
    picked = record.entry_of(chosen) if chosen else None
    return RecordPage(
        patient=record.patient,
        lines=[_line(entry, today) for entry in shown],
        map=record_map(record, picked, today=today),
        doses=doses_of(record, [entry for entry in shown if entry.is_treatment], today=today),
        number=len(record.entries),
        treatments=len(record.treatments),
        older=max(len(record.entries) - start - length, 0),
        page=page,
        is_whole=length == ON_OWN_PAGE,
        may_treat=reader.may(Permission.RECORD_SESSION),
    )


def dated(day: date, today: date) -> str:
    """ "Tue 13 Jan", with the year where it is not this one's."""
    return day_words(day) if day.year == today.year else f"{day_words(day)} {day.year}"


def _line(entry: Entry, today: date) -> Line:
    session, dose = entry.session, entry.dose
    ml, mg = dose_words(dose) if entry.sites else ("", "")
    return Line(
        id=session.public_id,
        url=_url(session),
        number=str(entry.number or ""),
        day=dated(session_date(session), today),
        tags=tuple(_tags(entry)),
        places=places_words(entry),
        who=str(session.nurse),
        ml=ml,
        mg=mg,
        is_draft=session.status == TreatmentSession.Status.DRAFT,
        is_treatment=entry.is_treatment,
        has_versions=session.amends_id is not None or entry.is_being_corrected,
    )


def _url(session: TreatmentSession) -> str:
    if session.status == TreatmentSession.Status.DRAFT:
        return chart_url(session)
    return reverse("sessions_app:session", args=[session.public_id])


def places_words(entry: Entry) -> str:
    """ "Spider: left thigh lateral, right calf lateral. Reticular: left popliteal" """
    if entry.session.status == TreatmentSession.Status.NOT_TREATED:
        return entry.session.not_treated_reason
    by_type: dict[str, list[str]] = {}
    for site in entry.sites:
        place = place_name(site.segment, site.leg).replace(",", "")
        names = by_type.setdefault(site.vein_type, [])
        if place not in names:
            names.append(place)
    return ". ".join(
        f"{vein_type.capitalize()}: {', '.join(name[:1].lower() + name[1:] for name in names)}"
        for vein_type, names in by_type.items()
    )


def _tags(entry: Entry) -> Iterable[Tag]:
    session = entry.session
    if session.status == TreatmentSession.Status.DRAFT:
        yield Tag("Not signed", "attention", "pencil")
        return
    if session.status == TreatmentSession.Status.NOT_TREATED:
        yield Tag("Not treated", "plain", "circle-slash")
    elif not (entry.events and session.reaction == TreatmentSession.Reaction.NONE_SEEN):
        yield _reaction(entry)
    for event in entry.events:
        grade = f", grade {event.grade}" if event.grade else ""
        yield Tag(f"{event.words}{grade}", "danger" if event.is_open else "attention", "octagon-alert")
    if session.amends_id is not None:
        yield Tag("Corrected", "plain", "pen-line")
    if entry.is_being_corrected:
        yield Tag("Correction begun", "attention", "pen-line")


def _reaction(entry: Entry) -> Tag:
    session = entry.session
    if session.reaction == TreatmentSession.Reaction.NONE_SEEN:
        return Tag("No reaction", "success", "check")
    if session.reaction == TreatmentSession.Reaction.SEEN:
        seen = [words.partition(":")[0] for name, words in SEEN_ITEMS.items() if session.screening.get(name) is True]
        words = ", ".join(seen) or session.reaction_note.strip() or "Reaction"
        return Tag(_shortened(words), "attention", "triangle-alert")
    return Tag("Reaction not recorded", "plain", "circle-help")


def _shortened(words: str) -> str:
    return words if len(words) <= _LONGEST_NOTE else f"{words[: _LONGEST_NOTE - 1].rstrip()}…"
