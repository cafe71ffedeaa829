"""A report comes in: by the patient, by a carer, or taken down at the phone. The row is the task with its timer.

Everything happens in one transaction: the report, who answers for it, the notice to them, the trail.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
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
from sessions_app.answer_time import opens_at
from sessions_app.availability import Period
from sessions_app.calls_now import CallsNow, calls
from sessions_app.models import TreatedSite, TreatmentSession
from sessions_app.refusals import Refused
from sessions_app.retrying import retried
from sessions_app.worked import worked

Source = SymptomReport.Source
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said. `symptoms` are codes of `clinic.protocol.triage.SYMPTOMS`, anything else counts like text.

    `affirmed` and `denied` are the keys of the emergency questions that were answered with yes and with no
    (`aftercare.presenters.symptoms.QUESTIONS` and `FOLLOWS`); whoever affirms gives the symptoms too. `leg` is "left",
    "right", "both" or "".
    """

    symptoms: Collection[str] = ()
    denied: Collection[str] = ()
    leg: str = ""
    free_text: str = ""
    affirmed: Collection[str] = ()

    @property
    def is_nothing(self) -> bool:
        return not self.symptoms and not self.free_text.strip()

    def is_said_in(self, report: SymptomReport) -> bool:
        """Whether `report` says exactly this: the order of what was ticked does not matter."""
        return self._content == said_by(report)._content

    def adds_nothing_to(self, report: SymptomReport) -> bool:
        """Whether `report` says all of this already, and perhaps more."""
        lists = ((self.symptoms, report.symptoms), (self.affirmed, report.affirmed), (self.denied, report.denied))
        texts = ((self.leg, report.leg), (self.free_text.strip(), report.free_text))
        return all(set(ours) <= set(theirs) for ours, theirs in lists) and all(
            ours in ("", theirs) for ours, theirs in texts
        )

    def key_beside(self, key: UUID) -> UUID:
        """The key of a report that says this, when `key` has made one that says something else."""
        return uuid5(key, self._content)

    def key_after(self, closed: SymptomReport) -> UUID:
        """The key of a report that says this, when the one that said it before is closed: nobody reads that again."""
        return uuid5(closed.request_key, f"{self._content}{closed.public_id}")

    @property
    def _content(self) -> str:
        lists = (sorted(set(each)) for each in (self.symptoms, self.affirmed, self.denied))
        return json.dumps([*lists, self.leg, self.free_text.strip()])


def said_by(report: SymptomReport) -> Said:
    return Said(report.symptoms, report.denied, report.leg, report.free_text, report.affirmed)


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

    The same `request_key` with the same answers again gives the report that it made, unchanged, while that is open;
    with other answers, or once it is closed, it makes another one, so that nothing that was said is swallowed.
    `language` ("en", "es") is that of whoever reports and is told at once; `reporter_words` say who is on the phone.
    `opened` saves looking up the openings again. Raises `Refused` when nothing was said, and for a key that made
    somebody else's report. At most twelve queries, one more for each closed report of the key.
    """
    key = _key_for(said, request_key, patient, by)
    if isinstance(key, SymptomReport):
        return key
    if said.is_nothing:
        raise Refused("Nothing was reported. Choose a symptom, or write a few words.", rule="empty")
    session = newest_session(patient)
    day = days_since(session, now)
    answer, version = assess(said, day=day)
    if opened is None:
        opened = () if answer.level is Level.EMERGENCY else worked(clinic, now)
    with translation.override(page_language(language)):
        words = told(answer, clinic, calling=_calling(clinic, opened, now), is_on_phone=source == Source.PHONE)
    asked = in_turn(session, day=local_date(now, clinic.zone))
    report = SymptomReport(
        patient=patient,
        session=session,
        request_key=key,
        source=source,
        reported_by=by,
        reporter_words=reporter_words.strip(),
        reported_at=now,
        language=language,
        symptoms=list(said.symptoms),
        affirmed=list(said.affirmed),
        denied=list(said.denied),
        leg=said.leg,
        free_text=said.free_text.strip(),
        day=day,
        level=answer.level,
        because=list(answer.because),
        told=words,
        protocol_version=version,
        due_at=due_within(answer.level, now, clinic, opened),
        given_to=asked[0] if asked else None,
    )
    try:
        with transaction.atomic():
            report.save(force_insert=True)
    except IntegrityError:
        # This very form, sent twice at once; anything else goes on as the error that it is.
        again = _key_for(said, request_key, patient, by)
        if isinstance(again, SymptomReport):
            return again
        if again == key:
            raise
        report.request_key = again
        report.save(force_insert=True)
    _tell(report, now)
    audit.record(
        "symptoms reported", by=by, subject=report, patient=patient, level=str(answer.level), source=str(source)
    )
    return report


def made_before(said: Said, request_key: UUID, patient: Patient, by: User) -> SymptomReport | None:
    """The open report that the same answers of `by` with this key have made; None when they would make one now.

    Raises `Refused` for a key that made somebody else's report. One query, one more for each closed report of it.
    """
    made = _key_for(said, request_key, patient, by)
    return made if isinstance(made, SymptomReport) else None


def _key_for(said: Said, request_key: UUID, patient: Patient, by: User) -> SymptomReport | UUID:
    """The open report that says this already, else the key under which it is filed."""
    beside = said.key_beside(request_key)
    made = _made_with([request_key, beside], patient, by)
    same = made.get(beside)
    if same is None and request_key in made:
        same = made[request_key] if said.is_said_in(made[request_key]) else None
    if same is None:
        return beside if request_key in made else request_key
    while same.closed_at is not None:
        key = said.key_after(same)
        following = _made_with([key], patient, by)
        if key not in following:
            return key
        same = following[key]
    return same


def _made_with(keys: Collection[UUID], patient: Patient, by: User) -> dict[UUID, SymptomReport]:
    made = {report.request_key: report for report in SymptomReport.objects.filter(request_key__in=keys)}
    for report in made.values():
        if report.patient_id != patient.pk or report.reported_by_id != by.pk:
            raise Refused("This form was sent already. Open the page again.", rule="key")
    return made


def _calling(clinic: Clinic, opened: Sequence[Period], now: datetime) -> CallsNow:
    return calls(clinic, is_closed=opens_at(now, opened=opened, zone=clinic.zone) is not None)


def due_within(level: Level, now: datetime, clinic: Clinic, opened: Sequence[Period]) -> datetime:
    """By when somebody acts on what came in at `now`, with the times that the clinic allows itself."""
    allowed = Allowed(
        emergency=timedelta(minutes=clinic.report_emergency_minutes),
        same_day=timedelta(minutes=clinic.report_same_day_minutes),
    )
    return due_at(level, now, allowed=allowed, opened=opened, zone=clinic.zone)


def assess(said: Said, *, day: int | None) -> tuple[TriageAnswer, ProtocolVersion | None]:
    """The level by the protocol in force, or by the shipped one while none is signed. One query."""
    version = ProtocolVersion.in_force()
    protocol = version.protocol() if version else Protocol.default()
    return triage_of(list(said.symptoms), protocol=protocol, free_text=said.free_text, day=day), version


def newest_session(patient: Patient) -> TreatmentSession | None:
    """What the report follows: the newest signed session, in its newest version."""
    sessions = TreatmentSession.objects.current().filter(patient=patient, ended_at__isnull=False)
    return sessions.order_by("-ended_at", "-pk").first()


def newest_treated(patient: Patient, now: datetime) -> TreatmentSession | None:
    """What an emergency service must hear of: the newest session, also one of today that is not signed yet. One query.

    Something was injected once it has a site, or its last injection has its time.
    """
    injected = Q(ended_at__isnull=False) | Exists(TreatedSite.objects.filter(session=OuterRef("pk")))
    theirs = TreatmentSession.objects.filter(patient=patient)
    begun = theirs.unsigned().filter(injected, amends__isnull=True)
    today = begun.filter(started_at__gt=now - _A_DAY, started_at__lte=now)
    signed = theirs.current().filter(ended_at__isnull=False)
    either = theirs.filter(Q(pk__in=today.values("pk")) | Q(pk__in=signed.values("pk")))
    return either.order_by(Coalesce("ended_at", "started_at").desc(), "-pk").first()


def treated_at(session: TreatmentSession) -> datetime:
    """The end of the injections, or the beginning of the visit while they are being given."""
    return session.ended_at or session.started_at


def days_since(session: TreatmentSession | None, now: datetime) -> int | None:
    """Dates since the session on its own clock; None without one."""
    if session is None or session.ended_at is None:
        return None
    zone = zone_named(session.time_zone)
    return max((local_date(now, zone) - local_date(session.ended_at, zone)).days, 0)


def _tell(report: SymptomReport, now: datetime) -> None:
    """The first notice, to who answers for it; what is usually expected waits on the list alone."""
    if report.given_to_id is not None and report.level != SymptomReport.Level.REASSURE:
        ReportNotice.objects.create(report=report, number=0, to_id=report.given_to_id, written_at=now)
