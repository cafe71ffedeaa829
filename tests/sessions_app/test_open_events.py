"""An open event that came out of a visit is seen wherever the visit is: on its page, on My day, on the boards."""

import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.access import Role
from clinic.alerts import alerts_for
from clinic.models import Clinic
from clinic.protocol.zones import local_date
from sessions_app.adverse_events import add_step
from sessions_app.day import entries_of, present_stamp, stamp_of
from sessions_app.emergency import Step, next_words
from sessions_app.models import AdverseEvent, Appointment, Service
from sessions_app.presenters.chart_url import chart_url
from tests.makers import (
    at,
    make_adverse_event,
    make_appointment,
    make_clinic,
    make_draft_session,
    make_patient,
    make_report,
    make_user,
)
from tests.sessions_app.charts import in_force, ready_draft, signed_in, words
from tests.sessions_app.desks import make_treatment, open_clinic

pytestmark = pytest.mark.django_db
GRAVE_STRIP = "Anaphylaxis recorded 10:41: Stop injecting. Open the emergency record"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(at("2026-01-13 10:45"), tick=False):
        yield


@pytest.fixture
def ada():
    in_force()
    return open_clinic()


def in_the_chair(ada, *, given_name="Greta", clock="10:30"):
    visit = make_appointment(
        patient=make_patient(given_name=given_name, family_name="Alderwick"),
        nurse=ada,
        service=Service.objects.filter(name="Treatment").first() or make_treatment(),
        starts_at=at(f"2026-01-13 {clock}"),
        status="in_treatment",
    )
    return make_draft_session(appointment=visit, nurse=ada)


def event_of(draft, kind="anaphylaxis", **facts):
    return make_adverse_event(session=draft, kind=kind, **facts)


def chart_page(client, draft, nurse):
    return signed_in(client, nurse).get(chart_url(draft))


def test_the_visit_page_says_at_its_top_that_nothing_more_is_injected(client, ada):
    draft = in_the_chair(ada)
    event = event_of(draft)

    answer = chart_page(client, draft, ada)

    page = answer.content.decode()
    assert GRAVE_STRIP in words(answer)
    link = f'href="{reverse("sessions_app:event", args=[event.public_id])}" data-urgent'
    assert page.index('<main id="main"') < page.index(link) < page.index('id="conflict"')


def test_an_autosave_brings_the_strip_of_an_event_that_a_colleague_recorded(client, ada):
    draft = in_the_chair(ada)
    chart_page(client, draft, ada)
    event_of(draft)

    saved = client.post(
        reverse("sessions_app:session_save", args=[draft.public_id]),
        {"version": draft.version},
        headers={"HX-Request": "true"},
    )

    assert saved.status_code == 200
    assert '<div id="open-events" class="open-events" role="alert" hx-swap-oob="true"' in saved.content.decode()
    assert GRAVE_STRIP in words(saved)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("allergic_general", "Allergic reaction, generalised recorded 10:41: Stop injecting."),
        ("intra_arterial", "Intra-arterial injection recorded 10:41: Stop injecting."),
        ("extravasation", "Extravasation recorded 10:41: Stop injecting at this place."),
        ("stroke", "TIA or stroke recorded 10:41: Inject nothing more."),
        ("haematoma", "Haematoma recorded 10:41 The event is open."),
    ],
)
def test_the_strip_says_what_its_kind_asks_for(client, ada, kind, said):
    draft = in_the_chair(ada)
    event_of(draft, kind)

    assert said in words(chart_page(client, draft, ada))


def test_a_step_that_only_some_cases_need_is_not_asked_for_ever():
    assert next_words("extravasation", [Step.STOPPED, Step.SKIN_CHECK]) == "The first steps are done."


def test_the_strip_and_my_day_go_on_to_the_next_step_when_one_is_stamped(client, ada):
    draft = in_the_chair(ada)
    event = event_of(draft, "extravasation")
    strips = []
    for step in (Step.STOPPED, Step.ANAESTHETIC, Step.SKIN_CHECK):
        add_step(event=event, what=step, by=ada)
        page, day = words(chart_page(client, draft, ada)), words(client.get(reverse("sessions_app:my_day")))
        strips.append([re.search(r"Extravasation recorded 10:41.*?\. (?=Open)", each).group() for each in (page, day)])

    assert strips == [
        [f"Extravasation recorded 10:41: {said} ", f"Extravasation recorded 10:41: Greta Alderwick. {said} "]
        for said in (
            "In severe pain give local anaesthetic without adrenaline. Plan a skin check for the next contact.",
            "Plan a skin check for the next contact.",
            "The first steps are done.",
        )
    ]


def test_an_injection_beside_the_vein_is_answered_by_what_was_done_and_nobody_goes_on(client, ada):
    draft = in_the_chair(ada)
    event_of(draft, "extravasation")

    page = chart_page(client, draft, ada)

    assert "I have stopped at this place" in words(page)
    assert "I have seen this and go on" not in words(page)
    assert 'placeholder="What was done"' in page.content.decode()
    to_sign = client.get(reverse("aftercare:sign", args=[draft.public_id]))
    assert "What was done" in words(to_sign)
    assert "I have stopped at this place" in words(to_sign)


def test_the_gravest_of_several_events_stands_first(client, ada):
    draft = in_the_chair(ada)
    for kind in ("haematoma", "extravasation", "anaphylaxis"):
        event_of(draft, kind)

    page = words(chart_page(client, draft, ada))
    day = words(client.get(reverse("sessions_app:my_day")))

    assert page.index("Anaphylaxis recorded") < page.index("Extravasation recorded") < page.index("Haematoma recorded")
    assert "Anaphylaxis recorded 10:41: Greta Alderwick. Stop injecting. Open the emergency record" in day


def test_a_closed_event_and_one_of_another_visit_say_nothing(client, ada):
    draft, other = in_the_chair(ada), ready_draft()
    event_of(draft, closed_at=at("2026-01-13 10:44"), closed_by=make_user(), closing_note="A mistake")
    event_of(other)

    page, day = words(chart_page(client, draft, ada)), words(client.get(reverse("sessions_app:my_day")))

    assert [" recorded 10:41" in each for each in (page, day)] == [False, False]


def test_my_day_begins_with_a_grave_event_and_marks_the_visit_of_any(client, ada):
    grave, slight = in_the_chair(ada), in_the_chair(ada, given_name="Ivy", clock="08:00")
    event_of(grave)
    event_of(slight, "haematoma")

    day = words(signed_in(client, ada).get(reverse("sessions_app:my_day")))

    strip = "Anaphylaxis recorded 10:41: Greta Alderwick. Stop injecting."
    assert day.index("My day") < day.index(strip) < day.index("With you now")
    assert day.count("Anaphylaxis recorded 10:41") == 2
    assert day.count("Haematoma recorded 10:41") == 1
    assert day.index("With you now") < day.index("Haematoma recorded 10:41")


@pytest.mark.parametrize("view", ["day", "week"])
def test_boards_say_that_an_event_is_open_and_not_which(client, ada, view):
    draft = in_the_chair(ada)
    event_of(draft, description="CANARYWORDS")
    signed_in(client, make_user(Role.FRONT_DESK))

    page = words(client.get(reverse(f"sessions_app:{view}")))

    assert page.count("Event open") == 2  # on the board, and in the list for a phone
    assert "naphyla" not in page
    assert "CANARYWORDS" not in page


def test_the_board_of_another_desk_notices_an_event(ada):
    draft = in_the_chair(ada)
    zone = Clinic.current().zone
    day, now = local_date(at("2026-01-13 10:45"), zone), at("2026-01-13 10:45")
    before = stamp_of(entries_of(day, day, zone=zone, now=now))

    event_of(draft)

    after = present_stamp(day, day, zone=zone, now=now)
    assert after != before
    assert after == stamp_of(entries_of(day, day, zone=zone, now=now))


def queries(ask):
    with CaptureQueriesContext(connection) as asked:
        ask()
    return len(asked)


def test_open_events_cost_my_day_and_the_board_no_query(client, ada):
    draft = in_the_chair(ada)
    day, board = reverse("sessions_app:my_day"), reverse("sessions_app:day")
    signed_in(client, ada)
    client.get(day)
    without = queries(lambda: client.get(day)), queries(lambda: client.get(board))

    for kind in ("haematoma", "anaphylaxis", "extravasation"):
        event_of(draft, kind)

    assert (queries(lambda: client.get(day)), queries(lambda: client.get(board))) == without
    assert AdverseEvent.objects.open().count() == 3
    assert Appointment.objects.count() == 1


# --- Whom it waits for -------------------------------------------------------------------------------------------


def begun(kind, clock, **facts):
    return make_adverse_event(kind=kind, onset_at=at(f"2026-01-13 {clock}"), **facts)


def test_the_alerts_name_the_gravest_event_first_however_late_it_began():
    make_clinic()
    begun("extravasation", "06:32")
    begun("haematoma", "06:40")
    begun("anaphylaxis", "10:25")
    begun("pe", "09:00")

    said = [alert.words.partition(",")[0] for alert in alerts_for(make_user(Role.CLINICIAN)) if alert.is_urgent]

    assert said[:3] == [
        "Adverse event: anaphylaxis",
        "Adverse event: extravasation",
        "Adverse event: pulmonary embolism",
    ]


def test_a_grave_event_stands_above_the_reports_that_nobody_took_and_a_slight_one_below():
    make_clinic()
    make_report()
    begun("haematoma", "10:00")
    begun("anaphylaxis", "10:25")

    said = [alert.words.partition(",")[0] for alert in alerts_for(make_user(Role.CLINICIAN)) if alert.is_urgent]

    assert [words.partition(":")[0] for words in said] == ["Adverse event", "Report for today", "Adverse event"]
    assert (said[0], said[2]) == ("Adverse event: anaphylaxis", "Adverse event: haematoma")


def test_the_register_begins_with_what_is_grave_and_unseen_and_marks_it(client):
    clinician = make_user(Role.CLINICIAN)
    make_clinic()
    begun("anaphylaxis", "06:00")
    begun("stroke", "07:00")
    begun("anaphylaxis", "08:00", acknowledged_at=at("2026-01-13 08:05"), acknowledged_by=clinician)
    begun("anaphylaxis", "08:30", closed_at=at("2026-01-13 09:00"), closed_by=clinician, closing_note="Over")
    begun("haematoma", "10:00")

    page = signed_in(client, clinician).get(reverse("sessions_app:events"))

    lines = [(line.kind, line.when[-5:], line.tags[0][0]) for line in page.context["page"].lines]
    assert lines == [
        ("Anaphylaxis", "06:00", "emergency"),
        ("TIA or stroke", "07:00", "emergency"),
        ("Haematoma", "10:00", "danger"),
        ("Anaphylaxis", "08:30", "done"),
        ("Anaphylaxis", "08:00", "attention"),
    ]
