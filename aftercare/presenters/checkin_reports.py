"""A report as its giver reads it: that it arrived, by when somebody answers, what became of it; one page and a list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftercare.models import ReportStep, SymptomReport
from aftercare.portal_patient import Reader
from aftercare.presenters.checkin import what_words
from aftercare.presenters.symptoms import denied_words, leg_words, unanswered_words
from aftercare.presenters.words import Clock
from aftercare.reports import said_by
from aftercare.stocking_told import is_off
from clinic.language import page_language
from clinic.models import Clinic
from clinic.protocol.zones import local_date
from sessions_app.answer_time import opens_at
from sessions_app.availability import Period
from sessions_app.calls_now import CallsNow, calls

Level = SymptomReport.Level
_TITLES: dict[str, Promise] = {
    Level.EMERGENCY: _("The clinic has been told"),
    Level.SAME_DAY: _("We have your report"),
    Level.NEXT_DAY: _("We have your report"),
    Level.REASSURE: _("We have your report"),
}
_OUTCOMES: dict[str, Promise] = {
    SymptomReport.Outcome.ADVISED: _("We told you what to do. No visit and no scan was agreed."),
    SymptomReport.Outcome.VISIT: _("You come to the clinic. If you do not know when, call us."),
    SymptomReport.Outcome.SCAN: _("You get an ultrasound scan. If you do not know when or where, call us."),
    SymptomReport.Outcome.SENT_ON: _("We sent you to an emergency department."),
    SymptomReport.Outcome.TREATED_ELSEWHERE: _("You were treated elsewhere."),
    SymptomReport.Outcome.MISTAKE: _("It was reported by mistake."),
}
# Closed by a clinician only once what was found is known (`aftercare.report_work`): it lies behind the giver.
_OUTCOMES_OVER: dict[str, Promise] = {
    SymptomReport.Outcome.VISIT: _("You came to the clinic. If you do not know what was found, call us."),
    SymptomReport.Outcome.SCAN: _("You had an ultrasound scan. If you do not know the result, call us."),
}
# When nobody spoke with the giver, nothing is claimed that only a talk makes true, and what was wrong can be said.
_OUTCOMES_UNREACHED: dict[str, Promise] = {
    SymptomReport.Outcome.ADVISED: _("We read it. Call us if it gets worse."),
    SymptomReport.Outcome.VISIT: _("We want to see you. Please call us."),
    SymptomReport.Outcome.SCAN: _("We want to see you. Please call us."),
    SymptomReport.Outcome.SENT_ON: _("We heard that you were sent to an emergency department. Call us if not."),
    SymptomReport.Outcome.TREATED_ELSEWHERE: _("We heard that you were treated elsewhere. Call us if not."),
    SymptomReport.Outcome.MISTAKE: _("We think that it was reported by mistake. Call us if not."),
}
# Of these: closed, and still something for the giver to do.
_ASKING = (SymptomReport.Outcome.VISIT, SymptomReport.Outcome.SCAN)
_ICONS: dict[str, str] = {
    ReportStep.What.TAKEN: "user-check",
    ReportStep.What.REACHED: "phone-call",
    ReportStep.What.NO_ANSWER: "phone",
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of what became of a report."""

    icon: str
    words: str
    when: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A report as its giver sees it. `state` is how it stands, mostly by when somebody answers; `late` says that nobody
    did in time, `missed` that the clinic called in vain: both ask for a call, unless it was only to be read
    (`calls_late` is False then). `is_emergency` until somebody answered.

    `told` is what the giver was told at once to do; empty as soon as somebody who may close the report spoke with them:
    from then on what was said holds. `is_urgent`: what comes first hangs on the hour (`aftercare.told.first_step`), and
    `told` is what was advised besides; `is_advice_first`: that cannot wait for the call. `by` says who reported it,
    where that was not the reader.
    """

    title: str
    is_emergency: bool
    is_urgent: bool
    is_open: bool
    told: tuple[str, ...]
    is_advice_first: bool
    language: str
    state: str
    closed_now: str
    calling: CallsNow
    late: str
    calls_late: bool
    missed: str
    happened: tuple[Happened, ...]
    what: tuple[str, ...]
    leg: str
    free_text: str
    denied: tuple[str, ...]
    unanswered: tuple[str, ...]
    by: str
    when: str


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A report in the giver's list. `public_id` as text; `late`, `calls_late` and `missed` as on its page.

    `when` stands alone, `since` within a sentence: Spanish has an article before a date there.

    `scan` says when and where a scan to come is. `outcome` is what was decided; that of a closed one may ask for a call
    (`asks_call`). `over_at` is when the time for an answer ends; None where nobody is waited for, or it has ended.

    `is_urgent`, `told`, `is_advice_first` and `language` are those of its page. `by_phone`: "caller" where the patient
    told it by phone, "other" where somebody else did; otherwise empty.
    """

    public_id: str
    when: str
    since: str
    what: str
    state: str
    is_open: bool
    by: str
    late: str
    calls_late: bool
    missed: str
    outcome: str
    scan: str
    asks_call: bool
    over_at: datetime | None
    is_urgent: bool
    by_phone: str
    told: tuple[str, ...]
    is_advice_first: bool
    language: str


def clock_for(reader: Reader, clinic: Clinic, now: datetime) -> Clock:
    return Clock(clinic.zone, local_date(now, clinic.zone), ZoneInfo(reader.patient.time_zone))


def report_page(
    report: SymptomReport,
    *,
    steps: Sequence[ReportStep],
    clinic: Clinic,
    clock: Clock,
    opened: Sequence[Period],
    now: datetime,
    reader: Reader,
) -> ReportPage:
    """`report` as in `for_givers`, `steps` oldest first; `opened` are the clinic's openings from today on."""
    is_open = report.closed_at is None
    is_emergency = is_pressing(report)
    opens = opens_at(now, opened=opened, zone=clinic.zone)
    calling = calls(clinic, is_closed=opens is not None)
    was_reached = any(step.what == ReportStep.What.REACHED for step in steps)
    return ReportPage(
        title=str(_TITLES[report.level]) if is_open else _closed_title(was_reached=was_reached),
        is_emergency=is_emergency,
        is_urgent=is_urgent(report, clock, now),
        is_open=is_open,
        told=_told_again(report, clock, now),
        is_advice_first=is_off(report),
        language=page_language(report.language),
        state=_page_state(report, clock, now),
        closed_now=_closed_now(clock, opens) if is_open and not is_emergency else "",
        calling=calling,
        late=late_words(report, now),
        calls_late=_calls_late(report, now),
        missed=missed_words(report),
        happened=tuple(_happened(report, steps, clock, now)),
        what=tuple(what_words(said_by(report))),
        leg=leg_words(report.leg),
        free_text=report.free_text,
        denied=tuple(denied_words(report.denied)),
        unanswered=tuple(unanswered_words(report.affirmed, report.denied)),
        by=by_words(report, reader),
        when=clock.near(report.reported_at),
    )


def _closed_title(*, was_reached: bool) -> str:
    return gettext("This report is answered") if was_reached else gettext("This report is closed")


def report_lines(reports: Iterable[SymptomReport], clock: Clock, *, now: datetime, reader: Reader) -> list[ReportLine]:
    """`reports` are those of `for_givers`, with who reported and who took them."""
    return [
        ReportLine(
            public_id=str(report.public_id),
            when=clock.near(report.reported_at),
            since=clock.until(report.reported_at),
            what=_in_short(report),
            state=state_words(report, clock, now),
            is_open=report.closed_at is None,
            by=by_words(report, reader),
            late=late_words(report, now),
            calls_late=_calls_late(report, now),
            missed=missed_words(report),
            outcome=_outcome(report, clock, now, was_reached=_was_reached(report)),
            scan=scan_words(report, clock) if awaits_scan(report, now) else "",
            asks_call=not _was_reached(report) and report.outcome in _ASKING and report.closed_at is not None,
            over_at=report.due_at if _is_waited_for(report, now) else None,
            is_urgent=is_urgent(report, clock, now),
            by_phone=_by_phone(report),
            told=_told_again(report, clock, now),
            is_advice_first=is_off(report),
            language=page_language(report.language),
        )
        for report in reports
    ]


def by_words(report: SymptomReport, reader: Reader) -> str:
    """`Reported by Ana Ruiz` where somebody else speaks for the patient who reads; otherwise empty."""
    if reader.carer is not None or report.source != SymptomReport.Source.CARER:
        return ""
    return gettext("Reported by %(name)s") % {"name": report.reported_by.name}


def state_words(report: SymptomReport, clock: Clock, now: datetime) -> str:
    """`Somebody answers by Thu 15 Jan, 13:10`: how a report stands, in one short sentence, for its giver."""
    if report.closed_at is not None:
        words = gettext("Answered %(when)s") if _was_reached(report) else gettext("Closed %(when)s")
        return words % {"when": clock.near(report.closed_at)}
    if missed_words(report):
        return missed_words(report)
    if _is_answered(report):
        return gettext("We spoke with you")
    if _was_reached(report):  # by somebody who may not end it, or who asked a colleague
        return gettext("We spoke with you and still work on it")
    if report.taken_by is not None:
        return gettext("%(name)s is looking at it") % {"name": report.taken_by.name}
    if report.level == Level.EMERGENCY:
        return gettext("The clinic has been told")
    if is_over(report, now):
        is_read_only = report.level == Level.REASSURE
        return gettext("We have not read it yet") if is_read_only else gettext("Nobody has answered yet")
    return _due(report, clock)


def _page_state(report: SymptomReport, clock: Clock, now: datetime) -> str:
    """On its own page who has it stands below; the title says already that the clinic was told."""
    if report.closed_at is not None or missed_words(report) or is_pressing(report):
        return ""
    if _is_answered(report):
        outcome = _outcome(report, clock, now, was_reached=True)
        state = state_words(report, clock, now)
        return f"{state}. {outcome}" if outcome else state
    return "" if is_over(report, now) else _due(report, clock)


def is_pressing(report: SymptomReport) -> bool:
    """An emergency that no clinician has answered yet: whoever reads of it calls the emergency number first."""
    return report.level == Level.EMERGENCY and report.closed_at is None and not _is_answered(report)


def is_urgent(report: SymptomReport, clock: Clock, now: datetime) -> bool:
    """Whether a clinician must be spoken to today, none has spoken with the patient yet, and calling is the way to one.

    Who told it by phone has called already, and heard by when somebody answers: as long as that is today and not over,
    there is nobody else to call. Where nobody is asked to answer nothing of this holds.
    """
    is_promised_today = (
        report.given_to_id is not None and now <= report.due_at and clock.date_of(report.due_at) == clock.today
    )
    has_called = bool(_by_phone(report)) and is_promised_today and not missed_words(report)
    return _needs_clinician(report) and not has_called


def _needs_clinician(report: SymptomReport) -> bool:
    return report.level == Level.SAME_DAY and report.closed_at is None and not _is_answered(report)


def _by_phone(report: SymptomReport) -> str:
    if report.source != SymptomReport.Source.PHONE:
        return ""
    return "other" if report.reporter_words else "caller"


def missed_words(report: SymptomReport) -> str:
    """What the giver is told when the last call of the clinic was in vain; empty otherwise."""
    last_contact: str | None = report.last_contact  # type: ignore[attr-defined]
    if report.closed_at is not None or last_contact != ReportStep.What.NO_ANSWER:
        return ""
    return gettext("We called and did not reach you. Please call us.")


def worst_first(reports: Iterable[SymptomReport]) -> list[SymptomReport]:
    """What says what to do now, the other open ones, what is closed; each by level and by when it is due.

    What was answered leads over what is less grave and waits: a bruise must not hide that breath was short.
    """
    grave = list(Level.values)

    def rank(report: SymptomReport) -> tuple[bool, bool, int, bool, datetime, int]:
        waits = is_pressing(report) or _needs_clinician(report)
        is_calm = _is_answered(report) and not missed_words(report)
        return report.closed_at is not None, not waits, grave.index(report.level), is_calm, report.due_at, report.pk

    return sorted(reports, key=rank)


def is_over(report: SymptomReport, now: datetime) -> bool:
    """Whether its time is over and nobody who answers has reached the patient; taking it alone does not help her."""
    return report.closed_at is None and report.due_at < now and not _is_answered(report)


def _is_waited_for(report: SymptomReport, now: datetime) -> bool:
    """Whether its giver was promised an answer, nobody spoke with them, and its time is not over."""
    promised = report.closed_at is None and report.level in (Level.SAME_DAY, Level.NEXT_DAY)
    return promised and report.due_at > now and not _was_reached(report) and not missed_words(report)


def _is_answered(report: SymptomReport) -> bool:
    return bool(report.is_answered)  # type: ignore[attr-defined]


def _was_reached(report: SymptomReport) -> bool:
    return bool(report.was_reached)  # type: ignore[attr-defined]


def awaits_scan(report: SymptomReport, now: datetime) -> bool:
    """Whether the giver was told of a scan whose time is known and is still to come."""
    is_told = _is_answered(report) or (report.closed_at is not None and _was_reached(report))
    is_scan = report.outcome == SymptomReport.Outcome.SCAN
    return is_told and is_scan and report.scan_at is not None and report.scan_at >= now


def scan_words(report: SymptomReport, clock: Clock) -> str:
    """When and where the scan to come is, as far as it is known; empty where nothing is."""
    where = gettext("Where: %(place)s.") % {"place": report.scan_place.rstrip(".")} if report.scan_place else ""
    if report.scan_at is not None:
        return f"{gettext('Your ultrasound scan: %(when)s.') % {'when': clock.near(report.scan_at)}} {where}".strip()
    if where:
        return f"{gettext('You get an ultrasound scan. If you do not know when, call us.')} {where}"
    return ""


def _outcome(report: SymptomReport, clock: Clock, now: datetime, *, was_reached: bool) -> str:
    """What a clinician decided: of a closed report, or of one whose giver was told of it and that is open still.

    The words are those of the choice; what staff noted stays among them.
    """
    is_told = report.closed_at is not None or (report.outcome and _is_answered(report) and not missed_words(report))
    if not is_told:
        return ""
    if report.closed_at is not None and not was_reached:
        return str(_OUTCOMES_UNREACHED[report.outcome])
    is_to_come = report.scan_at is not None and report.scan_at >= now
    is_closed_for_good = report.closed_at is not None and report.level != Level.REASSURE and not is_to_come
    if is_closed_for_good and report.outcome in _OUTCOMES_OVER:
        return str(_OUTCOMES_OVER[report.outcome])
    scan = _scan_outcome(report, clock, now) if report.outcome == SymptomReport.Outcome.SCAN else ""
    return scan or str(_OUTCOMES[report.outcome])


def _scan_outcome(report: SymptomReport, clock: Clock, now: datetime) -> str:
    """Of a scan whose time is over nobody has said yet whether it took place."""
    if report.scan_at is None or report.scan_at >= now:
        return scan_words(report, clock)
    words = gettext("Planned ultrasound scan: %(when)s. If it was not done or you do not know the result, call us.")
    return words % {"when": clock.near(report.scan_at)}


def _in_short(report: SymptomReport) -> str:
    words = what_words(said_by(report))
    if not words:
        return report.free_text if len(report.free_text) <= 80 else f"{report.free_text[:77]}…"
    return words[0] if len(words) == 1 else gettext("%(first)s, and more") % {"first": words[0]}


def _told_again(report: SymptomReport, clock: Clock, now: datetime) -> tuple[str, ...]:
    """As it was told, in the language of the report; what to do about one symptom comes before what holds for all.

    Without the text of the level where what comes first hangs on the hour; nothing in an emergency, which has its own
    words, and once it was answered.
    """
    if report.closed_at is not None or _is_answered(report) or is_pressing(report):
        return ()
    level, *advice = report.told.split("\n")
    return tuple(part for part in (*advice, "" if is_urgent(report, clock, now) else level) if part)


def _due(report: SymptomReport, clock: Clock) -> str:
    when = clock.until(report.due_at)
    if report.level == Level.REASSURE:
        return gettext("We read it by %(when)s") % {"when": when}
    return gettext("Somebody answers by %(when)s") % {"when": when}


def _closed_now(clock: Clock, opens: datetime | None) -> str:
    if opens is None:
        return ""
    return gettext("The clinic is closed now and opens %(when)s.") % {"when": clock.until(opens)}


def late_words(report: SymptomReport, now: datetime) -> str:
    """What the giver is told when nobody answered in time; empty otherwise. In an emergency the page says to call.

    Who was called in vain is asked to call anyhow.
    """
    if report.level == Level.EMERGENCY or not is_over(report, now) or missed_words(report):
        return ""
    if report.level == Level.REASSURE:
        return gettext("We are late reading it. If it changes or worries you, call us.")
    return gettext("This takes longer than we said. Call us now.")


def _calls_late(report: SymptomReport, now: datetime) -> bool:
    return report.level != Level.REASSURE and bool(late_words(report, now))


def _happened(report: SymptomReport, steps: Sequence[ReportStep], clock: Clock, now: datetime) -> Iterable[Happened]:
    """What concerns the giver: notes and hand-overs among staff are not told."""
    yield Happened("inbox", gettext("Received"), clock.near(report.reported_at))
    last_call = [step for step in steps if step.what in (ReportStep.What.REACHED, ReportStep.What.NO_ANSWER)][-1:]
    for step in steps:
        words = _step_words(step, asks_call=report.closed_at is None and step in last_call)
        if words:
            yield Happened(_ICONS[step.what], words, clock.near(step.at))
    if report.closed_at is not None:
        was_reached = any(step.what == ReportStep.What.REACHED for step in steps)
        words = gettext("Answered") if was_reached else gettext("Closed")
        outcome = _outcome(report, clock, now, was_reached=was_reached)
        yield Happened("check", f"{words}. {outcome}", clock.near(report.closed_at))


def _step_words(step: ReportStep, *, asks_call: bool) -> str:
    """`asks_call`: a call in vain still waits for one back."""
    if step.what == ReportStep.What.TAKEN and step.by is not None:
        return gettext("%(name)s is looking at it") % {"name": step.by.name}
    if step.what == ReportStep.What.REACHED:
        return gettext("We spoke with you")
    if step.what == ReportStep.What.NO_ANSWER:
        asking = gettext("We called and did not reach you. Please call us.")
        return asking if asks_call else gettext("We called and did not reach you.")
    return ""
