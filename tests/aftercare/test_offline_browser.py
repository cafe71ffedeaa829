"""A phone without network: the last plan is there, marked with its time, for its reader and for nobody else."""

import re
from datetime import timedelta
from threading import Event

import pytest
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import OperationalError
from django.utils import timezone

from aftercare.views import offline as offline_view
from aftercare.views import today as today_view
from clinic import portal
from clinic.paper_link import paper_link
from tests.aftercare.people import RETICULAR, make_plan, treated_patient
from tests.aftercare.readable import faults_at
from tests.makers import PASSWORD, make_carer, make_clinic, make_report, make_user
from tests.support.accessibility import serious_problems
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Waits until a copy is there that holds these words.
IS_KEPT = """async (words) => {
  await navigator.serviceWorker.ready;
  const text = async () => {
    if (!await caches.has("legwork-copy")) return "";
    const copy = await (await caches.open("legwork-copy")).match("/today/kept/", { ignoreVary: true });
    return copy ? copy.text() : "";
  };
  const end = Date.now() + 15000;
  while (!(await text()).includes(words)) {
    if (Date.now() > end) throw new Error("no such copy: " + await text());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}"""
WHOLE = "</html>"
OWN_PAGES = ("/", "/accounts/code/", "/my-visits/", "/how/sent/", "/settings/people/")
HAS_COPY = "async () => Boolean(await caches.match('/today/kept/', { ignoreVary: true }))"
EVERYTHING_KEPT = """async () => {
  const texts = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys())
      texts.push(await (await (await caches.open(name)).match(request, { ignoreVary: true })).text());
  return texts.join("");
}"""


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(name="Larkfield Vein Clinic", sender_name="Larkfield", phone="212-555-0100")


def treated(**facts):
    return treated_patient(timezone.now() - timedelta(days=2), RETICULAR, **facts)


@pytest.fixture
def marigold():
    return treated(given_name="Marigold", family_name="Quillfeather", email="marigold@mail.example")


@pytest.fixture
def casimir():
    return treated(given_name="Casimir", family_name="Thistledown", email="casimir@mail.example")


@pytest.fixture
def phone(new_context):
    """A phone as people have it; elsewhere in the tests no page leaves a worker behind."""
    return new_context(size="phone", service_workers="allow")


@pytest.fixture
def without_network(phone, page_problems):
    """``without_network(page, "/today/")``: what is seen there; what the browser says of the network is no fault."""

    def look(page, path):
        phone.set_offline(True)
        page.goto(path)
        seen = page.locator("body").inner_text()
        assert page.locator("[data-stands-in]").count() == 1
        with page.expect_navigation():  # what stands in gives way by itself
            phone.set_offline(False)
        page_problems[:] = [problem for problem in page_problems if "ERR_INTERNET_DISCONNECTED" not in problem]
        return seen

    return look


def open_plan(phone, patient, live_server):
    """The patient reads the own page; the phone keeps it."""
    sign_in(phone, patient.user, live_server)
    page = phone.new_page()
    page.goto("/today/")
    page.evaluate(IS_KEPT, WHOLE)
    return page


def path_of(link):
    return link.removeprefix("http://localhost:8000")


def code_in_mail():
    return re.search(r"^\s+(\S+)\s*$", mail.outbox[-1].body, re.M).group(1)


# --- What stays readable -----------------------------------------------------------------------------------------


def test_the_last_plan_is_readable_without_network_and_says_of_when_it_is(
    phone, marigold, live_server, without_network
):
    page = open_plan(phone, marigold, live_server)

    seen = without_network(page, "/today/")

    assert "Kept on this device on " in seen
    assert "Stocking on, day and night" in seen
    assert "trouble breathing" in seen


@pytest.mark.parametrize(
    ("language", "said", "big"),
    [
        ("en", "What it says may have ended: look at the dates, or call the clinic.", "Old: this has ended by now"),
        (
            "es",
            "Lo que dice puede haber terminado: mire las fechas o llame a la clínica.",
            "Antiguo: esto ya ha termina",
        ),
    ],
)
def test_a_kept_plan_that_is_past_by_the_phones_clock_says_so_first(phone, marigold, live_server, language, said, big):
    marigold.language = language
    marigold.save()
    page = open_plan(phone, marigold, live_server)
    phone.set_offline(True)
    note, hero, seen = page.locator(".kept-old"), page.locator(".hero"), {}

    for days in (0, 2, 10, 32):
        page.clock.set_fixed_time(timezone.now() + timedelta(days=days))
        page.goto("/today/")
        is_old = "is-old" in hero.get_attribute("class")
        seen[days] = (note.is_visible(), is_old, hero.locator(".hero-ended").is_visible())
    text = page.locator("main").inner_text()
    with page.expect_navigation():
        phone.set_offline(False)

    # On the second day sport and sun are allowed again and the stocking stays on; on the tenth it is over too.
    assert seen == {0: (False, False, False), 2: (True, False, False), 10: (True, True, True), 32: (True, True, True)}
    assert text.index(said) < text.index(big)


@pytest.mark.parametrize("rest", ["", "how/", "plan/print/"])
def test_it_never_stands_in_for_the_plan_of_another_patient(
    phone, marigold, casimir, live_server, without_network, rest
):
    carer = make_carer(patient=casimir, user=marigold.user, may_report=True)
    page = open_plan(phone, marigold, live_server)
    page.goto(f"/care/{carer.public_id}/")
    assert page.evaluate(HAS_COPY) is True

    seen = without_network(page, f"/care/{carer.public_id}/{rest}")

    assert ("No network" in seen, "Stocking" in seen, "Kept on this device" in seen) == (True, False, False)
    # On a page of its own: the one above may load anew at any moment, page and worker come back one after the other.
    assert "Kept on this device" in without_network(phone.new_page(), "/today/")


@pytest.mark.parametrize("path", ["/care/", "/patients/", "/queue/"])
def test_it_stands_in_for_no_page_about_others(phone, marigold, live_server, without_network, path):
    page = open_plan(phone, marigold, live_server)

    seen = without_network(page, path)

    assert ("No network" in seen, "Stocking" in seen) == (True, False)


def test_it_stands_in_for_the_patients_other_pages_too(phone, marigold, live_server, without_network):
    page = open_plan(phone, marigold, live_server)

    assert ["Kept on this device" in without_network(page, path) for path in OWN_PAGES] == [True] * len(OWN_PAGES)


def test_it_can_be_called_from_and_read_by_everybody(phone, marigold, live_server):
    page = open_plan(phone, marigold, live_server)
    phone.set_offline(True)
    page.goto("/today/")

    assert page.get_by_role("link", name="Emergency 911").get_attribute("href") == "tel:911"
    assert page.evaluate("getComputedStyle(document.querySelector('.hero')).borderRadius") != "0px"
    with page.expect_navigation():
        phone.set_offline(False)
    page.goto("/today/kept/")
    assert serious_problems(page) == []


def test_a_newer_plan_takes_the_place_of_the_kept_one(phone, marigold, live_server, without_network):
    page = open_plan(phone, marigold, live_server)
    make_plan(timezone.now() - timedelta(days=1), {**RETICULAR, "leg": "right"}, patient=marigold)
    page.goto("/today/")
    page.evaluate(IS_KEPT, "Right leg")

    assert "Right leg" in without_network(page, "/today/")


def test_a_report_that_was_just_sent_is_in_the_copy_and_its_time_ends_by_the_phones_clock(phone, marigold, live_server):
    page = open_plan(phone, marigold, live_server)
    report = make_report(
        patient=marigold,
        by=marigold.user,
        reported_at=timezone.now(),
        due_at=timezone.now() + timedelta(hours=4),
    )
    page.goto(f"/how/sent/{report.public_id}/")
    page.evaluate(IS_KEPT, 'id="reported"')
    over, seen = page.locator("[aria-labelledby=reported] [data-from]"), {}

    phone.set_offline(True)
    for hours in (0, 5):
        page.clock.set_fixed_time(timezone.now() + timedelta(hours=hours))
        page.goto("/today/")
        seen[hours] = over.is_visible()
    text = page.locator("main").inner_text()
    with page.expect_navigation():
        phone.set_offline(False)

    assert seen == {0: False, 5: True}
    assert text.index("Kept on this device on") < text.index("You reported something")
    assert "If it gets worse, call." in text


def test_a_clinic_that_cannot_answer_is_like_no_network(phone, marigold, live_server, monkeypatch):
    page = open_plan(phone, marigold, live_server)

    def away(*_, **__):
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(today_view, "plans_to_show", away)
        page.goto("/today/")

    assert "Kept on this device" in page.locator("body").inner_text()


def test_what_is_sent_without_network_is_said_to_be_not_sent(phone, marigold, live_server, page_problems):
    page = open_plan(phone, marigold, live_server)
    page.evaluate("""() => {
      const form = Object.assign(document.createElement("form"), { method: "post", action: "/how/" });
      document.body.append(form);
    }""")
    phone.set_offline(True)
    with page.expect_navigation():
        page.evaluate("document.querySelector('form[action=\"/how/\"]').submit()")

    assert page.get_by_role("heading", level=1).inner_text() == "Not sent: no network"
    phone.set_offline(False)
    page_problems[:] = [problem for problem in page_problems if "ERR_INTERNET_DISCONNECTED" not in problem]


def test_a_session_that_ended_by_itself_leaves_the_plan_readable(phone, marigold, live_server, without_network):
    page = open_plan(phone, marigold, live_server)
    Session.objects.all().delete()
    page.goto("/today/")
    assert page.url.endswith("/accounts/code/?next=/today/")

    assert "Stocking on, day and night" in without_network(page, "/today/")


# --- Nothing of the first for the second -------------------------------------------------------------------------


def test_signing_out_takes_the_plan_off_the_phone(phone, marigold, live_server, without_network):
    page = open_plan(phone, marigold, live_server)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/code/")

    assert page.evaluate(HAS_COPY) is False
    assert "Marigold" not in page.evaluate(EVERYTHING_KEPT)
    seen = without_network(page, "/today/")
    assert ("No network" in seen, "Stocking" in seen) == (True, False)


def test_a_copy_that_comes_while_the_session_is_being_ended_goes_too(phone, marigold, live_server):
    page, other = open_plan(phone, marigold, live_server), phone.new_page()
    begun, may_end = Event(), Event()

    def wait(**_):
        begun.set()
        assert may_end.wait(15)

    user_logged_out.connect(wait)
    try:
        page.get_by_role("button", name="Sign out").click(no_wait_after=True)
        assert begun.wait(15)
        other.goto("/today/")
        other.evaluate(IS_KEPT, WHOLE)
    finally:
        may_end.set()
        user_logged_out.disconnect(wait)
    page.wait_for_url("**/accounts/code/")

    assert page.evaluate(HAS_COPY) is False


def test_the_back_button_shows_nothing_after_the_sign_out(phone, marigold, live_server):
    page = open_plan(phone, marigold, live_server)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/code/")

    page.go_back()

    page.wait_for_url("**/accounts/code/?next=/today/")
    assert "Stocking" not in page.locator("body").inner_text()


def test_signing_out_without_network_takes_the_plan_off_the_phone_too(phone, marigold, live_server, without_network):
    page = open_plan(phone, marigold, live_server)
    phone.set_offline(True)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Not sent: no network").wait_for()

    assert "Stocking" not in without_network(page, "/today/")


@pytest.mark.parametrize("kind", ["message", "paper"])
def test_looking_at_the_link_of_another_patient_takes_the_first_ones_plan_away(
    phone, marigold, casimir, live_server, without_network, kind
):
    page = open_plan(phone, marigold, live_server)
    now = timezone.now()
    link = portal.make_link(casimir, now) if kind == "message" else paper_link(casimir, now + timedelta(days=1))
    page.goto(path_of(link))
    assert page.get_by_role("button", name="Send me the code").is_visible()

    assert "Stocking" not in without_network(page, "/today/")


def test_the_link_of_another_patient_without_network_shows_nothing_of_the_first(
    phone, marigold, casimir, live_server, without_network
):
    page = open_plan(phone, marigold, live_server)

    seen = without_network(page, path_of(portal.make_link(casimir, timezone.now())))

    assert ("No network" in seen, "Stocking" in seen) == (True, False)


def test_the_own_link_leaves_the_own_plan_where_it_is(phone, marigold, live_server, without_network):
    page = open_plan(phone, marigold, live_server)
    Session.objects.all().delete()
    page.goto(path_of(portal.make_link(marigold, timezone.now())))

    assert "Stocking on, day and night" in without_network(page, "/today/")


def test_a_second_patient_finds_nothing_of_the_first_at_any_step(phone, marigold, casimir, live_server):
    page = open_plan(phone, marigold, live_server)
    page.goto(path_of(portal.make_link(casimir, timezone.now())))
    page.get_by_role("button", name="Send me the code").click()
    page.wait_for_url("**/accounts/code/confirm/")
    assert page.evaluate(HAS_COPY) is False
    page.get_by_label("Code from our message").fill(code_in_mail())
    page.get_by_role("button", name="Open my page").click()
    page.wait_for_url("**/today/")
    page.evaluate(IS_KEPT, WHOLE)

    assert "Quillfeather" not in page.content() + page.evaluate(EVERYTHING_KEPT)
    page.go_back()
    assert "Quillfeather" not in page.content()


def test_a_nurse_who_signs_in_on_the_phone_takes_the_plan_away(phone, marigold, live_server):
    nurse = make_user()
    page = open_plan(phone, marigold, live_server)
    Session.objects.all().delete()
    page.goto("/accounts/sign-in/")
    page.get_by_label("Work e-mail").fill(nurse.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/my-day/")

    assert page.evaluate(HAS_COPY) is False


def test_a_copy_that_was_on_its_way_at_the_sign_out_is_not_kept(
    phone, marigold, live_server, monkeypatch, without_network
):
    page = open_plan(phone, marigold, live_server)
    asked, may_answer, answered = Event(), Event(), Event()
    write = offline_view.sheet_of

    def slowly(*args, **facts):
        asked.set()
        may_answer.wait(20)
        answered.set()
        return write(*args, **facts)

    monkeypatch.setattr(offline_view, "sheet_of", slowly)
    page.goto("/today/")
    assert asked.wait(20)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/code/")
    may_answer.set()
    assert answered.wait(20)
    page.reload()  # through the worker, behind the answer that it waited for

    assert page.evaluate(HAS_COPY) is False
    assert "Stocking" not in without_network(page, "/today/")


# --- The page of nobody ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "size", "scheme"), [("/offline/", "desk", "light"), ("/offline/?sent=no", "phone", "dark")]
)
def test_everybody_can_read_the_page_without_network(page, path):
    assert faults_at(page, path) == []
    assert page.locator("section[lang=es]").get_by_role("link", name="Llamar al 911").is_visible()


def test_the_portal_can_be_put_on_the_home_screen(phone, marigold, live_server):
    page = open_plan(phone, marigold, live_server)

    errors = phone.new_cdp_session(page).send("Page.getInstallabilityErrors")["installabilityErrors"]

    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []
