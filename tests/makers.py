"""Rows for tests, made with as few words as a test needs: every fact that a test does not name has a plausible default.

Makers write straight to the tables, past the actions, so that a test of one action does not stand on another.
Everybody here is invented.
"""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from aftercare.models import Carer, SymptomReport, Tick
from clinic.access import Role
from clinic.models import Clinic, ContactPreference, Patient, ProtocolVersion, Room, User
from clinic.protocol.checks.calendar import last_valid_day
from clinic.protocol.values import Protocol
from sessions_app.consent_texts import text_in
from sessions_app.models import (
    AdverseEvent,
    Appointment,
    CalendarEntry,
    Course,
    DatedHours,
    DayCheck,
    Lot,
    NurseHours,
    Photograph,
    Product,
    RepeatHold,
    SeriesConsent,
    Service,
    StockMovement,
    TreatedSite,
    TreatmentSession,
    VisitRequest,
    WaitListEntry,
    WaitListOffer,
)

PASSWORD = "a-long-test-password"
EVERY_WEEKDAY = range(5)
_numbers = count(1)


def at(text, zone="America/New_York"):
    """The UTC instant of a wall-clock time: `at("2026-01-13 10:00")`; of a repeated hour the first."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def make_clinic(**facts):
    """The one clinic row with some facts changed."""
    clinic = Clinic.current()
    for name, value in facts.items():
        setattr(clinic, name, value)
    clinic.save()
    return clinic


def make_user(role=Role.NURSE, **facts):
    """A person who signs in; `role` is one role or a set of them, None for nobody in particular."""
    number = next(_numbers)
    roles = frozenset() if role is None else frozenset([role]) if isinstance(role, str) else frozenset(role)
    facts = {"email": f"person{number}@example.com", "name": f"Person Invented{number:05d}", "roles": roles, **facts}
    return User.objects.create_user(facts.pop("email"), facts.pop("password", PASSWORD), **facts)


def make_patient(*, email_allowed=False, **facts):
    """A patient without portal account; `email_allowed=True` records the consent to e-mail."""
    number = next(_numbers)
    patient = Patient.objects.create(
        **{
            "given_name": "Invented",
            "family_name": f"Patient{number}",
            "birth_date": date(1970, 1, 1) + timedelta(days=number % 9000),  # grown up, however many there are
            "phone": f"+1212555{number % 10000:04d}",
            "email": f"patient{number}@example.com",
            "time_zone": "America/New_York",
            "weight_kg": Decimal("70.0"),
            **facts,
        }
    )
    if email_allowed:
        ContactPreference.objects.create(patient=patient, channel="email", allowed=True, wording_version="test-1")
    return patient


def make_patient_user(patient=None, **facts):
    """The portal account of a patient (made when not given); returns the account, `.patient` is the patient."""
    patient = patient or make_patient(**facts)
    user = User.objects.create_user(patient.email, None, name=patient.name, roles=frozenset([Role.PATIENT]))
    patient.user = user
    patient.save()
    return user


def make_room(**facts):
    """A room that sorts after "Room 1" to "Room 9", whatever ran before: which room is offered first goes by name."""
    return Room.objects.create(**{"name": f"Room X{next(_numbers):05d}", **facts})


def make_service(kind=Service.Kind.TREATMENT, *, nurses=(), rooms=(), **facts):
    """30 min in the chair, 20 min observed walk, 10 min turn-round: an hour of the calendar."""
    lengths = {"chair_minutes": 30, "walk_minutes": 20, "buffer_minutes": 10}
    service = Service.objects.create(**{"kind": kind, "name": f"Service {next(_numbers):05d}", **lengths, **facts})
    service.nurses.set(nurses)
    service.rooms.set(rooms)
    return service


def make_hours(nurse, *, weekdays=EVERY_WEEKDAY, starts="08:00", ends="18:00", **facts):
    """Opening hours of a nurse, Monday to Friday 8 to 18 since long ago."""
    facts = {"valid_from": date(2020, 1, 1), **facts}
    return [
        NurseHours.objects.create(
            nurse=nurse, weekday=day, starts=time.fromisoformat(starts), ends=time.fromisoformat(ends), **facts
        )
        for day in weekdays
    ]


def make_dated_hours(nurse, day, starts="08:00", ends="18:00", **facts):
    """Hours of one date, which replace the weekly ones of that date."""
    return DatedHours.objects.create(
        nurse=nurse, date=day, starts=time.fromisoformat(starts), ends=time.fromisoformat(ends), **facts
    )


def make_entry(*, starts_at, ends_at, kind=CalendarEntry.Kind.TIME_OFF, **facts):
    return CalendarEntry.objects.create(kind=kind, starts_at=starts_at, ends_at=ends_at, **facts)


def make_appointment(
    *, patient=None, nurse=None, room=None, service=None, starts_at=None, booked_by=None, status="booked", **facts
):
    """An appointment and its entry; by default at 10:00 (New York) of Tuesday 13 January 2026, with people of its own.

    Cancelled and missed visits release their time, as the rules of the status say.
    """
    service = service or make_service()
    starts_at = starts_at or at("2026-01-13 10:00")
    entry = CalendarEntry.objects.create(
        kind=CalendarEntry.Kind.APPOINTMENT,
        nurse=nurse or make_user(),
        room=room or make_room(),
        patient=patient or make_patient(),
        starts_at=starts_at,
        ends_at=starts_at + service.length,
        active=status not in ("cancelled", "no_show"),
    )
    return Appointment.objects.create(
        entry=entry,
        service=service,
        chair_minutes=service.chair_minutes,
        walk_minutes=service.walk_minutes,
        buffer_minutes=service.buffer_minutes,
        status=status,
        booked_by=booked_by or make_user(Role.FRONT_DESK),
        **{"request_key": uuid.uuid4(), **facts},
    )


def make_signed_protocol(*, by=None, overrides=None, **facts):
    """A signed protocol version, newer than every other: the shipped values with `overrides`."""
    newest = ProtocolVersion.objects.order_by("-number").first()
    protocol = Protocol.default().with_overrides(overrides or {}, signed_off=True)
    return ProtocolVersion.objects.create(
        **{
            "number": newest.number + 1 if newest else 1,
            "values": protocol.as_dict(),
            "signed_by": by or make_user(Role.CLINICAL_LEAD),
            "signed_at": at("2026-01-01 09:00"),
            **facts,
        }
    )


def make_site(session, **facts):
    """One treated site: 0.8 mL of 0.5 % in 4 injections into spider veins of the left calf."""
    return TreatedSite.objects.create(
        session=session,
        **{
            "position": session.sites.count() + 1,
            "leg": "left",
            "segment": "calf_medial",
            "vein_type": "spider",
            "strength_percent": Decimal("0.50"),
            "injection_count": 4,
            "volume_ml": Decimal("0.80"),
            "diameter_mm": Decimal("0.6"),
            "treated_length_cm": Decimal("10.0"),
            **facts,
        },
    )


def make_draft_session(*, appointment=None, sites=1, **facts):
    """An unsigned session of an appointment (in treatment), with as many default sites as asked, or facts per site."""
    appointment = appointment or make_appointment(patient=facts.get("patient"), status="in_treatment")
    session = TreatmentSession.objects.create(
        appointment=appointment,
        **{
            "patient": appointment.patient,
            "nurse": appointment.entry.nurse,
            "started_at": appointment.starts_at,
            "time_zone": "America/New_York",
            **facts,
        },
    )
    for site in [{}] * sites if isinstance(sites, int) else sites:
        make_site(session, **site)
    return session


def make_signed_session(*, protocol_version=None, ended_at=None, **facts):
    """A session that was signed (the database locks it), 30 minutes after it began; plan and messages are not made."""
    session = make_draft_session(**facts)
    session.ended_at = ended_at or session.started_at + timedelta(minutes=30)
    session.status = TreatmentSession.Status.SIGNED
    session.protocol_version = protocol_version or ProtocolVersion.in_force() or make_signed_protocol()
    session.signed_by, session.signed_at = session.nurse, session.ended_at + timedelta(minutes=20)
    session.save()
    return session


def make_visit_request(**facts):
    """Somebody who asked on the public page on Monday evening and is to be answered by Tuesday 13 January, 20:00."""
    number = next(_numbers)
    return VisitRequest.objects.create(
        **{
            "kind": "first_visit",
            "request_key": uuid.uuid4(),
            "name": f"Invented Asker{number}",
            "phone": f"+1646555{number % 10000:04d}",
            "language": "en",
            "asked_at": at("2026-01-12 20:00"),
            "answer_by": at("2026-01-13 20:00"),
            **facts,
        }
    )


def make_wait_entry(**facts):
    """Somebody on the wait list of a review since 2026, for any day."""
    return WaitListEntry.objects.create(
        **{
            "patient": facts.get("patient") or make_patient(),
            "service": facts.get("service") or make_service(Service.Kind.REVIEW),
            "first_date": date(2026, 1, 1),
            "created_by": facts.get("created_by") or make_user(Role.FRONT_DESK),
            **facts,
        }
    )


def make_offer(entry, *, starts_at, nurse=None, room=None, expires_at=None, **facts):
    """A time that is kept for an entry of the wait list, for half an hour from now."""
    expires_at = expires_at or datetime.now(UTC) + timedelta(minutes=30)
    hold = make_entry(
        kind=CalendarEntry.Kind.HOLD,
        nurse=nurse or make_user(),
        room=room or make_room(),
        patient=entry.patient,
        starts_at=starts_at,
        ends_at=starts_at + entry.service.length,
        held_by=entry.created_by,
        hold_expires_at=expires_at,
    )
    return WaitListOffer.objects.create(
        **{
            "waiting": entry,
            "hold": hold,
            "starts_at": starts_at,
            "expires_at": expires_at,
            "offered_by": entry.created_by,
            **facts,
        }
    )


def make_course(*, patient=None, service=None, created_by=None, **facts):
    """A course of three sessions without visits; give `course=` to `make_appointment` for those."""
    return Course.objects.create(
        patient=patient or make_patient(),
        service=service or make_service(),
        created_by=created_by or make_user(Role.FRONT_DESK),
        **{"planned_sessions": 3, "request_key": uuid.uuid4(), **facts},
    )


def make_repeat_hold(*, patient=None, placed_by=None, **facts):
    """A clinician's open hold on the next treatment."""
    return RepeatHold.objects.create(
        patient=patient or make_patient(),
        placed_by=placed_by or make_user(Role.CLINICIAN),
        **{"reason": "Skin not healed", **facts},
    )


def make_product(**facts):
    """A product of 0.5 %, in ampoules of 2 mL."""
    number = next(_numbers)
    return Product.objects.create(
        **{
            "name": f"Invented Product {number}",
            "manufacturer": "Invented Works",
            "strength_percent": Decimal("0.50"),
            "ampoule_ml": Decimal("2.00"),
            **facts,
        }
    )


def make_lot(*, ampoules=0, by=None, **facts):
    """A lot that is good until the end of 2030, with this number of ampoules received."""
    expiry = facts.pop("expiry", "2030-12")
    lot = Lot.objects.create(
        **{
            "product": facts.get("product") or make_product(),
            "lot": f"LOT-{next(_numbers)}",
            "expiry": expiry,
            "expires_on": last_valid_day(expiry),
            **facts,
        }
    )
    if ampoules:
        StockMovement.objects.create(lot=lot, kind="received", ampoules=ampoules, by=by or make_user())
    return lot


def make_photograph(patient=None, **facts):
    """A row of a picture that was never drawn: its names are of no file."""
    number = next(_numbers)
    return Photograph.objects.create(
        patient=patient or make_patient(),
        added_by=facts.pop("added_by", None) or make_user(),
        **{
            "leg": "left",
            "view": "front",
            "moment": "before",
            "taken_at": at("2026-01-13 10:00"),
            "file": f"00/{number:032x}.jpg",
            "thumbnail": f"ff/{number:032x}.jpg",
            "width": 800,
            "height": 1000,
            "digest": f"{number:064x}",
            **facts,
        },
    )


def make_adverse_event(*, patient=None, session=None, reported_by=None, **facts):
    """An open haematoma of Tuesday 13 January 2026, 10:40 in New York, that no clinician has seen."""
    return AdverseEvent.objects.create(
        patient=patient or (session.patient if session else make_patient()),
        session=session,
        reported_by=reported_by or make_user(),
        **{
            "request_key": uuid.uuid4(),
            "kind": "haematoma",
            "onset_at": at("2026-01-13 10:40"),
            "recorded_at": at("2026-01-13 10:41"),
            **facts,
        },
    )


def make_consent(*, patient=None, text=None, witnessed_by=None, **facts):
    """A patient's signature under the newest English text, drawn in two lines, without photographs."""
    return SeriesConsent.objects.create(
        **{
            "patient": patient or make_patient(),
            "text": text or text_in("en"),
            "signed_name": "Invented Signer",
            "strokes": [[[100.0, 100.0], [200.0, 60.0], [300.0, 120.0]], [[320.0, 80.0], [420.0, 80.0]]],
            "witnessed_by": witnessed_by or make_user(),
            "request_key": uuid.uuid4(),
            **facts,
        }
    )


def make_day_check(*, clinician=None, by=None, **facts):
    """Kit checked and clinician named on Tuesday 13 January 2026, at 07:50."""
    moment, by = at("2026-01-13 07:50"), by or make_user()
    return DayCheck.objects.create(
        **{
            "date": date(2026, 1, 13),
            "kit_checked_at": moment,
            "kit_checked_by": by,
            "responsible_clinician": clinician or make_user(Role.CLINICIAN),
            "clinician_set_at": moment,
            "clinician_set_by": by,
            **facts,
        }
    )


def make_report(*, patient=None, by=None, level="SAME_DAY", symptoms=("ONE_LEG",), **facts):
    """A report of Thursday 15 January 2026, 09:10, by the patient; a clinician has four hours."""
    patient = patient or make_patient()
    moment = at("2026-01-15 09:10")
    return SymptomReport.objects.create(
        **{
            "patient": patient,
            "request_key": uuid.uuid4(),
            "source": "portal",
            "reported_by": by or make_user(Role.PATIENT),
            "reported_at": moment,
            "symptoms": list(symptoms),
            "level": level,
            "because": list(symptoms),
            "told": "Speak to a clinician today.",
            "due_at": facts.get("reported_at", moment) + timedelta(hours=4),
            **facts,
        }
    )


def make_tick(*, patient=None, by=None, **facts):
    """The stocking worn on Thursday 15 January 2026."""
    return Tick.objects.create(
        **{
            "patient": patient or make_patient(),
            "request_key": uuid.uuid4(),
            "date": date(2026, 1, 15),
            "task": "stocking",
            "answer": "yes",
            "given_at": at("2026-01-15 09:00"),
            "given_by": by or make_user(Role.PATIENT),
            **facts,
        }
    )


def make_carer(*, patient=None, user=None, by=None, **facts):
    """Somebody whom the patient lets look at the plan."""
    user = user or make_user(Role.CARER)
    return Carer.objects.create(
        **{"patient": patient or make_patient(), "user": user, "name": user.name, "added_by": by or user, **facts}
    )
