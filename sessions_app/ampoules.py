"""Ampoules of a session and the clinic's stock: which lots are offered, what is left over, what a signature takes out.

A session's lots are one difference from what its lineage took before: a first signature takes all of it, a correction
the rest, and the same signature twice nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum

from clinic.models import User
from sessions_app.charting import Chart
from sessions_app.models import Lot, SessionAmpoule, StockMovement, TreatmentSession

_USED = StockMovement.Kind.USED
_LONGEST_NUMBER = 40


def lots_for(day: date, *, chosen: Collection[UUID] = (), numbers: Collection[str] = ()) -> list[Lot]:
    """Lots that may be used on that day with their `balance`, the open ones (`is_of_the_day`) first, then by expiry.

    Those that a draft names already, by id or by typed number, are among them whatever became of them. One query.
    """
    offered = Q(withdrawn_at__isnull=True, expires_on__gte=day, product__is_active=True)
    named = Q(public_id__in=chosen) if chosen else Q()
    for number in numbers:
        named |= Q(lot__iexact=number)
    found = (
        Lot.objects.filter(offered | named if named else offered)
        .select_related("product")
        .with_balance()
        .with_lot_of(day)
    )
    return sorted(
        found,
        key=lambda lot: (lot.product.strength_percent, not lot.is_of_the_day, lot.expires_on, lot.lot),  # type: ignore[attr-defined]
    )


def lots_named(day: date, sent: Mapping[str, Any] = MappingProxyType({})) -> list[Lot]:
    """`lots_for` a visit page: with the lots that its data names in the fields of its ampoules."""
    named = {name: str(sent[name]).strip() for name in sent if name.startswith("ampoule-")}
    chosen = {_id(value) for name, value in named.items() if name.endswith("-stock_lot")} - {None}
    numbers = {value for name, value in named.items() if name.endswith("-lot") and 0 < len(value) <= _LONGEST_NUMBER}
    return lots_for(day, chosen=[each for each in chosen if each], numbers=sorted(numbers))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def discarded(
    ampoules: Sequence[SessionAmpoule],
    used_ml: Mapping[Decimal, Decimal],
    *,
    ampoule_ml: Decimal,
    sizes: Mapping[int, Decimal] | None = None,
) -> list[Decimal]:
    """mL left over in the ampoules of each row, in order: single use, so it is thrown away.

    `used_ml` by strength; the rows of one strength are emptied in order. `ampoule_ml` is the size of an ampoule,
    `sizes` that of a stock lot by its key.
    """
    rest = dict(used_ml)
    over = []
    for row in ampoules:
        size = (sizes or {}).get(row.stock_lot_id or 0, ampoule_ml)
        held = row.opened * size
        taken = min(held, rest.get(row.strength_percent, Decimal(0)))
        rest[row.strength_percent] = rest.get(row.strength_percent, Decimal(0)) - taken
        over.append(held - taken)
    return over


def use_ampoules(chart: Chart, *, by: User, now: datetime) -> None:
    """What follows for the ampoules when a session is signed; inside its transaction, while its parts may be written.

    Writes the volume thrown away into the rows, and the movements of the lots that are in stock. One query, and two
    more when a lot is in stock.
    """
    session, rows = chart.session, chart.ampoules
    lots = [row.stock_lot for row in rows if row.stock_lot is not None]
    sizes = {lot.pk: lot.product.ampoule_ml for lot in lots}
    over = discarded(rows, chart.totals.by_strength_ml, ampoule_ml=chart.protocol.ampoule_ml, sizes=sizes)
    for row, left in zip(rows, over, strict=True):
        row.discarded_ml = left
    SessionAmpoule.objects.bulk_update(rows, ["discarded_ml"])
    if lots or session.amends_id is not None:
        take_from_stock(session, rows, by=by, now=now)


def give_back(session: TreatmentSession, *, by: User, now: datetime) -> None:
    """A correction says that the patient was not treated: what the lineage took out is in stock again."""
    take_from_stock(session, (), by=by, now=now)


def take_from_stock(
    session: TreatmentSession, ampoules: Iterable[SessionAmpoule], *, by: User, now: datetime
) -> list[StockMovement]:
    """Movements that bring what the lineage took to what these rows say: the difference per lot, nothing if none."""
    wanted: dict[int, int] = {}
    for row in ampoules:
        if row.stock_lot_id is not None:
            wanted[row.stock_lot_id] = wanted.get(row.stock_lot_id, 0) + row.opened
    before = dict(
        StockMovement.objects.filter(session_lineage=session.lineage, kind=_USED)
        .values_list("lot")
        .annotate(Sum("ampoules"))
        .order_by("lot")
    )
    differences = {lot: -wanted.get(lot, 0) - before.get(lot, 0) for lot in sorted({*wanted, *before})}
    return StockMovement.objects.bulk_create(
        StockMovement(
            lot_id=lot,
            kind=_USED,
            ampoules=difference,
            session_lineage=session.lineage,
            note="Correction" if session.amends_id is not None else "",
            at=now,
            by=by,
        )
        for lot, difference in differences.items()
        if difference
    )
