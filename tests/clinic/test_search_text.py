"""What is typed into the search field, taken apart. No database."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.search_text import Wanted, fold, interpretations, words_of

FOURTH_OF_MARCH = (date(1967, 3, 4), date(1967, 3, 4))
THIRD_OF_APRIL = (date(1967, 4, 3), date(1967, 4, 3))


def test_folding_takes_off_case_accents_and_apostrophes():
    assert fold("Íñigo O’Hára-Weiß Øre Łódź") == "inigo ohara-weiss ore lodz"


def test_a_hyphen_parts_a_name_and_an_apostrophe_does_not():
    assert words_of("O'Brien-Ray  van der Moor") == ["obrien", "ray", "van", "der", "moor"]


@pytest.mark.parametrize(
    "text",
    [
        "4 Mar 1967",
        "4 march 1967",
        "04. March, 1967",
        "4th of March 1967",
        "Mar 4 1967",
        "March 4, 1967",
        "1967-03-04",
        "1967/3/4",
        "4-mar-1967",
        "4 de marzo de 1967",
    ],
)
def test_a_birth_date_is_understood_in_its_usual_spellings(text):
    assert interpretations(text) == [Wanted(days=(FOURTH_OF_MARCH,))]


@pytest.mark.parametrize("text", ["4/3/1967", "04.03.1967", "4-3-1967", "4 3 1967"])
def test_a_date_in_numbers_is_read_day_first_and_month_first(text):
    assert interpretations(text) == [Wanted(days=(FOURTH_OF_MARCH, THIRD_OF_APRIL))]


def test_a_year_of_two_digits_may_be_of_either_century():
    days = [first for first, _ in interpretations("13.3.67")[0].days]

    assert days == [date(1967, 3, 13), date(2067, 3, 13)]


def test_a_month_or_a_year_stands_for_all_its_days():
    assert interpretations("feb 1968") == [Wanted(days=((date(1968, 2, 1), date(1968, 2, 29)),))]
    assert interpretations("quill 1968")[1] == Wanted(words=("quill",), days=((date(1968, 1, 1), date(1968, 12, 31)),))


def test_bare_digits_are_a_phone_number_before_they_are_a_date():
    assert interpretations("19670304") == [Wanted(numbers=("19670304",)), Wanted(days=(FOURTH_OF_MARCH,))]


@pytest.mark.parametrize("text", ["+1 (212) 555-0119", "1 212 555 0119", "1-212-555-0119"])
def test_a_phone_number_is_its_digits(text):
    assert interpretations(text) == [Wanted(numbers=("12125550119",))]


def test_zeros_in_front_of_a_phone_number_may_be_there_for_dialling():
    assert interpretations("020 7946 0958") == [Wanted(numbers=("02079460958", "2079460958"))]


def test_what_was_not_a_date_stays_beside_it():
    assert interpretations("quill 4 mar 1967 gold") == [Wanted(words=("quill", "gold"), days=(FOURTH_OF_MARCH,))]


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "*?[]", "\x00", "--;", "12", "\\", "🦵"])
def test_nothing_to_look_for_is_no_search(text):
    assert interpretations(text) == []


@pytest.mark.parametrize("text", ["31/02/1967", "99.99.9999", "0000-00-00", "4 foo 1967"])
def test_an_impossible_date_is_no_date_and_no_error(text):
    assert all(wanted.days == () or "foo" in wanted.words for wanted in interpretations(text))


@given(st.text(max_size=300))
def test_anything_can_be_typed(text):
    for wanted in interpretations(text):
        assert wanted
        assert all(letter.isalnum() for word in wanted.words + wanted.numbers for letter in word)
