"""The shells and the small helpers in a real browser: readable by everybody, in both themes, on every screen."""

import pytest

from tests.looks import urls
from tests.support.accessibility import STANDARD, places, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.looks.urls")]

PAGES = [
    "/looks/gallery/",
    "/looks/tried/",
    "/looks/patient/",
    "/accounts/sign-in/",
    "/accounts/code/",
    "/accounts/password/reset/",
    *[f"/looks/error/{number}/" for number in ("400", "403", "403_csrf", "404", "429", "500", "503")],
]


@pytest.fixture(autouse=True)
def _nothing_saved():
    urls.SAVED.clear()


def wrong_of(page):
    return [(page.url, each["id"], places(each)) for each in violations(page, runOnly=[*STANDARD, "best-practice"])]


@pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("desk", "light")])
def test_axe_finds_nothing_on_any_page(page):
    found = []
    for address in PAGES:
        page.goto(address)
        found += wrong_of(page)

    assert found == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_scrolls_sideways(page, width):
    page.set_viewport_size({"width": width, "height": 700})
    too_wide = []
    for address in PAGES:
        page.goto(address)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(address)

    assert too_wide == []


def test_places_of_the_leg_map_are_large_enough_for_a_finger(new_page):
    page = new_page(size="tablet")
    page.goto("/looks/gallery/")

    sizes = page.locator(".legmap a.seg .hit").evaluate_all(
        "nodes => nodes.map(node => node.getBoundingClientRect()).map(box => Math.min(box.width, box.height))"
    )

    assert (len(sizes), min(sizes) >= 24) == (40, True)


def test_theme_is_kept_in_this_browser(page):
    page.goto("/looks/tried/")
    before = page.locator("html").get_attribute("data-bs-theme")

    page.get_by_role("button", name="Change between light, dark and automatic").click()
    page.get_by_role("button", name="Change between light, dark and automatic").click()
    page.reload()

    assert (before, page.locator("html").get_attribute("data-bs-theme")) == ("light", "dark")


def test_text_becomes_larger_and_stays_so(page):
    page.goto("/looks/patient/")
    page.get_by_role("button", name="Larger text").click()
    page.reload()

    button = page.get_by_role("button", name="Larger text")
    size = page.evaluate("getComputedStyle(document.documentElement).fontSize")
    assert (button.get_attribute("aria-pressed"), size) == ("true", "19.2px")


def test_stepper_steps_and_stops_at_its_limit(page):
    page.goto("/looks/tried/")
    field = page.get_by_label("Injections", exact=True)
    seen = []
    for _ in range(2):
        page.get_by_role("button", name="Injections: more").click()
        seen.append(field.input_value())
    page.get_by_role("button", name="Injections: less").click()

    assert [*seen, field.input_value()] == ["9", "9", "8"]


def test_form_is_sent_once_however_often_it_is_clicked(page):
    page.goto("/looks/tried/")

    page.evaluate(
        "() => { const button = [...document.querySelectorAll('button')].find(node => node.textContent === 'Save');"
        " button.click(); button.click(); button.click(); }"
    )
    page.get_by_text("Saved.").wait_for()

    assert urls.SAVED == ["POST"]


def test_z_undoes_what_the_toast_tells(page):
    page.goto("/looks/tried/")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()

    page.keyboard.press("z")
    page.get_by_text("Undone.").wait_for()

    assert urls.SAVED == []


def test_wrong_form_puts_the_focus_on_its_summary(page):
    page.goto("/looks/tried/")
    page.get_by_label("Injections", exact=True).fill("99")
    page.get_by_role("button", name="Send").click()
    page.locator(".error-summary").wait_for()

    focused = page.evaluate("document.activeElement.className")
    page.get_by_role("link", name="Note: Write a note").click()

    assert (focused, page.evaluate("document.activeElement.id")) == ("error-summary", "id_note")


def test_key_opens_the_dialog_and_the_answer_closes_it_with_a_toast(page):
    page.goto("/looks/tried/")
    page.keyboard.press("b")
    page.get_by_role("dialog", name="Cancel this visit?").wait_for()
    found = wrong_of(page)
    page.get_by_label("Reason").fill("ill")
    page.get_by_role("button", name="Cancel the visit").click()
    page.get_by_text("Cancelled.").wait_for()

    assert (found, page.get_by_role("dialog").count(), page.evaluate("document.activeElement.textContent")) == (
        [],
        0,
        "Book",
    )


def test_escape_closes_a_typed_dialog_only_at_the_second_time(page):
    page.goto("/looks/tried/")
    page.keyboard.press("b")
    page.get_by_label("Reason").fill("ill")

    page.keyboard.press("Escape")
    after_first = page.get_by_role("dialog").count()
    warned = page.get_by_text("Press Esc again to close").count()
    page.keyboard.press("Escape")

    assert (after_first, warned, page.get_by_role("dialog").count()) == (1, 1, 0)


def test_slash_goes_to_the_search_only_outside_of_fields(page):
    page.goto("/looks/tried/")
    page.evaluate("document.querySelector('#id_note').setAttribute('data-search', '')")
    page.keyboard.press("/")
    page.keyboard.type("a/b")

    assert page.locator("#id_note").input_value() == "a/b"


def test_first_load_of_a_patient_page_over_the_wire_is_small(page):
    """Served without compression here; compressed sizes are held by test_files. This counts what is asked for."""
    asked = []
    page.on("request", lambda request: asked.append(request.url.split("/static/")[-1]))
    page.goto("/looks/patient/", wait_until="networkidle")

    assert sorted(name for name in asked if "/" in name and "looks" not in name) == [
        "css/base.css",
        "css/patient.css",
        "css/tokens.css",
        "img/favicon.svg",
        "img/icons.svg",
        "js/theme.js",
        "js/ui.js",
        "vendor/bootstrap/bootstrap-patient.min.css",
    ]
