"""Which test proves which case of booking and of time: the table, and that every test it names is there.

| case | what must hold |
|---|---|
| BK-01 | 16 processes book, move and cancel at random: no overlap, entries are appointments, no lock error is seen |
| BK-02 | two desks want one slot at once: one has it, the other is told with three others and keeps what was typed |
| BK-03 | a form sent twice makes one booking, which both answers show |
| BK-04 | neighbours that share an instant both fit |
| BK-05 | off the grid, past, too far ahead, no length or any length of the client's own: refused |
| BK-06 | moved into a taken time: refused, and the old time is still held |
| BK-07 | a cancelled time can be booked; cancelling twice is once |
| BK-08 | a closure and a booking at once: one wins, the other is told, nothing is booked inside of the closure |
| BK-09 | a time that was kept is free when its minutes are over, without any job |
| BK-10 | killed between the writes: nothing remains, or all of it |
| BK-11 | three rooms, ten bookings for any room: three succeed, in three rooms |
| BK-12 | of two edits of one version the second gets 409 and the difference |
| TZ-01 | daily at nine is nine on the wall over both changes of five zones, once a day |
| TZ-02 | a missing time is an hour late, a repeated one counts once, as the first |
| TZ-03 | hours elapse, days are of the calendar, over a change |
| TZ-04 | the server's zone and Celery's make no difference |
| TZ-05 | the turn of the year and the leap day have the right dates |
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent

RACES, AT_ONCE = "faults/test_booking_races.py", "faults/test_booking_verbs_at_once.py"
BOOKING, DESK, VISITS = (f"sessions_app/test_{name}.py" for name in ("booking", "desk_booking", "desk_visits"))
SLOTS, MACHINE, FREE = (
    f"sessions_app/test_{name}.py" for name in ("slots", "booking_machine", "properties_of_free_times")
)
TIMES, PLAN = "clinic/test_time_cases.py", "clinic/protocol/test_plan.py"

PROVED_BY = {
    "BK-01": [
        (RACES, "test_sixteen_desks_book_move_and_cancel_at_random_without_an_overlap"),
        (MACHINE, "test_the_calendar_does_what_a_list_on_paper_would_do"),
        (RACES, "test_a_real_deadlock_is_tried_again_and_seen_by_nobody"),
    ],
    "BK-02": [
        (RACES, "test_of_two_desks_that_click_the_same_slot_one_gets_it_and_one_gets_alternatives"),
        (DESK, "test_a_taken_time_offers_others_and_keeps_what_was_typed"),
        (AT_ONCE, "test_of_two_who_overbook_one_visit_at_once_one_stands_beside_it"),
        (AT_ONCE, "test_of_two_who_are_offered_one_time_at_once_one_has_it"),
        (AT_ONCE, "test_of_two_courses_that_want_the_same_times_one_is_booked_whole"),
    ],
    "BK-03": [
        (RACES, "test_a_form_sent_eight_times_at_once_makes_one_booking_that_all_answers_show"),
        (DESK, "test_pressing_twice_books_once_and_says_the_same"),
        (AT_ONCE, "test_an_offer_that_two_desks_accept_at_once_is_one_visit"),
        (AT_ONCE, "test_a_change_that_two_take_back_at_once_is_taken_back_once"),
    ],
    "BK-04": [
        (BOOKING, "test_neighbouring_bookings_both_fit"),
        (FREE, "test_booking_accepts_exactly_what_the_slow_reading_finds"),
    ],
    "BK-05": [
        (BOOKING, "test_a_start_is_refused"),
        (BOOKING, "test_the_horizon_is_the_last_date_that_can_be_booked"),
        (BOOKING, "test_the_length_comes_from_the_service"),
        (DESK, "test_fields_that_are_not_the_forms_change_nothing"),
        ("sessions_app/test_lengths.py", "test_a_service_has_a_possible_length"),
        ("sessions_app/test_lengths.py", "test_an_entry_ends_after_it_starts_and_within_a_day"),
    ],
    "BK-06": [
        (BOOKING, "test_a_refused_move_keeps_the_old_time_whole"),
        (VISITS, "test_moving_to_a_taken_time_keeps_the_old_one"),
        (RACES, "test_two_visits_that_change_places_at_once_do_not_lock_each_other_out"),
    ],
    "BK-07": [
        (BOOKING, "test_a_cancelled_time_can_be_booked_again_and_cancelling_twice_changes_nothing"),
        (VISITS, "test_cancelling_twice_is_no_second_cancellation"),
        (AT_ONCE, "test_taking_a_cancellation_back_and_booking_its_time_have_one_winner"),
    ],
    "BK-08": [
        (RACES, "test_a_closure_and_a_booking_at_once_have_one_winner"),
        (BOOKING, "test_a_booking_inside_a_closure_is_refused_as_closed"),
        (AT_ONCE, "test_a_closure_around_visits_and_a_cancellation_at_once_leave_no_open_hour"),
    ],
    "BK-09": [
        (BOOKING, "test_a_hold_keeps_others_out_until_it_ends_by_itself"),
        (SLOTS, "test_a_hold_hides_its_time_until_it_is_over"),
        (AT_ONCE, "test_an_offer_that_is_over_at_the_moment_of_accepting_books_nothing"),
    ],
    "BK-10": [
        (RACES, "test_a_desk_killed_between_the_writes_of_a_booking_leaves_nothing"),
        (RACES, "test_a_desk_killed_after_the_last_write_but_before_the_commit_leaves_nothing"),
        (RACES, "test_a_booking_whose_answer_was_lost_is_shown_when_the_form_is_sent_again"),
        (RACES, "test_a_desk_killed_in_a_move_leaves_the_old_time_whole"),
    ],
    "BK-11": [(RACES, "test_three_rooms_take_three_of_ten_bookings_for_any_room")],
    "BK-12": [
        (VISITS, "test_a_stale_move_answers_409_with_the_difference_and_changes_nothing"),
        (VISITS, "test_a_stale_cancellation_answers_409_with_the_difference"),
        (BOOKING, "test_the_second_of_two_edits_is_refused_and_sees_the_difference"),
    ],
    "TZ-01": [
        (TIMES, "test_daily_at_nine_is_nine_on_the_wall_each_day_and_once"),
        (TIMES, "test_each_visit_around_a_change_has_one_row_at_nine_the_day_before"),
        (TIMES, "test_a_clinic_opens_at_nine_on_the_wall_on_each_day_around_a_change"),
    ],
    "TZ-02": [
        (TIMES, "test_a_missing_hour_is_late_and_a_repeated_hour_counts_once"),
        (SLOTS, "test_a_repeated_hour_offers_its_starts_twice"),
        (PLAN, "test_an_end_in_the_spring_gap_takes_the_offset_before_the_change"),
    ],
    "TZ-03": [(TIMES, "test_days_are_of_the_calendar_and_hours_elapse")],
    "TZ-04": [
        (TIMES, "test_where_the_server_and_celery_think_they_are_makes_no_difference"),
        (SLOTS, "test_the_servers_own_zone_makes_no_difference"),
    ],
    "TZ-05": [
        (TIMES, "test_plans_end_on_the_right_dates_at_the_turn_of_the_year_and_in_a_leap_year"),
        ("sessions_app/test_availability.py", "test_hours_cross_the_turn_of_the_year_and_a_leap_day"),
    ],
}


def names_in(path):
    tree = ast.parse((TESTS / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("case", PROVED_BY)
def test_each_case_is_proved_by_tests_that_exist(case):
    assert f"| {case} |" in __doc__
    assert [name for path, name in PROVED_BY[case] if name not in names_in(path)] == []


def test_every_case_of_the_table_is_there():
    wanted = {f"BK-{number:02}" for number in range(1, 13)} | {f"TZ-{number:02}" for number in range(1, 6)}

    assert set(PROVED_BY) == wanted
