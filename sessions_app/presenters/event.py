"""What the pages of one adverse event show: what to do now, what was done, how it stands, and what two people typed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms as django_forms
from django.urls import reverse
from django.utils import timezone

from clinic.access import Permission
from clinic.models import Clinic, User
from clinic.phones import phone_words
from clinic.protocol.zones import local_time
from sessions_app.adverse_events import was_general_allergy
from sessions_app.emergency import EMERGENCIES, Emergency, Step, emergency_of
from sessions_app.event_decisions import may_withdraw
from sessions_app.forms.event import EventForm, StepForm
from sessions_app.models import AdverseEvent, AdverseStep, TreatmentSession
from sessions_app.preparation import check_of, today_of
from sessions_app.presenters.chart_url import chart_url
from sessions_app.presenters.event_lines import tags_of, when_words
from sessions_app.presenters.event_versions import former_versions
from sessions_app.wording import time_words


@dataclass(frozen=True, slots=True)
class StepButton:
    """One thing to do. ``value``: what stamping it sends; ``done``: when it was done first, "" while it was not."""

    value: str
    do: str
    done: str
    calls: Sequence["Call"] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody to call. ``who``: the name, "" where the step says it. ``number``: as it is dialled, ``words``: as read.

    ``where``: where a number that is not on file is set; "" while there is one.
    """

    who: str
    number: str
    words: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class NowBlock:
    """What is done at once in one kind of emergency."""

    kind: str
    title: str
    signs: str
    above_all: str
    buttons: Sequence[StepButton]


@dataclass(frozen=True, slots=True)
class StepLine:
    id: int
    time: str
    what: str
    who: str


def clinicians_of(session: TreatmentSession | None, *, now: datetime) -> list[User]:
    """Whom a nurse calls now: who answers for the session that is charted, and who is the clinician of today.

    A session that is closed names who answered for it then; that person is called where nobody is named for today.
    """
    check = check_of(today_of(now))
    todays = check.responsible_clinician if check else None
    own = session.responsible_clinician if session else None
    is_charted = session is not None and session.status == TreatmentSession.Status.DRAFT
    found = [own, todays] if is_charted else [todays or own]
    return [person for person in dict.fromkeys(found) if person is not None]


def blocks(clinic: Clinic, clinicians: Sequence[User]) -> list[NowBlock]:
    """All emergencies, for the page on which an event begins."""
    return [_block(each, clinic=clinic, clinicians=clinicians, steps=()) for each in EMERGENCIES]


def block_of(
    event: AdverseEvent, steps: Sequence[AdverseStep], *, clinic: Clinic, clinicians: Sequence[User]
) -> NowBlock | None:
    emergency = emergency_of(event.kind)
    return _block(emergency, clinic=clinic, clinicians=clinicians, steps=steps) if emergency else None


def _block(
    emergency: Emergency, *, clinic: Clinic, clinicians: Sequence[User], steps: Iterable[AdverseStep]
) -> NowBlock:
    done: dict[str, str] = {}
    for step in steps:
        done.setdefault(step.what, f"{local_time(step.at, clinic.zone):%H:%M}")
    called = {
        Step.AMBULANCE: [_outside(clinic.emergency_number)],
        Step.SURGEON: [_outside(clinic.vascular_surgeon_phone)],
        Step.CLINICIAN: [_colleague(person) for person in clinicians] or [_NOBODY],
    }
    return NowBlock(
        emergency.kind,
        emergency.title,
        emergency.signs,
        emergency.above_all,
        [
            StepButton(each.step.name, each.do, done.get(each.step, ""), called.get(each.step, []))
            for each in emergency.steps
        ],
    )


_NOBODY = Call("", "", "", "Nobody is named for today: name one on My day.")
_SET_BY = "Not on file: an administrator sets it under People and the clinic."


def _outside(number: str) -> Call:
    return Call("", number.replace(" ", ""), number, "" if number else _SET_BY)


def _colleague(person: User) -> Call:
    number = str(person.phone or "")
    return Call(str(person), number, phone_words(number) if number else "", "" if number else _SET_BY)


def step_lines(steps: Iterable[AdverseStep], *, zone: ZoneInfo) -> list[StepLine]:
    """In the order of time; a day stands with its time where it is not the day of the step before."""
    lines: list[StepLine] = []
    day = None
    for step in steps:
        wall = local_time(step.at, zone)
        shown = f"{wall:%H:%M}" if wall.date() == day else time_words(step.at, zone)
        day = wall.date()
        lines.append(StepLine(step.pk, shown, step.what, str(step.by)))
    return lines


def history(event: AdverseEvent, zone: ZoneInfo) -> list[str]:
    """Who did what to the event, a sentence each."""
    lines = [f"Recorded {time_words(event.recorded_at, zone)} by {event.reported_by}."]
    if event.acknowledged_at:
        lines.append(f"Seen {time_words(event.acknowledged_at, zone)} by {event.acknowledged_by}.")
    if event.closed_at:
        how = "Closed as recorded by mistake" if event.is_mistake else "Closed"
        lines.append(f"{how} {time_words(event.closed_at, zone)} by {event.closed_by}: {event.closing_note}")
    elif event.closing_note:
        lines.append(f"Was closed before, with the note: {event.closing_note}")
    return lines


def event_context(
    event: AdverseEvent,
    *,
    reader: User,
    clinic: Clinic,
    form: EventForm,
    step_form: StepForm,
    root: TreatmentSession | None,
) -> dict[str, Any]:
    """The page of one event. `root` is the session it belongs to, with its clinician."""
    steps = list(event.steps.select_related("by"))
    allergic = was_general_allergy(event)
    may_decide = reader.may(Permission.OVERRIDE_CHECK)
    return {
        "event": event,
        "patient": event.patient,
        "form": form,
        "step_form": step_form,
        "now_block": block_of(event, steps, clinic=clinic, clinicians=clinicians_of(root, now=timezone.now())),
        "steps": step_lines(steps, zone=clinic.zone),
        "tags": tags_of(event),
        "history": history(event, clinic.zone),
        "former_versions": former_versions(event, clinic.zone),
        "began": when_words(event.onset_at, clinic.zone),
        "is_open": event.closed_at is None,
        "may_decide": may_decide,
        "may_withdraw": may_withdraw(event, reader),
        "asks_for_allergy": allergic and not event.patient.polidocanol_allergy,
        "knows_allergy": allergic and event.patient.polidocanol_allergy,
        "visit_url": chart_url(root) if root and root.status == TreatmentSession.Status.DRAFT else "",
        "session_url": reverse("sessions_app:session", args=[root.public_id]) if root else "",
    }


@dataclass(frozen=True, slots=True)
class Difference:
    label: str
    here: str
    saved: str


def differences(event: AdverseEvent, form: EventForm, *, zone: ZoneInfo, now: datetime) -> list[Difference]:
    """What was typed here, beside what somebody else saved meanwhile. `event` is as stored now."""
    stored = EventForm(event, sessions=list(form.sessions.values()), zone=zone, now=now)
    return [
        Difference(str(form.fields[name].label), _shown(form, name) or "–", _shown(stored, name) or "–")
        for name in form.changed_data
        if _shown(form, name) != _shown(stored, name)
    ]


def _shown(form: django_forms.Form, name: str) -> str:
    value = form[name].value()
    choices: Any = getattr(form.fields[name], "choices", None)
    if choices is None:
        return str(value or "")
    labels = {str(key): str(label) for key, label in choices}
    chosen = value if isinstance(value, list) else [value]
    return ", ".join(labels.get(str(each), str(each)) for each in chosen if each not in (None, ""))
