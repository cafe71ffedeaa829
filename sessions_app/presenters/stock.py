"""What the pages of the stock show: products with their lots, one lot with its movements, and who got from a lot."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from clinic.access import Permission
from clinic.alerts import Alert
from clinic.models import Clinic, Patient, User
from clinic.protocol.checks.findings import plain
from clinic.protocol.zones import local_date
from sessions_app.amending import CLOSED
from sessions_app.facts import session_date
from sessions_app.models import Lot, LotOfTheDay, Product, SessionAmpoule, StockMovement, TreatmentSession
from sessions_app.wording import day_words, days_words

PAGE = 50


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot with what is there of it. ``tags``: (kind, words) of what must be seen; ``may_be_opened``: as today's."""

    lot: Lot
    balance: int
    expiry: str
    tags: list[tuple[str, str]]
    is_of_the_day: bool
    may_be_opened: bool


@dataclass(frozen=True, slots=True)
class ProductRow:
    product: Product
    words: str
    balance: int
    is_low: bool
    lots: list[LotRow] = field(default_factory=list)


def product_rows(*, today: date, warn_days: int, everything: bool = False) -> list[ProductRow]:
    """Products with the lots that still count; `everything` also shows what is used up. Two queries."""
    lots: dict[int, list[LotRow]] = {}
    for lot in Lot.objects.with_balance().with_lot_of(today):
        if lot.balance or lot.is_of_the_day or everything:  # type: ignore[attr-defined]
            lots.setdefault(lot.product_id, []).append(lot_row(lot, today=today, warn_days=warn_days))
    return [_product_row(product, lots.get(product.pk, []), today) for product in Product.objects.all()]


def _product_row(product: Product, lots: list[LotRow], today: date) -> ProductRow:
    """What is there counts only where it may be used."""
    usable = sum(row.balance for row in lots if row.lot.may_be_used_on(today))
    warn_below = product.low_stock_ampoules
    return ProductRow(
        product=product,
        words=product_words(product),
        balance=usable,
        is_low=product.is_active and warn_below is not None and usable < warn_below,
        lots=lots,
    )


def product_words(product: Product) -> str:
    """ "Invented Works, liquid, ampoules of 2 mL" """
    parts = [product.manufacturer, product.get_form_display().lower(), f"ampoules of {plain(product.ampoule_ml)} mL"]
    return ", ".join(part for part in [*parts, product.register_code] if part)


def lot_row(lot: Any, *, today: date, warn_days: int) -> LotRow:
    """`lot` with its balance and whether it is the open one today (`with_balance`, `with_lot_of`)."""
    return LotRow(
        lot=lot,
        balance=lot.balance,
        expiry=_day(lot.expires_on),
        tags=list(_tags(lot, today, warn_days)),
        is_of_the_day=lot.is_of_the_day,
        may_be_opened=lot.may_be_used_on(today) and not lot.is_of_the_day,
    )


def _tags(lot: Any, today: date, warn_days: int) -> Iterator[tuple[str, str]]:
    if lot.withdrawn_at is not None:
        yield "danger", "Withdrawn"
    if lot.expires_on < today:
        yield "danger", "Expired"
    elif (left := (lot.expires_on - today).days) <= warn_days:
        yield "attention", "Expires today" if not left else f"Expires in {days_words(left)}"
    if lot.balance < 0:
        yield "attention", "Below zero: count it"
    if lot.is_of_the_day:
        yield "accent", "Lot of the day"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


# --- One lot -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MovementRow:
    """``session``: the one that used them, for those who may open it."""

    when: str
    what: str
    ampoules: str
    who: str
    note: str
    session: UUID | None


def movement_rows(
    lot: Lot, *, reader: User, zone: ZoneInfo, number: int
) -> tuple[list[MovementRow], Page[StockMovement]]:
    """One page of a lot's movements, the newest first."""
    page = Paginator(lot.movements.select_related("by").order_by("-at", "-pk"), PAGE).get_page(number)
    sessions: dict[UUID, UUID] = {}
    if reader.may(Permission.VIEW_CHART):
        lineages = [row.session_lineage for row in page if row.session_lineage]
        known = TreatmentSession.objects.current().filter(lineage__in=lineages)
        sessions = dict(known.values_list("lineage", "public_id"))
    return [_movement(row, sessions, zone) for row in page], page


def _movement(row: StockMovement, sessions: dict[UUID, UUID], zone: ZoneInfo) -> MovementRow:
    return MovementRow(
        when=f"{_day(local_date(row.at, zone))}, {row.at.astimezone(zone):%H:%M}",
        what=row.get_kind_display(),
        ampoules=f"+{row.ampoules}" if row.ampoules > 0 else f"−{-row.ampoules}",
        who=str(row.by),
        note=row.note,
        session=sessions.get(row.session_lineage) if row.session_lineage else None,
    )


# --- Who got from a lot --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LotPatient:
    """One session in which ampoules of the lot were opened. ``state``: what is not simply signed, in words."""

    patient: Patient
    session: TreatmentSession
    when: str
    born: str
    what: str
    opened: int
    state: str


def patients_of(number: str, *, reader: User) -> list[LotPatient]:
    """Every session that names the lot, typed or from the stock, the newest first. One query.

    A version that was corrected counts only where the correction names the lot no longer, and says so: what is recalled
    may have been in the patient all the same.
    """
    superseded = TreatmentSession.objects.filter(amends=OuterRef("session"), status__in=CLOSED)
    rows = (
        SessionAmpoule.objects.filter(lot__iexact=number, session__in=TreatmentSession.objects.visible_to(reader))
        .select_related("session__patient", "session__nurse")
        .annotate(is_superseded=Exists(superseded))
        .order_by("-session__started_at", "-session")
    )
    by_lineage: dict[UUID, list[Any]] = {}
    for row in rows:
        by_lineage.setdefault(row.session.lineage, []).append(row)
    return [_lot_patient(found) for found in by_lineage.values()]


def _lot_patient(rows: Sequence[Any]) -> LotPatient:
    holding = [row for row in rows if not row.is_superseded] or rows
    closed = [row for row in holding if row.session.status in CLOSED] or holding
    newest = [row for row in closed if row.session == closed[0].session]
    session, patient = newest[0].session, newest[0].session.patient
    strengths = sorted({row.strength_percent for row in newest})
    day = session_date(session)
    return LotPatient(
        patient=patient,
        session=session,
        when=f"{day_words(day)} {day.year}",
        born=_day(patient.birth_date),
        what=" and ".join(f"{plain(strength)} %" for strength in strengths),
        opened=sum(row.opened for row in newest),
        state=_state(session, newest[0].is_superseded),
    )


def _state(session: TreatmentSession, is_superseded: bool) -> str:
    if is_superseded:
        return "Corrected since: another lot, or none"
    if session.status == TreatmentSession.Status.DRAFT:
        return "Not signed yet"
    return "Not treated" if session.status == TreatmentSession.Status.NOT_TREATED else ""


def known_lots(number: str) -> Sequence[Lot]:
    """The lots of the stock with this number; of several products there may be several."""
    return list(Lot.objects.filter(lot__iexact=number).select_related("product"))


# --- On every page ---------------------------------------------------------------------------------------------------


def stock_alerts(user: User) -> Iterable[Alert]:
    """One line for those who look after the stock, while a lot that is open today is about to expire."""
    if not user.may(Permission.MANAGE_STOCK):
        return
    clinic = Clinic.current()
    today = local_date(timezone.now(), clinic.zone)
    ending = LotOfTheDay.objects.filter(
        date=today, lot__expires_on__lte=today + timedelta(days=clinic.expiry_warning_days)
    ).select_related("lot")
    lots = [f"{row.lot.lot} until {day_words(row.lot.expires_on)}" for row in ending.order_by("lot__expires_on")]
    if lots:
        words = f"A lot in use may not be used much longer: {', '.join(lots)}."
        yield Alert(words, reverse("sessions_app:stock"), "Stock")
