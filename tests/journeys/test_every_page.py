"""Every page, of an empty clinic and of the demo: it answers, everybody can read it, it fits, and Tab gets through."""

import copy
from dataclasses import dataclass

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import Client
from django.urls import resolve

from clinic.access import Role
from clinic.models import Patient, Room, User
from sessions_app.models import (
    AdverseEvent,
    Appointment,
    Lot,
    Photograph,
    SeriesConsent,
    Service,
    TreatmentSession,
    WaitListEntry,
)
from sessions_app.views.get_started import thanks_url
from tests.journeys.lookout import Lookout
from tests.makers import at, make_patient_user, make_report, make_user, make_visit_request
from tests.security.addresses import every_address

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.journeys.demo_urls"),
]

DESK_WIDTH, OTHER_WIDTHS, HEIGHT = 1440, (768, 360), 900
MOST_TABS = 260

PUBLIC = (
    "/accounts/sign-in/",
    "/accounts/code/",
    "/accounts/password/reset/",
    "/accounts/password/reset/sent/",
    "/accounts/password/reset/key/xx-yy/",
    "/accounts/password/reset/key/done/",
    "/accounts/sign-up/",
    "/accounts/inactive/",
    "/l/never-was/",
    "/stop/never-was/",
    "/offline/",
    "/offline/?sent=no",
    "/get-started/",
    "/get-started/?language=es",
    thanks_url("en", at("2026-01-15 12:00")),
    "/demo/messages/",
    "/demo/components/",
)
DESK = (
    "/day/",
    "/day/?by=room&status=booked",
    "/day/print/",
    "/week/",
    "/calls/",
    "/calls/?list=unconfirmed",
    "/queue/",
    "/queue/?show=mine",
    "/waiting/",
    "/waiting/?show=over",
    "/waiting/new/",
    "/book/",
    "/patients/",
    "/patients/?q=zzz",
    "/patients/new/",
    "/messages/?show=open",
    "/messages/?show=planned",
    "/messages/?show=sent",
    "/messages/?show=off",
    "/accounts/password/change/",
    "/accounts/sign-out/",
)
DESK_WITH_PATIENTS = (
    "/day/?date=2026-01-14",
    "/week/?date=2026-01-14&by=room",
    "/patients/?q=quill",
    "/patients/{patient}/",
    "/patients/{patient}/edit/",
    "/book/?patient={patient}",
    "/book/course/?patient={patient}",
    "/appointments/{booked}/",
    "/appointments/{booked}/move/",
    "/appointments/{booked}/cancel/",
    "/waiting/new/?patient={patient}",
    "/waiting/{waiting}/",
    "/waiting/{waiting}/offer/",
    "/requests/{asked}/",
    "/requests/{asked}/register/",
    "/patients/{patient}/report/",
    "/patients/{patient}/report/",
    "/queue/{report}/",
)
NURSE = (
    "/my-day/",
    "/stock/",
    "/stock/?show=all",
    "/stock/receive/",
    "/stock/products/new/",
    "/stock/patients/",
    "/stock/patients/?lot=never-was",
    "/events/",
    "/to-sign/",
    "/to-sign/?who=all",
    "/calendar/",
    "/my-day/?who=all",
    "/queue/",
    "/queue/?show=closed",
    "/day/",
    "/protocol/",
)
NURSE_WITH_PATIENTS = (
    "/queue/{report}/",
    "/stock/lots/{lot}/",
    "/stock/products/{product}/",
    "/stock/patients/?lot=DEMO-2417",
    "/patients/{patient}/",
    "/patients/{patient}/plan/",
    "/patients/{patient}/plan/print/",
    "/patients/{patient}/people/",
    "/visits/{booked}/",
    "/visits/{begun}/",
    "/visits/{draft}/sign/",
    "/visits/{signed}/sign/",
    "/sessions/{draft}/not-treated/",
    "/sessions/{draft}/allergies/",
    "/patients/{patient}/consent/",
    "/patients/{patient}/consent/sign/",
    "/patients/{patient}/consent/sign/?language=es",
    "/consents/{consent}/",
    "/consents/{consent}/end/",
    "/sessions/{signed}/",
    "/sessions/{signed}/correct/",
    "/sessions/{signed}/versions/",
    "/patients/{patient}/record/",
    "/patients/{patient}/record/?session={signed}",
    "/patients/{patient}/scores/",
    "/patients/{patient}/scores/new/",
    "/patients/{patient}/emergency-card/",
    "/patients/{patient}/events/new/",
    "/events/{event}/",
    "/events/{event}/report/",
    "/patients/{patient}/photographs/",
    "/patients/{patient}/photographs/?leg=left&moment=before",
    "/patients/{patient}/photographs/add/",
    "/patients/{patient}/photographs/compare/?leg=left&view=front",
    "/photographs/{photograph}/",
)
LEAD = (
    "/audit/",
    "/protocol/next/",
    "/consent-text/",
    "/aftercare-words/",
    "/aftercare-words/?text=new",
    "/aftercare-words/?text=bruises",
    "/aftercare-words/?text=help-walk-heat",
    "/setup/",
    "/setup/hours/",
    "/setup/closures/",
    "/setup/rooms/",
    "/setup/services/",
    "/setup/services/new/",
    "/setup/rules/",
)
LEAD_WITH_NURSES = (
    "/queue/{report}/",  # with the way to close it
    "/setup/hours/{nurse}/",
    "/setup/rooms/{room}/",
    "/setup/services/{service}/",
    "/photographs/{photograph}/remove/",  # of a colleague's
)
ADMINISTRATOR = (
    "/admin/",
    *(f"/admin/{model}/" for model in ("clinic/user", "clinic/clinic")),
    "/admin/clinic/user/add/",
    "/setup/",
    "/audit/",
)
PATIENT = (
    "/today/",
    "/today/answer/first/",
    "/today/answer/second/",
    "/today/kept/",
    "/plan/print/",
    "/plan/print/?text=large",
    "/my-visits/",
    "/my-consents/",
    "/settings/",
    "/settings/people/",
    "/care/",
    "/how/",
    "/how/well/",
    "/how/sent/",
)
GONE = ("/l/never-was/", "/stop/never-was/")

# Not in the lists: answers to a press, parts of pages, and pages that the journeys see.
NO_PAGES = {
    "aftercare:help_done",  # the patient's page again
    "aftercare:care_answer_stocking",  # as the patient's own, seen there
    "aftercare:care_answer_walk",
    "sessions_app:day_check",
    "sessions_app:own_consent",  # seen in its own test
    "aftercare:how_symptoms",  # seen with the other steps in tests/aftercare/test_checkin_browser.py
    "aftercare:how_words",
    "aftercare:how_report",
    *(f"aftercare:care_{name}" for name in ("how", "how_symptoms", "how_words", "how_well", "how_reports")),
    "aftercare:report_told",  # after a press, seen there as well
    "aftercare:speak",
    "aftercare:start_messages",
    "aftercare:care_how_report",  # a carer's: the same pages
    *(f"aftercare:{name}" for name in ("care_leave", "stop_messages", "carer", "patient_carer")),
    "aftercare:care_print",  # the patient's sheet; looked at in tests/aftercare/test_print_browser.py
    "aftercare:care_today",  # today's page; looked at in tests/aftercare/test_carers_in_browser.py
    *(f"aftercare:queue_{name}" for name in ("list", "take", "take_over", "save", "hand_over", "close", "stocking_on")),
    "home",  # goes on to the reader's own page
    "aftercare:service_worker",
    "aftercare:manifest",
    "healthz",
    "account_reauthenticate",  # asked for by nothing yet
    "account_confirm_login_code",  # the journeys wait there for their code
    "aftercare:link_sent",
    "clinic:patient_suggestions",
    "clinic:message_called",
    "clinic:message_verdict",
    "clinic:message_review",
    "sessions_app:board_changes",
    "sessions_app:calls_beside",  # part of the day
    "sessions_app:visit_task_done",
    "sessions_app:visit_task_open",
    "sessions_app:wait_patients",
    "sessions_app:wait_leave",
    "sessions_app:wait_back",
    "sessions_app:freed",  # a dialog of one time; looked at in its own test
    "sessions_app:offer_accept",
    "sessions_app:offer_decline",
    "sessions_app:offer_take_back",
    "sessions_app:book_patients",
    "sessions_app:event_seen",
    "sessions_app:event_allergy",
    "sessions_app:event_close",
    "sessions_app:event_reopen",
    "sessions_app:event_withdraw",
    "sessions_app:undo",
    "sessions_app:undo_course",
    "sessions_app:confirm_visit",
    "sessions_app:hold_place",  # a clinician's dialogs; looked at in the desk's own browser test
    "sessions_app:hold_lift",
    "sessions_app:status",
    "sessions_app:request_reopen",
    "sessions_app:stock_use_today",
    "sessions_app:stock_offer_again",
    "sessions_app:portal_confirm",
    "sessions_app:portal_ask",
    "sessions_app:portal_change",  # of an own visit; looked at in the journey
    "sessions_app:appointment_ics",
    "sessions_app:calendar_address",
    "sessions_app:calendar_end",
    "sessions_app:feed",
    "sessions_app:setup_date",
    "sessions_app:setup_date_clear",  # both: the nurse's page again
    "sessions_app:setup_closure_end",
    "sessions_app:session_save",
    "sessions_app:session_hold",
    "sessions_app:session_take_over",
    "sessions_app:ask_clinician",
    "sessions_app:hand_back",
    "sessions_app:review_override",
    "sessions_app:give_up",
    "sessions_app:correction",  # the visit page again
    "clinic:alerts",
    "demo:attachment",
    "sessions_app:photograph_file",
    "sessions_app:photograph_thumbnail",
}

# What the page is for: its filled button, or else the first thing in it that can be pressed.
MARK_MAIN_ACTION = """() => {
  const first = wanted => [...document.querySelectorAll(wanted)].find(node => node.checkVisibility());
  const action = first("main .btn-primary, .signbar .btn-primary, .bar-bottom .btn-primary, .submit-row input")
    || first("main :is(a[href], button, input, select, summary):not([tabindex='-1'])") || first("a[href]:not(.skip)");
  document.activeElement.blur();
  action.dataset.mainAction = "";
  return action.innerText.trim() || action.value || action.tagName;
}"""
IS_REACHED = """() => {
  const here = document.activeElement, action = document.querySelector("[data-main-action]");
  return action && here !== document.body && (here.contains(action) || action.contains(here));
}"""
IS_SEEN = """() => {
  const look = getComputedStyle(document.activeElement);
  return (look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0) || look.boxShadow !== "none";
}"""


LONG_NAME = "Wilhelmina Featherstonehaugh-Ravensworth de Montmorency"


@dataclass(frozen=True)
class Reader:
    user: User | None
    paths: tuple[str, ...]


@pytest.fixture
def _demo_mode(settings, tmp_path):
    settings.DEMO, settings.DEMO_PASSWORD, settings.OUTBOX_DIR = True, "demo-password", tmp_path
    settings.NOTIFICATION_CHANNELS = ["file"]
    settings.DEMO_PEOPLE = ["nurse@example.com", "desk@example.com", "patient@example.com"]
    templates = copy.deepcopy(django_settings.TEMPLATES)
    templates[0]["OPTIONS"]["context_processors"].append("clinic.demo.offer_people")
    settings.TEMPLATES = templates


@pytest.fixture
def _tuesday():
    with time_machine.travel(at("2026-01-13 11:20"), tick=True):
        yield


@pytest.fixture
def wrong_with_pages_of(new_context, live_server, _demo_mode, _tuesday):
    """``wrong_with_pages_of(readers)``: every fault found; one browser window for all pages of a reader."""

    def read(readers):
        lookout = Lookout()
        for reader in readers:
            context = new_context(size="desk")
            sign_in(context, reader.user, live_server.url)
            page = context.new_page()
            for path in reader.paths:
                read_page(page, path, lookout)
            context.close()
        return lookout.notes

    return read


def sign_in(context, user, url):
    if user is not None:
        client = Client()
        client.force_login(user)
        context.add_cookies([{"name": "sessionid", "value": client.session.session_key, "url": url}])


def read_page(page, path, lookout):
    page.set_viewport_size({"width": DESK_WIDTH, "height": HEIGHT})
    answer = page.goto(path)
    if answer.status != (404 if path in GONE else 200):
        lookout.notes.append(f"{path} answers {answer.status}")
        return
    headings = page.get_by_role("heading", level=1).count()
    if headings != 1:
        lookout.notes.append(f"{path} has {headings} headings of the first level")
    lookout.judges(page)
    go_by_keyboard(page, path, lookout)
    for width in OTHER_WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        lookout.measures(page)


def go_by_keyboard(page, path, lookout):
    """Tab from the top comes to the main action, and one sees where one is."""
    action = page.evaluate(MARK_MAIN_ACTION)
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        is_reached = page.evaluate(IS_REACHED)
        if is_reached:
            break
        if is_reached is None:  # a refresh in the background brought the action anew
            page.evaluate(MARK_MAIN_ACTION)
    else:
        lookout.notes.append(f"{path}: Tab does not come to {action!r}")
        return
    if not page.evaluate(IS_SEEN):
        lookout.notes.append(f"{path}: one does not see that {action!r} has the focus")


def test_every_page_of_an_empty_clinic_whose_people_have_long_names(wrong_with_pages_of):
    readers = [
        Reader(None, PUBLIC),
        Reader(make_user(Role.FRONT_DESK, name=LONG_NAME), DESK),
        Reader(make_user(Role.NURSE, name=LONG_NAME), NURSE),
        Reader(make_user(Role.CLINICAL_LEAD, name=LONG_NAME), LEAD),
        Reader(make_user(Role.ADMINISTRATOR, name=LONG_NAME), ADMINISTRATOR),
        Reader(make_patient_user(), PATIENT),
    ]

    assert wrong_with_pages_of(readers) == []


def test_every_page_of_the_demo(wrong_with_pages_of):
    call_command("seed_demo")
    patient = Patient.objects.get(family_name="Quillfeather")
    draft = TreatmentSession.objects.get(status="draft", appointment__status="in_treatment")
    things = {
        "patient": patient.public_id,
        "booked": Appointment.objects.filter(status="booked").earliest("entry__starts_at").public_id,
        "begun": draft.appointment.public_id,
        "draft": draft.public_id,
        "consent": SeriesConsent.objects.filter(patient=patient).latest("signed_at").public_id,
        "report": make_report(patient=patient, reported_at=at("2026-01-13 10:00"), leg="left").public_id,
        "asked": make_visit_request(name="Magnolia Quillfeather").public_id,
        "waiting": WaitListEntry.objects.waiting().earliest("created_at").public_id,
        "signed": TreatmentSession.objects.filter(patient=patient, status="signed").latest("ended_at").public_id,
        "event": AdverseEvent.objects.open().first().public_id,
        "photograph": Photograph.objects.filter(patient=patient).earliest("taken_at").public_id,
        "nurse": draft.nurse.public_id,
        "room": Room.objects.first().pk,
        "service": Service.objects.first().pk,
        "lot": Lot.objects.get(lot="DEMO-2417").public_id,
        "product": Lot.objects.get(lot="DEMO-2417").product.public_id,
    }

    def who(email):
        return User.objects.get(email=email)

    readers = [
        Reader(None, ("/accounts/sign-in/", "/demo/messages/")),
        Reader(who("desk@example.com"), DESK + tuple(path.format(**things) for path in DESK_WITH_PATIENTS)),
        Reader(who("lead@example.com"), LEAD[1:] + tuple(path.format(**things) for path in LEAD_WITH_NURSES)),
        Reader(draft.nurse, NURSE + tuple(path.format(**things) for path in NURSE_WITH_PATIENTS)),
        *(Reader(who(f"patient{number}@example.com"), PATIENT) for number in ("", 2, 3, 4)),
    ]

    assert wrong_with_pages_of(readers) == []


def test_no_page_is_left_out():
    """Of the administration, which is Django's, some pages stand for all."""
    lists = (PUBLIC, DESK, DESK_WITH_PATIENTS, NURSE, NURSE_WITH_PATIENTS, LEAD, LEAD_WITH_NURSES, PATIENT)
    some_id = "00000000-0000-4000-8000-000000000000"
    visits = ("booked", "begun", "draft", "consent", "signed", "event", "photograph")
    names = ("patient", *visits, "report", "asked", "waiting", "nurse", "room", "service", "lot", "product")
    things = dict.fromkeys(names, some_id)
    seen = {resolve(path.format(**things).partition("?")[0]).view_name for paths in lists for path in paths}

    known = {address.name for address in every_address() if not address.name.startswith("admin:")}
    assert known - NO_PAGES - seen == set()
