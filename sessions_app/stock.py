"""The clinic's ampoules: what came, what went, which lot is open today. Every change is a movement with its person.

How many there are is the sum of the movements, never stored and never typed; what a session used is written by
`sessions_app.ampoules`. A form says up to which movement it was looked at (`seen`), so that one press is one movement.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, Sum
from django.utils import timezone

from clinic import audit
from clinic.models import Clinic, User
from clinic.protocol.checks.calendar import last_valid_day
from clinic.protocol.zones import local_date
from sessions_app.models import Lot, LotOfTheDay, Product, StockMovement
from sessions_app.refusals import Refused, Stale
from sessions_app.retrying import retried

MOST_AMPOULES = 10_000
LONGEST_WORDS = 200
KINDS = StockMovement.Kind
PRODUCT_FACTS = (
    "name",
    "manufacturer",
    "strength_percent",
    "form",
    "ampoule_ml",
    "register_code",
    "low_stock_ampoules",
    "is_active",
)
_IDENTITY = ("name", "manufacturer", "strength_percent", "form", "ampoule_ml")


def seen_of(lots: Any) -> int:
    """The newest movement by hand among these lots: what a form was made from. Sessions may go on meanwhile."""
    by_hand = StockMovement.objects.filter(lot__in=lots).exclude(kind=KINDS.USED)
    return by_hand.aggregate(newest=Max("pk"))["newest"] or 0


@retried
@transaction.atomic
def save_product(*, product: Product | None = None, facts: Mapping[str, Any], by: User) -> Product:
    """Add a product, or change it. What its lots were injected as (strength, size, form) stays once there is a lot."""
    kept = product or Product()
    if product is not None and product.lots.exists():
        changed = [name for name in ("strength_percent", "form", "ampoule_ml") if getattr(product, name) != facts[name]]
        if changed:
            text = "Lots of this product are recorded. Add another product for another strength, form or size."
            raise Refused(text, rule="lots", field=changed[0])
    twice = Refused("This product is in the list already.", rule="twice", field="name")
    if Product.objects.filter(**{name: facts[name] for name in _IDENTITY}).exclude(pk=kept.pk).exists():
        raise twice
    for name in PRODUCT_FACTS:
        setattr(kept, name, facts[name])
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError as error:
        # Somebody else added it in the same moment.
        raise twice from error
    audit.record("product changed" if product else "product added", by=by, subject=kept)
    return kept


@retried
@transaction.atomic
def receive(
    *,
    product: Product,
    lot: str,
    expiry: str,
    ampoules: int,
    by: User,
    note: str = "",
    seen: int | None = None,
    now: datetime | None = None,
) -> Lot:
    """Ampoules of a lot came. `expiry` as printed: "2027-05" (good through that month) or "2027-05-31".

    `Refused` when the lot is known with another expiry date; `Stale` when something was recorded since `seen`.
    """
    lot, expires_on = lot.strip(), last_valid_day(expiry)
    if not lot:
        raise Refused("Enter the lot number as printed.", rule="lot", field="lot")
    if expires_on is None:
        raise Refused("Enter the date as printed, such as 2027-05.", rule="expiry", field="expiry")
    _refuse_number(ampoules)
    _hold(Product, product.pk)
    _refuse_stale(product.lots.all(), seen)
    found = product.lots.filter(lot__iexact=lot).first()
    if found is not None and found.expires_on != expires_on:
        text = f"Lot {found.lot} is recorded with the expiry date {found.expiry}. Look at the box and correct one."
        raise Refused(text, rule="other_expiry", field="expiry")
    found = found or Lot.objects.create(product=product, lot=lot, expiry=expiry, expires_on=expires_on)
    _move(found, KINDS.RECEIVED, ampoules, note=note, by=by, now=now)
    return found


def discard(
    *, lot: Lot, ampoules: int, why: str, by: User, seen: int | None = None, now: datetime | None = None
) -> Lot:
    """Ampoules were thrown away: broken, expired."""
    return _take_out(lot, KINDS.DISCARDED, ampoules, why=why, by=by, seen=seen, now=now)


def send_back(
    *, lot: Lot, ampoules: int, why: str, by: User, seen: int | None = None, now: datetime | None = None
) -> Lot:
    """Ampoules went back to where they came from."""
    return _take_out(lot, KINDS.RETURNED, ampoules, why=why, by=by, seen=seen, now=now)


@retried
@transaction.atomic
def correct_count(
    *, lot: Lot, counted: int, why: str, by: User, seen: int | None = None, now: datetime | None = None
) -> int:
    """Somebody counted: the difference becomes a movement. Returns it; 0 when the count was right."""
    why = _reason(why)
    if not 0 <= counted <= MOST_AMPOULES:
        raise Refused(f"Enter a number from 0 to {MOST_AMPOULES}.", rule="number", field="ampoules")
    _hold(Lot, lot.pk)
    _refuse_stale(Lot.objects.filter(pk=lot.pk), seen)
    difference = counted - balance_of(lot)
    if difference:
        _move(lot, KINDS.COUNTED, difference, note=why, by=by, now=now)
    else:
        audit.record("stock counted", by=by, subject=lot, ampoules=counted)
    return difference


@retried
@transaction.atomic
def withdraw(*, lot: Lot, why: str, by: User, now: datetime | None = None) -> Lot:
    """A recall, or a damaged box: the lot is not offered any more. It stays in the records, and in the count."""
    why = _reason(why)
    held = {"withdrawn_at": now or timezone.now(), "withdrawn_by": by, "withdrawn_why": why}
    if not Lot.objects.filter(pk=lot.pk, withdrawn_at__isnull=True).update(**held):
        raise Refused("This lot is withdrawn already.", rule="withdrawn")
    LotOfTheDay.objects.filter(lot=lot, date__gte=_today(now)).delete()
    audit.record("lot withdrawn", by=by, subject=lot)
    lot.refresh_from_db()
    return lot


@retried
@transaction.atomic
def offer_again(*, lot: Lot, by: User) -> Lot:
    """Take a withdrawal back: it was the wrong lot, or the recall did not concern it."""
    free = {"withdrawn_at": None, "withdrawn_by": None, "withdrawn_why": ""}
    if not Lot.objects.filter(pk=lot.pk, withdrawn_at__isnull=False).update(**free):
        raise Refused("This lot is not withdrawn.", rule="withdrawn")
    audit.record("lot offered again", by=by, subject=lot, withdrawn_at=str(lot.withdrawn_at))
    lot.refresh_from_db()
    return lot


@retried
@transaction.atomic
def use_today(*, lot: Lot, by: User, now: datetime | None = None) -> LotOfTheDay:
    """Make it the open lot of its product until the clinic's midnight. The newest press counts."""
    day = _today(now)
    lot = Lot.objects.select_related("product").get(pk=lot.pk)
    if not lot.may_be_used_on(day):
        words = "withdrawn" if lot.withdrawn_at else f"expired: it was good until {lot.expires_on:%Y-%m-%d}"
        raise Refused(f"Lot {lot.lot} is {words}. Choose another lot.", rule="unusable")
    chosen, _ = LotOfTheDay.objects.update_or_create(
        date=day, product=lot.product, defaults={"lot": lot, "set_by": by, "set_at": now or timezone.now()}
    )
    audit.record("lot of the day", by=by, subject=lot, date=str(day))
    return chosen


def balance_of(lot: Lot) -> int:
    """Ampoules of the lot that are there by its movements."""
    found: int | None = lot.movements.aggregate(balance=Sum("ampoules"))["balance"]
    return found or 0


@retried
@transaction.atomic
def _take_out(
    lot: Lot, kind: StockMovement.Kind, ampoules: int, *, why: str, by: User, seen: int | None, now: datetime | None
) -> Lot:
    why = _reason(why)
    _refuse_number(ampoules)
    _hold(Lot, lot.pk)
    _refuse_stale(Lot.objects.filter(pk=lot.pk), seen)
    _move(lot, kind, -ampoules, note=why, by=by, now=now)
    return lot


def _move(lot: Lot, kind: StockMovement.Kind, ampoules: int, *, note: str, by: User, now: datetime | None) -> None:
    StockMovement.objects.create(
        lot=lot, kind=kind, ampoules=ampoules, note=note.strip(), by=by, at=now or timezone.now()
    )
    audit.record("stock moved", by=by, subject=lot, kind=str(kind), ampoules=ampoules)


def _reason(why: str) -> str:
    why = why.strip()
    if not why:
        raise Refused("Write why.", rule="reason", field="why")
    if len(why) > LONGEST_WORDS:
        raise Refused(f"Shorten this to {LONGEST_WORDS} characters.", rule="length", field="why")
    return why


def _refuse_number(ampoules: int) -> None:
    if not 1 <= ampoules <= MOST_AMPOULES:
        raise Refused(f"Enter a number from 1 to {MOST_AMPOULES}.", rule="number", field="ampoules")


def _refuse_stale(lots: Any, seen: int | None) -> None:
    if seen is not None and seen_of(lots) > seen:
        raise Stale(
            "Somebody recorded a movement meanwhile, or this was sent twice. Look at the list, then send again."
        )


def _hold(model: type[Lot] | type[Product], pk: int) -> None:
    """One hand at a time per row; sessions that are signed meanwhile do not wait. SQLite has one writer as it is."""
    if connection.features.has_select_for_update:
        model.objects.select_for_update(no_key=True).only("pk").get(pk=pk)


def _today(now: datetime | None) -> date:
    return local_date(now or timezone.now(), Clinic.current().zone)
