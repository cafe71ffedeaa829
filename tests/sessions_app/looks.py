"""Looks of a page: what axe judges needs two of them, its width is measured at a third by a cheap resize."""

import pytest

from tests.support.browser import SIZES

# Every colour of both schemes, the widest and the narrowest layout.
two_looks = pytest.mark.parametrize(("size", "scheme"), [("desk", "light"), ("phone", "dark")])

OVERHANG = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def too_wide(page):
    """The widths at which the page scrolls sideways: of the screen as it is, and of a tablet where it is a phone.

    A phone becomes a tablet, not a desk: both are touched, and what is touched is larger.
    """
    own = page.viewport_size
    found = [own["width"]] if page.evaluate(OVERHANG) else []
    if own == SIZES["phone"]:
        page.set_viewport_size(SIZES["tablet"])
        found += [SIZES["tablet"]["width"]] if page.evaluate(OVERHANG) else []
        page.set_viewport_size(own)
    return found
