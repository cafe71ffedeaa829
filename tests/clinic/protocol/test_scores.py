"""CEAP and the revised VCSS: the published vectors, and what is no score at all."""

import pytest

from clinic.protocol.errors import ProtocolError
from clinic.protocol.scores import RVCSS_ITEMS, Ceap, rvcss


def answers(**points):
    return {item.name: 0 for item in RVCSS_ITEMS} | points


@pytest.mark.parametrize(
    ("points", "total"),
    [
        ({}, 0),
        ({"pain": 1, "compression": 2}, 3),
        (
            {
                "pain": 2,
                "varicose_veins": 2,
                "oedema": 1,
                "ulcers": 1,
                "ulcer_duration": 1,
                "ulcer_size": 1,
                "compression": 3,
            },
            11,
        ),
    ],
)
def test_the_score_is_the_sum_of_its_ten_items(points, total):
    assert rvcss(answers(**points)).total == total


def test_all_threes_are_thirty_points():
    assert rvcss({item.name: 3 for item in RVCSS_ITEMS}).total == 30


@pytest.mark.parametrize(("compression", "is_severe"), [(1, False), (2, True)])
def test_eight_points_and_more_are_severe(compression, is_severe):
    score = rvcss(answers(pain=3, oedema=3, compression=compression))

    assert score.is_severe is is_severe


@pytest.mark.parametrize(
    ("points", "field"),
    [
        ({"ulcer_size": 1}, "ulcer_size"),
        ({"ulcer_duration": 2}, "ulcer_duration"),
        ({"ulcers": 1}, "ulcer_duration"),
        ({"ulcers": 1, "ulcer_duration": 1}, "ulcer_size"),
    ],
)
def test_half_an_ulcer_is_refused_at_the_item_that_is_wrong(points, field):
    with pytest.raises(ProtocolError) as refused:
        rvcss(answers(**points))

    assert refused.value.field == field


@pytest.mark.parametrize("points", [-1, 4, "2", 1.0, True])
def test_points_that_cannot_be_are_refused(points):
    with pytest.raises(ProtocolError) as refused:
        rvcss(answers(pain=points))

    assert refused.value.field == "pain"


@pytest.mark.parametrize("missing", [item.name for item in RVCSS_ITEMS])
def test_a_missing_item_is_named(missing):
    given = answers()
    del given[missing]

    with pytest.raises(ProtocolError) as refused:
        rvcss(given)

    assert refused.value.field == missing


def test_an_unknown_item_is_named():
    with pytest.raises(ProtocolError) as refused:
        rvcss(answers(itching=1))

    assert refused.value.field == "itching"


@pytest.mark.parametrize(
    ("ceap", "text"),
    [
        (Ceap("C1"), "C1"),
        (Ceap("C1", symptoms="a", cause="Ep", places=("As",), mechanism="Pr"), "C1,a Ep As Pr"),
        (Ceap("C2r", symptoms="s", cause="Esi", places=("As", "Ap"), mechanism="Pr,o"), "C2r,s Esi As,p Pr,o"),
        (Ceap("C6r", places=("An",)), "C6r An"),
    ],
)
def test_a_class_is_written_in_its_usual_way(ceap, text):
    assert ceap.text == text


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"clinical": "C7"}, "clinical"),
        ({"clinical": ""}, "clinical"),
        ({"clinical": "C1", "symptoms": "x"}, "symptoms"),
        ({"clinical": "C1", "cause": "Ex"}, "cause"),
        ({"clinical": "C1", "places": ("Ax",)}, "places"),
        ({"clinical": "C1", "places": ("An", "As")}, "places"),
        ({"clinical": "C1", "mechanism": "P"}, "mechanism"),
    ],
)
def test_a_class_that_does_not_exist_is_refused_at_its_part(facts, field):
    with pytest.raises(ProtocolError) as refused:
        Ceap(**facts)

    assert refused.value.field == field
