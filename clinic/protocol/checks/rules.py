"""What the rules of a logged session share: their form, and how they name sites."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from clinic.protocol.checks.facts import LoggingFacts, SiteFacts
from clinic.protocol.checks.findings import Finding
from clinic.protocol.checks.totals import Totals
from clinic.protocol.values import Protocol

Rule: TypeAlias = Callable[[LoggingFacts, Totals, Protocol], Finding | None]
"""One check: nothing, or what it found."""


def where(sites: Iterable[SiteFacts], test: Callable[[SiteFacts], bool]) -> tuple[int, ...]:
    """The positions (from 0) of the sites that pass the test."""
    return tuple(position for position, site in enumerate(sites) if test(site))


def named(facts: LoggingFacts, positions: Iterable[int]) -> str:
    """Sites by number and place: ``site 2 (left calf medial)``; after three, how many more."""
    names = []
    for position in positions:
        name = facts.sites[position].name
        names.append(f"site {position + 1} ({name})" if name else f"site {position + 1}")
    return listed(names)


def listed(names: list[str]) -> str:
    """A list in words that stays short: after three, how many more."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def at(finding: Finding, positions: tuple[int, ...]) -> Finding:
    """The finding, pointing at sites."""
    return replace(finding, sites=positions)


def has_text(text: str | None) -> bool:
    """Whether a text was entered."""
    return bool(text and text.strip())
