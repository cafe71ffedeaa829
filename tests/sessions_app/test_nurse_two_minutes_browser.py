"""A session of two legs with eight sites, charted and signed by keyboard and by touch: every press is counted.

The promise is under two minutes of typing. A trained hand presses two keys or one target a second; the counts below are
what the README says, and they are exact so that a slower page is noticed.
"""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from sessions_app.models import TreatmentSession
from tests.makers import make_lot
from tests.sessions_app.test_nurse_browser import draft_now, open_visit, stored

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["open_visit"]
# Place as its first letters, injections: spider veins at 0.1 mL each, four a leg.
SITES = [
    ("Left calf, l", "4"), ("Left calf, m", "3"), ("Left knee", "2"), ("Left thigh, l", "3"),
    ("Right calf, l", "4"), ("Right calf, m", "3"), ("Right knee", "2"), ("Right thigh, l", "3"),
]  # fmt: skip


PLACES = {
    "Left calf, l": "Left calf, lateral", "Left calf, m": "Left calf, medial",
    "Left knee": "Left knee", "Left thigh, l": "Left thigh, lateral",
    "Right calf, l": "Right calf, lateral", "Right calf, m": "Right calf, medial",
    "Right knee": "Right knee", "Right thigh, l": "Right thigh, lateral",
}  # fmt: skip


class Hand:
    """Counts what a person does."""

    def __init__(self, page):
        self.page, self.keys, self.taps = page, 0, 0

    def press(self, key):
        self.page.keyboard.press(key)
        self.keys += 1

    def write(self, text):
        self.page.keyboard.type(text)
        self.keys += len(text)

    def tap(self, target):
        (target if hasattr(target, "click") else self.page.locator(target)).click()
        self.taps += 1


def begun():
    """The patient is there, the questions before are answered, nothing was injected yet."""
    make_lot(ampoules=10)
    return draft_now(
        compression_garment="Thigh stocking", compression_mmhg="20-30", weight_kg="68.0",
        started_at=timezone.now() - timedelta(minutes=40),
    )  # fmt: skip


def after_the_walk(session):
    """The walk is watched, not typed: its start lies twenty minutes back."""
    now = timezone.now().replace(second=0, microsecond=0)
    TreatmentSession.objects.filter(pk=session.pk).update(
        ended_at=now - timedelta(minutes=21), observation_started_at=now - timedelta(minutes=20)
    )


def chart_by_keyboard(hand):
    page = hand.page
    page.locator("#add-place").focus()
    for number, (place, count) in enumerate(SITES, start=1):
        hand.write(place)
        hand.press("Enter")
        row = page.locator("[data-site]").nth(number - 1)
        if number == 1:
            expect(row.locator("[name$='-vein_type']").first).to_be_focused()
            hand.press("Space")
            hand.press("Tab")
            hand.press("Tab")
        expect(row.locator("[name$='-injection_count']")).to_be_focused()
        hand.write(count)
        if number == 1:
            hand.press("Tab")
            hand.write("0.1")
        hand.press("Enter")
        expect(page.locator("#add-place")).to_be_focused()


def end_of_visit(hand, session):
    """Ampoules of the lot of the day, stocking, walk, reaction, signature: the same taps whoever charted how."""
    page = hand.page
    hand.tap(page.locator("#ampoules .lot-choice", has_text="LOT-"))
    hand.tap(page.get_by_role("button", name="2 ampoules"))
    hand.tap("label[for=id_compression_legs_0]")
    hand.tap("[data-now=observation_started_at]")
    expect(page.locator("#clock [role=timer]")).to_be_visible()
    after_the_walk(session)
    page.reload()
    hand.tap("[data-now=observation_ended_at]")
    hand.tap("label[for=id_observation_status_0]")
    hand.tap("label[for=id_reaction_0]")
    expect(page.locator("#sign")).to_have_attribute("href", reverse("aftercare:sign", args=[session.public_id]))
    hand.tap("#sign")
    hand.tap(page.get_by_role("button", name="Sign as"))
    expect(page.locator("main")).to_contain_text("The session is locked")


def chart_by_touch(hand):
    """Places on the map, numbers by the steppers; nothing is typed but the millilitres of the first site."""
    page = hand.page
    for number, (place, count) in enumerate(SITES, start=1):
        hand.tap(page.locator(f"a.seg[aria-label^='{PLACES[place]}']").first)
        row = page.locator("[data-site]").nth(number - 1)
        expect(row.locator("[name$='-injection_count']")).to_be_visible()
        if number == 1:
            hand.tap(row.locator("label[for$='-vein_type_0']"))
            hand.tap(row.locator("[name$='-each_ml']"))
            hand.write("0.1")
        for _ in range(int(count)):
            hand.tap(row.locator(".stepper:has([name$='-injection_count']) [data-step-by='1']"))


def is_signed(session):
    session = stored(session)
    sites = list(session.sites.values_list("injection_count", "volume_ml"))
    return session.status, len(sites), str(sum(volume for _, volume in sites))


def test_eight_sites_on_two_legs_by_keyboard(open_visit):
    session = begun()
    page = open_visit(session)
    hand = Hand(page)

    chart_by_keyboard(hand)
    end_of_visit(hand, session)

    assert is_signed(session) == ("signed", 8, "2.40")
    assert (hand.keys, hand.taps) == (127, 9)


def test_eight_sites_on_two_legs_by_touch(open_visit):
    session = begun()
    page = open_visit(session)
    hand = Hand(page)

    chart_by_touch(hand)
    end_of_visit(hand, session)

    assert is_signed(session) == ("signed", 8, "2.40")
    assert (hand.keys, hand.taps) == (3, 43)
