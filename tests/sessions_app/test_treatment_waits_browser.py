"""A treatment that waits, in real browsers: the desk checks in, the nurse is stopped, a clinician answers."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clinic.access import Role
from tests.makers import make_appointment, make_patient, make_report, make_user
from tests.sessions_app.charts import in_force
from tests.sessions_app.looks import too_wide, two_looks
from tests.support.accessibility import serious_problems
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WAITS = "Treatment waits: a report of symptoms is open."


@pytest.fixture
def held():
    """A treatment of this minute, booked before the patient's report."""
    in_force()
    patient = make_patient(given_name="Greta", family_name="Alderwick")
    visit = make_appointment(patient=patient, starts_at=timezone.now().replace(second=0, microsecond=0))
    make_report(patient=patient)
    return visit


@pytest.fixture
def open_as(new_context, live_server):
    """`open_as(user, address)`: the page in a browser of that person's own."""

    def open_page(user, address, **options):
        context = new_context(**options)
        sign_in(context, user, live_server)
        page = context.new_page()
        page.goto(address)
        return page

    return open_page


def test_the_desk_checks_in_the_nurse_is_stopped_and_a_clinician_answers(open_as, held):
    visit_url = reverse("sessions_app:visit", args=[held.public_id])
    board = open_as(make_user(Role.FRONT_DESK), reverse("sessions_app:day"))
    board.locator(f'[data-board] [data-focus-id="v-{held.public_id}"]').click()
    dialog = board.locator("dialog")
    expect(dialog).to_contain_text(WAITS)
    dialog.get_by_role("button", name="Check in").click()
    expect(board.locator("#toasts")).to_contain_text(f"Greta Alderwick is here. {WAITS}")

    nurse = open_as(held.entry.nurse, visit_url, size="tablet")
    expect(nurse.get_by_role("heading", name=WAITS)).to_be_visible()
    nurse.get_by_role("button", name="Start the visit").click()
    stop = nurse.locator("#tray-B4")
    expect(stop).to_contain_text("Inject nothing until a clinician has answered here with a reason.")
    expect(stop.get_by_role("checkbox")).to_have_count(0)

    clinician = open_as(make_user(Role.CLINICIAN), visit_url, size="tablet")
    clinician.get_by_role("button", name="Take over").click()
    clinician.locator("#id_answer-B4-reason").fill("Seen today, both legs are calm")
    clinician.locator("#id_answer-B4-ack").check()
    expect(clinician.locator("#tray-B4")).to_have_count(0)
    expect(clinician.locator("#before-findings [aria-labelledby='finding-B4']")).to_have_count(1)


@two_looks
def test_board_dialog_day_and_start_are_accessible_and_never_scroll_sideways(open_as, held, size, scheme):
    desk, nurse = make_user(Role.FRONT_DESK), held.entry.nurse
    dialog = reverse("sessions_app:appointment", args=[held.public_id])
    start = reverse("sessions_app:visit", args=[held.public_id])

    for user, address in (
        (desk, reverse("sessions_app:day")),
        (desk, dialog),
        (nurse, reverse("sessions_app:my_day")),
        (nurse, start),
    ):
        page = open_as(user, address, size=size, scheme=scheme)
        expect(page.locator("main")).to_contain_text("Greta Alderwick")
        assert serious_problems(page) == []
        assert too_wide(page) == []
