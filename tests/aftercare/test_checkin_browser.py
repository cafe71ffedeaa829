""" "How are you?" in a real browser: with and without script, in both languages and schemes, with the network gone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from aftercare import carers, report_work
from aftercare.models import SymptomReport
from aftercare.presenters.symptoms import QUESTIONS
from clinic.access import Role
from clinic.models import User
from tests.aftercare.people import treated_patient
from tests.aftercare.readable import LOOKS, TABLET, faults_of
from tests.makers import make_carer, make_clinic, make_hours, make_report, make_service, make_user
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NEXT = ".bar-bottom button.btn-primary"
PANEL = ".checkin .emergency"
UNANSWERED = "fieldset .invalid-feedback:visible"


@pytest.fixture(autouse=True)
def _clinic():
    make_clinic(name="Larkfield Clinic", phone="555-0100", phone_hours="8:00–18:00")
    make_hours(make_user(name="Ada Birchwood"))
    make_service()
    make_user(Role.CLINICIAN, name="Hugo Ashdown")


@pytest.fixture
def patient():
    name = {"given_name": "Marigold", "family_name": "Quillfeather"}
    return treated_patient(timezone.now() - timedelta(days=2), **name)


@pytest.fixture
def opened(new_context, live_server, patient):
    """Open a page as the patient: ``opened("/how/", scheme="dark")``."""

    def open_page(path, **options):
        context = new_context(size="phone", **options)
        sign_in(context, patient.user, live_server)
        page = context.new_page()
        page.goto(path)
        return page

    return open_page


def says_no(page):
    for question in QUESTIONS:
        page.click(f"label[for=id_{question.key}_0]")
    page.click(NEXT)
    page.wait_for_url("**/how/2/")


@pytest.mark.parametrize(("language", "scheme", "width"), [("en", "light", 390), ("es", "dark", 360)])
def test_everybody_can_read_each_step_and_the_receipt(opened, patient, language, scheme, width):
    patient.language = language
    patient.save()
    page = opened("/how/", scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    found = faults_of(page)

    page.click("label[for=id_BREATH_1]")
    found += faults_of(page)
    page.click("label[for=id_BREATH_0]")
    page.click(NEXT)
    found += faults_of(page)
    says_no(page)
    page.check("input[value=TOES_UNDER_STOCKING]")
    found += faults_of(page)
    page.click(NEXT)
    page.wait_for_url("**/how/3/")
    found += faults_of(page)
    page.click(NEXT)
    page.wait_for_url("**/how/sent/**")
    found += faults_of(page)
    for path in ("/how/sent/", "/how/well/"):
        page.goto(path)
        found += faults_of(page)

    assert found == []


@pytest.mark.parametrize("text", ["normal", "large"])
def test_on_a_phone_on_its_side_the_whole_panel_of_an_emergency_is_seen(opened, patient, live_server, text):
    patient.language = "es"
    patient.save()
    page = opened("/how/")
    page.context.add_cookies([{"name": "text", "value": text, "url": live_server.url}])
    page.set_viewport_size({"width": 740, "height": 360})
    page.goto("/how/")
    page.click("label[for=id_BREATH_1]")

    panel, number = page.locator(PANEL), page.locator(f"{PANEL} .em-link").bounding_box()

    assert panel.evaluate("each => each.scrollHeight - each.clientHeight") <= 0
    assert number["y"] + number["height"] <= 360


@pytest.mark.parametrize("width", [360, 430])
def test_nothing_is_cut_off_in_large_text(opened, patient, width):
    patient.language = "es"
    patient.save()
    page = opened("/how/")
    page.set_viewport_size({"width": width, "height": 800})
    too_wide = {}

    def measure():
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        too_wide[page.url] = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        page.evaluate("document.documentElement.style.fontSize = ''")

    measure()
    says_no(page)
    page.check("input[value=TOES_UNDER_STOCKING]")
    measure()
    page.click(NEXT)
    page.wait_for_url("**/how/3/")
    measure()
    page.click(NEXT)
    page.wait_for_url("**/how/sent/**")
    measure()
    page.goto("/how/sent/")
    measure()

    assert list(too_wide.values()) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("with_script", [True, False])
def test_a_yes_raises_the_panel_at_once_and_a_no_lowers_it(opened, page_problems, with_script):
    page = opened("/how/", java_script_enabled=with_script)
    assert not page.is_visible(PANEL)

    page.click("label[for=id_CHEST_1]")

    assert page.is_visible(PANEL)
    assert page.get_attribute(f"{PANEL} a.btn", "href") == "tel:911"
    assert not page.is_visible(NEXT)
    assert not SymptomReport.objects.exists()
    page.click("label[for=id_CHEST_0]")
    assert not page.is_visible(PANEL)
    assert page.is_visible(NEXT)


def test_the_panel_needs_no_network(opened, page_problems):
    page = opened("/how/")
    page.context.set_offline(True)

    page.click("label[for=id_FACE_1]")

    assert page.is_visible(PANEL)
    page.click("label[for=id_FACE_0]")
    page.click(NEXT)
    assert page.inner_text("[data-no-network]") == (
        "There is no network. Nothing was sent. What you chose stays on this page."
    )
    assert page.is_checked("#id_FACE_0")
    page_problems.clear()


def test_all_steps_work_without_script(opened):
    page = opened("/how/", java_script_enabled=False)
    page.click(NEXT)
    expect(page.locator(UNANSWERED)).to_have_count(len(QUESTIONS))
    page.click("label[for=id_BREATH_0]")
    expect(page.locator(UNANSWERED)).to_have_count(len(QUESTIONS) - 1)
    says_no(page)
    page.check("input[value=ONE_LEG]")
    page.click(NEXT)
    page.click("label:has-text('Left leg')")
    page.fill("textarea", "It throbs")
    page.click("button:has-text('Back')")
    assert page.is_checked("input[value=ONE_LEG]")
    page.click(NEXT)
    assert page.input_value("textarea") == "It throbs"
    page.click(NEXT)
    page.wait_for_url("**/how/sent/**")

    made = SymptomReport.objects.get()
    assert (made.symptoms, made.leg, made.free_text) == (["ONE_LEG"], "left", "It throbs")


def test_the_back_button_of_the_browser_loses_no_tick(opened):
    page = opened("/how/")
    says_no(page)
    page.check("input[value=SKIN_DAMAGE]")
    page.go_back()
    page.wait_for_url("**/how/")
    assert page.is_checked("#id_CHEST_0")
    page.click(NEXT)
    page.wait_for_url("**/how/2/")

    seen = (page.goto("/how/2/") and page.is_checked("input[value=SKIN_DAMAGE]") for _ in range(20))
    assert any(seen)  # what is kept travels beside the page


@pytest.fixture
def opened_with_worker(new_context, live_server, patient):
    """As people have it: the service worker is there."""
    context = new_context(size="phone", service_workers="allow")
    sign_in(context, patient.user, live_server)
    page = context.new_page()
    page.goto("/today/")
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    return page


def test_back_to_a_refused_send_is_the_form_again_and_not_a_missing_network(opened_with_worker):
    page = opened_with_worker
    page.goto("/how/")
    page.click(NEXT)
    page.wait_for_selector(".error-summary")  # the answer to a form
    says_no(page)
    page.check("input[value=ONE_LEG]")
    page.click(NEXT)
    page.wait_for_url("**/how/3/")
    page.click(NEXT)
    page.wait_for_url("**/how/sent/**")

    for path in ("/how/3/", "/how/2/", "/how/", "/how/"):
        page.go_back()
        page.wait_for_url(lambda url, path=path: url.endswith((path, "/how/")))
        assert "no network" not in page.locator("body").inner_text().lower()

    assert page.is_visible("#id_CHEST_0 + label")
    assert SymptomReport.objects.count() == 1


def test_back_to_a_refused_answer_of_a_day_is_the_page_again(opened_with_worker):
    page = opened_with_worker
    page.goto("/today/answer/first/")
    address = page.url
    page.evaluate("document.querySelector('main form').noValidate = true")
    page.evaluate("for (const radio of document.querySelectorAll('main [name=answer]')) radio.checked = false")
    with page.expect_response(lambda response: response.request.method == "POST") as refused, page.expect_navigation():
        page.evaluate("document.querySelector('main form').requestSubmit()")
    assert refused.value.status == 422
    page.goto("/today/")

    page.go_back()

    page.wait_for_url(address)
    assert "no network" not in page.locator("body").inner_text().lower()


def test_what_is_written_is_kept_before_it_is_sent(opened):
    page = opened("/how/")
    says_no(page)
    page.click(NEXT)
    with page.expect_response(lambda response: response.status == 204):
        page.fill("textarea", "It throbs at night")

    page.goto("/how/3/")

    assert page.input_value("textarea") == "It throbs at night"
    assert not SymptomReport.objects.exists()


def test_enter_goes_on_and_not_back(opened):
    page = opened("/how/")
    says_no(page)

    page.press("input[value=BRUISES]", "Space")
    page.press("input[value=BRUISES]", "Enter")

    page.wait_for_url("**/how/3/")


def test_a_line_that_follows_an_unticked_one_is_unticked_too(opened):
    page = opened("/how/")
    says_no(page)
    page.check("input[value=TOES_UNDER_STOCKING]")
    page.check("input[value=TOES_NOT_BETTER]")
    assert page.is_visible(PANEL)

    page.uncheck("input[value=TOES_UNDER_STOCKING]")

    assert not page.is_visible(PANEL)
    assert not page.is_checked("input[value=TOES_NOT_BETTER]")


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 360)])
def test_signed_out_meanwhile_the_page_says_that_nothing_arrived(opened, page_problems, scheme, width):
    page = opened("/how/", scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    # The answer to what the press keeps may come after the end of the session here, and would bring its cookie back.
    page.evaluate("() => { navigator.sendBeacon = () => true; }")
    page.click("label[for=id_CHEST_1]")
    page.context.clear_cookies(name="sessionid")

    page.click(".btn-tell")

    page.wait_for_selector("#not-reached")
    assert page.get_attribute(".emergency a.btn", "href") == "tel:911"
    assert "you were signed out" in page.inner_text(".emergency")
    assert faults_of(page) == []
    assert not SymptomReport.objects.exists()
    page_problems[:] = [problem for problem in page_problems if "401" not in problem]


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 360)])
@pytest.mark.parametrize("why", ["signed in elsewhere", "no carer any more"])
def test_a_yes_that_is_not_taken_is_answered_with_the_call(
    new_context, live_server, patient, page_problems, scheme, width, why
):
    carer = make_carer(patient=patient, may_report=True)
    context = new_context(size="phone", scheme=scheme)
    sign_in(context, carer.user, live_server)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"/care/{carer.public_id}/how/")
    page.click("label[for=id_CHEST_1]")
    if why == "no carer any more":
        carers.end_carer(carer=carer, by=patient.user)
    else:
        context.clear_cookies(name="csrftoken")

    page.click(".btn-tell")

    page.wait_for_selector("#not-reached")
    assert page.get_attribute(".emergency a.btn", "href") == "tel:911"
    assert "The clinic could not be told. Call it yourself" in page.inner_text(".emergency")
    assert faults_of(page) == []
    assert not SymptomReport.objects.exists()
    page_problems[:] = [problem for problem in page_problems if "40" not in problem]


def test_an_emergency_that_was_ticked_is_there_when_the_page_opens_again(opened):
    page = opened("/how/")
    says_no(page)
    with page.expect_response(lambda response: response.status == 204):
        page.check("input[value=HEADACHE_OR_FLICKER]")
        page.check("input[value=SIGHT_LOST]")

    page.goto("/how/3/")

    assert page.url.endswith("/how/2/")
    assert page.is_visible(PANEL)


def test_a_yes_that_was_pressed_stands_there_with_the_panel_after_the_page_was_left(opened):
    page = opened("/how/")
    says_no(page)
    page.click(".way-back button:has-text('Back')")
    page.wait_for_url("**/how/")
    with page.expect_response(lambda response: response.status == 204):
        page.click("label[for=id_CHEST_1]")
    assert not SymptomReport.objects.exists()

    page.click(".topbar a:has-text('Today')")
    page.wait_for_url("**/today/")
    page.click("a:has-text('How are you?')")
    page.wait_for_url("**/how/")

    assert page.is_checked("#id_CHEST_1")
    assert page.is_visible(PANEL)
    assert page.locator(".ask input[value=no]:checked").count() == len(QUESTIONS) - 1
    page.goto("/how/3/")
    assert page.url.endswith("/how/")


def test_without_script_a_yes_that_was_left_is_no_no(opened):
    page = opened("/how/", java_script_enabled=False)
    says_no(page)
    page.click(".way-back button:has-text('Back')")
    page.click("label[for=id_CHEST_1]")
    assert page.is_visible(PANEL)

    page.click(".topbar a:has-text('Today')")
    page.wait_for_url("**/today/")
    page.click("a:has-text('How are you?')")

    assert page.locator(".ask input:checked").count() == 0
    page.goto("/how/2/")
    assert page.url.endswith("/how/")


@pytest.mark.parametrize("key", [QUESTIONS[0].key, "CHEST", QUESTIONS[-1].key])
@pytest.mark.parametrize("height", [844, 640])
def test_the_answer_and_the_focus_stay_above_the_panel(opened, key, height):
    page = opened("/how/")
    page.set_viewport_size({"width": 390, "height": height})

    page.locator(f"#id_{key}_1").focus()
    page.keyboard.press("Space")

    for _ in range(2):
        panel = page.locator(PANEL).bounding_box()
        answer = page.locator(f"fieldset:has(#id_{key}_1)").bounding_box()
        assert answer["y"] + answer["height"] <= panel["y"]
        assert answer["y"] >= page.locator(".topbar").bounding_box()["height"]
        page.click(f"label[for=id_{key}_1]")


def test_a_line_of_the_list_that_is_an_emergency_stays_above_the_panel(opened):
    page = opened("/how/")
    says_no(page)
    page.check("input[value=HEADACHE_OR_FLICKER]")

    page.check("input[value=SIGHT_LOST]")

    line = page.locator("label:has(input[value=SIGHT_LOST])").bounding_box()
    assert line["y"] + line["height"] <= page.locator(PANEL).bounding_box()["y"]


def test_own_words_alone_are_what_is_sent_and_the_button_says_so(opened):
    page = opened("/how/")
    says_no(page)
    page.click(NEXT)
    page.wait_for_url("**/how/3/")
    button, nothing, said = page.locator(NEXT), page.locator("[data-nothing]"), page.locator("[data-said]")
    assert (button.inner_text(), nothing.is_visible(), said.is_visible()) == ("Everything is fine", True, False)

    page.fill("textarea", "A lump\non <b>my</b> knee")

    assert (button.inner_text(), nothing.is_visible()) == ("Send to the clinic", False)
    assert said.inner_text() == "A lump\non <b>my</b> knee"
    page.fill("textarea", " ")
    assert (button.inner_text(), nothing.is_visible(), said.is_visible()) == ("Everything is fine", True, False)


@pytest.mark.parametrize(("language", "scheme", "width"), [("en", "light", 390), ("es", "dark", 360)])
def test_today_begins_with_the_emergency_and_everybody_can_read_it(opened, patient, language, scheme, width):
    patient.language = language
    patient.save()
    make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])
    missed = make_report(patient=patient, by=patient.user)
    clinician = User.objects.get(name="Hugo Ashdown")
    report_work.save(report=missed, version=1, contact="no_answer", by=clinician)
    page = opened("/today/", scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})

    assert page.get_attribute(".emergency a.btn", "href") == "tel:911"
    call = page.locator(".emergency a.btn").bounding_box()
    assert call["y"] + call["height"] <= page.locator(".bar-bottom").bounding_box()["y"]
    assert call["y"] < page.locator(".today-date").bounding_box()["y"]
    assert page.get_attribute(".call-clinic", "href") == "tel:555-0100"
    assert faults_of(page) == []


def test_calling_from_the_panel_tells_the_clinic_as_well(opened):
    page = opened("/how/")
    page.click("label[for=id_CHEST_1]")
    page.evaluate("document.querySelector('[data-emergency-call]').href = '#called'")  # no phone here to open

    with page.expect_response(lambda response: response.request.method == "POST"):
        page.click("[data-emergency-call]")
    page.click(".btn-tell")
    page.wait_for_url("**/how/sent/**")

    assert [report.level for report in SymptomReport.objects.all()] == ["EMERGENCY"]


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_the_form_for_the_phone_says_what_to_say(context, live_server, patient):
    patient.language = "es"
    patient.save()
    sign_in(context, make_user(Role.FRONT_DESK), live_server)
    page = context.new_page()
    page.goto(f"/patients/{patient.public_id}/report/")
    found = faults_of(page, TABLET)
    assert not page.is_visible(".say-now")
    page.get_by_role("button", name="Hand it to a clinician").click()
    expect(page.locator(UNANSWERED)).to_have_count(len(QUESTIONS))

    page.click("label[for=id_FAINT_0]")
    expect(page.locator(UNANSWERED)).to_have_count(len(QUESTIONS) - 1)
    page.click("label[for=id_FAINT_1]")

    assert page.is_visible(".say-now")
    assert "Llame al 911 ahora." in page.inner_text(".say-now")
    found += faults_of(page, TABLET)
    page.click(".say-now button")
    page.wait_for_url("**/told/")
    assert found + faults_of(page, TABLET) == []
    assert SymptomReport.objects.get().source == "phone"
