"""Rounds, ratios and their report. Both sides run interleaved, so that a noisy machine is noisy to both."""

import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from django.db import connection
from django.test.utils import CaptureQueriesContext

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Goal:
    """How the product's figure must compare to the yardstick's: `at most 2.5 ×`, or `at least 0.25 ×`."""

    side: Literal["at most", "at least"]
    ratio: float
    aim: float | None = None

    def verdict(self, ratio: float) -> str:
        def reached(target: float) -> bool:
            return ratio <= target if self.side == "at most" else ratio >= target

        if self.aim is not None and reached(self.aim):
            return "aim reached"
        return "goal reached" if reached(self.ratio) else "SHORT"

    def __str__(self) -> str:
        aim = f", aim {self.aim:g}" if self.aim is not None else ""
        return f"{'≤' if self.side == 'at most' else '≥'} {self.ratio:g}{aim}"


@dataclass(frozen=True)
class Result:
    """One comparison: a figure per round on either side, in `unit`, and what was noticed beside it."""

    name: str
    yardstick: str
    unit: str
    ours: list[float]
    theirs: list[float]
    goal: Goal | None = None
    notes: dict[str, str | int | float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Median over the rounds of ours / theirs of the same round."""
        return statistics.median(our / their for our, their in zip(self.ours, self.theirs, strict=True))

    @property
    def verdict(self) -> str:
        return self.goal.verdict(self.ratio) if self.goal else ""


@dataclass(frozen=True)
class Kept:
    """A promise instead of a ratio: how often it was tried and what broke it; nothing may."""

    name: str
    promise: str
    tried: int
    broken_by: list[str]
    notes: dict[str, str | int | float] = field(default_factory=dict)

    @property
    def broken(self) -> bool:
        return bool(self.broken_by)

    @property
    def verdict(self) -> str:
        return f"BROKEN: {self.broken_by[0]}" if self.broken_by else "kept"


@dataclass(frozen=True)
class Left:
    """A comparison that could not be made here, and why; `broken` when it should have been."""

    name: str
    why: str
    broken: bool = False


def interleave(
    ours: Callable[[], float], theirs: Callable[[], float], *, rounds: int
) -> tuple[list[float], list[float]]:
    """Figures of both sides per round; who goes first changes from round to round."""
    figures: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            figures[side].append((ours, theirs)[side]())
    return figures


def interleave_calls(
    ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int, calls: int, warm: int = 10
) -> tuple[list[float], list[float]]:
    """Median milliseconds of a call per round, the two sides taking turns call by call."""
    for _ in range(warm):
        ours()
        theirs()
    medians: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        times: tuple[list[float], list[float]] = ([], [])
        for number in range(calls):
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                started = time.perf_counter()
                (ours, theirs)[side]()
                times[side].append((time.perf_counter() - started) * 1000)
        for side in (0, 1):
            medians[side].append(statistics.median(times[side]))
    return medians


def per_second(milliseconds: Sequence[float]) -> list[float]:
    return [1000 / figure for figure in milliseconds]


def queries_of(work: Callable[[], object]) -> int:
    """How many queries a piece of work sends."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def _figure(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.4g}"


def table(results: Sequence[Result | Kept | Left]) -> str:
    heads = ("benchmark", "ours", "yardstick", "unit", "ratio", "goal", "", "notes")
    rows = [heads]
    for result in results:
        if isinstance(result, Left):
            rows.append((result.name, "", "", "", "", "", f"not run: {result.why}", ""))
            continue
        notes = ", ".join(f"{name} {value}" for name, value in result.notes.items())
        if isinstance(result, Kept):
            rows.append((result.name, str(result.tried), result.promise, "times", "", "", result.verdict, notes))
            continue
        figures = (_figure(result.ours), f"{_figure(result.theirs)} {result.yardstick}", result.unit)
        rows.append((result.name, *figures, f"{result.ratio:.2f}", str(result.goal or ""), result.verdict, notes))
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    widths[6] = min(widths[6], 12)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def write(results: Sequence[Result | Kept | Left], *, size: int, database: str) -> Path:
    """Everything that was measured, as JSON in bench/results."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}-{database}-{size}.json"
    rows = [
        {
            **asdict(result),
            **({"ratio": result.ratio} if isinstance(result, Result) else {}),
            **({} if isinstance(result, Left) else {"verdict": result.verdict}),
        }
        for result in results
    ]
    machine = f"{platform.processor() or platform.machine()}, Python {platform.python_version()}"
    file.write_text(
        json.dumps({"appointments": size, "database": database, "machine": machine, "results": rows}, indent=1)
    )
    return file
