"""Answering a day in a real browser: by keyboard, without scripts, in both schemes and languages, at any width."""

from datetime import timedelta

import pytest
from django.utils import timezone

from aftercare.models import Tick
from clinic.access import Role
from clinic.models import Clinic, StaffTask
from clinic.protocol.zones import local_date
from tests.aftercare.people import RETICULAR, SPIDER, amend, make_plan
from tests.aftercare.readable import LOOKS, LOOKS_BY_LANGUAGE, faults_at
from tests.looks.colours import colours, contrast
from tests.makers import make_carer, make_clinic, make_patient_user, make_tick, make_user
from tests.support.browser import SIZES, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
STOCKING, WALK, WORDS = "/today/answer/first/", "/today/answer/second/", "/aftercare-words/"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(name="Larkfield Clinic", phone="555-0100")


@pytest.fixture
def patient():
    """Two days after a session that was corrected this morning; nothing is answered yet."""
    patient = make_patient_user(given_name="Marigold", family_name="Quillfeather").patient
    plan = make_plan(timezone.now() - 2 * DAY, {**SPIDER, "leg": "left"}, patient=patient)
    amend(plan, {**RETICULAR, "leg": "left"}, at_instant=timezone.now() - timedelta(hours=3))
    return patient


@pytest.mark.parametrize(("language", "size", "scheme"), LOOKS_BY_LANGUAGE)
def test_everybody_can_read_the_answers_of_a_day(page_of, patient, language, size, scheme):
    patient.language = language
    patient.save()
    page = page_of(patient.user, scheme=scheme, **SIZES[size])

    assert [faults_at(page, path) for path in ("/today/", STOCKING, WALK)] == [[], [], []]


def test_everybody_can_read_what_helps(page_of, patient):
    page = page_of(patient.user)
    page.goto(STOCKING)
    page.get_by_label("It is on, but…").check()
    page.get_by_label("The skin is sore or itches").check()
    page.get_by_role("button", name="Save the answer").click()
    page.get_by_role("heading", name="What helps").wait_for()

    assert faults_at(page, page.url) == []


@pytest.mark.parametrize("width", [320, 360, 1024, 1440])
def test_nothing_is_cut_off_in_large_text_at_any_width(page_of, patient, width):
    page = page_of(patient.user, width=width)
    wide = []
    for path in ("/today/", STOCKING, WALK):
        page.goto(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        wide.append(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    assert max(wide) <= 0


MARKS = """days => {
  const two = part => (+part).toString(16).padStart(2, "0");
  const hex = colour => "#" + colour.match(/\\d+/g).slice(0, 3).map(two).join("");
  return days.map(day => [day.querySelector("svg"), day].map(each => getComputedStyle(each)))
    .map(([tick, disc]) => [hex(tick.color), hex(disc.backgroundColor)]);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_ticks_of_walks_are_seen_on_past_days_and_on_today(page_of, patient, scheme):
    zone = Clinic.current().zone
    walked = [local_date(timezone.now() - days * DAY, zone) for days in (1, 0)]
    for day in walked:
        make_tick(patient=patient, by=patient.user, task="walk", date=day, given_at=timezone.now())
    page = page_of(patient.user, scheme=scheme)
    page.goto("/today/")

    marks = page.locator(".days .did i").evaluate_all(MARKS)

    walk, surface = (colours(scheme)[name] for name in ("walk", "surface"))
    assert marks == [[surface, walk]] * 2
    assert contrast(surface, walk) >= 3  # the tick on its disc, and the disc on its card


LETTERS = """svg => {
  const boxes = [...svg.querySelectorAll("text")].filter(each => each.textContent.trim()).map(each => each.getBBox());
  const { width, height } = svg.viewBox.baseVal;
  const meet = (a, b) => a.x < b.x + b.width - 1 && b.x < a.x + a.width - 1
    && a.y < b.y + b.height - 3 && b.y < a.y + a.height - 3;
  return {
    px: parseFloat(getComputedStyle(svg.querySelector("text")).fontSize)
      * svg.getBoundingClientRect().width / width,
    outside: boxes.filter(a => a.x < -1 || a.x + a.width > width + 1 || a.y + a.height > height).length,
    touching: boxes.filter((a, i) => boxes.some((b, k) => k > i && meet(a, b))).length,
    count: boxes.length,
  };
}"""


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("es", 390), ("es", 1024)])
def test_the_letters_of_the_plans_picture_grow_with_the_text(page_of, patient, language, width):
    patient.language = language
    patient.save()
    make_plan(timezone.now() - DAY, {**SPIDER, "leg": "right"}, patient=patient)  # the picture has a row for each leg
    page = page_of(patient.user, width=width)
    page.goto("/today/")
    plan = page.locator("svg.plan")
    normal = plan.evaluate(LETTERS)

    page.locator("[data-text-toggle]").click()
    page.locator("svg.plan-narrow-large").wait_for()
    large = plan.evaluate(LETTERS)
    page.reload()
    again = plan.evaluate(LETTERS)
    page.locator("[data-text-toggle]").click()
    page.locator("svg.plan-narrow").wait_for()

    assert large == again
    assert 1.15 <= large["px"] / normal["px"] <= 1.25
    assert [(each["outside"], each["touching"], each["count"] > 8) for each in (normal, large)] == [(0, 0, True)] * 2
    assert plan.evaluate(LETTERS) == normal


def test_a_day_is_answered_without_scripts(new_context, live_server, patient):
    context = new_context(java_script_enabled=False)
    sign_in(context, patient.user, live_server)
    page = context.new_page()
    page.goto("/today/")
    page.get_by_role("button", name="It is on").click()
    page.get_by_role("button", name="I walked today").click()
    page.get_by_role("link", name="It does not work").click()
    page.get_by_label("Not at all").check()
    page.get_by_label("It is too tight").check()
    page.get_by_role("button", name="Save the answer").click()

    assert page.get_by_text("You told us that the stocking does not work.").is_visible()
    assert list(Tick.objects.order_by("pk").values_list("task", "answer", "reason")) == [
        ("stocking", "yes", ""),
        ("walk", "yes", ""),
        ("stocking", "no", "too_tight"),
    ]
    assert StaffTask.objects.filter(kind="stocking_help").count() == 1


def test_a_day_is_answered_by_keyboard(page_of, patient):
    page = page_of(patient.user)
    page.goto("/today/")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "It is on":
            break
    page.keyboard.press("Enter")
    page.get_by_text("You said: “It is on”").wait_for()

    assert Tick.objects.get().answer == "yes"


def test_what_was_noted_is_said_beside_the_bar_and_not_on_it(page_of, patient):
    page = page_of(patient.user)
    page.goto("/today/")
    page.get_by_role("button", name="It is on").click()
    toast, bar = page.locator("[data-toast]").bounding_box(), page.locator(".bar-bottom").bounding_box()

    assert toast["y"] + toast["height"] <= bar["y"]


def test_what_was_saved_is_said_away_from_a_bar_of_two_lines(page_of, patient):
    page = page_of(patient.user, width=320)
    page.goto("/settings/")
    page.locator("main form button[type=submit]").first.click()
    toast, bar = page.locator("[data-toast]").bounding_box(), page.locator(".bar-bottom").bounding_box()

    assert toast["y"] + toast["height"] <= bar["y"]


@pytest.mark.parametrize("path", ["/today/", "/how/", "/settings/", STOCKING])
def test_on_a_page_enlarged_to_200_percent_the_bar_takes_nothing_of_the_screen(page_of, patient, path):
    page = page_of(patient.user, width=195, height=422)
    page.goto(path)
    enlarged = page.locator(".bar-bottom").evaluate("bar => getComputedStyle(bar).position")
    page.set_viewport_size({"width": 390, "height": 844})

    assert (enlarged, page.locator(".bar-bottom").evaluate("bar => getComputedStyle(bar).position")) == (
        "static",
        "fixed",
    )


@pytest.mark.parametrize(
    ("text", "width", "language"),
    [("large", 320, "es"), ("large", 390, "es"), ("large", 390, "en"), ("normal", 390, "es"), ("normal", 360, "en")],
)
def test_the_buttons_at_the_bottom_are_one_row(page_of, patient, live_server, text, width, language):
    patient.language = language
    patient.save()
    page = page_of(patient.user, width=width, height=740)
    page.context.add_cookies([{"name": "text", "value": text, "url": live_server.url}])
    rows, heights = [], []
    for path in ("/today/", "/settings/"):
        page.goto(path)
        tops = page.locator(".bar-bottom .btn").evaluate_all(
            "all => all.map((each) => each.getBoundingClientRect().top)"
        )
        rows.append((len(tops), len(set(tops))))
        heights.append(page.locator(".bar-bottom").bounding_box()["height"] <= 90)

    assert (rows, heights) == ([(2, 1), (2, 1)], [True, True])


def test_what_the_hand_reaches_is_44_pixels_high(page_of, patient):
    page = page_of(patient.user)
    small = []
    for path in ("/today/", STOCKING):
        page.goto(path)
        small += page.evaluate(
            """() => [...document.querySelectorAll("main :is(a, button, summary, label.choice), nav a")]
              .filter(each => each.checkVisibility() && each.getBoundingClientRect().height < 44)
              .map(each => each.textContent.trim())"""
        )

    assert small == []


def test_a_carer_who_may_answer_reads_whose_day_it_is(page_of, patient):
    carer = make_carer(patient=patient, may_report=True)
    page = page_of(carer.user)

    assert faults_at(page, f"/care/{carer.public_id}/answer/first/") == []
    assert page.get_by_text("Marigold Quillfeather").first.is_visible()


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_everybody_can_read_the_clinics_words_and_the_answers(page_of, patient, size, scheme):
    lead = make_user(Role.CLINICAL_LEAD)
    page = page_of(lead, scheme=scheme, **SIZES[size])
    paths = (WORDS, f"{WORDS}?text=bruises", f"{WORDS}?text=help-walk-heat", f"/patients/{patient.public_id}/")

    assert [(path, faults_at(page, path)) for path in paths] == [(path, []) for path in paths]
