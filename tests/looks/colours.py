"""Colours of tokens.css and their contrast, as WCAG 2.2 counts it."""

import re
from pathlib import Path

TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css"
THEMES = {"light": ':root,\n[data-bs-theme="light"] {', "dark": '[data-bs-theme="dark"] {'}


def colours(theme):
    """Names without ``--lw-`` and their six-digit colours in one theme."""
    css = TOKENS.read_text()
    start = css.index(THEMES[theme])
    block = css[start : css.index("\n}", start)]
    return dict(re.findall(r"--lw-([\w-]+):\s*(#[0-9a-f]{6})", block))


def luminance(colour):
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Ratio between 1 and 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
