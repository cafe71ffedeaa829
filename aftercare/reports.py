"""A report comes in: by the patient, by a carer, or taken down at the phone. The row is the task with its timer.

Everything happens in one transaction: the report, who answers for it, the notice to them, the trail.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import translation

from aftercare.answering import in_turn
from aftercare.models import ReportNotice, SymptomReport
from aftercare.report_timing import Allowed, due_at
from aftercare.told import told
from clinic import audit
from clinic.language import page_language
from clinic.models import Clinic, Patient, ProtocolVersion, User
from clinic.protocol import Protocol
from clinic.protocol.triage import Level, TriageAnswer, triage_of
from clinic.protocol.zones import local_date, zone_named
from sessions_app.availability import Period
from sessions_app.models import TreatmentSession
from sessions_app.refusals import Refused
from sessions_app.requests import openings
from sessions_app.retrying import retried

Source = SymptomReport.Source


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said. `symptoms` are codes of `clinic.protocol.triage.SYMPTOMS`, anything else counts like text.

    `denied` are the emergency questions that were answered with no (`aftercare.presenters.symptoms.QUESTIONS`), `leg`
    is "left", "right", "both" or "".
    """

    symptoms: Collection[str] = ()
    denied: Collection[str] = ()
    leg: str = ""
    free_text: str = ""

    @property
    def is_nothing(self) -> bool:
        return not self.symptoms and not self.free_text.strip()


@retried
@transaction.atomic
def file_report(
    *,
    patient: Patient,
    said: Said,
    request_key: UUID,
    source: Source | str,
    by: User,
    now: datetime,
    clinic: Clinic,
    language: str = "en",
    reporter_words: str = "",
    opened: Sequence[Period] | None = None,
) -> SymptomReport:
    """Store what was said about `patient`, with its level and by when somebody answers.

    The same `request_key` again gives the report that it made, unchanged. `language` ("en", "es") is that of whoever
    reports and is told at once; `reporter_words` say who is on the phone. `opened` saves looking up the openings again.
    Raises `Refused` when nothing was said, and for a key that made somebody else's report. At most twelve queries.
    """
    made = SymptomReport.objects.filter(request_key=request_key).first()
    if made is not None:
        return _own(made, patient, by)
    if said.is_nothing:
        raise Refused("Nothing was reported. Choose a symptom, or write a few words.", rule="empty")
    session = newest_session(patient)
    day = days_since(session, now)
    answer, version = assess(said, day=day)
    allowed = Allowed(
        emergency=timedelta(minutes=clinic.report_emergency_minutes),
        same_day=timedelta(minutes=clinic.report_same_day_minutes),
    )
    if opened is None:
        opened = () if answer.level is Level.EMERGENCY else openings(clinic, now)
    asked = in_turn(session, day=local_date(now, clinic.zone))
    with translation.override(page_language(language)):
        words = told(answer, clinic, is_on_phone=source == Source.PHONE)
    try:
        with transaction.atomic():
            report = SymptomReport.objects.create(
                patient=patient,
                session=session,
                request_key=request_key,
                source=source,
                reported_by=by,
                reporter_words=reporter_words.strip(),
                reported_at=now,
                language=language,
                symptoms=list(said.symptoms),
                denied=list(said.denied),
                leg=said.leg,
                free_text=said.free_text.strip(),
                day=day,
                level=answer.level,
                because=list(answer.because),
                told=words,
                protocol_version=version,
                due_at=due_at(answer.level, now, allowed=allowed, opened=opened, zone=clinic.zone),
                given_to=asked[0] if asked else None,
            )
    except IntegrityError:
        # This very form, sent twice at once; anything else goes on as the error that it is.
        made = SymptomReport.objects.filter(request_key=request_key).first()
        if made is None:
            raise
        return _own(made, patient, by)
    _tell(report, now)
    audit.record(
        "symptoms reported", by=by, subject=report, patient=patient, level=str(answer.level), source=str(source)
    )
    return report


def assess(said: Said, *, day: int | None) -> tuple[TriageAnswer, ProtocolVersion | None]:
    """The level by the protocol in force, or by the shipped one while none is signed. One query."""
    version = ProtocolVersion.in_force()
    protocol = version.protocol() if version else Protocol.default()
    return triage_of(list(said.symptoms), protocol=protocol, free_text=said.free_text, day=day), version


def newest_session(patient: Patient) -> TreatmentSession | None:
    """What the report follows: the newest signed session, in its newest version."""
    sessions = TreatmentSession.objects.current().filter(patient=patient, ended_at__isnull=False)
    return sessions.order_by("-ended_at", "-pk").first()


def days_since(session: TreatmentSession | None, now: datetime) -> int | None:
    """Dates since the session on its own clock; None without one."""
    if session is None or session.ended_at is None:
        return None
    zone = zone_named(session.time_zone)
    return max((local_date(now, zone) - local_date(session.ended_at, zone)).days, 0)


def _own(made: SymptomReport, patient: Patient, by: User) -> SymptomReport:
    if made.patient_id != patient.pk or made.reported_by_id != by.pk:
        raise Refused("This form was sent already. Open the page again.", rule="key")
    return made


def _tell(report: SymptomReport, now: datetime) -> None:
    """The first notice, to who answers for it; what is usually expected waits on the list alone."""
    if report.given_to_id is not None and report.level != SymptomReport.Level.REASSURE:
        ReportNotice.objects.create(report=report, number=0, to_id=report.given_to_id, written_at=now)
