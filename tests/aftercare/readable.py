"""Whether everybody can read a page: what axe says of it, and whether anything is wider than the screen."""

from tests.support.accessibility import serious_problems
from tests.support.browser import SIZES

# Axe takes seconds for a page, and the other combinations of size and scheme tell it nothing more.
LOOKS = (("desk", "light"), ("phone", "dark"))
LOOKS_BY_LANGUAGE = (("en", "desk", "light"), ("es", "phone", "dark"))
TABLET = SIZES["tablet"]["width"]


def faults_of(page, *widths):
    """What is wrong with the page as it stands; how wide it is counts at its own size and at these widths (px)."""
    own = page.viewport_size
    found = [*serious_problems(page), *_too_wide(page)]
    for width in widths:
        page.set_viewport_size({**own, "width": width})
        found += _too_wide(page)
    page.set_viewport_size(own)
    return found


def faults_at(page, path, *widths):
    """As `faults_of`, for the page at `path` with everything on it folded out."""
    page.goto(path)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    return faults_of(page, *widths)


def _too_wide(page):
    px = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{page.url} is {px} px too wide at {page.viewport_size['width']}"] if px > 0 else []
