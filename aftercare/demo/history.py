"""What happened in the demo clinic, played in the order of time through the product's own actions."""

import heapq
import math
import random
import uuid
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain, count
from unittest.mock import patch
from zoneinfo import ZoneInfo

from django.utils import timezone

from aftercare.actions import sign_session
from aftercare.demo import clock
from aftercare.demo.at_home import AtHome
from aftercare.demo.cast import STORIES, TREATMENT, Booked, Site, Story, Treated
from aftercare.demo.events import Events
from aftercare.demo.front_desk import FrontDesk
from aftercare.demo.house import House, on_the_grid
from aftercare.demo.mails import Mails
from aftercare.demo.photographs import Photographs
from aftercare.demo.preparation import day_checks, new_series_begins, sign_if_none_stands
from aftercare.demo.reports import Reports
from aftercare.demo.scores import Scores
from aftercare.demo.stock import open_lot, stock_events
from aftercare.tasks import watch_reports
from clinic.actions import register_patient
from clinic.models import Delivery, Patient, User
from clinic.notifications.channels.base import Letter, PermanentFailure, ProviderReceipt
from clinic.notifications.channels.file import FileChannel
from clinic.notifications.clock import HostClock
from clinic.notifications.dispatch import dispatch
from clinic.notifications.sweep import sweep
from clinic.protocol.vocabulary import VeinType
from sessions_app import booking
from sessions_app.actions import DraftValues, mark_not_treated, open_visit, save_draft
from sessions_app.facts import StatusAtEnd
from sessions_app.forms.choices import QUICK, RISK_ITEMS, STOP_ITEMS
from sessions_app.models import Appointment, TreatmentSession
from sessions_app.slots import find_slots

BETWEEN_SESSIONS = timedelta(days=8)
CHAIR, WALK = timedelta(minutes=35), timedelta(minutes=20)
STRENGTH = {VeinType.SPIDER: Decimal("0.5"), VeinType.RETICULAR: Decimal("1")}
DIAMETER = {VeinType.SPIDER: Decimal("0.6"), VeinType.RETICULAR: Decimal("2.0")}
AMPOULE_ML = 2
REFUSED_DOMAIN = "@bounced.example"
STATUS = Appointment.Status


class History:
    """A queue of things that happen at moments. `play` lets them happen, and the reminders ring in between."""

    def __init__(self, house: House, now: datetime) -> None:
        self.house, self.now = house, now
        self.today = timezone.localdate(now, house.clinic.zone)
        # "Now" on the grid: the day's visits stand around it.
        self.anchor = on_the_grid(now)
        self._events: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = count()
        self._keys = random.Random(20261122)

    def tell(self) -> None:
        """Put every story into the queue, then play it."""
        for story in STORIES:
            self._tell(story)
        parts: tuple[Iterable[tuple[datetime, Callable[[], object]]], ...] = (
            FrontDesk(self.house, self.now, self.today, self._keys).events(),
            Events(self.house, self.now).events(),
            Photographs(self.house, self.now).events(),
            Scores(self.house, self.today).events(),
            stock_events(self.house, self.now),
            day_checks(self.house, self.now),
            AtHome(self.house, self.now).events(),
            Reports(self.house, self.now).events(),
        )
        for moment, event in chain.from_iterable(parts):
            self._when(moment, event)
        for days_ago in range(46, -1, -1):
            for hour in (9, 13, 17):
                self._when(self._at(self.today - timedelta(days=days_ago), time(hour, 1)), self._ring)
        self._when(self.now, self._ring)
        self._play()

    # --- The queue ---------------------------------------------------------------------------------------------

    def _when(self, moment: datetime, event: Callable[[], object]) -> None:
        if moment <= self.now:
            heapq.heappush(self._events, (moment, next(self._order), event))

    def _play(self) -> None:
        moved, mails = self.now - timedelta(days=2), Mails()
        with patch.object(FileChannel, "deliver", _refusing(FileChannel.deliver, since=moved)):
            while self._events:
                moment, _, event = heapq.heappop(self._events)
                with clock.at(moment):
                    event()
                mails.date_new_ones(moment)

    def _ring(self) -> None:
        dispatch(kinds=[kind.value for kind in Delivery.Kind], new_clock=HostClock)
        sweep(clock=HostClock())
        watch_reports()

    # --- Stories -----------------------------------------------------------------------------------------------

    def _tell(self, story: Story) -> None:
        known: list[Patient] = []
        self._when(
            registered_at(story, self.today, self.house.clinic.zone), lambda: known.append(self._register(story))
        )
        for treated in story.treated:
            self._tell_treatment(known, treated)
        free_from = self._at(self.today - timedelta(days=min((t.days_ago for t in story.treated), default=2)), time(18))
        for visit in story.booked:
            self._tell_visit(known, visit, story, min(free_from, self.now - timedelta(hours=4)))

    def _tell_treatment(self, known: list[Patient], treated: Treated) -> None:
        day = self.today - timedelta(days=treated.days_ago)
        starts_at = self._at(day, time.fromisoformat(treated.time))
        nurse = self.house.nurses[treated.nurse]
        # Booked beside its wish when the wish was taken: what happens, happens at the visit's own time.
        self._when(
            starts_at - timedelta(days=4),
            lambda: self._when_treated(self._book(known[0], TREATMENT, starts_at, nurse), treated, nurse),
        )

    def _when_treated(self, visit: Appointment, treated: Treated, nurse: User) -> None:
        begin, end = visit.starts_at, visit.starts_at + CHAIR
        draft: list[TreatmentSession] = []
        self._when(begin - timedelta(minutes=5), lambda: self._move_to(visit, STATUS.ARRIVED))
        self._when(begin - timedelta(minutes=3), lambda: sign_if_none_stands(visit.patient, by=nurse))
        self._when(begin, lambda: draft.append(open_visit(appointment=visit, by=nurse)))
        self._when(end + WALK, lambda: self._chart_and_sign(draft[0], treated, nurse, end))

    def _tell_visit(self, known: list[Patient], visit: Booked, story: Story, booked_at: datetime) -> None:
        nurse = self.house.nurses[visit.nurse]
        if visit.in_days:
            starts_at = self._at(self.today + timedelta(days=visit.in_days), time.fromisoformat(visit.time))
        else:
            starts_at = self.anchor + _span(visit.time)
        made: list[Appointment] = []
        moment = min(booked_at, starts_at - timedelta(hours=12))
        self._when(moment, lambda: made.append(self._book_visit(known[0], visit, starts_at, nurse)))
        for step, at in self._steps(visit.status, starts_at):
            self._when(at, partial(self._take_step, made, step, nurse, story))

    def _steps(self, status: str, starts_at: datetime) -> list[tuple[Appointment.Status, datetime]]:
        here = (STATUS.ARRIVED, starts_at - timedelta(minutes=8))
        begun = (STATUS.IN_TREATMENT, starts_at + timedelta(minutes=4))
        steps: dict[str, list[tuple[Appointment.Status, datetime]]] = {
            "arrived": [here],
            "in_treatment": [here, begun],
            "done": [here, begun, (STATUS.DONE, starts_at + CHAIR + WALK)],
            "no_show": [(STATUS.NO_SHOW, starts_at + timedelta(minutes=25))],
        }
        return steps.get(status, [])

    def _take_step(self, made: list[Appointment], step: Appointment.Status, nurse: User, story: Story) -> None:
        [visit] = made
        treats = visit.service.name == TREATMENT
        if step == STATUS.IN_TREATMENT and treats:
            open_visit(appointment=visit, by=nurse)
        elif step == STATUS.DONE and treats:
            session = visit.sessions.get()
            sign_if_none_stands(session.patient, by=nurse)
            sites = story.treated[-1].sites if story.treated else ()
            self._chart_and_sign(session, Treated(0, "", 0, sites), nurse, timezone.now() - WALK)
        else:
            if step == STATUS.ARRIVED and treats and story.booked[0].status == "arrived":
                new_series_begins(visit.patient, by=nurse)
            self._move_to(visit, step)

    # --- What people do ----------------------------------------------------------------------------------------

    def _register(self, story: Story) -> Patient:
        return register_patient(
            given_name=story.given,
            family_name=story.family,
            birth_date=date.fromisoformat(story.born),
            phone=f"+1{story.phone}",
            email=story.email,
            language=story.language,
            weight_kg=Decimal(story.weight) if story.weight else None,
            allergies=story.allergies,
            risk_factors=story.risks,
            contact={"email": bool(story.email), "sms": False},
            by=self.house.people["nurse@example.com"],
        )

    def _book_visit(self, patient: Patient, visit: Booked, wish: datetime, nurse: User) -> Appointment:
        if visit.course:
            return self._book_course(patient, visit, wish, nurse)
        return self._book(patient, visit.service, wish, nurse, overbooked=visit.overbooked)

    def _book(
        self, patient: Patient, service: str, wish: datetime, nurse: User, *, overbooked: str = ""
    ) -> Appointment:
        """At the wished time, or as near to it as the nurse is free that day; beside another visit with a reason."""
        people = self.house.people
        return booking.book(
            patient=patient,
            service=self.house.services[service],
            nurse=nurse,
            room=self.house.rooms[nurse.pk],
            starts_at=wish if overbooked else self._nearest(service, wish, nurse, patient),
            request_key=self._key(),
            overbook_reason=overbooked,
            by=people["clinician@example.com"] if overbooked else people["desk@example.com"],
        )

    def _book_course(self, patient: Patient, visit: Booked, wish: datetime, nurse: User) -> Appointment:
        """The rest of a course, of which one session was given before: one each eight days, the first at the wish."""
        wishes = [wish + number * BETWEEN_SESSIONS for number in range(visit.course - 1)]
        times = [
            self._nearest(visit.service, each, nurse, None if number else patient) for number, each in enumerate(wishes)
        ]
        course = booking.book_course(
            patient=patient,
            service=self.house.services[visit.service],
            visits=[booking.CourseVisit(each, nurse, self.house.rooms[nurse.pk]) for each in times],
            planned_sessions=visit.course,
            done_before=1,
            request_key=self._key(),
            by=self.house.people["desk@example.com"],
        )
        return course.appointments.select_related("service", "entry__patient").earliest("entry__starts_at")

    def _nearest(self, service: str, wish: datetime, nurse: User, patient: Patient | None) -> datetime:
        day = timezone.localdate(wish, self.house.clinic.zone)
        offered = find_slots(
            service=self.house.services[service], first_date=day, last_date=day, now=timezone.now(), patient=patient,
            nurse=nurse, room=self.house.rooms[nurse.pk],
        )  # fmt: skip
        return min((slot.starts_at for slot in offered), key=lambda free: abs(free - wish))

    def _key(self) -> uuid.UUID:
        return uuid.UUID(int=self._keys.getrandbits(128), version=4)

    def _move_to(self, visit: Appointment, status: str) -> None:
        visit.refresh_from_db()
        desk = self.house.people["desk@example.com"]
        if status == STATUS.DONE and visit.status == STATUS.ARRIVED:
            booking.change_status(appointment=visit, to=STATUS.IN_TREATMENT, by=desk)
        booking.change_status(appointment=visit, to=STATUS(status), by=desk)

    def _chart_and_sign(self, session: TreatmentSession, treated: Treated, nurse: User, end: datetime) -> None:
        if not treated.sites:
            mark_not_treated(session=session, version=session.version, reason="Prefers to wait until autumn", by=nurse)
            return
        clinician = self.house.people["clinician@example.com"]
        save_draft(session=session, version=session.version, values=_draft(session, treated, clinician, end), by=nurse)
        sign_session(session=session, version=session.version, answers={}, by=nurse)

    def _at(self, day: date, clock_time: time) -> datetime:
        return datetime.combine(day, clock_time, self.house.clinic.zone)


def _span(text: str) -> timedelta:
    """`-01:15` is an hour and a quarter before now."""
    hours, minutes = text.lstrip("-").split(":")
    span = timedelta(hours=int(hours), minutes=int(minutes))
    return -span if text.startswith("-") else span


def _draft(session: TreatmentSession, treated: Treated, clinician: User, end: datetime) -> DraftValues:
    """A healthy patient's answers, the sites, and an uneventful end."""
    on_file = session.patient.risk_factors
    reason = {"L3": {"reason": treated.reason_above_3_ml, "ack": True}} if treated.reason_above_3_ml else {}
    return DraftValues(
        fields={
            "responsible_clinician": clinician,
            "ended_at": end,
            "compression_legs": TreatmentSession.CompressionLegs.BOTH,
            "compression_garment": "Thigh stocking",
            "compression_mmhg": "20-30",
            "observation_started_at": end,
            "observation_ended_at": end + WALK,
            "observation_status": StatusAtEnd.WALKED.value,
            "reaction": TreatmentSession.Reaction.NONE_SEEN,
        },
        facts={
            **dict.fromkeys(STOP_ITEMS, False),
            **{name: name in on_file for name in RISK_ITEMS},
            "pregnant": "no",
            "identifiers_confirmed": True,
            "medication_confirmed": True,
        },
        groups={"stop": QUICK, "risk": QUICK},
        sites=[_site(site, position) for position, site in enumerate(treated.sites, start=1)],
        ampoules=_ampoules(treated.sites),
        answers=reason,
    )


def _site(site: Site, position: int) -> dict[str, object]:
    return {
        "position": position,
        "leg": site.leg.value,
        "segment": site.segment.value,
        "vein_type": site.vein_type.value,
        "strength_percent": STRENGTH[site.vein_type],
        "injection_count": site.injections,
        "volume_ml": site.injections * site.each_ml,
        "diameter_mm": DIAMETER[site.vein_type],
        "treated_length_cm": Decimal(site.length_cm),
        "needle_gauge": 30,
    }


def _ampoules(sites: tuple[Site, ...]) -> list[dict[str, object]]:
    used: dict[Decimal, Decimal] = {}
    for site in sites:
        strength = STRENGTH[site.vein_type]
        used[strength] = used.get(strength, Decimal(0)) + site.injections * site.each_ml
    return [
        {
            **open_lot(strength),
            "opened": math.ceil(volume / AMPOULE_ML),
        }
        for strength, volume in sorted(used.items())
    ]


def _refusing(deliver: Callable[..., ProviderReceipt], *, since: datetime) -> Callable[..., ProviderReceipt]:
    """One patient's address is no longer good: what is sent there comes to nothing, and the desk has to call."""

    def deliver_or_refuse(self: FileChannel, letter: Letter, *, idempotency_key: uuid.UUID) -> ProviderReceipt:
        if letter.to.endswith(REFUSED_DOMAIN) and timezone.now() >= since:
            raise PermanentFailure("The address does not exist")
        return deliver(self, letter, idempotency_key=idempotency_key)

    return deliver_or_refuse


def registered_at(story: Story, today: date, zone: ZoneInfo) -> datetime:
    """A day before anything else of theirs can happen, at whatever hour of its day the demo is started."""
    first = max((treated.days_ago for treated in story.treated), default=3)
    return datetime.combine(today - timedelta(days=first + 7), time(8, 30), zone)
