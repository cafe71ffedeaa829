"""What somebody is told at once about a report, in the active language: the triage's own texts, said for people.

The English is `clinic.protocol.triage`'s, word for word (a test compares them), where a symptom does not need its name;
what is stored with a report is this. Where the hour is known, what cannot wait says the one thing that comes first.
To be confirmed by the clinical lead, as all texts of the triage.
"""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftercare.models import SymptomReport
from clinic.language import page_language
from clinic.models import Clinic
from clinic.protocol.triage import SYMPTOMS, Level, TriageAnswer
from sessions_app.calls_now import Call, CallsNow, calls

_LEVELS = {
    Level.EMERGENCY: _("Call %(emergency_number)s now. Do not wait and do not drive yourself."),
    Level.SAME_DAY: _(
        "Speak to a clinician today. When the clinic is closed, go to urgent care or an emergency department. "
        "If it gets worse, call %(emergency_number)s."
    ),
    Level.NEXT_DAY: _("The clinic contacts you by the next working day. Call earlier if it gets worse."),
    Level.REASSURE: _("This is usually part of the expected course. Call the clinic if it changes or worries you."),
}
_ADVICE = {
    "TOES_UNDER_STOCKING": _(
        "Take the stocking off now. If the toes do not get better promptly, call %(emergency_number)s."
    ),
    "HEADACHE_OR_FLICKER": _("If you lose any part of your sight, call %(emergency_number)s."),
    "BRUISES": _("Bruises usually fade in 2 to 4 weeks."),
    "ITCHING": _("Expected in the first 2 days."),
    "DARKER_VEINS": _("Expected at first."),
    "BROWN_MARK": _("Most brown marks fade within a year."),
    "FINE_RED_VEINS": _("Mention them at the next visit."),
}
# Of several symptoms a line says which one it is about; the others name theirs anyhow.
_NAMED = {
    "ITCHING": _("Itching: expected in the first 2 days."),
    "DARKER_VEINS": _("Veins darker than before: expected at first."),
    "FINE_RED_VEINS": _("Fine new red veins: mention them at the next visit."),
}
_WORSE = _("If it gets worse, call %(emergency_number)s.")
_NOBODY = _("Nobody answers? Go to urgent care or an emergency department.")
_LEVEL_OF = {symptom.code: symptom.level for symptom in SYMPTOMS}


@dataclass(frozen=True, slots=True)
class FirstStep:
    """What comes first, at one hour, for what a clinician must hear of today.

    `title` says it, `calls` are the numbers to dial, most often one; `words` say what then, `worse` what if it grows.
    """

    title: str
    calls: tuple[Call, ...]
    words: str
    worse: str

    @property
    def sentence(self) -> str:
        return f"{self.title}. {self.words} {self.worse}"


def first_step(clinic: Clinic, calling: CallsNow) -> FirstStep:
    """The triage's text for the same day, with what "when the clinic is closed" means at the hour of `calling`."""
    worse = str(_WORSE) % {"emergency_number": clinic.emergency_number}
    if calling.goes_elsewhere:
        title = gettext("Go to urgent care or an emergency department now")
        return FirstStep(title, (), gettext("The clinic is closed now."), worse)
    if calling.first is None:
        words = gettext("When the clinic is closed, go to urgent care or an emergency department.")
        return FirstStep(gettext("Speak to a clinician today"), (), words, worse)
    if calling.is_closed is None:  # what is read later: each number with its hours
        both = tuple(call for call in (calling.first, calling.second) if call is not None)
        return FirstStep(gettext("Call the clinic now"), both, str(_NOBODY), worse)
    title = gettext("Call %(phone)s now") % {"phone": calling.first.number}
    words = str(_NOBODY) if calling.is_closed else gettext("Speak to a clinician today.")
    return FirstStep(title, (calling.first,), words, worse)


def told(answer: TriageAnswer, clinic: Clinic, *, calling: CallsNow | None = None, is_on_phone: bool = False) -> str:
    """The level's text, then on lines of their own the advice for what made the level; with the clinic's numbers.

    `calling`: whom to call at this hour; without it the triage's own text, which says what holds at any hour.
    `is_on_phone`: to somebody who is calling the clinic, and need not be told to.
    """
    numbers = {"emergency_number": clinic.emergency_number}
    level, *advice = (str(part) % numbers for part in (_LEVELS[answer.level], *_advice_of(answer)))
    if answer.level is Level.SAME_DAY and not is_on_phone:
        level = first_step(clinic, calling).sentence if calling else _call_words(clinic.phone) + level
    return "\n".join((level, *advice))


def told_english(report: SymptomReport, clinic: Clinic) -> str:
    """What `report` told in another language, in English for staff; empty where it was English.

    It is made again of what made the words. Which number they name hangs on the hour of the report, so the one with
    which the stored words come out again is meant; by day where the clinic's numbers or words have changed since.
    """
    if report.language == "en" or not report.told:
        return ""
    answer = TriageAnswer(Level(report.level), tuple(report.because), "")
    is_on_phone = report.source == SymptomReport.Source.PHONE

    def said(language: str, calling: CallsNow) -> str:
        with translation.override(page_language(language)):
            return told(answer, clinic, calling=calling, is_on_phone=is_on_phone)

    by_day, by_night = calls(clinic, is_closed=False), calls(clinic, is_closed=True)
    return said("en", by_night if said(report.language, by_night) == report.told else by_day)


def _call_words(number: str) -> str:
    return gettext("Call %(phone)s.") % {"phone": number} + " " if number else ""


def advice_for(code: str, emergency_number: str) -> str:
    """What to do at once about one symptom; empty where there is nothing besides its level's text."""
    return str(_ADVICE.get(code, "")) % {"emergency_number": emergency_number}


def _advice_of(answer: TriageAnswer) -> list[str]:
    # That an expected course is expected must not follow a symptom that has lasted too long for it.
    fitting = [code for code in answer.because if _LEVEL_OF.get(code) is answer.level]
    named = _NAMED if len(answer.because) > 1 else {}
    return [str(named.get(code, _ADVICE[code])) for code in fitting if code in _ADVICE]
