"""The clinic's ampoules: what came and went is movements, their sum is what is there; a signature takes out once."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from aftercare.actions import sign_session
from clinic.models import AuditEvent
from sessions_app import stock
from sessions_app.actions import NotComplete, mark_not_treated
from sessions_app.amending import begin_amendment
from sessions_app.ampoules import discarded, lots_for, take_from_stock
from sessions_app.models import LotOfTheDay, Product, SessionAmpoule, SessionFinding, StockMovement
from sessions_app.refusals import Refused, Stale
from tests.makers import at, make_lot, make_product, make_user
from tests.sessions_app.charts import SIGNING, ready_draft

pytestmark = pytest.mark.django_db
NOW = at("2026-01-13 09:00")
TODAY = date(2026, 1, 13)


@pytest.fixture
def nurse():
    return make_user(name="Nora Pike")


def balance(lot):
    return stock.balance_of(lot)


def movements(lot):
    return list(lot.movements.order_by("pk").values_list("kind", "ampoules"))


def draft_from(lot, *, opened=2, **facts):
    """A draft that lacks nothing, its ampoules from this lot."""
    session = ready_draft(**facts)
    session.ampoules.update(stock_lot=lot, lot=lot.lot, expiry=lot.expiry, opened=opened)
    return session


def sign(session, answers=None):
    session.refresh_from_db()
    return sign_session(
        session=session, version=session.version, answers=answers or {}, by=session.responsible_clinician, now=SIGNING
    )


# --- Movements -----------------------------------------------------------------------------------------------------


def test_what_came_less_what_went_is_what_is_there(nurse):
    lot = stock.receive(product=make_product(), lot=" K-1 ", expiry="2027-05", ampoules=20, by=nurse, now=NOW)
    stock.receive(product=lot.product, lot="k-1", expiry="2027-05", ampoules=10, by=nurse, now=NOW)
    stock.discard(lot=lot, ampoules=3, why="Broken", by=nurse, now=NOW)
    stock.send_back(lot=lot, ampoules=5, why="Too many ordered", by=nurse, now=NOW)

    assert (lot.lot, balance(lot)) == ("K-1", 22)
    assert movements(lot) == [("received", 20), ("received", 10), ("discarded", -3), ("returned", -5)]


@pytest.mark.parametrize(
    ("printed", "last"),
    [("2027-02", date(2027, 2, 28)), ("2028-02", date(2028, 2, 29)), ("2027-05-12", date(2027, 5, 12))],
)
def test_a_month_is_good_through_its_last_day(nurse, printed, last):
    lot = stock.receive(product=make_product(), lot="K-1", expiry=printed, ampoules=1, by=nurse)

    assert (lot.expiry, lot.expires_on) == (printed, last)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"lot": "  "}, "lot"),
        ({"expiry": "soon"}, "expiry"),
        ({"expiry": "2027-13"}, "expiry"),
        ({"ampoules": 0}, "number"),
        ({"ampoules": -4}, "number"),
        ({"ampoules": 10_001}, "number"),
    ],
)
def test_what_cannot_be_received_is_refused(nurse, changed, rule):
    given = {"product": make_product(), "lot": "K-1", "expiry": "2027-05", "ampoules": 5, **changed}

    with pytest.raises(Refused) as refusal:
        stock.receive(by=nurse, **given)

    assert refusal.value.rule == rule
    assert StockMovement.objects.count() == 0


def test_one_lot_has_one_expiry_date(nurse):
    lot = make_lot(expiry="2027-05", ampoules=5)

    with pytest.raises(Refused, match="recorded with the expiry date 2027-05"):
        stock.receive(product=lot.product, lot=lot.lot, expiry="2027-06", ampoules=5, by=nurse)


def test_a_count_becomes_its_difference(nurse):
    lot = make_lot(ampoules=10)

    assert stock.correct_count(lot=lot, counted=8, why="Counted", by=nurse) == -2
    assert stock.correct_count(lot=lot, counted=8, why="Counted again", by=nurse) == 0
    assert balance(lot) == 8
    assert movements(lot) == [("received", 10), ("counted", -2)]


@pytest.mark.parametrize("act", [stock.discard, stock.send_back])
def test_a_reason_is_asked_for(nurse, act):
    lot = make_lot(ampoules=10)

    with pytest.raises(Refused, match="Write why"):
        act(lot=lot, ampoules=1, why="  ", by=nurse)


def test_more_may_go_than_ever_came_because_it_happened(nurse):
    lot = make_lot(ampoules=1)

    stock.discard(lot=lot, ampoules=3, why="Box fell", by=nurse)

    assert balance(lot) == -2


def test_a_form_that_was_sent_twice_moves_once(nurse):
    lot = make_lot(ampoules=10)
    seen = stock.seen_of(type(lot).objects.filter(pk=lot.pk))
    stock.discard(lot=lot, ampoules=1, why="Broken", by=nurse, seen=seen)

    with pytest.raises(Stale):
        stock.discard(lot=lot, ampoules=1, why="Broken", by=nurse, seen=seen)

    assert balance(lot) == 9


def test_a_session_that_is_signed_meanwhile_does_not_make_a_form_old(nurse):
    lot = make_lot(ampoules=10)
    seen = stock.seen_of(type(lot).objects.filter(pk=lot.pk))
    sign(draft_from(lot))

    stock.discard(lot=lot, ampoules=1, why="Broken", by=nurse, seen=seen)

    assert balance(lot) == 7


def test_movements_are_never_changed_and_never_deleted():
    lot = make_lot(ampoules=10)

    for act in (lambda: lot.movements.update(ampoules=3), lambda: lot.movements.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_every_change_is_in_the_trail_with_its_person(nurse):
    lot = stock.receive(product=make_product(), lot="K-1", expiry="2027-05", ampoules=5, by=nurse, now=NOW)
    stock.use_today(lot=lot, by=nurse, now=NOW)
    stock.withdraw(lot=lot, why="Recall", by=nurse, now=NOW)
    stock.offer_again(lot=lot, by=nurse)

    events = AuditEvent.objects.filter(by_id=nurse.pk, subject_id=str(lot.public_id)).order_by("pk")
    assert [event.action for event in events] == ["stock moved", "lot of the day", "lot withdrawn", "lot offered again"]


# --- Products ------------------------------------------------------------------------------------------------------

FACTS = {
    "name": "Varisol",
    "manufacturer": "Invented Works",
    "strength_percent": Decimal("0.50"),
    "form": "liquid",
    "ampoule_ml": Decimal("2.00"),
    "register_code": "0000-0000-00",
    "low_stock_ampoules": 5,
    "is_active": True,
}


def test_the_same_product_is_not_added_twice(nurse):
    stock.save_product(facts=FACTS, by=nurse)

    with pytest.raises(Refused, match="in the list already"):
        stock.save_product(facts=FACTS, by=nurse)


def test_a_product_with_lots_keeps_what_its_lots_are(nurse):
    product = stock.save_product(facts=FACTS, by=nurse)
    make_lot(product=product)

    with pytest.raises(Refused) as refusal:
        stock.save_product(product=product, facts={**FACTS, "strength_percent": Decimal("1.00")}, by=nurse)
    stock.save_product(product=product, facts={**FACTS, "register_code": "1111", "low_stock_ampoules": None}, by=nurse)

    assert refusal.value.field == "strength_percent"
    assert Product.objects.get().register_code == "1111"


# --- Offered -------------------------------------------------------------------------------------------------------


def test_expired_and_withdrawn_lots_are_not_offered(nurse):
    product = make_product()
    good = make_lot(product=product, expiry="2026-01")
    make_lot(product=product, expiry="2026-01-12")
    recalled = make_lot(product=product)
    stock.withdraw(lot=recalled, why="Recall", by=nurse)
    make_lot(product=make_product(is_active=False))

    assert lots_for(TODAY) == [good]


def test_the_lot_of_the_day_comes_first_and_the_next_to_expire_after_it(nurse):
    product = make_product()
    late, early, open_one = (make_lot(product=product, expiry=each) for each in ("2028-01", "2027-01", "2029-01"))
    stock.use_today(lot=open_one, by=nurse, now=NOW)

    assert lots_for(TODAY) == [open_one, early, late]
    assert lots_for(TODAY + timedelta(days=1)) == [early, late, open_one]


def test_the_lot_of_the_day_ends_at_the_midnight_of_the_clinic(nurse):
    lot = make_lot()
    stock.use_today(lot=lot, by=nurse, now=at("2026-01-13 23:59"))

    assert LotOfTheDay.objects.get().date == TODAY


def test_the_newest_press_says_which_lot_is_open(nurse):
    product = make_product()
    first, second = make_lot(product=product), make_lot(product=product)
    stock.use_today(lot=first, by=nurse, now=NOW)
    stock.use_today(lot=second, by=nurse, now=NOW)

    assert LotOfTheDay.objects.get().lot == second


def test_a_lot_that_is_withdrawn_is_open_no_longer(nurse):
    lot = make_lot()
    stock.use_today(lot=lot, by=nurse, now=NOW)
    stock.withdraw(lot=lot, why="Recall", by=nurse, now=NOW)

    assert LotOfTheDay.objects.count() == 0
    with pytest.raises(Refused, match="is withdrawn"):
        stock.use_today(lot=lot, by=nurse, now=NOW)
    with pytest.raises(Refused, match="withdrawn already"):
        stock.withdraw(lot=lot, why="Recall", by=nurse, now=NOW)


def test_an_expired_lot_is_not_opened(nurse):
    with pytest.raises(Refused, match="expired"):
        stock.use_today(lot=make_lot(expiry="2025-12"), by=nurse, now=NOW)


def test_what_a_draft_names_already_stays_among_its_lots(nurse):
    gone, typed = make_lot(expiry="2025-12"), make_lot(expiry="2025-11", lot="OLD-7")

    assert set(lots_for(TODAY, chosen=[gone.public_id], numbers=["old-7"])) == {gone, typed}


# --- What a signature takes out ------------------------------------------------------------------------------------


def test_a_signature_takes_its_ampoules_out_of_stock():
    lot = make_lot(ampoules=10)
    session = draft_from(lot, opened=2)

    sign(session)

    used = StockMovement.objects.get(kind="used")
    assert (used.ampoules, used.session_lineage, used.by) == (-2, session.lineage, session.responsible_clinician)
    assert balance(lot) == 8


def test_a_lot_withdrawn_after_it_was_charted_is_answered_for_before_the_signature(nurse):
    lot = make_lot(ampoules=10)
    session = draft_from(lot, opened=2)
    stock.withdraw(lot=lot, why="Recalled by the manufacturer", by=nurse, now=SIGNING)

    with pytest.raises(NotComplete, match="Lot withdrawn"):
        sign(session)
    sign(session, answers={"L6e": {"reason": "Told Dr Ashdown; the patient is watched longer", "ack": True}})

    found = SessionFinding.objects.get(session=session)
    assert (found.check_id, found.severity, found.reason) == (
        "L6e",
        "ACK",
        "Told Dr Ashdown; the patient is watched longer",
    )
    assert lot.lot in found.text
    assert balance(lot) == 8


def test_a_signature_sent_twice_takes_out_once():
    lot = make_lot(ampoules=10)
    session = draft_from(lot)
    sign(session)
    sign(session)
    take_from_stock(session, session.ampoules.all(), by=session.nurse, now=SIGNING)

    assert balance(lot) == 8


def test_what_is_left_over_is_recorded_as_thrown_away():
    session = draft_from(make_lot(ampoules=10), opened=1)

    sign(session)

    assert session.ampoules.get().discarded_ml == Decimal("1.20")  # 2 mL less the 0.8 mL that were injected


def test_a_correction_writes_the_difference():
    lot, other = make_lot(ampoules=10), make_lot(ampoules=10)
    session = draft_from(lot, opened=3)
    sign(session)
    correction = begin_amendment(session=session, reason="One of the other lot", by=session.nurse, now=SIGNING)
    correction.ampoules.update(opened=1)
    SessionAmpoule.objects.create(
        session=correction,
        strength_percent=Decimal("0.50"),
        lot=other.lot,
        expiry=other.expiry,
        opened=1,
        stock_lot=other,
    )

    sign(correction)

    assert movements(lot) == [("received", 10), ("used", -3), ("used", 2)]
    assert movements(other) == [("received", 10), ("used", -1)]


def test_a_correction_that_changes_no_lot_moves_nothing():
    lot = make_lot(ampoules=10)
    session = draft_from(lot)
    sign(session)

    sign(begin_amendment(session=session, reason="The note", by=session.nurse, now=SIGNING))

    assert movements(lot) == [("received", 10), ("used", -2)]


def test_who_was_not_treated_used_nothing():
    lot = make_lot(ampoules=10)
    session = draft_from(lot)
    session.sites.all().delete()

    mark_not_treated(session=session, version=session.version, reason="Fever", by=session.nurse)

    assert balance(lot) == 10


def test_corrected_to_not_treated_the_ampoules_are_in_stock_again():
    lot = make_lot(ampoules=10)
    session = draft_from(lot)
    sign(session)
    correction = begin_amendment(session=session, reason="Wrong patient", by=session.nurse, now=SIGNING)
    correction.sites.all().delete()

    mark_not_treated(session=correction, version=correction.version, reason="Wrong patient", by=session.nurse)

    assert movements(lot) == [("received", 10), ("used", -2), ("used", 2)]


def test_typed_lots_move_nothing():
    lot = make_lot(lot="DEMO-OTHER", ampoules=10)

    sign(ready_draft())

    assert balance(lot) == 10


def test_a_signature_that_fails_takes_nothing():
    lot = make_lot(ampoules=10)
    session = draft_from(lot, reaction="")

    with pytest.raises(Refused):
        sign(session)

    assert balance(lot) == 10


@pytest.mark.parametrize(
    ("opened", "used", "left"),
    [
        ([2], {"0.5": "2.4"}, ["1.6"]),
        ([1, 1], {"0.5": "2.4"}, ["0", "1.6"]),
        ([2], {"1": "2.4"}, ["4"]),
        ([1], {"0.5": "2.4"}, ["0"]),
    ],
)
def test_rows_of_one_strength_are_emptied_in_their_order(opened, used, left):
    rows = [SessionAmpoule(strength_percent=Decimal("0.50"), opened=number) for number in opened]

    over = discarded(rows, {Decimal(s): Decimal(ml) for s, ml in used.items()}, ampoule_ml=Decimal(2))

    assert over == [Decimal(each) for each in left]


@pytest.mark.parametrize("number", [1, 6])
def test_stock_costs_a_signature_the_same_whatever_the_number_of_lots(number):
    session = draft_from(make_lot(ampoules=10))
    for _ in range(number - 1):
        lot = make_lot(ampoules=10)
        session.ampoules.create(
            strength_percent=Decimal("0.50"), lot=lot.lot, expiry=lot.expiry, opened=1, stock_lot=lot
        )

    with CaptureQueriesContext(connection) as queries:
        sign(session)

    about_stock = [each for each in queries if "stockmovement" in each["sql"] or '"sessions_app_lot"' in each["sql"]]
    assert len(about_stock) == 3
    assert StockMovement.objects.filter(kind="used").count() == number


@pytest.mark.django_db(transaction=True)
@pytest.mark.faults
def test_two_sessions_signed_at_once_from_one_lot_both_take_theirs():
    lot = make_lot(ampoules=3)
    drafts = [draft_from(lot, opened=2) for _ in range(2)]
    start, problems = threading.Barrier(2), []

    def run(session):
        try:
            start.wait()
            sign(session)
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(session,)) for session in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert balance(lot) == -1


@pytest.mark.django_db(transaction=True)
@pytest.mark.faults
def test_two_who_count_at_once_do_not_correct_twice(nurse):
    lot = make_lot(ampoules=10)
    start = threading.Barrier(2)

    def run():
        try:
            start.wait()
            stock.correct_count(lot=lot, counted=7, why="Counted", by=nurse)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert movements(lot) == [("received", 10), ("counted", -3)]


def test_a_product_that_somebody_adds_in_the_same_moment_is_said_in_words(nurse, monkeypatch):
    stock.save_product(facts=FACTS, by=nurse)
    # Both looked before either had written.
    monkeypatch.setattr(QuerySet, "exists", lambda rows: False)

    with pytest.raises(Refused, match="in the list already"):
        stock.save_product(facts=FACTS, by=nurse)
