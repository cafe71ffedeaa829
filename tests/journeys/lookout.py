"""What is wrong with a page as it stands: for those who see badly, in both colour schemes, on a small screen."""

from tests.support.accessibility import serious_problems

# Of axe's rules these see colours; the others find the same in the dark as in the light.
SEE_COLOURS = ["color-contrast", "link-in-text-block"]
# A long table repeats its first rows.
EVERYTHING = {"exclude": [["tbody tr:nth-child(n + 5)"]]}
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Lookout:
    """Notes problems, so that a journey goes on and tells all of them at its end."""

    def __init__(self):
        self.notes = []

    def judges(self, page):
        """The page in light and dark; what axe calls serious or critical, and what makes the page scroll sideways."""
        self._asks_axe(page, "light")
        self._asks_axe(page, "dark", runOnly=SEE_COLOURS)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        self.measures(page)

    def measures(self, page):
        too_wide = page.evaluate(TOO_WIDE)
        if too_wide > 0:
            self.notes.append(f"{page.url} is {too_wide} px too wide at {page.viewport_size['width']} px")

    def _asks_axe(self, page, scheme, **options):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        self.notes += [f"In the {scheme}: {each}" for each in serious_problems(page, where=EVERYTHING, **options)]
