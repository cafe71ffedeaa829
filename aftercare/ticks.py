"""What a patient answers for a day: whether there is something to answer, the answer written, and who helps.

"No task" follows from the plans, "not answered" is no row. Neither is ever read as "no", and nothing is added up.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, DateField, QuerySet
from django.utils import timezone

from aftercare.issuing import running_plans
from aftercare.models import Tick
from aftercare.stored import plan_of
from clinic import audit
from clinic.models import Clinic, Patient, StaffTask, User
from clinic.prepared import Blank, PreparedObjects
from clinic.protocol import Timeline, timeline_of
from clinic.protocol.zones import local_date, start_of_day, zone_named
from sessions_app.refusals import Refused
from sessions_app.retrying import retried

Task, Answer, Reason = Tick.Task, Tick.Answer, Tick.Reason
HELP_TASK = StaffTask.Kind.STOCKING_HELP

# Today, and yesterday for who answers in the morning what was in the evening.
DAYS_BACK = 1

REASONS: dict[Tick.Task, tuple[Tick.Reason, ...]] = {
    Task.STOCKING: (
        Reason.HEAT,
        Reason.TOO_TIGHT,
        Reason.SLIPS,
        Reason.HARD_TO_PUT_ON,
        Reason.SKIN,
        Reason.LOST,
        Reason.FORGOT,
        Reason.OTHER,
    ),
    Task.WALK: (Reason.HEAT, Reason.FORGOT, Reason.OTHER),
}
# Somebody of the clinic calls about these: a stocking that does not fit, hurts or is not there is not solved by a tip.
NEEDS_A_CALL = frozenset({Reason.TOO_TIGHT, Reason.SLIPS, Reason.HARD_TO_PUT_ON, Reason.SKIN, Reason.LOST})
# What the body feels, or what we do not know, belongs to "How are you?": there it is read within its time.
LEADS_TO_QUESTIONS = frozenset({Reason.SKIN, Reason.OTHER})


def tasks_on(timeline: Timeline, day: date) -> frozenset[Tick.Task]:
    """What the united plans ask on one date of the clinic's calendar; empty when they ask nothing."""
    zone = zone_named(timeline.time_zone)
    begins, ends = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)
    found = set()
    if any(worn.starts_at < ends and worn.ends_at > begins for worn in timeline.compression):
        found.add(Task.STOCKING)
    if any(first <= day <= last for first, last in timeline.walk_dates):
        found.add(Task.WALK)
    return frozenset(found)


def answers_of(patient: Patient, *, first: date, last: date) -> dict[tuple[date, str], Tick]:
    """The newest answer per date and task between two dates, both inclusive. One query."""
    return newest_of(all_answers_of(patient, first=first, last=last))


def all_answers_of(patient: Patient, *, first: date, last: date) -> list[Tick]:
    """Every answer between two dates, both inclusive, also what was corrected since; oldest first. One query."""
    return _ANSWERS.all(patient=patient.pk, first=first, last=last)


def _answers() -> QuerySet[Tick]:
    theirs = Tick.objects.filter(patient=Blank("patient", BigIntegerField()))
    between = theirs.filter(date__gte=Blank("first", DateField()), date__lte=Blank("last", DateField()))
    return between.order_by("given_at", "pk")


_ANSWERS = PreparedObjects(_answers)


def newest_of(answers: Iterable[Tick]) -> dict[tuple[date, str], Tick]:
    """Of answers in the order in which they were given, the one that counts for each date and task."""
    return {(row.date, row.task): row for row in answers}


def may_wait_for_help(answers: Iterable[Tick]) -> bool:
    """Whether one of them asked for a call; the call may still be open when the day was answered otherwise since."""
    return any(row.task == Task.STOCKING and helps_with([row.reason]) for row in answers)


def helps_with(reasons: Iterable[str]) -> bool:
    """Whether a member of staff is asked to call about one of the reasons."""
    return any(reason in NEEDS_A_CALL for reason in reasons)


@retried
def answer_day(
    *,
    patient: Patient,
    task: Tick.Task,
    day: date,
    answer: str,
    request_key: UUID,
    by: User,
    reason: str = "",
    now: datetime | None = None,
) -> Tick:
    """Write one answer; a form sent twice is one row. The newest answer of a day counts, the former ones stay.

    The same page may answer again in other words: that is another row, whether or not the first was seen to arrive.

    A stocking that does not fit, cannot be put on, hurts the skin or is lost opens a staff task, one per patient while
    it is open. `Refused` with the rule "day" (nothing is asked on that day, or it is too long ago), "reason" or "key".
    """
    now = now or timezone.now()
    reason = "" if answer == Answer.YES else reason
    if answer != Answer.YES and reason not in REASONS[task]:
        raise Refused("Choose what got in the way.", rule="reason", field="reason")

    def write() -> Tick:
        return _answer_once(
            patient=patient, task=task, day=day, answer=answer, reason=reason, key=request_key, by=by, now=now
        )

    try:
        return write()
    except IntegrityError:
        # Another press of the page was written in the same moment: the same words are that one, others are heard, too.
        return write()


def _answer_once(
    *, patient: Patient, task: Tick.Task, day: date, answer: str, reason: str, key: UUID, by: User, now: datetime
) -> Tick:
    """The row of these words, found or written; `IntegrityError` when another one came first with its key."""
    if _answered(key, patient) is not None:
        newest = Tick.objects.filter(patient=patient, task=task, date=day).order_by("given_at", "pk").last()
        if newest is not None and (newest.answer, newest.reason) == (answer, reason):
            return newest
        key = uuid5(key, f"{task} {day} {newest.pk if newest else ''}")
    if not is_asked(patient, task, day, now=now):
        raise Refused("There is nothing to answer for that day.", rule="day")
    return _write(patient=patient, task=task, day=day, answer=answer, reason=reason, key=key, by=by, now=now)


@retried
def say_well(*, patient: Patient, request_key: UUID, by: User, now: datetime | None = None) -> Tick:
    """Write that somebody was asked how the patient is, and everything is fine. It asks nobody to do anything.

    A form sent twice is one row, also when `by` sends it later. `Refused` ("key") for a key of another patient's.
    """
    now = now or timezone.now()
    found = _answered(request_key, patient)
    if found is not None:
        return found
    day = local_date(now, Clinic.current().zone)
    try:
        return _write(
            patient=patient, task=Task.WELL, day=day, answer=Answer.YES, reason="", key=request_key, by=by, now=now
        )
    except IntegrityError:
        found = _answered(request_key, patient)
        if found is None:
            raise
        return found


def newest_well(patient: Patient) -> QuerySet[Tick]:
    """Each time that everything was said to be fine, the newest first, with who said it."""
    rows = Tick.objects.filter(patient=patient, task=Task.WELL).select_related("given_by")
    return rows.order_by("-date", "-given_at", "-pk")


def was_said_well(patient: Patient, request_key: UUID) -> bool:
    return Tick.objects.filter(patient=patient, task=Task.WELL, request_key=request_key).exists()


def _answered(request_key: UUID, patient: Patient) -> Tick | None:
    found = Tick.objects.filter(request_key=request_key).first()
    if found is not None and found.patient_id != patient.pk:
        raise Refused("This form was used before. Load the page again.", rule="key")
    return found


def is_asked(patient: Patient, task: Tick.Task, day: date, *, now: datetime) -> bool:
    """Whether the plans that hold ask this on that day, and the day is not too long ago to be answered. Two queries."""
    plans = running_plans(patient, now=now - timedelta(days=DAYS_BACK + 1))
    timeline = timeline_of(plan_of(row) for row in plans)
    today = local_date(now, zone_named(timeline.time_zone))
    return 0 <= (today - day).days <= DAYS_BACK and task in tasks_on(timeline, day)


@transaction.atomic
def _write(
    *,
    patient: Patient,
    task: Tick.Task,
    day: date,
    answer: str,
    reason: str,
    key: UUID,
    by: User,
    now: datetime,
) -> Tick:
    row = Tick.objects.create(
        patient=patient,
        task=task,
        date=day,
        answer=answer,
        reason=reason,
        request_key=key,
        given_at=now,
        given_by=by,
    )
    if task == Task.STOCKING and helps_with([reason]):
        help_wanted = StaffTask(kind=HELP_TASK, patient=patient, about_id=patient.public_id, created_at=now)
        StaffTask.objects.bulk_create([help_wanted], ignore_conflicts=True)
    audit.record("day answered", by=by, subject=row, patient=patient, task=str(task), answer=answer, reason=reason)
    return row
