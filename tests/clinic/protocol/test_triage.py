import pytest

from clinic.protocol import Level, triage_of
from clinic.protocol.triage import SYMPTOMS
from tests.clinic.protocol.helpers import SHIPPED

CODES = {symptom.code: symptom.level for symptom in SYMPTOMS}


def triage(*symptoms, protocol=SHIPPED, **facts):
    return triage_of(symptoms, protocol=protocol, **facts)


@pytest.mark.parametrize(
    ("symptoms", "facts", "level"),
    [
        (["ITCHING"], {"day": 1}, "REASSURE"),
        (["ONE_LEG"], {"day": 5}, "SAME_DAY"),
        (["ONE_LEG", "CHEST_OR_BREATH"], {"day": 5}, "EMERGENCY"),
        (["ALLERGIC_REACTION"], {"day": 0}, "EMERGENCY"),
        (["SKIN_DAMAGE"], {"day": 4}, "SAME_DAY"),
        (["BROWN_MARK"], {"day": 56}, "REASSURE"),
        ([], {"free_text": "my knee feels odd"}, "SAME_DAY"),
        (["BRUISES", "CHEST_OR_BREATH"], {}, "EMERGENCY"),
        (["ITCHING"], {"day": 3}, "NEXT_DAY"),
        (["ITCHING"], {}, "REASSURE"),
        (["A_CODE_OF_TOMORROW"], {}, "SAME_DAY"),
        (["BRUISES"], {"free_text": "and something else"}, "SAME_DAY"),
    ],
)
def test_a_report_has_the_level_of_its_worst_symptom(symptoms, facts, level):
    assert triage(*symptoms, **facts).level == level


@pytest.mark.parametrize("emergency", [code for code, level in CODES.items() if level is Level.EMERGENCY])
def test_an_emergency_never_depends_on_the_day_or_on_what_else_was_said(emergency):
    answers = {
        triage(emergency, other, day=day, free_text=text)
        for other in (code for code, level in CODES.items() if level is not Level.EMERGENCY)
        for day in (None, 0, 1, 60)
        for text in ("", "it is better now")
    }

    assert {(each.level, each.because) for each in answers} == {(Level.EMERGENCY, (emergency,))}
    assert {each.text for each in answers} == {"Call 911 now. Do not wait and do not drive yourself."}


def test_the_codes_that_made_the_level_are_named_in_the_order_of_the_report():
    assert triage("BRUISES", "SKIN_DAMAGE", "ONE_LEG").because == ("SKIN_DAMAGE", "ONE_LEG")
    assert triage("BRUISES", free_text="odd").because == ("FREE_TEXT",)


def test_the_text_uses_the_clinics_numbers():
    abroad = SHIPPED.with_overrides({"emergency_number": "112", "clinic_phone": "555-0100"})

    assert triage("TOES_UNDER_STOCKING", protocol=abroad).text == (
        "Call 555-0100. Speak to a clinician today. When the clinic is closed, go to urgent care or an emergency "
        "department. If it gets worse, call 112. Take the stocking off now. If the toes do not get better promptly, "
        "call 112."
    )


def test_a_phone_number_is_never_read_as_a_template():
    odd = SHIPPED.with_overrides({"clinic_phone": "{emergency_number}{0}"})

    assert triage("ONE_LEG", protocol=odd).text.startswith("Call {emergency_number}{0}. Speak")


def test_itching_that_lasts_is_not_called_expected():
    assert triage("ITCHING", day=3).text == (
        "The clinic contacts you by the next working day. Call earlier if it gets worse."
    )


def test_every_line_has_a_code_of_its_own():
    assert len(CODES) == len(SYMPTOMS) == 20
    assert all(code.isupper() and code.isidentifier() for code in CODES)
