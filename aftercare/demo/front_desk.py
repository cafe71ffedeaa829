"""What happened at the demo's front desk: courses, closures, other hours, people who wait, who asked and who confirmed.

Events of `aftercare.demo.history`, through the same actions as at a real desk.
"""

import random
import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial

from aftercare.demo.desk_cast import CONFIRMED, REQUESTS, WAITING, WISHES, Asked, Waits
from aftercare.demo.house import House
from clinic.models import Patient, User
from sessions_app import booking, hours, requests, waiting
from sessions_app.models import Appointment, VisitRequest, WaitListEntry

Event = Callable[[], None]
DESK, LEAD = "desk@example.com", "lead@example.com"


class FrontDesk:
    """The desk's part of the story; `today` is the day of the first start in the clinic's zone."""

    def __init__(self, house: House, now: datetime, today: date, keys: random.Random) -> None:
        self.house, self.now, self.today, self.keys = house, now, today, keys
        self.desk, self.lead = house.people[DESK], house.people[LEAD]

    def events(self) -> list[tuple[datetime, Event]]:
        """When, and what happens then."""
        early, hour = self.now - timedelta(hours=3), timedelta(hours=1)
        return [
            (self.now - timedelta(days=3), self.plan_the_week),
            *((self.now - asked.hours_ago * hour, partial(self._ask, asked)) for asked in REQUESTS),
            *(
                (self.now - 0.2 * asked.hours_ago * hour, partial(self._try, asked))
                for asked in REQUESTS
                if asked.tries
            ),
            *((self.now - timedelta(days=waits.days_ago, hours=2), partial(self._join, waits)) for waits in WAITING),
            *(
                (self.now - timedelta(minutes=waits.offered_minutes_ago), partial(self._offer, waits))
                for waits in WAITING
                if waits.offered_minutes_ago is not None
            ),
            *((early, partial(self._confirm, family)) for family in CONFIRMED),
            *((early + hour, partial(self._wish, *wish)) for wish in WISHES),
            (early, self._shorten_a_day),
        ]

    def plan_the_week(self) -> None:
        """The team's training next week, and one morning on which a nurse starts later."""
        training = self.today + timedelta(days=7)
        booking.close(
            title="Team training",
            starts_at=self._at(training, time(13)),
            ends_at=self._at(training, time(19)),
            by=self.lead,
        )
        hours.set_date(
            nurse=self.house.nurses[2],
            day=self.today + timedelta(days=4),
            spans=[(time(11), time(19))],
            note="Starts later",
            by=self.lead,
        )

    def _shorten_a_day(self) -> None:
        """A nurse leaves earlier on a day on which somebody is booked: that visit becomes a task of the desk."""
        visit = self._visit("Hartwell")
        day = self.today + timedelta(days=6)
        accepted = [visit.public_id]
        hours.set_date(
            nurse=self.house.nurses[1],
            day=day,
            spans=[(time(7), time(13))],
            note="School event",
            accepted=accepted,
            by=self.lead,
        )

    def _ask(self, asked: Asked) -> None:
        requests.ask(
            kind=asked.kind,
            name=asked.name,
            phone=asked.phone,
            email=asked.email,
            language=asked.language,
            weekdays=asked.weekdays,
            parts_of_day=asked.parts_of_day,
            request_key=self._key(),
            now=self.now - timedelta(hours=asked.hours_ago),
        )

    def _try(self, asked: Asked) -> None:
        request = VisitRequest.objects.get(name=asked.name)
        at = self.now - timedelta(hours=0.2 * asked.hours_ago)
        requests.try_again(request=request, tries=0, note="Voicemail, no answer", by=self.desk, now=at)

    def _join(self, waits: Waits) -> None:
        nurse = None if waits.nurse is None else self.house.nurses[waits.nurse]
        last = None if waits.until_in_days is None else self.today + timedelta(days=waits.until_in_days)
        waiting.join(
            patient=self._patient(waits.family),
            service=self.house.services[waits.service],
            last_date=last,
            weekdays=waits.weekdays,
            parts_of_day=waits.parts_of_day,
            nurse=nurse,
            note=waits.note,
            by=self.desk,
        )

    def _offer(self, waits: Waits) -> None:
        """The first time that fits, if there is one: on a busy day there may be none."""
        entry = WaitListEntry.objects.waiting().get(patient=self._patient(waits.family))
        for fit in waiting.fitting(now=self._now(waits), entries=[entry], times=1):
            nurse = User.objects.get(pk=fit.slots[0].nurse_id)
            waiting.offer(entry=entry, starts_at=fit.slots[0].starts_at, nurse=nurse, by=self.desk)

    def _now(self, waits: Waits) -> datetime:
        return self.now - timedelta(minutes=waits.offered_minutes_ago or 0)

    def _confirm(self, family: str) -> None:
        booking.confirm(appointment=self._visit(family), via=Appointment.ConfirmedVia.DESK, by=self.desk)

    def _wish(self, family: str, wish: str) -> None:
        visit = self._visit(family)
        booking.ask_to_move(appointment=visit, version=visit.version, wish=wish, by=visit.patient.user or self.desk)

    def _patient(self, family: str) -> Patient:
        return Patient.objects.get(family_name=family)

    def _visit(self, family: str) -> Appointment:
        coming = Appointment.objects.filter(entry__patient__family_name=family, status=Appointment.Status.BOOKED)
        return coming.select_related("entry__patient").earliest("entry__starts_at")

    def _key(self) -> uuid.UUID:
        return uuid.UUID(int=self.keys.getrandbits(128), version=4)

    def _at(self, day: date, clock_time: time) -> datetime:
        return datetime.combine(day, clock_time, self.house.clinic.zone)
