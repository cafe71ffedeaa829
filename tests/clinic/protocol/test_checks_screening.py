from datetime import date
from decimal import Decimal

import pytest

from clinic.protocol import Answer, BeforeFacts
from clinic.protocol.checks import Group, Unsaid, says_what_applies, unsaid

NO_ITEM = {"breastfeeding": False, "cannot_walk": False, "smoking": False, "nyha_class": None}


@pytest.mark.parametrize("group", list(Group))
@pytest.mark.parametrize("answer", [None, ""])
def test_a_group_that_nobody_answered_is_open(group, answer):
    assert unsaid(group, answer, BeforeFacts()) == (Unsaid.GROUP,)


@pytest.mark.parametrize("group", list(Group))
@pytest.mark.parametrize("answer", ["none", "cleared"])
def test_nothing_applies_is_an_answer(group, answer):
    assert unsaid(group, answer, BeforeFacts()) == ()


@pytest.mark.parametrize("group", list(Group))
def test_something_applies_is_no_answer_until_it_is_said_what(group):
    facts = BeforeFacts(pregnant=Answer.NO, **NO_ITEM)

    assert unsaid(group, "some", facts) == (Unsaid.WHICH,)


@pytest.mark.parametrize(
    ("group", "fact", "value"),
    [
        (Group.STOP, "polidocanol_allergy", True),
        (Group.STOP, "breastfeeding", True),
        (Group.STOP, "nyha_class", 3),
        (Group.STOP, "abpi", Decimal("0.9")),
        (Group.STOP, "ankle_pressure_mmhg", 0),
        (Group.STOP, "toe_pressure_mmhg", 50),
        (Group.RISK, "smoking", True),
        (Group.RISK, "tetracycline", True),
        (Group.RISK, "major_surgery", date(2026, 1, 2)),
        (Group.RISK, "long_flight", True),
        (Group.RISK, "ceap", "C1"),
    ],
)
def test_a_yes_a_date_or_a_measure_says_what_applies(group, fact, value):
    other = Group.RISK if group is Group.STOP else Group.STOP
    facts = BeforeFacts(pregnant=Answer.NO, **{fact: value})

    assert unsaid(group, "some", facts) == ()
    assert unsaid(other, "some", facts) == (Unsaid.WHICH,)


@pytest.mark.parametrize("pregnant", [Answer.YES, Answer.UNKNOWN])
def test_a_pregnancy_that_is_there_or_possible_is_what_applies(pregnant):
    assert unsaid(Group.STOP, "some", BeforeFacts(pregnant=pregnant)) == ()


def test_pregnancy_is_asked_as_soon_as_something_applies():
    assert unsaid(Group.STOP, "some", BeforeFacts(cannot_walk=True)) == (Unsaid.PREGNANT,)
    assert unsaid(Group.STOP, "some", BeforeFacts()) == (Unsaid.WHICH, Unsaid.PREGNANT)


def test_a_no_to_everything_says_nothing():
    assert not says_what_applies(Group.STOP, BeforeFacts(pregnant=Answer.NO, **NO_ITEM))
    assert not says_what_applies(Group.RISK, BeforeFacts(pregnant=Answer.YES, **NO_ITEM))
