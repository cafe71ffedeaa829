"""WCAG 2.2 AA on every page of people at home: seen, heard, by keyboard, by finger, large and without motion."""

import pytest
import time_machine

from tests.journeys.home_pages import NOW, furnish
from tests.makers import at
from tests.support.accessibility import STANDARD, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# All that axe can judge of the standard; contrast and the size of targets among it.
MOST_TABS = 120
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

# Where the focus is: its name, whether one sees the mark, and what lies on top of it.
FOCUS = """() => {
  const here = document.activeElement;
  if (!here || here === document.body || here === document.documentElement) return null;
  const seen = here.matches("input[type=radio], input[type=checkbox]") && here.labels.length ? here.labels[0] : here;
  const box = seen.getBoundingClientRect(), look = getComputedStyle(seen), own = getComputedStyle(here);
  const marked = [look, own].some(each => (each.outlineStyle !== "none" && parseFloat(each.outlineWidth) > 0)
    || each.boxShadow !== "none");
  const inside = (x, y) => {
    const top = document.elementFromPoint(x, y);
    return top && (seen.contains(top) || top.contains(seen) || seen === top || (here.labels
      && [...here.labels].some(label => label.contains(top))));
  };
  const middle = box.left + Math.min(box.width, innerWidth) / 2;
  const points = [[middle, box.top + 2], [middle, box.top + box.height / 2], [middle, box.bottom - 2]]
    .filter(([, y]) => y >= 0 && y < innerHeight);
  const words = (here.getAttribute("aria-label") || here.innerText || here.value || here.name || here.id || "").trim();
  if (!here.dataset.walked) here.dataset.walked = String(Math.random());
  return {id: here.dataset.walked, words: words.slice(0, 60).replace(/\\s+/g, " "), marked,
    hidden: box.width < 1 || box.height < 1 || !points.length || !points.some(([x, y]) => inside(x, y)),
    onScreen: box.bottom > 0 && box.top < innerHeight};
}"""
# What can be pressed and is smaller than a finger: links inside of a sentence are as high as their line.
SMALL = """() => [...document.querySelectorAll("a[href], button, summary, select, input, textarea")].filter(each => {
  if (!each.checkVisibility({visibilityProperty: true, opacityProperty: true}) || each.disabled) return false;
  if (each.closest(".visually-hidden, [aria-hidden=true]") || each.matches(".skip, [type=hidden]")) return false;
  if (each.matches("a") && getComputedStyle(each).display === "inline") return false;
  const pressed = each.matches("input[type=radio], input[type=checkbox]") && each.labels.length ? each.labels[0] : each;
  const box = pressed.getBoundingClientRect();
  return box.width > 0 && (box.height < 43.5 || box.width < 43.5);
}).map(each => `${each.tagName} ${(each.innerText || each.name || each.ariaLabel || "").trim().slice(0, 40)}: ` +
  `${Math.round(each.getBoundingClientRect().width)}x${Math.round(each.getBoundingClientRect().height)}`)"""
MOVING = """() => document.getAnimations().filter(each => {
  const timing = each.effect.getComputedTiming();
  return timing.duration > 20 || timing.iterations === Infinity;
}).map(each => each.animationName || each.transitionProperty)"""


@pytest.fixture
def home_in(new_context, live_server):
    """``home_in("es")`` yields each page of everybody at home, opened: ``(path, page)``."""

    def go_through(language, *, width=390, **options):
        home = furnish(language)
        for who in ("visitor", "patient", "carer"):
            context = new_context(size="phone", locale={"en": "en-GB", "es": "es-MX"}[language], **options)
            if who in home.sessions:
                cookie = {"name": "sessionid", "value": home.sessions[who], "url": live_server.url}
                context.add_cookies([cookie])
            page = context.new_page()
            page.set_viewport_size({"width": width, "height": 780})
            for path in getattr(home, who):
                page.goto(path)
                yield path, page
            context.close()

    with time_machine.travel(at(NOW), tick=True):
        yield go_through


def opened(page):
    """Everything that is folded away is read as well."""
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "es")])
def test_each_page_meets_what_can_be_judged_of_the_standard(home_in, scheme, language):
    wrong = []
    for path, page in home_in(language, scheme=scheme):
        opened(page)
        for violation in violations(page, runOnly=STANDARD):
            where = [(node["target"], node["failureSummary"]) for node in violation["nodes"]]
            wrong.append(f"{path} {violation['id']}: {where}")

    assert wrong == []


@pytest.mark.parametrize(("language", "width", "text"), [("en", 360, "100%"), ("es", 320, "100%"), ("es", 360, "200%")])
def test_no_page_scrolls_sideways(home_in, language, width, text):
    wrong = []
    for path, page in home_in(language, width=width):
        opened(page)
        page.evaluate("size => { document.documentElement.style.fontSize = size; }", text)
        if (too_wide := page.evaluate(TOO_WIDE)) > 0:
            wrong.append(f"{path} is {too_wide} px too wide")

    assert wrong == []


def test_the_keyboard_goes_through_each_page_and_the_focus_is_always_seen(home_in):
    wrong = []
    for path, page in home_in("en"):
        wrong += [f"{path}: {each}" for each in walk(page)]

    assert wrong == []


def walk(page):
    """Tab from the top to the end; what has no name, no mark, or lies under the bar at the bottom."""
    seen, wrong = set(), []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is None or focus["id"] in seen:
            return wrong
        seen.add(focus["id"])
        faults = [name for name in ("words", "marked", "onScreen") if not focus[name]]
        if focus["hidden"]:
            faults.append("covered")
        if faults:
            wrong.append(f"{focus['words']!r} {faults}")
    return [*wrong, "the keyboard does not come to the end"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_whatever_is_pressed_is_as_large_as_a_finger(home_in, language):
    wrong = []
    for path, page in home_in(language):
        opened(page)
        wrong += [f"{path} {each}" for each in page.evaluate(SMALL)]

    assert wrong == []


def test_nothing_moves_for_who_asked_for_stillness(home_in):
    wrong = []
    for path, page in home_in("en"):
        opened(page)
        wrong += [f"{path} {each}" for each in page.evaluate(MOVING)]

    assert wrong == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_who_hears_a_page_knows_its_language_its_parts_and_no_title_tells_of_health(home_in, language):
    told = ("stocking", "vein", "leg", "pain", "treat", "symptom", "emergency")
    told += ("media", "vena", "pierna", "dolor", "trata", "síntoma", "emergencia")
    wrong = []
    for path, page in home_in(language):
        parts = [page.get_by_role(role).count() for role in ("banner", "main", "heading")]
        facts = page.evaluate("[document.documentElement.lang.slice(0, 2), document.querySelectorAll('h1').length]")
        if facts != [language, 1] or parts[1] != 1 or not parts[2]:
            wrong.append(f"{path} {facts} {parts}")
        if any(word in page.title().lower() for word in told):
            wrong.append(f"{path} is called {page.title()!r}")

    assert wrong == []
