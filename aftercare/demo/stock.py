"""The demo's ampoules: two products, a lot in use, one nearly out and one that expires soon. Names are invented."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from aftercare.demo.house import House
from clinic.models import User
from clinic.protocol.zones import local_date
from sessions_app import stock
from sessions_app.models import Lot, Product

# Which lot the sessions are charted with, by strength.
LOTS = {Decimal("0.5"): "DEMO-2417", Decimal("1"): "DEMO-3102"}
SOON = "DEMO-2388"
_RECEIVED = timedelta(days=70)
_EXPIRES_IN = timedelta(days=12)


def stock_events(house: House, now: datetime) -> Iterator[tuple[datetime, Callable[[], None]]]:
    """What happens to the ampoules, with its moments: deliveries, a count, and the lots of today."""
    nurse = house.nurses[0]
    yield now - _RECEIVED, partial(_deliveries, house, now, house.people["lead@example.com"])
    yield now - timedelta(days=20), partial(_broken, nurse)
    yield now - timedelta(hours=3), partial(_this_morning, nurse)


def _deliveries(house: House, now: datetime, by: User) -> None:
    month = f"{now.year + 1}-06"
    soon = f"{local_date(now, house.clinic.zone) + _EXPIRES_IN}"
    half, one = (_product(strength, by) for strength in LOTS)
    for product, lot, expiry, ampoules in (
        (half, SOON, soon, 10),
        (half, LOTS[Decimal("0.5")], month, 150),
        (one, LOTS[Decimal("1")], month, 24),
    ):
        stock.receive(product=product, lot=lot, expiry=expiry, ampoules=ampoules, note="Delivery", by=by)


def _product(strength: Decimal, by: User) -> Product:
    facts = {
        "name": "Polidocanol Demo",
        "manufacturer": "Invented Pharma",
        "strength_percent": strength,
        "form": Product.Form.LIQUID,
        "ampoule_ml": Decimal(2),
        "register_code": "",
        "low_stock_ampoules": 5,
        "is_active": True,
    }
    return stock.save_product(facts=facts, by=by)


def _broken(nurse: User) -> None:
    stock.discard(lot=Lot.objects.get(lot=SOON), ampoules=2, why="Fell on the floor", by=nurse)


def _this_morning(nurse: User) -> None:
    """The shelf is counted, and what is open today is said."""
    nearly_out = Lot.objects.get(lot=LOTS[Decimal("1")])
    stock.correct_count(lot=nearly_out, counted=4, why="Counted the shelf", by=nurse)
    for lot in Lot.objects.filter(lot__in=LOTS.values()):
        stock.use_today(lot=lot, by=nurse)


def open_lot(strength: Decimal) -> dict[str, object]:
    """The lot that a session is charted with, as the facts of its row."""
    lot = Lot.objects.get(lot=LOTS[strength])
    return {"strength_percent": strength, "lot": lot.lot, "expiry": lot.expiry, "stock_lot_id": lot.pk}
