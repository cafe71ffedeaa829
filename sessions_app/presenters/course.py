"""A course while it is put together: one row per visit with its window, its time and the others that would do.

A row that somebody changed stays as it is; a later row that does not fit behind it any more gets the nearest time of
its own window and says so. Everything is checked again when it is booked.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from clinic.models import Patient
from clinic.protocol.zones import local_date, start_of_day
from sessions_app.courses import CourseProposal
from sessions_app.forms.course import UNDECIDED
from sessions_app.free_times import Search, Slot
from sessions_app.models import Appointment, Course, Service, TreatmentSession
from sessions_app.presenters.days import Days, Wanted
from sessions_app.refusals import Refused, Taken
from sessions_app.repeat import Chain, RepeatRules
from sessions_app.slot_value import Chosen, value_of
from sessions_app.wording import day_words, range_words, time_words

_FAR = datetime.max.replace(tzinfo=UTC)
_DAY, _MOMENT = timedelta(days=1), timedelta(microseconds=1)
_OTHERS = 6
_BEYOND = 14 * _DAY
_RUNNING = 20
_NOTHING_FREE = "Nothing is free for it as far as one can book."


@dataclass(frozen=True, slots=True)
class CourseRow:
    """One visit. `options` are (value, words) of the times that can be chosen, `value` the chosen one ("" for none, and
    one that begins with `UNDECIDED` while somebody must choose, because the typed day cannot be had); `problem` says
    why it cannot be booked as it is, `note` what is unusual about it, `avoid` when to leave flights."""

    number: int
    window: str
    value: str
    when: str
    options: list[tuple[str, str]]
    note: str
    avoid: str
    day: str
    starts_at: datetime | None
    problem: str = ""

    @property
    def label(self) -> str:
        return f"Session {self.number}"


class CourseTimes:
    """The free times of a whole course, read once."""

    def __init__(self, wanted: Wanted, *, last: date) -> None:
        """`last` is the last day that any row speaks of."""
        assert wanted.patient is not None
        self.wanted, self.zone = wanted, wanted.zone
        self.chain = Chain(wanted.patient, wanted.service, clinic=wanted.clinic, now=wanted.now)
        nurse = wanted.nurse_id
        self.search = Search(
            clinic=wanted.clinic,
            service=wanted.service,
            first_date=wanted.first_day or wanted.today,
            last_date=last + self.chain.protocol.repeat_max_days * _DAY + _BEYOND,
            now=wanted.now,
            patient=wanted.patient,
        )
        if nurse is not None:
            self.search.nurse_free = {id: bits if id == nurse else 0 for id, bits in self.search.nurse_free.items()}
        self.days = Days(wanted, self.search, None)
        self.avoid_days = max(self.chain.protocol.avoid_days.values())

    def rows(
        self,
        visits: Sequence[Chosen | None],
        *,
        first_number: int,
        offers: Sequence[Sequence[Slot]] = (),
        shown_days: Sequence[date | None] = (),
        retyped: Collection[int] = (),
        problems: Mapping[int, Refused] | None = None,
    ) -> list[CourseRow]:
        """The rows for what was chosen; `offers` are the times that were proposed for each, `problems` by row.

        The rows `retyped` take the time of their shown day that is nearest to the chosen one; none while that day has
        none, so that a second press cannot book another day than the one that was typed.
        """
        found: list[CourseRow] = []
        earliest, behind = self.wanted.first_day or self.wanted.today, self.wanted.now
        for number, chosen in enumerate(visits):
            shown = shown_days[number] if number < len(shown_days) else None
            typed = shown if number in retyped else None
            visit = self._on(typed, chosen) if typed else chosen
            # A row that the one before it has overtaken comes after that one all the same, and has its window from it.
            at = max(visit[0], behind) if visit else _FAR
            rules = self.chain.rules_before(at)
            offered = offers[number] if number < len(offers) else ()
            problem = (problems or {}).get(number)
            row, slot = self._row(first_number + number, visit, rules, earliest, offered, shown, problem, typed)
            found.append(row)
            if slot is not None:
                self.chain.add(slot.starts_at, nurse_id=slot.nurse_id)
                earliest, behind = local_date(slot.starts_at, self.zone) + _DAY, slot.starts_at + _MOMENT
        return found

    def _row(
        self,
        number: int,
        visit: Chosen | None,
        rules: RepeatRules | None,
        earliest: date,
        offered: Sequence[Slot],
        shown: date | None,
        problem: Refused | None,
        typed: date | None,
    ) -> tuple[CourseRow, Slot | None]:
        first, last = self._window(rules, earliest)
        kept = self._kept(visit, first, may_be_early=_may_be_early(visit, rules, self.days))
        near = problem.alternatives if isinstance(problem, Taken) else []
        slot = kept or next(iter(near), None) or self._nearest(first, last, rules, wished=visit[0] if visit else None)
        others = offered or self.days.first_of_half_days(first, last, _OTHERS)
        in_full = self.days.slots(shown) if shown and shown >= first else []
        # The last of two equal times is shown: the one that knows why it is offered.
        listed = (*([slot] if slot else []), *in_full, *others, *near)
        options = {value_of(each): self._words(each) for each in listed}
        note = self._note(slot, rules)
        missed = self._missed(typed, visit, slot)
        if missed:
            note = ""
        elif visit and slot and not kept and problem:
            note = f"{time_words(slot.starts_at, self.zone)} is the nearest free time. {note}"
        elif visit and slot and not kept:
            note = (
                f"{time_words(visit[0], self.zone)} does not fit here any more; this is the nearest that does. {note}"
            )
        value, choose = value_of(slot) if slot else "", []
        if missed:
            value = f"{UNDECIDED}{value}"
            choose = [(value, "Choose a time")]
        row = CourseRow(
            number=number,
            window=range_words(first, last) if first < last else day_words(first),
            value=value,
            when=time_words(slot.starts_at, self.zone) if slot and not missed else "",
            options=choose + sorted(options.items()),
            note=note.strip(),
            avoid="" if missed else self._avoid(slot),
            day=(typed if missed and typed else self._day_of(slot) or shown or first).isoformat(),
            starts_at=slot.starts_at if slot and not missed else None,
            problem=missed or (problem.message if problem else "" if slot else _NOTHING_FREE),
        )
        return row, slot

    def _missed(self, typed: date | None, visit: Chosen | None, slot: Slot | None) -> str:
        """Why the typed day of a row cannot be had, and what to do; "" where its time is one of that day."""
        if typed is None or slot is None or self._day_of(slot) == typed:
            return ""
        is_free = visit is not None and local_date(visit[0], self.zone) == typed
        day = day_words(typed)
        why = f"{day} is too early for this session." if is_free else f"Nothing is free on {day}."
        return f"{why} Choose another time or day."

    def _day_of(self, slot: Slot | None) -> date | None:
        return local_date(slot.starts_at, self.zone) if slot else None

    def _on(self, day: date, visit: Chosen | None) -> Chosen | None:
        """The free time of the day whose hour is nearest to the chosen one, with the chosen nurse if she has one."""
        slots = self.days.slots(day)
        if not slots or visit is None:
            return visit
        hour, nurse = visit.starts_at.astimezone(self.zone).time(), visit.nurse_id
        wished = datetime.combine(day, hour, tzinfo=self.zone)
        best = min(slots, key=lambda slot: (abs(slot.starts_at - wished), slot.nurse_id != nurse))
        return Chosen(best.starts_at, best.nurse_id, best.room_id)

    def _window(self, rules: RepeatRules | None, earliest: date) -> tuple[date, date]:
        if rules is None or rules.window.last_date < earliest:
            return earliest, earliest + _BEYOND
        return max(rules.window.first_date, earliest), rules.window.last_date

    def _kept(self, visit: Chosen | None, first: date, *, may_be_early: bool) -> Slot | None:
        """What was chosen, while it is free and not before its window."""
        if visit is None or (local_date(visit[0], self.zone) < first and not may_be_early):
            return None
        return next(iter(self.days.slots_at(visit.starts_at, visit.nurse_id)), None)

    def _nearest(self, first: date, last: date, rules: RepeatRules | None, *, wished: datetime | None) -> Slot | None:
        """The time nearest to what was chosen, else to the middle of the window; of two, the former nurse's."""
        opens = start_of_day(first, self.zone)
        around = wished or opens + (start_of_day(last + _DAY, self.zone) - opens) / 2
        for until in (last, last + _BEYOND):
            near = self.days.first_of_half_days(first, until, 2 * _BEYOND.days)
            if near:
                nurse = rules.nurse_id if rules else None
                return min(near, key=lambda slot: (abs(slot.starts_at - around), slot.nurse_id != nurse))
        return None

    def _note(self, slot: Slot | None, rules: RepeatRules | None) -> str:
        if slot is None or rules is None:
            return ""
        answer = rules.answer(local_date(slot.starts_at, self.zone))
        return answer.text if answer.notes else ""

    def _avoid(self, slot: Slot | None) -> str:
        if slot is None:
            return ""
        day = local_date(slot.starts_at, self.zone)
        return range_words(day, day + self.avoid_days * _DAY)

    def _words(self, slot: Slot) -> str:
        why = f" ({slot.why})" if slot.why and slot.why != "free" else ""
        return f"{time_words(slot.starts_at, self.zone)}, {slot.nurse_name}, {slot.room_name}{why}"


def _may_be_early(visit: Chosen | None, rules: RepeatRules | None, days: Days) -> bool:
    """Whether a clinician chose a time before the window of the last signed session, which may be approved."""
    return bool(visit and rules and days.may_be_early and local_date(visit[0], days.zone) >= rules.window.session_date)


def proposed(proposal: CourseProposal) -> tuple[list[Chosen | None], list[list[Slot]]]:
    """The proposed times and the offers behind them, as `CourseTimes.rows` takes them."""
    slots = [visit.slot for visit in proposal.visits]
    visits: list[Chosen | None] = [Chosen(slot.starts_at, slot.nurse_id, slot.room_id) for slot in slots]
    return visits, [[v.slot, *v.others] for v in proposal.visits]


def given_already(patient: Patient, *, now: datetime, longest_gap: timedelta) -> int:
    """How many treatments of the running series were signed: back from today, as long as none is too far apart."""
    ends = (
        TreatmentSession.objects.current()
        .filter(patient=patient, ended_at__isnull=False)
        .order_by("-ended_at")
        .values_list("ended_at", flat=True)[:_RUNNING]
    )
    count, later = 0, now
    for ended_at in ends:
        if ended_at is None or later - ended_at > longest_gap:
            break
        count, later = count + 1, ended_at
    return count


def open_course(patient: Patient, service: Service) -> tuple[Course, str] | None:
    """The newest course of the patient with a place left, and that place in words: "session 3 of 5". Two queries.

    A course of which every visit was taken back or cancelled is none.
    """
    course = Course.objects.filter(patient=patient, service=service).order_by("-created_at", "-pk").first()
    if course is None:
        return None
    counted = Appointment.objects.filter(course=course).standing().count()
    if not counted or course.done_before + counted >= course.planned_sessions:
        return None
    return course, f"session {course.done_before + counted + 1} of {course.planned_sessions}"


def course_toast(patient: Patient, course: Course, zone: ZoneInfo) -> str:
    """ "Booked: Greta Sandpiper, 3 sessions: Thu 15 Jan, 09:00; Thu 29 Jan, 09:00; …" """
    starts = course.appointments.order_by("entry__starts_at").values_list("entry__starts_at", flat=True)
    return f"Booked: {patient.name}, {len(starts)} sessions: {'; '.join(time_words(at, zone) for at in starts)}."


def clash_words(event: date | None, rows: Sequence[CourseRow], *, avoid_days: int, zone: ZoneInfo) -> str:
    """Which visits have the event in the days after them (rule B6); "" for none."""
    days = [local_date(row.starts_at, zone) for row in rows if row.starts_at]
    hit = [day_words(day) for day in days if event and day <= event <= day + avoid_days * _DAY]
    return f"inside the {avoid_days} days after {hit[0]}" if hit else ""
