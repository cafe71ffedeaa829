"""Nothing typed is lost: killed tabs, dead networks, sessions that ran out, colleagues, shared tablets."""

import re
from decimal import Decimal

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from sessions_app.models import SessionAmpoule, TreatmentSession
from tests.makers import make_lot, make_product, make_user
from tests.sessions_app.test_nurse_browser import (
    LOST,
    OFFLINE,
    choose_place,
    draft_now,
    open_visit,
    opened_again,
    saved,
    stored,
    without,
)
from tests.support.browser import intercept

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["open_visit"]


def kept_by(page):
    return page.evaluate("Object.entries(localStorage).filter(([name]) => name.startsWith('legwork.visit.'))")


def test_what_a_killed_tab_left_is_found_again_with_a_line_that_says_so(open_visit, page_problems):
    session = draft_now()
    page = open_visit(session)
    page.context.set_offline(True)
    page.locator("#id_note").fill("the battery went")
    expect(page.locator("#saved")).to_contain_text(OFFLINE)

    again = opened_again(page)

    expect(again.locator("#restored")).to_contain_text("Back on this page: what was typed here")
    expect(again.locator("#id_note")).to_have_value("the battery went")
    saved(again, 2)
    assert stored(session).note == "the battery went"
    # A browser that finds itself online again may save the same once more: the copy goes with its answer.
    again.wait_for_function("() => !Object.keys(localStorage).some((name) => name.startsWith('legwork.visit.'))")
    without(page_problems, LOST)


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_site_that_was_saved_before_the_tab_died_comes_back_once(open_visit, page_problems, is_answered):
    session = draft_now(sites=1)
    page = open_visit(session)
    if is_answered:
        choose_place(page, "Right foot")
        saved(page, 2)
        page.context.set_offline(True)
    else:
        # The save arrives, and its answer is lost: what is typed from here on is refused, whatever the page knows.
        intercept(page, "**/save/", lambda route: (route.fetch(), route.abort("internetdisconnected")))
        with page.expect_event("requestfailed", lambda request: request.url.endswith("/save/")):
            choose_place(page, "Right foot")
    expect(page.locator("[data-site]").nth(1).locator("[name$='-injection_count']")).to_be_focused()
    with page.expect_event(
        "requestfailed", lambda request: '-injection_count"\r\n\r\n7\r\n' in (request.post_data or "")
    ):
        page.keyboard.type("7")
    expect(page.locator("#saved")).to_contain_text(OFFLINE)

    again = opened_again(page)

    expect(again.locator("#restored")).to_be_visible()
    expect(again.locator("[data-site]")).to_have_count(2)
    expect(again.locator("[data-site]").nth(1).locator("[name$='-injection_count']")).to_have_value("7")
    without(page_problems, LOST)


def test_ampoules_of_a_lot_that_was_saved_before_the_tab_died_come_back_once(open_visit, page_problems):
    session = draft_now(sites=1)
    page = open_visit(session)
    lines = page.locator("[data-ampoule]").count()
    page.locator("[data-add-lot]").click()
    row = page.locator("[data-ampoule]").nth(lines)
    with page.expect_response(lambda answer: '-opened"\r\n\r\n4\r\n' in (answer.request.post_data or "")):
        for field, typed in {"strength_percent": "0.5", "lot": "OTHER-7", "expiry": "2030-01", "opened": "4"}.items():
            row.locator(f"[name$='-{field}']").fill(typed)
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.context.set_offline(True)
    row.locator("[name$='-opened']").fill("2")
    expect(page.locator("#saved")).to_contain_text(OFFLINE)

    again = opened_again(page)

    expect(again.locator("#restored")).to_be_visible()
    lots = "all => all.filter(each => each.querySelector('[name$=\"-lot\"]').value === 'OTHER-7')"
    opened = again.locator("[data-ampoule]").evaluate_all(
        f"all => ({lots})(all).map(each => each.querySelector('[name$=\"-opened\"]').value)"
    )
    assert opened == ["2"]
    without(page_problems, LOST)


def test_ampoules_of_two_lots_of_the_stock_come_back_each_once(open_visit, page_problems):
    half, whole = make_product(), make_product(strength_percent=Decimal("1.00"))
    for product, number in ((half, "LOT-A"), (half, "LOT-B"), (whole, "LOT-C")):
        make_lot(product=product, lot=number, ampoules=10)
    session = draft_now(sites=1)
    page = open_visit(session)
    page.locator("[data-add-lot]").click()
    for line, lot, opened in (("0.5 %", "LOT-A", "2"), ("1 %", "LOT-C", "1"), ("another lot", "LOT-B", "3")):
        row = page.locator(f"[data-ampoule][aria-label='Ampoules of {line}']")
        row.locator("label.lot-choice", has_text=lot).click()
        row.locator("input[name$='-opened']").fill(opened)
    with page.expect_response(lambda answer: "all three are written down" in (answer.request.post_data or "")):
        page.locator("#id_note").fill("all three are written down")
    version = stored(session).version
    expect(page.locator("#saved")).to_have_attribute("data-version", str(version))
    page.context.set_offline(True)
    page.locator("#id_note").fill("and then the battery went")
    expect(page.locator("#saved")).to_contain_text(OFFLINE)

    again = opened_again(page)

    expect(again.locator("#saved")).to_have_attribute("data-version", str(version + 1))
    ampoules = SessionAmpoule.objects.filter(session=session).order_by("lot").values_list("lot", "opened")
    assert (list(ampoules), stored(session).note) == (
        [("LOT-A", 2), ("LOT-B", 3), ("LOT-C", 1)],
        "and then the battery went",
    )
    without(page_problems, LOST)


def test_what_a_tablet_keeps_cannot_be_read_without_its_person(open_visit, page_problems):
    session = draft_now()
    page = open_visit(session)
    page.context.set_offline(True)
    page.locator("#id_note").fill("pregnant, said in confidence")
    expect(page.locator("#saved")).to_contain_text(OFFLINE)
    page.wait_for_function("Object.keys(localStorage).some((name) => name.startsWith('legwork.visit.'))")

    [(name, copy)] = kept_by(page)

    assert str(session.public_id) in name
    assert re.fullmatch(r"\d{13}\.[A-Za-z0-9+/=]{16}\.[A-Za-z0-9+/=]+", copy)
    without(page_problems, LOST)


def test_where_a_browser_keeps_no_copy_the_page_promises_none(open_visit):
    page = open_visit(draft_now())
    promise = page.locator("[data-copy-words]")
    expect(promise).to_have_count(1)

    page.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })")
    page.reload()

    expect(page.locator("#id_note")).to_be_enabled()
    expect(promise).to_have_count(0)


def test_when_the_server_has_newer_the_difference_is_shown_and_a_person_chooses(open_visit, page_problems):
    session = draft_now()
    page = open_visit(session)
    page.context.set_offline(True)
    page.locator("#id_note").fill("typed without network")
    expect(page.locator("#saved")).to_contain_text(OFFLINE)
    address, context = page.url, page.context
    page.close(run_before_unload=False)
    TreatmentSession.objects.filter(pk=session.pk).update(note="typed at the desk", version=2)
    context.set_offline(False)

    again = context.new_page()
    again.goto(address)

    expect(again.locator("#restored")).to_contain_text("The visit was saved elsewhere since; compare, then choose.")
    row = again.locator("#conflict tbody tr", has_text="Note")
    expect(row.locator("td")).to_have_text(["typed without network", "typed at the desk"])
    assert stored(session).note == "typed at the desk"
    again.get_by_role("button", name="Save this page over it").click()
    saved(again, 3)
    assert stored(session).note == "typed without network"
    without(page_problems, LOST)


def test_a_save_whose_answer_was_lost_is_no_conflict_with_oneself_although_one_typed_on(open_visit, page_problems):
    session = draft_now()
    page, sent = open_visit(session), []

    def lose_the_first_answer(route):
        sent.append(route.fetch() if not sent else route.continue_())
        if len(sent) == 1:
            route.abort("internetdisconnected")

    intercept(page, "**/save/", lose_the_first_answer)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/save/")):
        page.locator("#id_note").fill("it arrived")

    page.locator("#id_note").fill("it arrived, and more")
    saved(page, 3)

    expect(page.locator("#conflict")).to_be_empty()
    assert (stored(session).note, stored(session).version) == ("it arrived, and more", 3)
    without(page_problems, LOST)
    without(page_problems, "409")


def test_signed_out_while_typing_one_signs_in_in_place_and_goes_on(open_visit):
    session = draft_now()
    session.nurse.set_password("correct horse battery")
    session.nurse.save()
    page = open_visit(session)
    # What the page asks for by itself must have its answer: a dialog that it opens takes the typing away.
    page.wait_for_load_state("networkidle")
    Session.objects.all().delete()

    page.locator("#id_note").fill("typed while the session ran out")
    dialog = page.get_by_role("dialog", name="You were signed out")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Work e-mail").fill(session.nurse.email)
    dialog.get_by_label("Password").fill("wrong")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_contain_text("do not belong together")
    dialog.get_by_label("Password").fill("correct horse battery")
    dialog.get_by_role("button", name="Sign in").click()

    expect(dialog).to_be_hidden()
    saved(page, 2)
    assert stored(session).note == "typed while the session ran out"
    page.locator("#id_note").fill("and went on")
    saved(page, 3)


def test_a_colleague_takes_over_and_the_first_is_told_within_seconds(open_visit):
    session = draft_now()
    session.nurse.name = "Ada Birchwood"
    session.nurse.save()
    first = open_visit(session)
    expect(first.locator("#id_note")).to_be_enabled()
    first.locator("#id_note").fill("words of the first")
    saved(first, 2)

    second = open_visit(session, make_user(name="Imani Rowanfield"))
    expect(second.locator("#holder")).to_contain_text("Ada Birchwood has this visit open since")
    expect(second.locator("#id_note")).to_be_disabled()
    second.get_by_role("button", name="Take over").click()
    expect(second.locator("#id_note")).to_be_enabled()
    expect(second.locator("#id_note")).to_have_value("words of the first")

    expect(first.locator("#holder")).to_contain_text("Imani Rowanfield took this visit over at", timeout=12_000)
    expect(first.locator("#id_note")).to_be_disabled()
    second.locator("#id_note").fill("words of the second")
    saved(second, 3)
    first.get_by_role("button", name="Take it back").click()
    expect(first.locator("#id_note")).to_have_value("words of the second")


def test_who_reads_along_takes_nothing_when_the_colleague_leaves_and_the_visit_with_one_press(open_visit):
    session = draft_now()
    first = open_visit(session)
    expect(first.locator("#id_note")).to_be_enabled()
    second = open_visit(session, make_user())
    expect(second.locator("#id_note")).to_be_disabled()

    first.goto(reverse("sessions_app:my_day"))

    expect(second.locator("#holder")).to_contain_text("had this visit open last", timeout=12_000)
    expect(second.locator("#id_note")).to_be_disabled()
    second.get_by_role("button", name="Take over").click()
    expect(second.locator("#id_note")).to_be_enabled()


def test_a_page_that_nobody_touches_covers_itself_when_the_session_ends(open_visit):
    session = draft_now()
    page = open_visit(session)
    expect(page.locator("#id_note")).to_be_enabled()

    Session.objects.all().delete()

    dialog = page.get_by_role("dialog", name="You were signed out")
    expect(dialog).to_be_visible(timeout=12_000)
    expect(dialog.get_by_label("Work e-mail")).to_be_visible()
