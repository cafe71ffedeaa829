"""The stock in a real browser: a lot comes, is opened, is injected one by one and signed, and is recalled."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from sessions_app import stock
from sessions_app.models import Lot, TreatmentSession
from tests.journeys.lookout import Lookout
from tests.makers import make_lot, make_patient, make_product
from tests.sessions_app.charts import ready_draft
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page_of(new_context, live_server):
    """`page_of(user)`: a tablet of that person; with `script=False` one whose browser runs none."""

    def open_page(user, *, script=True, size="tablet"):
        context = new_context(size=size, java_script_enabled=script)
        sign_in(context, user, live_server)
        return context.new_page()

    return open_page


def draft_today():
    """A draft that began half an hour ago, without sites and ampoules, that otherwise lacks nothing."""
    end = timezone.now().replace(second=0, microsecond=0) - timezone.timedelta(minutes=20)
    session = ready_draft(
        sites=0,
        patient=make_patient(given_name="Stella", family_name="Stocked"),
        started_at=end - timezone.timedelta(minutes=20),
        ended_at=end,
        observation_started_at=end,
        observation_ended_at=end + timezone.timedelta(minutes=16),
    )
    session.appointment.entry.starts_at = session.started_at
    return session


def visit_url(session):
    return reverse("sessions_app:visit", args=[session.appointment.public_id])


def saved(page, version):
    expect(page.locator(f'#saved[data-version="{version}"]')).to_be_visible()


def begin_site(page, place="left:knee"):
    page.locator("#add-place").select_option(place)
    page.locator("[data-add-site]").click()
    site = page.locator("[data-site]").last
    site.locator("label[for$='-vein_type_0']").click()
    return site


def test_from_the_delivery_to_the_recall(page_of):
    product, session = make_product(name="Varisol"), draft_today()
    page, lookout = page_of(session.nurse), Lookout()

    page.goto(reverse("sessions_app:stock"))
    page.get_by_role("link", name="Receive Varisol").click()
    page.get_by_label("Lot", exact=True).fill("K-7")
    page.get_by_label("Expiry as printed").fill("05/2031")
    page.get_by_label("Ampoules", exact=True).fill("20")
    lookout.judges(page)
    page.get_by_role("button", name="Put them in stock").click()
    page.get_by_role("button", name="Use today lot K-7").click()
    expect(page.get_by_text("Lot of the day", exact=True)).to_be_visible()
    lookout.judges(page)

    page.goto(visit_url(session))
    site = begin_site(page)
    site.get_by_label("Injections differ: one by one").check()
    add = site.locator("[data-act='add']")
    add.click()
    add.click()
    site.get_by_role("textbox", name="Injection 2, mL").fill("0.3")
    add.click()
    expect(add).to_have_text("Add 0.3 mL")
    expect(site.locator(".vol")).to_contain_text("0.8 mL")
    page.get_by_role("button", name="1 ampoule").click()
    expect(page.locator("#ampoules")).to_contain_text("1.2 mL left over: thrown away")
    lookout.judges(page)
    page.goto(reverse("aftercare:sign", args=[session.public_id]))
    page.get_by_role("button", name=f"Sign as {session.nurse.name}").click()
    expect(page.get_by_role("button", name=f"Sign as {session.nurse.name}")).to_have_count(0)

    signed = TreatmentSession.objects.get(pk=session.pk)
    assert signed.status == "signed"
    assert signed.sites.get().injections_ml == ["0.2", "0.3", "0.3"]
    lot = Lot.objects.get(product=product)
    assert stock.balance_of(lot) == 19

    page.goto(reverse("sessions_app:stock_lot", args=[lot.public_id]))
    expect(page.get_by_role("link", name="Used in a session")).to_be_visible()
    lookout.judges(page)
    page.get_by_label("Why").last.fill("Recall 7")
    page.get_by_role("button", name="Withdraw the lot").click()
    page.get_by_role("link", name="Who got from it").click()
    expect(page.get_by_role("row", name="Stella Stocked")).to_contain_text("1")
    expect(page.get_by_role("button", name="Print the list")).to_be_visible()
    lookout.judges(page)
    assert lookout.notes == []


def test_going_over_to_one_by_one_and_back_loses_nothing(page_of):
    session = draft_today()
    page = page_of(session.nurse)
    page.goto(visit_url(session))
    site = begin_site(page)
    site.locator("[name$='-injection_count']").fill("3")
    site.locator("[name$='-each_ml']").fill("0.25")
    tick = site.get_by_label("Injections differ: one by one")

    tick.check()
    expect(site.locator(".shots .stepper")).to_have_count(3)
    site.get_by_role("button", name="Injection 3: more").click()
    expect(site.locator(".vol")).to_contain_text("0.8 mL")
    tick.uncheck()
    expect(site.locator("[name$='-injection_count']")).to_have_value("3")
    expect(site.locator("[name$='-each_ml']")).to_have_value("0.25")
    expect(site.locator(".vol")).to_contain_text("0.75 mL")
    tick.check()
    expect(site.locator(".vol")).to_contain_text("0.8 mL")
    site.get_by_role("button", name="Take the last away").click()
    expect(site.locator(".vol")).to_contain_text("0.5 mL")
    page.reload()
    page.locator("[data-site] > summary").click()

    expect(page.locator(".shots .stepper")).to_have_count(2)
    assert session.sites.get().injections_ml == ["0.25", "0.25"]


def test_without_script_injections_and_lots_are_saved_as_well(page_of):
    session, lot = draft_today(), make_lot(lot="K-7", ampoules=5)
    session.sites.create(
        position=1,
        leg="left",
        segment="knee",
        vein_type="spider",
        strength_percent=Decimal("0.5"),
        injection_count=4,
        volume_ml=Decimal("0.8"),
    )
    page = page_of(session.nurse, script=False)
    page.goto(visit_url(session))

    page.locator("[data-site] > summary").click()
    page.get_by_label("Injections differ: one by one").check()
    page.get_by_label("Each injection, mL").fill("0.2 0.25 0.3")
    page.get_by_text("K-7").click()
    page.get_by_role("button", name="1 ampoule").click()

    assert session.sites.get().injections_ml == ["0.2", "0.25", "0.3"]
    row = session.ampoules.get()
    assert (row.stock_lot, row.opened) == (lot, 1)


@pytest.mark.parametrize("width", [360, 768, 1024])
def test_the_visit_with_lots_and_single_injections_fits(page_of, width):
    session = draft_today()
    for number in range(3):
        make_lot(lot=f"A-LONG-LOT-NUMBER-OF-A-MAKER-{number}", ampoules=5)
    session.sites.create(
        position=1,
        leg="left",
        segment="knee",
        vein_type="spider",
        strength_percent=Decimal("0.5"),
        injection_count=12,
        injections_ml=["0.25"] * 12,
        volume_ml=Decimal("3"),
    )
    page, lookout = page_of(session.nurse), Lookout()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(visit_url(session))
    page.locator("[data-site] > summary").click()

    expect(page.locator(".shots .stepper")).to_have_count(12)
    lookout.judges(page)
    small = page.eval_on_selector_all(
        ".shots button, .lot-choice, .ampoule .chip",
        "all => all.filter((each) => each.offsetHeight && each.offsetHeight < 44).map((each) => each.outerHTML)",
    )
    assert (lookout.notes, small) == ([], [])
