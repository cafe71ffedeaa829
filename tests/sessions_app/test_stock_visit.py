"""Ampoules and injections of a visit: lots chosen or typed, injections equal or one by one, and what checks say."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from aftercare.actions import sign_session
from sessions_app import stock
from sessions_app.amending import begin_amendment
from sessions_app.charting import chart_of
from sessions_app.integrity import problems
from sessions_app.models import SessionAmpoule, TreatedSite
from tests.makers import at, make_appointment, make_draft_session, make_lot, make_product
from tests.sessions_app.charts import ASKED, SIGNING, in_force, page_of, ready_draft

pytestmark = pytest.mark.django_db
HTMX = {"headers": {"HX-Request": "true"}}
NOW = at("2026-01-13 09:00")


def browser(client, session):
    client.force_login(session.nurse)
    return client


def visit_url(session):
    return reverse("sessions_app:visit", args=[session.appointment.public_id])


def save(client, session, /, **changes):
    """Save the page with some fields changed; "__" stands for "-" in their names."""
    sent = page_of(session)
    for name, value in changes.items():
        name = name.replace("__", "-")
        if value is None:
            sent.pop(name, None)
        else:
            sent[name] = value
    answer = browser(client, session).post(reverse("sessions_app:session_save", args=[session.public_id]), sent, **HTMX)
    assert answer.status_code in (200, 422), answer.content
    return answer


def draft(**facts):
    in_force()
    return make_draft_session(
        appointment=make_appointment(status="in_treatment"), **{"screening": ASKED, "sites": 1, **facts}
    )


def checks(session):
    session.refresh_from_db()
    session._prefetched_objects_cache = {}
    return {judged.finding.id: judged.finding.severity for judged in chart_of(session, now=SIGNING).findings}


# --- Lots ------------------------------------------------------------------------------------------------------------


def test_a_lot_of_the_stock_fills_strength_lot_and_expiry(client):
    session, lot = draft(), make_lot(expiry="2027-05")

    save(client, session, ampoule__1__stock_lot=str(lot.public_id), ampoule__1__opened="2")

    row = session.ampoules.get()
    assert (row.stock_lot, row.strength_percent, row.lot, row.expiry, row.opened) == (
        lot,
        Decimal("0.50"),
        lot.lot,
        "2027-05",
        2,
    )


def test_another_line_takes_its_strength_from_the_lot(client):
    session = draft()
    lot = make_lot(product=make_product(strength_percent=Decimal("1.00")))
    new = {"ampoule__n1__stock_lot": str(lot.public_id), "ampoule__n1__opened": "1"}

    save(client, session, ampoule=["1", "n1"], **new)

    assert session.ampoules.get().strength_percent == Decimal("1.00")


def test_what_was_typed_before_a_lot_was_pressed_does_not_count(client):
    session, lot = draft(), make_lot(expiry="2027-05")
    typed = {"ampoule__1__lot": "SOMETHING", "ampoule__1__expiry": "not a date"}

    save(client, session, ampoule__1__stock_lot=str(lot.public_id), ampoule__1__opened="2", **typed)

    assert session.ampoules.get().lot == lot.lot


def test_the_lot_of_the_day_is_chosen_for_who_has_not_chosen(client):
    session, lot, other = draft(), make_lot(ampoules=5), make_lot(expiry="2026-06")
    stock.use_today(lot=lot, by=session.nurse, now=NOW)

    page = browser(client, session).get(visit_url(session)).content.decode()

    assert f'value="{lot.public_id}" checked' in page
    assert f'value="{other.public_id}">' in page
    assert session.ampoules.count() == 0


def test_a_lot_of_the_day_of_which_none_is_left_is_offered_and_not_chosen(client):
    session, lot = draft(), make_lot(ampoules=2)
    stock.use_today(lot=lot, by=session.nurse, now=NOW)
    stock.discard(lot=lot, ampoules=2, why="Broken", by=session.nurse)

    page = browser(client, session).get(visit_url(session)).content.decode()

    assert f'value="{lot.public_id}">' in page
    assert "lot of the day, none left, until 31 Dec 2030" in page


@pytest.mark.parametrize(
    ("left", "opened", "words"),
    [
        (3, "1", ""),
        (1, "1", ""),
        (0, "1", "Lot {lot}: none left in stock. Look at the number and at the lot on the ampoule."),
        (
            1,
            "2",
            "1 of 2 not needed for 0.8 mL. Check the number. "
            "Lot {lot}: 1 left in stock. Look at the number and at the lot on the ampoule.",
        ),
        (9, "5", "4 of 5 not needed for 0.8 mL. Check the number."),
    ],
)
def test_more_ampoules_than_there_are_or_than_are_needed_are_said_at_their_line(client, left, opened, words):
    session, lot = draft(), make_lot(ampoules=left)

    answer = save(client, session, ampoule__1__stock_lot=str(lot.public_id), ampoule__1__opened=opened)

    said = re.search(r'<div class="ampoule-sum" id="ampoule-1-sum"[^>]*>(.*?)</div>', answer.content.decode()).group(1)
    alert = re.search(r'<span class="alert-line alert-attention">.*', said)
    assert strip_tags(alert.group() if alert else "").strip() == words.format(lot=lot.lot)


def test_a_correction_does_not_miss_the_ampoules_that_its_session_took(client):
    session, lot = ready_draft(ampoules=1), make_lot(ampoules=1)
    session.ampoules.update(stock_lot=lot, lot=lot.lot)
    sign_session(session=session, version=session.version, answers={}, by=session.nurse, now=SIGNING)
    session.refresh_from_db()
    correction = begin_amendment(session=session, reason="Wrong leg", by=session.nurse, now=SIGNING)

    page = browser(client, correction).get(reverse("sessions_app:correction", args=[correction.public_id]))

    assert stock.balance_of(lot) == 0
    assert "left in stock" not in page.content.decode()


def test_a_line_in_which_only_the_lot_of_the_day_stands_is_no_line(client):
    session, lot = draft(), make_lot()

    save(client, session, ampoule__1__stock_lot=str(lot.public_id))

    session.refresh_from_db()
    assert session.ampoules.count() == 0
    assert "unfinished" not in session.screening


def test_expired_and_withdrawn_lots_are_not_offered_on_the_page(client):
    session = draft()
    gone, recalled = make_lot(expiry="2025-12", lot="EXPIRED-1"), make_lot(lot="RECALLED-1")
    stock.withdraw(lot=recalled, why="Recall", by=session.nurse)

    page = browser(client, session).get(visit_url(session)).content.decode()

    assert "EXPIRED-1" not in page
    assert "RECALLED-1" not in page
    assert str(gone.public_id) not in page


def test_an_expired_lot_that_was_used_is_typed_and_judged(client):
    session, gone = draft(), make_lot(expiry="2025-12")
    typed = {"ampoule__1__lot": gone.lot.lower(), "ampoule__1__expiry": "12/2025", "ampoule__1__opened": "1"}

    save(client, session, ampoule__1__stock_lot="other", **typed)

    row = session.ampoules.get()
    assert (row.lot, row.expiry, row.stock_lot) == (gone.lot.lower(), "2025-12", gone)
    assert checks(session)["L6b"] == "BLOCK"


def test_a_lot_that_is_withdrawn_after_it_was_chosen_stays_and_says_so(client):
    session, lot = draft(), make_lot()
    save(client, session, ampoule__1__stock_lot=str(lot.public_id), ampoule__1__opened="1")
    stock.withdraw(lot=lot, why="Recall of the maker", by=session.nurse)

    page = browser(client, session).get(visit_url(session)).content.decode()
    answer = save(client, session, note="a word").content.decode()

    assert f"Lot {lot.lot} is withdrawn: Recall of the maker" in page
    assert f"Lot {lot.lot} is withdrawn: Recall of the maker" in answer
    assert session.ampoules.get().stock_lot == lot


@pytest.mark.parametrize("forged", ["x", "00000000-0000-4000-8000-000000000000", "' OR 1=1"])
def test_a_lot_that_does_not_exist_is_no_lot(client, forged):
    session = draft()

    save(client, session, ampoule__1__stock_lot=forged, ampoule__1__opened="1")

    assert checks(session)["L6"] == "BLOCK"


def test_a_typed_lot_that_is_not_in_stock_stays_as_it_was_typed(client):
    session = draft()
    make_lot()
    typed = {"ampoule__1__lot": "BORROWED-9", "ampoule__1__expiry": "2027-05", "ampoule__1__opened": "1"}

    save(client, session, ampoule__1__stock_lot="other", **typed)

    row = session.ampoules.get()
    assert (row.lot, row.stock_lot) == ("BORROWED-9", None)
    page = browser(client, session).get(visit_url(session)).content.decode()
    assert 'value="BORROWED-9"' in page


def test_ampoules_are_suggested_until_they_are_enough(client):
    session, lot = draft(sites=[{"volume_ml": Decimal("2.4"), "injection_count": 12}]), make_lot()

    page = browser(client, session).get(visit_url(session)).content.decode()
    assert 'name="ampoule-1-opened" value="2" data-fill="id_ampoule-1-opened">2 ampoules</button>' in page
    assert "2.4 mL need 2" in page

    answer = save(client, session, ampoule__1__stock_lot=str(lot.public_id), ampoule__1__opened="2").content.decode()
    assert "1.6 mL left over: thrown away" in answer
    assert "2 ampoules</button>" not in answer


def test_without_script_the_suggestion_is_what_the_button_sends(client):
    session, lot = draft(), make_lot()
    sent = {
        **page_of(session),
        "ampoule-1-stock_lot": str(lot.public_id),
        "ampoule-1-opened": ["", "2"],
    }

    answer = browser(client, session).post(reverse("sessions_app:session_save", args=[session.public_id]), sent)

    assert answer.status_code == 302
    assert session.ampoules.get().opened == 2


def test_an_ampoule_that_was_used_before_is_said_and_blocks(client):
    session = ready_draft()

    save(client, session, ampoule_used_before="on")
    assert checks(session)["L6c"] == "BLOCK"
    assert "ampoule_used_before" in page_of(session)

    save(client, session, ampoule_used_before=None)
    assert "L6c" not in checks(session)


# --- Injections ------------------------------------------------------------------------------------------------------


def one_by_one(client, session, typed, **changes):
    return save(client, session, site__1__one_by_one="on", site__1__injections_ml=typed, **changes)


@pytest.mark.parametrize("typed", ["0.2 0.25 0.3", "0,2 0,25 0,3", "0.2 + 0.25+0.3", " 0.20;0.25 ;  0.30 "])
def test_injections_one_by_one_say_their_number_and_their_volume(client, typed):
    session = draft()

    one_by_one(client, session, typed)

    site = session.sites.get()
    assert (site.injections_ml, site.injection_count, site.volume_ml) == (["0.2", "0.25", "0.3"], 3, Decimal("0.75"))
    assert list(problems()) == []


def test_injections_one_by_one_come_back_as_they_were_typed(client):
    session = draft()
    answer = one_by_one(client, session, "0.2 0.25 0.3")

    sent = page_of(session)
    assert (sent["site-1-one_by_one"], sent["site-1-injections_ml"]) == (["on"], ["0.2 0.25 0.3"])
    assert "0.2 + 0.25 + 0.3 mL" in strip_tags(answer.content.decode())


def test_what_stands_in_the_equal_fields_does_not_matter_one_by_one(client):
    session = draft()

    one_by_one(client, session, "0.1 0.3", site__1__injection_count="40", site__1__each_ml="-9")

    assert (session.sites.get().injection_count, session.sites.get().volume_ml) == (2, Decimal("0.40"))


def test_back_to_equal_injections_the_list_is_none(client):
    session = draft()
    one_by_one(client, session, "0.1 0.3")

    equal = {"site__1__injection_count": "4", "site__1__each_ml": "0.2"}
    save(client, session, site__1__one_by_one=None, **equal)

    site = session.sites.get()
    assert (site.injections_ml, site.injection_count, site.volume_ml) == ([], 4, Decimal("0.80"))


def test_while_a_site_is_not_whole_its_injections_are_kept_with_everything(client):
    session = draft()
    long = " ".join(["0.25"] * 60)

    one_by_one(client, session, long, site__1__strength=None)

    session.refresh_from_db()
    [raw] = session.screening["unfinished"]["sites"]
    assert (raw["injections_ml"], raw["one_by_one"]) == (long, "on")
    assert [each.words for each in chart_of(session, now=SIGNING).gaps if "Site" in each.words] == ["Site 1: strength"]


@pytest.mark.parametrize(
    "typed", ["0.2 x", "0.2 -0.1", "0.2 0", "0.2 0.123", "1e3", "NaN", "101", "0.2 " * 301, "0.2, 0.3", "٣"]
)
def test_what_is_no_list_of_injections_is_said_and_kept(client, typed):
    session = draft()

    answer = one_by_one(client, session, typed)

    session.refresh_from_db()
    assert answer.status_code == 422
    assert session.sites.count() == 0
    assert session.screening["unfinished"]["sites"][0]["injections_ml"] == typed


def test_a_volume_of_the_site_that_is_another_one_is_said(client):
    answer = one_by_one(client, draft(), "0.2 0.3", site__1__volume_ml="0.6")

    assert "The injections make 0.5 mL." in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("0.35", {"L2": "ACK"}),
        ("0.3", {}),
        ("0.05", {"L2b": "NOTE"}),
        ("0.05 0.35", {"L2": "ACK", "L2b": "NOTE"}),
        ("0.2 0.2 0.35", {"L2": "ACK"}),  # equal volumes of the same 0.75 mL would be silent
    ],
)
def test_each_injection_is_judged_by_itself(client, typed, expected):
    session = draft()

    one_by_one(client, session, typed)

    assert {name: severity for name, severity in checks(session).items() if name in ("L2", "L2b")} == expected


def test_technique_is_kept(client):
    session = draft()

    save(client, session, site__1__technique="Direct")

    assert session.sites.get().technique == "Direct"
    assert page_of(session)["site-1-technique"] == ["Direct"]


def test_a_correction_begins_with_the_injections_of_the_signed_version(client):
    session = ready_draft()
    session.sites.update(injections_ml=["0.3", "0.5"], injection_count=2)
    copy = page_of(session)

    assert copy["site-1-injections_ml"] == ["0.3 0.5"]


def test_a_list_that_says_another_number_or_volume_is_found():
    session = ready_draft()
    TreatedSite.objects.filter(session=session).update(injections_ml=["0.3", "0.4"])

    assert list(problems()) == [
        f"Session {session.public_id}, site 1: it has 4 injections of 0.8 mL, its list says 2 of 0.7 mL."
    ]


def test_stock_that_does_not_follow_a_session_is_found():
    lot = make_lot(ampoules=10)
    session = ready_draft()
    session.ampoules.update(stock_lot=lot, lot=lot.lot)
    lot.movements.create(kind="used", ampoules=-5, session_lineage=session.lineage, by=session.nurse)

    assert list(problems()) == [f"Session {session.public_id}: it used 0 of lot {lot.lot}, its movements say 5."]


# --- Vectors of the dose checks, through rows of a session -----------------------------------------------------------


def sites(*groups):
    return [
        {
            "vein_type": vein,
            "strength_percent": Decimal(strength),
            "injection_count": count,
            "volume_ml": count * Decimal(each),
            "treated_length_cm": None,
            "diameter_mm": None,
        }
        for count, each, strength, vein in groups
    ]


def charted(*groups, opened=20, **facts):
    session = ready_draft(sites=sites(*groups), ampoules=opened, **facts)
    return session, chart_of(session, now=SIGNING), checks(session)


def test_d1_two_strengths_and_their_ampoules():
    _, chart, found = charted((12, "0.2", "0.5", "spider"), (10, "0.3", "1", "reticular"), weight_kg=Decimal(55))

    assert (chart.totals.ml, chart.totals.mg) == (Decimal("5.40"), Decimal("42.00"))
    assert chart.totals.ampoules_min == {Decimal("0.5"): 2, Decimal("1"): 2}
    assert found["L3"] == "ACK"
    assert {"L2", "L4", "L5"} & found.keys() == set()


D2 = ((33, "0.3", "1", "reticular"), (1, "0.1", "1", "reticular"))


def test_d2_at_the_limits_nothing_is_said_but_that_they_are_near():
    _, chart, found = charted(*D2, weight_kg=Decimal(50))

    assert (chart.totals.ml, chart.totals.mg, chart.totals.ampoules_min[Decimal("1")]) == (10, 100, 5)
    assert (found["L3"], found["L4b"]) == ("ACK", "NOTE")
    assert {"L4", "L5"} & found.keys() == set()


def test_d4_a_tenth_above_the_limit_blocks():
    _, chart, found = charted(*D2, (1, "0.1", "1", "reticular"), weight_kg=Decimal(60))

    assert (chart.totals.ml, found["L4"]) == (Decimal("10.10"), "BLOCK")


def test_d5_three_ml_are_silent():
    _, chart, found = charted((10, "0.3", "0.5", "spider"))

    assert (chart.totals.ml, chart.totals.ampoules_min[Decimal("0.5")]) == (3, 2)
    assert "L3" not in found


def test_d6_a_tenth_more_asks():
    _, _, found = charted((10, "0.3", "0.5", "spider"), (1, "0.1", "0.5", "spider"))

    assert found["L3"] == "ACK"


@pytest.mark.parametrize(("strength", "check", "severity"), [("1", "L1", "ACK"), ("3", "L1b", "BLOCK")])
def test_d8_another_strength_in_spider_veins(strength, check, severity):
    _, _, found = charted((4, "0.2", strength, "spider"))

    assert found[check] == severity


@pytest.mark.parametrize(("day", "expected"), [("2026-05-31", None), ("2026-06-01", "BLOCK")])
def test_d10_a_month_is_good_through_its_last_day(day, expected):
    ended = at(f"{day} 10:30")
    session = ready_draft(ended_at=ended, started_at=at(f"{day} 10:00"))
    SessionAmpoule.objects.filter(session=session).update(expiry="2026-05")

    assert checks(session).get("L6b") == expected


def test_d11_too_few_ampoules_block():
    _, _, found = charted((12, "0.2", "0.5", "spider"), opened=1)

    assert found["L6d"] == "BLOCK"
