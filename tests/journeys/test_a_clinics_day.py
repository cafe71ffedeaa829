"""One day of a clinic and the week after it, as the people who live it see it, in a real browser."""

import pytest

from aftercare.models import AftercarePlan
from clinic.models import Clinic, Delivery
from sessions_app.models import Appointment, TreatmentSession
from tests.journeys.people import DIALOG
from tests.makers import make_signed_protocol

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MARIGOLD = "Marigold Quillfeather"
FACTS = {
    "first": "Marigold",
    "last": "Quillfeather",
    "born": "1967-03-04",
    "phone": "(212) 555-0111",
    "email": "marigold@example.com",
}


def test_a_patient_is_treated_sent_home_reminded_and_booked_again(lead, desk, nurse, patient, new_desk, post, clock):
    # Given a clinic whose clinical lead has signed the protocol
    lead.comes_to_the_door()
    lead.signs_in()
    lead.signs_the_protocol(note="As shipped, read on paper")

    # When a patient is registered, booked, checked in and treated
    desk.signs_in()
    a_patient_is_registered(desk)
    a_first_visit_and_a_treatment_are_booked(desk)
    clock.shows("2026-01-13 08:55")
    desk.signs_in()
    desk.checks_in(f"{MARIGOLD} 09:00")
    desk.says_the_visit_is_done(f"{MARIGOLD} 09:00")
    clock.shows("2026-01-13 09:58")
    desk.signs_in()
    desk.checks_in(f"{MARIGOLD} 10:00")
    nurse.signs_in()
    three_sites_are_charted(nurse, clock)
    the_patient_walks_and_the_session_is_signed(nurse, clock)

    # Then the plan and its messages are in the database
    assert visits() == [("First visit", "Tue 13 Jan 09:00", "done"), ("Treatment", "Tue 13 Jan 10:00", "done")]
    assert plan_ends() == {
        "OBSERVATION": "Tue 13 Jan",
        "WALK_IMMEDIATE": "Tue 13 Jan",
        "COMPRESSION_CONTINUOUS": "Tue 20 Jan",
        "COMPRESSION_DAYTIME": "Tue 3 Feb",
        "WALK_DAILY": "Tue 20 Jan",
        "AVOID_HEAVY_EXERCISE": "Fri 16 Jan",
        "AVOID_SUNBATHING": "Fri 16 Jan",
        "AVOID_LONG_FLIGHT": "Fri 16 Jan",
        "AVOID_HOT_BATH_SAUNA": "Fri 16 Jan",
        "REPEAT_WINDOW": "Tue 27 Jan",
        "COAGULUM_REVIEW_WINDOW": "Tue 3 Feb",
        "WATCH_WINDOW": "Tue 10 Feb",
    }
    assert messages_planned() == [
        ("CHECK_1", "Wed 14 Jan 09:00"),
        ("COMP_SWITCH", "Tue 20 Jan 09:00"),
        ("WEEKLY", "Tue 20 Jan 09:00"),
        ("WEEKLY", "Tue 27 Jan 09:00"),
        ("WEEKLY", "Tue 3 Feb 09:00"),
    ]

    # When the next morning comes
    clock.shows("2026-01-14 09:01")
    [(address, subject, link)] = post.goes_round()

    # Then the link of the message opens the plan, by a code, on a phone
    assert (address, subject) == (FACTS["email"], "How are you?")
    the_link_shows_a_page_and_sends_nothing(patient, link, post)
    patient.asks_for_the_code()
    patient.looks_around()
    patient.types_the_code(post.newest_code())
    patient.puts_the_questions_off()
    patient.looks_around()
    assert patient.reads_of_today() == {
        "Stocking on, day and night": f"until Tue 20 Jan, {end_of_session():%H:%M}",
        "Walk 15 to 20 minutes": "Every day until Tue 20 Jan",
        "Leave these until Fri 16 Jan": f"Friday 16 January, {end_of_session():%H:%M}",
        "No visit is booked": (
            "If you need another one, the usual time is from Tue 20 Jan to Tue 27 Jan. Call us to book."
        ),
    }

    # When the desk books the repeat, at a time that a colleague is about to take for somebody else
    desk.signs_in()
    an_early_repeat_is_refused(desk)
    colleague = new_desk("Quentin Larch")
    colleague.signs_in()
    a_first_visit_is_put_together(colleague)
    the_repeat_is_booked(desk)
    the_colleague_is_told_and_takes_another_time(colleague)

    # Then everybody has a time of their own, and the patient sees hers
    assert visits()[2:] == [
        ("First visit", "Thu 22 Jan 10:30", "booked"),
        ("Treatment", "Thu 22 Jan 11:00", "booked"),
    ]
    patient.looks_again()
    assert "Next visit: Thu 22 Jan, 11:00" in patient.reads_of_today()

    # When she would rather read Spanish, and a week goes by
    desk.finds(MARIGOLD)
    desk.changes_the_language("Español")
    letters = {day: post_of_a_morning(post, clock, day) for day in range(15, 22)}

    # Then the messages and the pages speak Spanish, and what is about a visit leads to the visits
    assert {day: [subject for _, subject, _ in each] for day, each in letters.items() if each} == {
        15: ["Su visita está reservada"],
        19: ["Recordatorio de su visita"],
        20: ["Su plan de esta semana", "Un nuevo paso en su plan"],
        21: ["Su visita se acerca"],
    }
    patient.opens(letters[21][0][2])
    patient.asks_for_the_code(button="Enviarme el código")
    patient.types_the_code(post.newest_code())
    patient.looks_around()
    assert patient.reads_of_today() == {
        "Mañana, jueves 22 de enero, 11:00": "Con Ada Birchwood. Calcule 65 minutos.",
    }
    patient.goes_to_today("Hoy")
    patient.looks_around()
    assert patient.reads_of_today() == {
        "Media puesta de día": "hasta el mar 3 feb",
        "Próxima visita: mañana a las 11:00": "Con Ada Birchwood. Reserve 65 minutos y venga con la media puesta.",
    }


def test_pressing_twice_books_once(desk):
    make_signed_protocol()
    desk.signs_in()
    desk.opens_the_day()
    desk.opens_booking()
    desk.picks_the_patient("Magnolia Quillfeather")
    desk.presses_twice_on_book()
    desk.sees_that_it_is_booked()

    assert visits() == [("First visit", "Tue 13 Jan 08:15", "booked")]


def test_the_back_button_shows_nothing_after_signing_out(desk):
    desk.signs_in()
    desk.opens_the_day()
    desk.finds("Magnolia Quillfeather")
    desk.signs_out()
    desk.goes_back()

    desk.sees("Sign in")
    assert "Quillfeather" not in desk.page.content()


# --- Parts of the journey --------------------------------------------------------------------------------------------


def a_patient_is_registered(desk):
    """Somebody of almost the same name has the same phone; the desk is asked once and says it is somebody else."""
    desk.begins_to_register(**FACTS)
    desk.sees("Register a patient")
    desk.reads_the_warning("Magnolia Quillfeather, 3 Apr 1967, has the same phone number, (212) 555-0111.")
    desk.looks_around()
    desk.registers_anyway()
    desk.sees(MARIGOLD)
    desk.is_told(f"{MARIGOLD} is registered.")
    desk.looks_around()


def a_first_visit_and_a_treatment_are_booked(desk):
    desk.opens_booking()
    desk.looks_around()
    desk.picks_the_day("Tue 13 Jan")
    desk.looks_around()
    desk.picks_the_time("09:00", nurse="Ada Birchwood")
    assert desk.books_and_the_dialog_closes() == "Book Tue 13 Jan, 09:00"
    desk.opens_the_day()
    desk.looks_around()
    desk.opens_booking()
    desk.picks_the_patient(MARIGOLD)
    desk.picks_the_service("Treatment, 45 min and 20 min walk")
    desk.picks_the_day("Tue 13 Jan")
    desk.picks_the_time("10:00", nurse="Ada Birchwood")
    assert desk.books_and_the_dialog_closes() == "Book Tue 13 Jan, 10:00"


def three_sites_are_charted(nurse, clock):
    """One on the map, one from the list, one by the keyboard: 3.2 mL of two strengths."""
    nurse.readies_the_day("Hugo Ashdown")
    nurse.starts_the_visit(MARIGOLD)
    nurse.looks_around()
    nurse.has_the_consent_signed()
    nurse.answers_the_safety_questions()
    nurse.enters_the_weight("68")
    nurse.adds_a_site_on_the_map("Left thigh, lateral")
    nurse.charts("Left thigh, lateral", "Spider", injections=6, each_ml="0.2", length_cm=15)
    nurse.sees_the_totals("1.2 mL", "at 1 site")
    nurse.adds_a_site_from_the_list("Left popliteal")
    nurse.charts("Left popliteal", "Reticular", injections=4, each_ml="0.25", length_cm=10)
    nurse.sees_the_totals("2.2 mL", "at 2 sites")
    nurse.adds_a_site_by_the_keyboard("Right calf, l", "5", "Tab", "0.2", "Tab", "14", "Enter")
    nurse.sees_the_totals("3.2 mL", "at 3 sites")
    nurse.looks_around()
    nurse.gives_the_reason("Total above 3 mL", "Both legs, last session before the summer")
    nurse.enters_the_ampoules("0.5 %", lot="PA-2417", expiry="2027-05", opened=1)
    nurse.enters_the_ampoules("1 %", lot="PB-3102", expiry="2027-08", opened=1)


def the_patient_walks_and_the_session_is_signed(nurse, clock):
    nurse.notes("Begun on the left")
    clock.passes(minutes=13)
    nurse.notes("All places treated as planned")
    clock.passes(minutes=13)
    nurse.puts_the_stocking_on("Both legs", "Thigh stocking", "20-30")
    nurse.starts_the_walk()
    nurse.notes("Walks in the corridor")
    clock.passes(minutes=10)
    nurse.notes("Walked ten minutes, feels well")
    nurse.loads_the_page_again()
    assert nurse.reads_the_draft() == {
        "Note": "Walked ten minutes, feels well",
        "sites": ["Left thigh, lateral", "Left popliteal", "Right calf, lateral"],
    }
    nurse.looks_around()
    clock.passes(minutes=8)
    nurse.ends_the_walk("Walked and well")
    nurse.checks_the_plan()
    nurse.looks_around()
    nurse.signs()
    nurse.looks_around()


def the_link_shows_a_page_and_sends_nothing(patient, link, post):
    patient.opens(link)
    patient.opens(link)
    patient.sees("Open your page")
    patient.looks_around()
    assert post.codes_sent() == 0


def post_of_a_morning(post, clock, day):
    clock.shows(f"2026-01-{day} 09:01")
    return post.goes_round()


def an_early_repeat_is_refused(desk):
    """The dialog opens on the window and says why; the early time that was pressed waits for a clinician."""
    desk.opens_the_day("2026-01-15")
    desk.opens_the_free_place("Free 08:00 to 18:00", nurse="Ada Birchwood")
    desk.picks_the_patient(MARIGOLD)
    desk.picks_the_service("Treatment, 45 min and 20 min walk")
    desk.looks_around()
    desk.reads(
        "Session on Tue 13 Jan: the usual window is Tue 20 to Tue 27 Jan. "
        "That is day 7 to 14 after it, as the clinic's protocol says."
    )
    desk.reads("Thu 15 Jan, 08:00 is before the usual window, which opens Tue 20 Jan. A clinician may approve it.")
    desk.reads("The time you chose, a clinician decides")
    in_the_window = {"Tue 20", "Wed 21", "Thu 22", "Fri 23", "Mon 26", "Tue 27"}
    assert set(desk.days_of_the_best_times()) - {"Thu 15"} <= in_the_window


def a_first_visit_is_put_together(colleague):
    colleague.opens_the_day("2026-01-22")
    colleague.opens_booking()
    colleague.picks_the_patient("Magnolia Quillfeather")
    colleague.picks_the_day("Thu 22 Jan")
    colleague.picks_the_time("11:00", nurse="Ada Birchwood")
    colleague.notes("Needs the lift")


def the_repeat_is_booked(desk):
    desk.picks_the_day("Thu 22 Jan")
    desk.picks_the_time("11:00", nurse="Ada Birchwood")
    desk.answers_about_travel("No")
    assert desk.books_and_the_dialog_closes() == "Book Thu 22 Jan, 11:00"


def the_colleague_is_told_and_takes_another_time(colleague):
    with colleague.waits_for(DIALOG):
        assert colleague.books() == "Book Thu 22 Jan, 11:00"
    colleague.is_warned("Thu 22 Jan, 11:00 with Ada Birchwood in Room 1 is taken. Choose another time.")
    colleague.looks_around()
    assert colleague.note_in_the_dialog() == "Needs the lift"
    assert colleague.books_and_the_dialog_closes() == "Book Thu 22 Jan, 10:30"


# --- What the database holds -----------------------------------------------------------------------------------------


def wall(instant):
    return instant.astimezone(Clinic.current().zone)


def in_words(moment):
    return f"{moment:%a} {moment.day} {moment:%b}"


def end_of_session():
    return wall(TreatmentSession.objects.get().ended_at)


def visits():
    found = Appointment.objects.order_by("entry__starts_at").select_related("service", "entry")
    return [
        (visit.service.name, f"{in_words(wall(visit.starts_at))} {wall(visit.starts_at):%H:%M}", visit.status)
        for visit in found
    ]


def plan_ends():
    """Last day of each item of the one plan."""
    items = AftercarePlan.objects.get().items.all()
    return {item.key: in_words(wall(item.ends_at) if item.ends_at else item.last_date) for item in items}


def messages_planned():
    found = Delivery.objects.filter(source="plan", state="pending").order_by("due_at", "step")
    return [(each.step, f"{in_words(wall(each.due_at))} {wall(each.due_at):%H:%M}") for each in found]
