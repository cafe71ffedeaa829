"""The pictures of the README: who looks at what, and what somebody did before."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Locator, Page

DESK, TABLET, PHONE = (1440, 900), (1366, 1024), (390, 844)
# Ampoules opened, by strength; the lot of the day stands beside them.
OPENED = {"0.5 %": "2", "1 %": "1"}


@dataclass(frozen=True)
class Shot:
    """One picture: who looks, on which screen, and the way to the page."""

    name: str
    who: str
    size: tuple[int, int]
    go: Callable[[Page], None]
    scheme: Literal["light", "dark"] = "light"

    def sign_in(self, page: Page, password: str) -> None:
        if self.who.startswith("patient"):
            _sign_in_by_code(page, self.who)
        else:
            page.goto("/accounts/sign-in/")
            page.get_by_label("Work e-mail").fill(self.who)
            page.get_by_label("Password").fill(password)
            page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/accounts/" not in url)


def _sign_in_by_code(page: Page, email: str) -> None:
    page.goto("/accounts/code/")
    page.get_by_label("E-mail").fill(email)
    page.keyboard.press("Enter")
    page.wait_for_url("**/code/confirm/")
    other = page.context.new_page()
    other.goto("/demo/messages/")
    found = re.search(r"\b\d{6}\b", other.inner_text("main"))
    other.close()
    if found is None:
        raise SystemExit("No sign-in code is among the demo's messages.")
    page.get_by_role("textbox").fill(found[0])
    page.keyboard.press("Enter")


def day(page: Page) -> None:
    page.goto("/day/")


def booking(page: Page) -> None:
    """A repeat out of the list of those who are due, in the middle of the window."""
    page.goto("/calls/")
    page.get_by_role("link", name="Saffron Tidewell").filter(has_text="Book").click()
    page.get_by_role("dialog").get_by_role("group", name="Best times").wait_for()


def charting(page: Page) -> None:
    """Three sites of two kinds, above 3 mL, and the reason not given yet."""
    page.goto("/my-day/")
    page.get_by_role("link", name="Juniper Thimble").click()
    for fact in ("Name and birth date", "Medication and allergies"):
        page.get_by_role("checkbox", name=fact).check()
    for question in ("Reasons not to treat today", "Risks and plans"):
        _press(page, question, "None of these")
    _chart(page, "Left thigh, lateral", "Spider", injections=6, each="0.2", length=15)
    _chart(page, "Left popliteal", "Reticular", injections=4, each="0.25", length=10)
    _chart(page, "Right calf, lateral", "Spider", injections=6, each="0.2", length=16)
    page.get_by_role("heading", name="Total above 3 mL").wait_for()
    page.evaluate("document.getElementById('before').open = false")
    page.evaluate("scrollTo(0, 0)")


def sign(page: Page) -> None:
    """The visit of the picture before, some steps later: everything is there but the signature."""
    page.goto("/my-day/")
    page.get_by_role("link", name="Juniper Thimble").click()
    page.get_by_role("textbox", name="Reason: Total above 3 mL").fill("Both legs, last session before the summer")
    page.get_by_role("checkbox", name="I have seen this and go on").check()
    for strength, opened in OPENED.items():
        page.get_by_role("group", name=f"Ampoules of {strength}", exact=True).get_by_label("Opened", exact=True).fill(
            opened
        )
    _press(page, "Stocking on", "Both legs")
    for label, time in (("Stocking on at", "10:22"), ("Walk began", "10:23"), ("Walk ended", "10:42")):
        page.get_by_label(label, exact=True).fill(time)
    _press(page, "At the end", "Walked and well")
    _press(page, "Reaction during or after", "None seen")
    page.get_by_role("link", name="Check the plan and sign").click()
    page.get_by_role("heading", name="Check the plan, then sign").wait_for()


def today(page: Page) -> None:
    page.goto("/today/")


def how(page: Page) -> None:
    """The first step: what would be an emergency."""
    page.goto("/how/")


def queue(page: Page) -> None:
    """A report that nobody has taken yet, open beside the list."""
    page.goto("/queue/")
    page.get_by_role("link", name="Aurelio Piedrabuena").first.click()
    page.get_by_role("heading", name="Aurelio Piedrabuena").wait_for()


def _press(page: Page | Locator, question: str, words: str) -> None:
    page.get_by_role("group", name=question, exact=True).get_by_text(words, exact=True).click()


def _chart(page: Page, place: str, vein_type: str, *, injections: int, each: str, length: int) -> None:
    page.get_by_label("Place of the next site").select_option(place)
    page.get_by_role("button", name="Add a site").click()
    summary = page.locator("summary.site", has_text=place)
    site = page.locator("details.site-card[open]").filter(has=summary)
    _press(site, "Vein type", vein_type)
    for label, number in (("Injections", injections), ("Each", each), ("Length", length)):
        site.get_by_label(label, exact=True).fill(str(number))


SHOTS = (
    Shot("day", "desk@example.com", DESK, day),
    Shot("booking", "desk@example.com", DESK, booking),
    Shot("today", "patient@example.com", PHONE, today),
    Shot("today-dark", "patient@example.com", PHONE, today, scheme="dark"),
    Shot("today-es", "patient3@example.com", PHONE, today),
    Shot("how", "patient@example.com", PHONE, how),
    Shot("queue", "clinician@example.com", DESK, queue),
    Shot("charting", "nurse2@example.com", TABLET, charting),
    Shot("sign", "nurse2@example.com", TABLET, sign),
)
