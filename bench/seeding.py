"""The rows of `bench.world`: appointments with patients, sessions, plans, messages and trail, loaded in bulk."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from aftercare.models import AftercarePlan, PlanItem
from aftercare.stored import end_of, item_rows
from bench.loading import Table, everything_else_aside
from bench.world import ZONE, Staff, Visit, make_staff, name_of, visits
from clinic.models import (
    AuditEvent,
    ContactPreference,
    Delivery,
    DeliveryAttempt,
    Patient,
    PatientSearchTerm,
)
from clinic.protocol import InjectedSite, Leg, SessionFacts, VeinType, plan_for
from clinic.search import terms_of
from sessions_app.models import Appointment, CalendarEntry, SessionAmpoule, TreatedSite, TreatmentSession

# What is injected, one of three per visit: leg, vein type, strength %, mL, injections, segment.
TREATMENTS = (
    (("left", "spider", "0.50", "0.80", 8, "calf_medial"), ("left", "spider", "0.50", "0.60", 6, "thigh_lateral")),
    (("right", "reticular", "1.00", "0.90", 5, "popliteal"), ("right", "spider", "0.50", "0.50", 5, "ankle")),
    (("left", "reticular", "1.00", "0.70", 4, "calf_lateral"), ("right", "spider", "0.50", "0.90", 9, "calf_medial")),
)
# Messages of a plan: step, occurrence, kind, days after the session.
MESSAGES = (
    ("CHECK_1", 1, "compression", 1),
    ("COMP_SWITCH", 1, "compression", 3),
    ("ACT_SWITCH", 1, "activity", 4),
    ("WEEKLY", 1, "activity", 7),
    ("WEEKLY", 2, "activity", 14),
)
# Reminders of a visit: step, days before.
REMINDERS = (("APPT_3", 3), ("APPT_1", 1))
SEND_AT = time(9)
_random = random.Random(20260122)


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _uuid() -> str:
    return f"{_random.getrandbits(128):032x}"


class Seeder:
    """Holds the open tables and the next free ids while rows are written."""

    def __init__(self, staff: Staff, now: datetime) -> None:
        self.staff = staff
        self.now = now
        self.seen: set[int] = set()
        kinds = ("entry", "session", "plan", "site", "ampoule", "item", "audit", "term", "attempt")
        self.ids = {kind: count(1) for kind in kinds}
        self._open_tables(_text(now))

    def _open_tables(self, now: str) -> None:
        staff, version = self.staff, self.staff.protocol_version.pk
        self.patients = Table(
            Patient,
            ("id", "public_id", "given_name", "family_name", "birth_date", "phone", "email"),
            {"time_zone": ZONE, "weight_kg": "70.0", "registered_at": now},
        )
        self.terms = Table(PatientSearchTerm, ("id", "patient_id", "term", "starts_word"))
        self.preferences = Table(
            ContactPreference,
            ("id", "patient_id"),
            {"channel": "email", "allowed": 1, "decided_at": now, "wording_version": "1"},
        )
        self.entries = Table(
            CalendarEntry,
            ("id", "nurse_id", "room_id", "patient_id", "starts_at", "ends_at", "active"),
            {"kind": "appointment"},
        )
        self.appointments = Table(
            Appointment,
            ("id", "public_id", "entry_id", "service_id", "status", "status_at", "request_key", "booked_at"),
            {
                "chair_minutes": staff.treatment.chair_minutes,
                "walk_minutes": staff.treatment.walk_minutes,
                "buffer_minutes": staff.treatment.buffer_minutes,
                "booked_by_id": staff.desk.pk,
            },
        )
        self.sessions = Table(
            TreatmentSession,
            ("id", "public_id", "appointment_id", "patient_id", "lineage", "nurse_id", "started_at", "ended_at",
             "observation_started_at", "observation_ended_at", "signed_by_id", "signed_at", "created_at"),
            {
                "status": "signed",
                "time_zone": ZONE,
                "weight_kg": "70.0",
                "compression_legs": "both",
                "compression_garment": "thigh stocking",
                "compression_mmhg": "20–30",
                "observation_status": "well",
                "reaction": "none",
                "protocol_version_id": version,
            },
        )  # fmt: skip
        self.sites = Table(
            TreatedSite,
            ("id", "session_id", "position", "leg", "vein_type", "strength_percent", "volume_ml", "injection_count",
             "segment"),
            {"diameter_mm": "0.8", "treated_length_cm": "10.0", "needle_gauge": 30},
        )  # fmt: skip
        self.ampoules = Table(
            SessionAmpoule,
            ("id", "session_id", "strength_percent"),
            {"lot": "BENCH1", "expiry": "2099-12", "opened": 1},
        )
        self.plans = Table(
            AftercarePlan,
            ("id", "public_id", "patient_id", "session_id", "lineage", "starts_at", "ends_at", "facts", "issued_at",
             "issued_by_id"),
            {"time_zone": ZONE, "protocol_version_id": version, "values": json.dumps(staff.protocol.as_dict())},
        )  # fmt: skip
        self.items = Table(
            PlanItem,
            ("id", "plan_id", "key", "leg", "rule", "starts_at", "ends_at", "min_ends_at", "first_date", "last_date",
             "min_last_date"),
        )  # fmt: skip
        self.deliveries = Table(
            Delivery,
            ("id", "occurrence_key", "kind", "step", "patient_id", "source", "source_id", "due_at", "not_after",
             "local_time", "policy", "state", "attempts", "created_at", "finished_at"),
            {"channel": "email", "time_zone": ZONE},
        )  # fmt: skip
        self.attempts = Table(
            DeliveryAttempt,
            ("id", "delivery_id", "address_hash", "started_at", "finished_at"),
            {"number": 1, "subject": "A note", "outcome": "accepted"},
        )
        self.trail = Table(
            AuditEvent, ("id", "at", "action", "by_id", "by_name", "subject", "subject_id", "patient_id")
        )

    def tables(self) -> list[Table]:
        return [table for table in vars(self).values() if isinstance(table, Table)]

    def add(self, visit: Visit) -> None:
        if visit.patient not in self.seen:
            self.seen.add(visit.patient)
            self._patient(visit.patient)
        status, treated = self._outcome(visit)
        number, public_id = next(self.ids["entry"]), _uuid()
        starts = visit.starts_at
        nurse, room = self.staff.nurses[visit.nurse], self.staff.rooms[visit.room]
        lasts = status not in ("cancelled", "no_show")
        self.entries.add(
            number, nurse.pk, room.pk, visit.patient, _text(starts), _text(starts + timedelta(hours=1)), int(lasts)
        )
        service = self.staff.treatment if treated or visit.offset >= 0 else self.staff.review
        booked = _text(min(starts, self.now) - timedelta(days=10))
        self.appointments.add(number, public_id, number, service.pk, status, booked, _uuid(), booked)
        self._event(booked, "appointment booked", self.staff.desk, "sessions_app.Appointment", public_id, visit.patient)
        for step, days in REMINDERS:
            due = datetime.combine(visit.day - timedelta(days=days), SEND_AT, ZoneInfo(ZONE))
            self._message(
                visit.patient, (step, 1, "appointment"), ("appointment", public_id), due, policy="hold", wanted=lasts
            )
        if treated:
            self._session(visit, number, nurse, starts)

    @staticmethod
    def _outcome(visit: Visit) -> tuple[str, bool]:
        """Status of the appointment and whether something was injected, by a fixed pattern of twentieths."""
        if visit.offset >= 0:
            return "booked", False
        part = (visit.patient * 5 + visit.number * 7) % 20
        return (("cancelled", False), ("no_show", False))[part] if part < 2 else ("done", part < 17)

    def _patient(self, patient: int) -> None:
        given, family = name_of(patient)
        phone = f"+1212{patient % 10_000_000:07d}"
        born = date(1940, 1, 1) + timedelta(days=patient * 37 % 22_000)
        self.patients.add(patient, _uuid(), given, family, born.isoformat(), phone, f"patient{patient}@bench.example")
        self.preferences.add(patient, patient)
        for term, starts in terms_of(given_name=given, family_name=family, phone=phone).items():
            self.terms.add(next(self.ids["term"]), patient, term, int(starts))

    def _session(self, visit: Visit, appointment: int, nurse: Any, starts: datetime) -> None:
        number, public_id, lineage = next(self.ids["session"]), _uuid(), _uuid()
        kind = (visit.number + visit.slot) % len(TREATMENTS)
        ended = starts + timedelta(minutes=30)
        signed = _text(ended + timedelta(minutes=20))
        self.sessions.add(
            number, public_id, appointment, visit.patient, lineage, nurse.pk, _text(starts), _text(ended), _text(ended),
            signed, nurse.pk, signed, _text(starts),
        )  # fmt: skip
        for position, site in enumerate(TREATMENTS[kind], 1):
            leg, vein_type, strength, volume, injections, segment = site
            self.sites.add(
                next(self.ids["site"]), number, position, leg, vein_type, strength, volume, injections, segment
            )
        for strength in sorted({site[2] for site in TREATMENTS[kind]}):
            self.ampoules.add(next(self.ids["ampoule"]), number, strength)
        self._event(signed, "session signed", nurse, "sessions_app.TreatmentSession", public_id, visit.patient)
        plan, plan_id = next(self.ids["plan"]), _uuid()
        facts, ends_at, items = self._plan(ended, kind)
        self.plans.add(plan, plan_id, visit.patient, number, lineage, _text(ended), ends_at, facts, signed, nurse.pk)
        for item in items:
            self.items.add(next(self.ids["item"]), plan, *item)
        for step, occurrence, message_kind, days in MESSAGES:
            due = datetime.combine(visit.day + timedelta(days=days), SEND_AT, ZoneInfo(ZONE))
            self._message(
                visit.patient,
                (step, occurrence, message_kind),
                ("plan", plan_id),
                due,
                policy="resend_once",
                wanted=True,
            )

    @lru_cache(maxsize=512)  # noqa: B019 - one seeder per run, and days come in order
    def _plan(self, ended: datetime, kind: int) -> tuple[str, str, Sequence[tuple[Any, ...]]]:
        """Facts, end and items of a plan as texts; computed by the product's own rules once per end and treatment."""
        sites = tuple(InjectedSite(Leg(s[0]), VeinType(s[1]), Decimal(s[3])) for s in TREATMENTS[kind])
        facts = SessionFacts(session_end=ended, time_zone=ZONE, sites=sites)
        plan = plan_for(facts, self.staff.protocol)
        rows = item_rows(plan, AftercarePlan())
        instants = ("starts_at", "ends_at", "min_ends_at")
        dates = ("first_date", "last_date", "min_last_date")
        items = [
            (
                row.key,
                row.leg,
                row.rule,
                *(value and _text(value) for value in (getattr(row, name) for name in instants)),
                *(value and value.isoformat() for value in (getattr(row, name) for name in dates)),
            )
            for row in rows
        ]
        return json.dumps(facts.as_dict()), _text(end_of(plan)), items

    def _message(
        self,
        patient: int,
        what: tuple[str, int, str],
        source: tuple[str, str],
        due: datetime,
        *,
        policy: str,
        wanted: bool,
    ) -> None:
        step, occurrence, kind = what
        identity, instant = _uuid(), _text(due)
        gone = due < self.now
        state = "cancelled" if not wanted else "sent" if gone else "pending"
        finished = None if state == "pending" else instant
        self.deliveries.add(
            identity, f"{source[1]}:{step}:{occurrence}:email", kind, step, patient, source[0], source[1], instant,
            _text(due + timedelta(hours=10)), due.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M"), policy, state,
            int(state == "sent"), _text(min(due, self.now) - timedelta(days=1)), finished,
        )  # fmt: skip
        if state == "sent":
            self.attempts.add(next(self.ids["attempt"]), identity, f"{patient:064x}", instant, instant)

    def _event(self, at: str, action: str, by: Any, subject: str, subject_id: str, patient: int) -> None:
        self.trail.add(next(self.ids["audit"]), at, action, by.pk, by.name, subject, subject_id, patient)


def seed(appointments: int) -> None:
    """Fill an empty database. Refuses one that already has patients."""
    if Patient.objects.exists():
        raise ValueError("This database already has patients; seed an empty one.")
    now = timezone.now().replace(microsecond=0)
    staff = make_staff(now)
    with everything_else_aside():
        seeder = Seeder(staff, now)
        for visit in visits(appointments, timezone.localdate(now, ZoneInfo(ZONE))):
            seeder.add(visit)
        for table in seeder.tables():
            table.flush()
