"""Every pair of colours that meets on a page can be told apart, in both themes."""

import re
from pathlib import Path

import pytest

from tests.looks.colours import THEMES, TOKENS, colours, contrast

CSS = TOKENS.parent

TEXT_ON_GROUND = [
    *[("ink", ground) for ground in ("canvas", "surface", "sunken", "raised", "accent-soft")],
    *[("ink", f"{name}-soft") for name in ("continuous", "avoid", "walk", "success", "attention", "danger")],
    *[("muted", ground) for ground in ("canvas", "surface", "sunken", "raised")],
    *[("accent", ground) for ground in ("canvas", "surface", "sunken", "raised", "accent-soft")],
    ("accent-hover", "surface"),
    ("accent-hover", "accent-soft"),
    ("on-accent", "accent-fill"),
    ("on-accent", "accent-fill-hover"),
    ("continuous", "surface"),
    ("continuous", "continuous-soft"),
    ("on-continuous", "continuous-fill"),
    ("continuous-fill", "on-continuous"),
    ("on-daytime", "daytime"),
    *[
        (name, ground)
        for name in ("avoid", "walk", "success", "attention", "danger")
        for ground in ("surface", f"{name}-soft")
    ],
    ("on-danger", "danger-fill"),
    ("danger", "canvas"),
    ("surface", "ink"),  # a toast
]
EDGES_AND_MARKS = [
    *[("line-strong", ground) for ground in ("canvas", "surface", "sunken")],
    *[("accent-fill", ground) for ground in ("canvas", "surface")],
    *[("focus", ground) for ground in ("canvas", "surface", "sunken")],
    ("skin-edge", "surface"),
    ("attention-edge", "surface"),
    ("continuous-fill", "surface"),
    ("daytime-edge", "surface"),
    ("walk", "surface"),
    ("danger-fill", "surface"),
]


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read_on_every_ground_it_meets(theme):
    found = colours(theme)

    too_weak = [
        (text, ground, round(contrast(found[text], found[ground]), 2))
        for text, ground in TEXT_ON_GROUND
        if contrast(found[text], found[ground]) < 4.5
    ]

    assert too_weak == []


@pytest.mark.parametrize("theme", THEMES)
def test_edges_of_controls_and_marks_can_be_seen(theme):
    found = colours(theme)

    too_weak = [
        (edge, ground, round(contrast(found[edge], found[ground]), 2))
        for edge, ground in EDGES_AND_MARKS
        if contrast(found[edge], found[ground]) < 3
    ]

    assert too_weak == []


def test_both_themes_name_the_same_colours():
    assert set(colours("light")) == set(colours("dark"))


def test_every_token_that_a_stylesheet_reads_is_defined():
    sheets = {sheet: sheet.read_text() for sheet in CSS.glob("*.css")}
    defined = {name for text in sheets.values() for name in re.findall(r"(--lw-[\w-]+)\s*:", text)}

    unknown = {
        (sheet.name, name)
        for sheet, text in sheets.items()
        for name in re.findall(r"var\((--lw-[\w-]+)", text)
        if name not in defined
    }

    assert unknown == set()


def test_no_stylesheet_has_a_colour_of_its_own():
    """Colours live in tokens.css; elsewhere only black and white for paper."""
    allowed = {"#fff", "#000", "#999", "#333", "#bbb", "#777", "#d8dcf7"}
    own = {
        (sheet.name, colour)
        for sheet in Path(CSS).glob("*.css")
        if sheet.name != "tokens.css"
        for colour in re.findall(r"(?<![\w-])#[0-9a-fA-F]{3,8}\b(?=[;,\s)])", sheet.read_text())
        if colour not in allowed
    }

    assert own == set()
