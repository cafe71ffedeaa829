"""How many visits a course has, and how many it still has room for."""

from collections.abc import Iterable

from sessions_app.models import Appointment, Course
from sessions_app.refusals import Refused


def refuse_full_course(course_id: int | None) -> None:
    """Before a visit is added to a course, or comes back to it. In the caller's transaction: the course is locked."""
    if course_id is None:
        return
    course = Course.objects.select_for_update().get(pk=course_id)
    counted = Appointment.objects.filter(course=course).standing().count()
    if course.done_before + counted >= course.planned_sessions:
        text = f"All {course.planned_sessions} sessions of this course are booked. Book this one as a single visit."
        raise Refused(text, rule="course_full", field="course")


def progress_of(appointments: Iterable[Appointment]) -> dict[int, tuple[int, int]]:
    """ "3 of 5" as (3, 5) by the appointment's id, for those that count in a course; one query for any number.

    A cancelled or missed visit has no place, and those after it move up.
    """
    wanted = {each.pk: each.course_id for each in appointments}
    courses = {course for course in wanted.values() if course is not None}
    if not courses:
        return {}
    rows = (
        Appointment.objects.filter(course__in=courses)
        .standing()
        .order_by("course", "entry__starts_at", "pk")
        .values_list("pk", "course", "course__done_before", "course__planned_sessions")
    )
    places: dict[int, tuple[int, int]] = {}
    reached: dict[int, int] = {}
    for pk, course, done_before, planned in rows:
        reached[course] = reached.get(course, done_before) + 1
        if pk in wanted:
            places[pk] = (reached[course], planned)
    return places
