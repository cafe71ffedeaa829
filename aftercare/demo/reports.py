"""What patients of the demo clinic reported and what staff did about it: every level, and every state of a report."""

import uuid
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial

from django.utils import timezone

from aftercare import report_work
from aftercare.demo.house import House
from aftercare.models import Carer, SymptomReport
from aftercare.presenters.symptoms import QUESTIONS
from aftercare.report_work import What
from aftercare.reports import Said, file_report
from clinic.models import Patient, User
from clinic.portal import portal_account

Event = Callable[[], object]
Outcome, Source = SymptomReport.Outcome, SymptomReport.Source
_NO_EMERGENCY = tuple(question.key for question in QUESTIONS)
_NAMESPACE = uuid.UUID("0b9f6c1e-64b4-4f3e-9a51-2f0e6c7d5a10")


class Reports:
    """Those of today count back from "now"; those of other days happen by the clock of the clinic."""

    def __init__(self, house: House, now: datetime) -> None:
        self.house, self.now = house, now
        self.today = timezone.localdate(now, house.clinic.zone)
        self.nurse, self.second = house.people["nurse@example.com"], house.people["nurse2@example.com"]
        self.clinician, self.lead = house.people["clinician@example.com"], house.people["lead@example.com"]

    def events(self) -> list[tuple[datetime, Event]]:
        """When, and what happens then."""
        return [
            *self._expected_and_closed(),
            *self._late_and_asked_on(),
            *self._not_reached(),
            *self._told_by_phone(),
            *self._emergency(),
            *self._waiting(),
            *self._handed_over(),
            *self._just_expected(),
        ]

    # --- Stories -----------------------------------------------------------------------------------------------

    def _expected_and_closed(self) -> list[tuple[datetime, Event]]:
        who, day = "Quillfeather", 14
        return [
            (self._at(day, "10:10"), partial(self._report, who, Said(("ITCHING",), _NO_EMERGENCY, "right"))),
            (self._at(day, "11:05"), partial(self._close, who, self.nurse, Outcome.ADVISED, "Usual; told to cool it.")),
        ]

    def _late_and_asked_on(self) -> list[tuple[datetime, Event]]:
        """Nobody took it in time: at the next ring the lead is asked, who takes it and calls."""
        who, day = "Foxglove", 2
        said = Said(
            ("SEVERE_SITE_PAIN",), _NO_EMERGENCY, "left", "It burns behind the knee since last night, more when I walk."
        )
        return [
            (self._at(day, "09:40"), partial(self._report, who, said)),
            (self._at(day, "17:12"), partial(self._take, who, self.lead)),
            (
                self._at(day, "17:25"),
                partial(
                    self._close, who, self.lead, Outcome.VISIT,
                    "Skin closed and pink, no calf pain. Looked at in the room, comes again before the next session.",
                    contact=What.REACHED,
                ),
            ),
        ]  # fmt: skip

    def _not_reached(self) -> list[tuple[datetime, Event]]:
        """A tender cord, since yesterday: the nurse has it and called once."""
        who = "Cowslip"
        return [
            (self._at(1, "16:20"), partial(self._report, who, Said(("TENDER_CORD",), _NO_EMERGENCY, "left"))),
            (self._ago(minutes=95), partial(self._take, who, self.second)),
            (self._ago(minutes=92), partial(self._save, who, self.second, What.NO_ANSWER, "Rang out. Again at noon.")),
        ]

    def _told_by_phone(self) -> list[tuple[datetime, Event]]:
        """The husband called, a nurse took it down; the clinician called back and closed it today."""
        who = "Plumstead"
        said = Said(("HEADACHE_OR_FLICKER",), _NO_EMERGENCY, "", "Flickering for ten minutes last night, gone now.")
        return [
            (
                self._ago(minutes=170),
                partial(self._report, who, said, by=self.nurse, source=Source.PHONE, words="her husband by phone"),
            ),
            (self._ago(minutes=160), partial(self._take, who, self.clinician)),
            (
                self._ago(minutes=150),
                partial(
                    self._close, who, self.clinician, Outcome.ADVISED,
                    "Known migraine with aura, the same as before. No loss of sight. Calls if it comes again.",
                    contact=What.REACHED,
                ),
            ),
        ]  # fmt: skip

    def _emergency(self) -> list[tuple[datetime, Event]]:
        """Chest pain: reached within minutes and sent on; open until the clinic hears what it was."""
        who, denied = "Hartwell", tuple(key for key in _NO_EMERGENCY if key != "CHEST")
        said = Said(("CHEST_OR_BREATH",), denied, affirmed=("CHEST",))
        note = "Ambulance is on its way, her sister is with her. Call the hospital this afternoon."
        return [
            (self._ago(minutes=48), partial(self._report, who, said)),
            (self._ago(minutes=46), partial(self._take, who, self.clinician)),
            (
                self._ago(minutes=44),
                partial(self._save, who, self.clinician, What.REACHED, note, outcome=Outcome.SENT_ON),
            ),
        ]

    def _waiting(self) -> list[tuple[datetime, Event]]:
        """In Spanish, nobody has taken it yet: the open red flag that every staff page shows."""
        said = Said(("ONE_LEG",), _NO_EMERGENCY, "right", "La pantorrilla está dura y duele al apoyar, desde ayer.")
        return [(self._ago(minutes=35), partial(self._report, "Piedrabuena", said))]

    def _handed_over(self) -> list[tuple[datetime, Event]]:
        """Reported by the daughter who looks after her; the nurse gave it to the clinician."""
        who = "Merriweather"
        said = Said(("TRAPPED_BLOOD", "DARKER_VEINS"), _NO_EMERGENCY, "left")
        note = "Sounds like trapped blood at the calf. Could come to a review this week. Please decide."
        return [
            (self._ago(minutes=130), partial(self._report_by_carer, who, said)),
            (self._ago(minutes=120), partial(self._take, who, self.nurse)),
            (self._ago(minutes=100), partial(self._hand_over, who, self.nurse, self.clinician, note)),
        ]

    def _just_expected(self) -> list[tuple[datetime, Event]]:
        return [(self._ago(minutes=200), partial(self._report, "Marrowby", Said(("BROWN_MARK",), _NO_EMERGENCY)))]

    # --- What people do ----------------------------------------------------------------------------------------

    def _report(
        self,
        family: str,
        said: Said,
        *,
        by: User | None = None,
        source: SymptomReport.Source = Source.PORTAL,
        words: str = "",
    ) -> None:
        patient = Patient.objects.get(family_name=family)
        reporter = by or portal_account(patient)
        assert reporter is not None, f"{family} has an e-mail"
        file_report(
            patient=patient,
            said=said,
            request_key=uuid.uuid5(_NAMESPACE, family),
            source=source,
            by=reporter,
            now=timezone.now(),
            clinic=self.house.clinic,
            language=patient.language,
            reporter_words=words,
        )

    def _report_by_carer(self, family: str, said: Said) -> None:
        carer = Carer.objects.living().select_related("user").get(patient__family_name=family)
        self._report(family, said, by=carer.user, source=Source.CARER)

    def _take(self, family: str, by: User) -> None:
        report_work.take(report=_report_of(family), by=by)

    def _save(self, family: str, by: User, contact: What, note: str, *, outcome: str = "") -> None:
        report = _report_of(family)
        report_work.save(report=report, version=report.version, contact=contact, outcome=outcome, note=note, by=by)

    def _hand_over(self, family: str, by: User, to: User, note: str) -> None:
        report = _report_of(family)
        report_work.hand_over(report=report, version=report.version, to=to, note=note, by=by)

    def _close(self, family: str, by: User, outcome: SymptomReport.Outcome, note: str, *, contact: str = "") -> None:
        report = _report_of(family)
        report_work.close(
            report=report,
            version=report.version,
            outcome=outcome,
            note=note,
            contact=contact,
            result_known=True,
            by=by,
        )

    # --- When --------------------------------------------------------------------------------------------------

    def _ago(self, *, minutes: int) -> datetime:
        return self.now - timedelta(minutes=minutes)

    def _at(self, days_ago: int, clock_time: str) -> datetime:
        day = self.today - timedelta(days=days_ago)
        return datetime.combine(day, time.fromisoformat(clock_time), self.house.clinic.zone)


def _report_of(family: str) -> SymptomReport:
    return SymptomReport.objects.get(patient__family_name=family)
