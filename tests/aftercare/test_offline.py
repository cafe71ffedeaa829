"""What a phone may keep: the copy of the plan, the worker that keeps it, the page of nobody, the manifest."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.contrib import messages
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from aftercare import report_work
from aftercare.views.offline import FILES, ICONS, icon_file
from clinic import reader
from clinic.access import Role
from clinic.models import Clinic
from tests.aftercare.people import NOON, RETICULAR, SPIDER, browser_of, make_plan, treated_patient
from tests.makers import at, make_clinic, make_patient_user, make_report, make_user
from tools import icons

pytestmark = pytest.mark.django_db
KEPT = "/today/kept/"


@pytest.fixture(autouse=True)
def _clinic(thursday_noon):
    make_clinic(name="Larkfield Vein Clinic", sender_name="Larkfield", phone="212-555-0100")


@pytest.fixture
def patient():
    return treated_patient("2026-01-13 10:30", RETICULAR, given_name="Marigold", family_name="Quillfeather")


def kept_by(patient):
    return browser_of(patient.user).get(KEPT).content.decode()


# --- The copy ----------------------------------------------------------------------------------------------------


def test_the_copy_names_its_moment_and_every_date_in_full(patient):
    make_plan("2026-01-14 12:00", SPIDER, patient=patient)
    page = kept_by(patient)

    assert "Kept on this device on Thu 15 Jan, 12:00" in page
    assert "Tue 20 Jan, 10:30" in page
    assert re.findall(r"\b(?:today|tomorrow|left)\b,? ?\d", page) == []
    assert 'class="today-line"' not in page


def test_the_copy_names_nobody_and_holds_no_form_and_no_token(patient):
    page = kept_by(patient)

    assert "Quillfeather" not in page
    assert "csrfmiddlewaretoken" not in page
    assert re.findall(r'"X-CSRFToken": "(\w+)"', page) == []
    assert re.findall(r'<form[^>]*action="(?!#)', page) == []


def test_keeping_a_copy_takes_no_message_away_from_the_next_page(patient):
    client = browser_of(patient.user)
    request = client.get("/today/").wsgi_request
    messages.success(request, "Your visit is confirmed.")
    request._messages.update(client.get("/offline/"))
    request.session.save()
    client.get(KEPT)

    assert "Your visit is confirmed." in client.get("/today/").content.decode()


def test_a_copy_in_the_background_makes_no_session_live_longer(patient):
    client = browser_of(patient.user)
    client.get("/today/")
    with time_machine.travel(NOON + timedelta(minutes=29), tick=False):
        assert client.get(KEPT, headers={"x-background": "1"}).status_code == 200
    with time_machine.travel(NOON + timedelta(minutes=31), tick=False):
        assert client.get("/today/").url == "/accounts/code/?next=/today/"


def test_the_copy_speaks_the_patients_language(patient):
    patient.language = "es"
    patient.save()

    assert "Media puesta, día y noche" in kept_by(patient)


def test_the_copy_calls_a_stocking_over_when_the_leg_that_it_speaks_of_has_ended():
    """The right leg is worn day and night until Tuesday; the left, treated two days later, ends on another day."""
    patient = treated_patient("2026-01-13 10:30", {**RETICULAR, "leg": "right"})
    make_plan("2026-01-14 12:00", {**SPIDER, "leg": "left"}, patient=patient)

    page = kept_by(patient)

    hero = re.search(r'<section class="hero.*?</section>', page, re.DOTALL).group()
    assert "Stocking on, day and night" in hero
    assert re.search(r'data-old-from="([^"]*)"', hero).group(1) == "2026-01-20T10:30:00-05:00"
    assert "Tue 20 Jan, 10:30" in hero


def test_without_a_plan_the_copy_says_whom_to_call():
    page = kept_by(make_patient_user().patient)

    assert "No plan holds now" in page
    assert 'href="tel:911"' in page


def words_of(page):
    main = re.sub(r"<[^>]+>", " ", page[page.index("<main") : page.index("</main>")])
    return " ".join(unescape(main).split())


def test_the_copy_says_what_was_reported_as_of_its_moment_and_names_no_symptom(patient):
    early = at("2026-01-15 11:40")
    report = make_report(patient=patient, by=patient.user, reported_at=early, free_text="My calf throbs.")
    make_report(patient=patient, by=patient.user, level="REASSURE", symptoms=["BRUISES"], reported_at=early)
    page = kept_by(patient)

    words = words_of(page)
    assert (
        "What you reported, as of Thu 15 Jan, 12:00 "
        "As of Thu 15 Jan, 12:00. If the clinic has spoken with you since, what it said holds. "
        "Call the clinic now Call 212-555-0100 Nobody answers? Go to urgent care or an emergency department. "
        "If it gets worse, call 911 . You reported something Thu 15 Jan, 11:40. "
        "Somebody answers by Thu 15 Jan, 15:40. The time for our answer is over by now. "
        "If nobody has spoken with you, call us. You reported something Thu 15 Jan, 11:40. "
        "We read it by " in words
    )
    assert re.findall(r'<p data-from="([^"]+)" hidden>', page) == ["2026-01-15T15:40:00-05:00"]
    assert words.index("Kept on this device on") < words.index("What you reported") < words.index("Whom to call")
    of_report = page[page.index('id="reported"') : page.index("</section>", page.index('id="reported"'))]
    assert (str(report.public_id) in page, "/how/" in page) == (False, False)
    assert [word for word in ("calf", "throbs", "Bruise", "swelling", "<form") if word in of_report] == []


def test_the_copy_says_nothing_of_reports_when_none_is_open(patient):
    report = make_report(patient=patient, by=patient.user)
    clinician = make_user(Role.CLINICIAN)
    facts = {"by": clinician, "now": NOON}
    report_work.save(report=report, version=1, contact="reached", **facts)
    assert "You reported something Thu 15 Jan, 09:10. We spoke with you." in words_of(kept_by(patient))
    assert "data-from" not in kept_by(patient).partition('id="reported"')[2].partition("</section>")[0]
    report_work.close(report=report, version=2, outcome="advised", note="Told.", **facts)

    assert "reported" not in words_of(kept_by(patient))


def test_the_copy_asks_to_call_when_the_clinic_called_in_vain(patient):
    report = make_report(patient=patient, by=patient.user)
    report_work.save(report=report, version=1, contact="no_answer", by=make_user(Role.NURSE), now=NOON)

    page = kept_by(patient)

    assert "We called and did not reach you. Please call us. Call 212-555-0100 Nobody answers?" in words_of(page)


def test_the_copy_says_first_to_call_while_an_emergency_is_open(patient):
    make_report(patient=patient, by=patient.user, level="EMERGENCY", symptoms=["CHEST_OR_BREATH"])

    words = words_of(kept_by(patient))

    assert words.index("Kept on this device on") < words.index("Call 911 now") < words.index("What you reported")


def test_the_copy_says_nothing_of_what_a_carer_asked_about_somebody_else(patient):
    other = make_patient_user().patient
    make_report(patient=other, by=patient.user, source="carer")

    assert "reported" not in words_of(kept_by(patient))


def test_the_picture_is_drawn_for_the_size_of_text_that_the_reader_chose(patient):
    client = browser_of(patient.user)
    paths, drawn = ("/today/", KEPT), []
    for size in ("", "large"):
        client.cookies["text"] = size
        drawn.append(
            [re.findall(r'<svg class="plan (plan-[a-z-]+)"', client.get(path).content.decode()) for path in paths]
        )

    assert drawn == [[["plan-narrow"], ["plan-narrow"]], [["plan-narrow-large"], ["plan-narrow-large"]]]


def test_the_copy_speaks_spanish_of_reports_too(patient):
    patient.language = "es"
    patient.save()
    make_report(patient=patient, by=patient.user)

    assert "Lo que nos avisó, a fecha del jue 15 ene, 12:00" in words_of(kept_by(patient))


def test_the_copy_costs_the_same_with_one_plan_and_with_five(patient, django_assert_max_num_queries):
    for day in range(3, 8):
        make_plan(f"2026-01-{day:02} 10:30", SPIDER, patient=patient)
    client = browser_of(patient.user)
    client.get(KEPT)

    with django_assert_max_num_queries(10):
        client.get(KEPT)


def test_neither_copy_nor_page_may_be_stored_by_anything_but_the_worker(patient):
    answers = [browser_of(patient.user).get(path) for path in (KEPT, "/today/", "/offline/", "/sw.js")]

    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store, private"}


# --- Whose it is -------------------------------------------------------------------------------------------------


def test_pages_of_one_reader_carry_one_word_and_those_of_another_another(patient):
    other = make_patient_user()
    mine = [browser_of(patient.user).get(path).headers[reader.HEADER] for path in ("/today/", KEPT, "/my-visits/")]
    theirs = browser_of(other).get("/today/").headers[reader.HEADER]
    of_staff = browser_of(make_user()).get("/my-day/").headers[reader.HEADER]

    assert len({*mine}) == 1
    assert len({mine[0], theirs, of_staff}) == 3


def test_the_word_is_none_that_anybody_could_compute_from_an_id(patient):
    word = browser_of(patient.user).get("/today/").headers[reader.HEADER]

    assert re.fullmatch("[0-9a-f]{32}", word)
    assert word not in (patient.user.public_id.hex, patient.public_id.hex)


def test_pages_of_nobody_carry_no_word(patient):
    assert [
        path
        for path in ("/accounts/code/", "/accounts/sign-in/", "/offline/", "/sw.js", "/nowhere/")
        if reader.HEADER in Client().get(path).headers
    ] == []


# --- The worker --------------------------------------------------------------------------------------------------


def settings_of_worker():
    text = Client().get("/sw.js").content.decode()
    return json.loads(re.match(r"const LEGWORK = (\{.*?\});\n", text)[1])


def test_the_worker_is_served_at_the_root_as_a_script():
    answer = Client().get(reverse("aftercare:service_worker"))

    assert (answer.request["PATH_INFO"], answer.headers["Content-Type"]) == (
        "/sw.js",
        "text/javascript; charset=utf-8",
    )
    assert "nonce-" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_worker_knows_addresses_and_files_and_nothing_of_anybody():
    told = settings_of_worker()

    assert {name: told[name] for name in ("today", "kept", "offline", "notSent", "links", "reader")} == {
        "today": "/today/",
        "kept": "/today/kept/",
        "offline": "/offline/",
        "notSent": "/offline/?sent=no",
        "links": "/l/",
        "reader": "X-Reader",
    }
    assert told["ownPages"] == ["/", "/accounts/code/"]
    assert told["ownParts"] == ["/today/", "/how/", "/plan/print/", "/settings/", "/my-visits/", "/my-consents/"]
    assert told["turns"] == ["/accounts/sign-out/", "/accounts/code/confirm/", "/accounts/sign-in/"]
    assert told["files"] == [f"/static/{name}" for name in FILES]


def test_every_file_of_the_kept_pages_is_kept(patient):
    needed = set()
    for page in (kept_by(patient), Client().get("/offline/").content.decode()):
        needed |= set(re.findall(r'(?:href|src)="(/static/[^"#]+\.(?:css|js|svg))', page))

    assert needed - set(settings_of_worker()["files"]) == set()


def test_a_changed_file_makes_another_worker(monkeypatch):
    from aftercare.views import offline

    before = settings_of_worker()["version"]
    monkeypatch.setattr(offline, "WORKER", "js/print.js")

    assert settings_of_worker()["version"] != before


@pytest.mark.parametrize("facts", [{"phone": "212-555-0199"}, {"emergency_number": "112"}, {"sender_name": "Lark"}])
def test_another_number_to_call_makes_another_worker(facts):
    before = Client().get("/sw.js").content
    assert Client().get("/sw.js", headers={"accept-language": "es"}).content == before
    Clinic.objects.update(**facts)

    assert Client().get("/sw.js").content != before


def test_only_who_is_signed_in_gets_a_worker(patient):
    assert "offline.js" in browser_of(patient.user).get("/today/").content.decode()
    assert "data-worker" not in Client().get("/accounts/code/").content.decode()
    assert "data-worker" not in Client().get("/l/never-was/").content.decode()
    assert "data-worker" not in browser_of(make_user()).get("/my-day/").content.decode()


# --- The page of nobody, the home screen -------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/offline/", "/offline/?sent=no"])
def test_the_page_without_network_speaks_both_languages_and_of_no_treatment(patient, path):
    page = browser_of(patient.user).get(path).content.decode()

    assert ("Call 911" in page, "Llamar al 911" in page, "212-555-0100" in page) == (True, True, True)
    for word in ("vein", "sclero", "stocking", "plan", "treatment", "Quillfeather"):
        assert word not in re.sub(r'"[^"]*"', "", page).lower()


def test_a_spanish_reader_finds_the_own_language_first():
    page = Client().get("/offline/", headers={"accept-language": "es-MX"}).content.decode()

    assert re.findall(r'<section class="card" lang="([a-z-]+)"', page) == ["es", "en-gb"]


def test_the_page_without_network_says_when_nothing_was_sent():
    assert "has not reached us" in Client().get("/offline/?sent=no").content.decode()
    assert "has not reached us" not in Client().get("/offline/?sent=maybe").content.decode()


def test_the_home_screen_shows_the_neutral_name():
    answer = Client().get("/manifest.webmanifest")
    told = json.loads(answer.content)

    assert answer.headers["Content-Type"] == "application/manifest+json"
    assert (told["name"], told["short_name"], told["start_url"], told["scope"]) == (
        "Larkfield",
        "Larkfield",
        "/accounts/code/",
        "/",
    )
    assert "vein" not in answer.content.decode().lower()


def test_the_start_of_the_installed_page_leads_a_reader_to_the_own_page(patient):
    answer = browser_of(patient.user).get("/accounts/code/", follow=True)

    assert answer.redirect_chain[-1][0] == "/today/"


def test_no_title_of_a_patients_page_says_what_the_clinic_does(patient):
    client = browser_of(patient.user)
    titles = [
        re.search("<title>(.*?)</title>", client.get(path).content.decode())[1]
        for path in ("/today/", KEPT, "/offline/", "/plan/print/", "/my-visits/", "/settings/", "/how/")
    ]
    titles += [
        re.search("<title>(.*?)</title>", Client().get(path).content.decode())[1]
        for path in ("/accounts/code/", "/l/never-was/")
    ]

    assert [title for title in titles if re.search("(?i)vein|plan|stocking|treat", title)] == []


def test_icons_are_pngs_of_the_size_that_the_manifest_says():
    sizes = {}
    for name in {icon_file(size, purpose) for size, purpose in ICONS} | {f"img/{icon.file}" for icon in icons.ICONS}:
        with open(finders.find(name), "rb") as file:
            head = file.read(24)
        sizes[name] = (head[:8] == b"\x89PNG\r\n\x1a\n", int.from_bytes(head[16:20]), int.from_bytes(head[20:24]))

    assert sizes == {f"img/{icon.file}": (True, icon.pixels, icon.pixels) for icon in icons.ICONS}


def test_an_icon_that_systems_cut_has_colour_to_its_edges_and_a_smaller_sign():
    whole, cut = (
        icons.drawing_of(icon, '<svg ><rect width="32" rx="8"/><g transform="translate(4 4)"/></svg>')
        for icon in (icons.Icon("a.png", 64, False), icons.Icon("b.png", 64, True))
    )

    assert whole == '<svg width="64" height="64" ><rect width="32" rx="8"/><g transform="translate(4 4)"/></svg>'
    assert cut == '<svg width="64" height="64" ><rect width="32"/><g transform="translate(6.4 6.4) scale(0.8)"/></svg>'
