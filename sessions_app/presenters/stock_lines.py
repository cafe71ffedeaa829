"""The words under each line of ampoules: how many are needed, what is left over, what is wrong with the lot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from clinic.protocol.checks.findings import plain
from sessions_app.ampoules import discarded
from sessions_app.charting import Chart
from sessions_app.forms.treatment import AmpouleForm
from sessions_app.models import SessionAmpoule


@dataclass(frozen=True, slots=True)
class AmpouleLine:
    """``suggested``: ampoules that would hold what was injected, 0 for nothing to suggest."""

    key: str
    suggested: int
    words: str
    warning: str

    @property
    def digest(self) -> str:
        return f"{self.suggested}|{self.words}|{self.warning}"


def ampoule_lines(forms: Sequence[AmpouleForm], chart: Chart) -> list[AmpouleLine]:
    """One per line of the page, in its order; by what is saved of the sites."""
    rows = [_row(form) for form in forms]
    sizes = {form.chosen_lot.pk: form.chosen_lot.product.ampoule_ml for form in forms if form.chosen_lot}
    left = discarded(rows, chart.totals.by_strength_ml, ampoule_ml=chart.protocol.ampoule_ml, sizes=sizes)
    return [_line(form, row, over, rows, chart) for form, row, over in zip(forms, rows, left, strict=True)]


def _row(form: AmpouleForm) -> SessionAmpoule:
    given = form.cleaned_data if form.is_bound and hasattr(form, "cleaned_data") else {}
    lot = form.chosen_lot
    return SessionAmpoule(
        strength_percent=given.get("strength_percent") or Decimal(0),
        opened=given.get("opened") or 0,
        stock_lot_id=lot.pk if lot else None,
    )


def _line(
    form: AmpouleForm, row: SessionAmpoule, over: Decimal, rows: Sequence[SessionAmpoule], chart: Chart
) -> AmpouleLine:
    same = [each for each in rows if each.strength_percent == row.strength_percent]
    volume = chart.totals.by_strength_ml.get(row.strength_percent, Decimal(0))
    needed = chart.totals.ampoules_min.get(row.strength_percent, 0)
    lacking = needed - sum(each.opened for each in same)
    words = ""
    if lacking > 0:
        words = f"{plain(volume)} mL {'needs' if needed == 1 else 'need'} {needed}"
    elif row.opened:
        words = f"{plain(over)} mL left over: thrown away" if over else "Nothing left over"
    warnings = [*_of_the_number(form, row, over, volume, chart), *_of_the_lot(form, row, chart)]
    return AmpouleLine(form.key, row.opened + lacking if lacking > 0 else 0, words, " ".join(warnings))


def _of_the_lot(form: AmpouleForm, row: SessionAmpoule, chart: Chart) -> Iterator[str]:
    lot = form.chosen_lot
    if lot is None:
        return
    if lot.withdrawn_at is not None:
        yield f"Lot {lot.lot} is withdrawn: {lot.withdrawn_why}"
        return
    # What a correction corrects has taken its ampoules already.
    left = max(lot.balance, 0)  # type: ignore[attr-defined]
    if row.opened > left and chart.session.amends_id is None:
        yield f"Lot {lot.lot}: {left or 'none'} left in stock. Look at the number and at the lot on the ampoule."


def _of_the_number(
    form: AmpouleForm, row: SessionAmpoule, over: Decimal, volume: Decimal, chart: Chart
) -> Iterator[str]:
    """Whole ampoules of which nothing was injected: opened for nothing, or a slip of the number."""
    lot = form.chosen_lot
    unused = int(over // (lot.product.ampoule_ml if lot else chart.protocol.ampoule_ml))
    if volume and unused:
        yield f"{unused} of {row.opened} not needed for {plain(volume)} mL. Check the number."
