"""What other apps show on a patient's page. They register a panel at start, because imports point the other way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinic.access import Permission
from clinic.models import Patient, User

PanelContext = Callable[[Patient, User, datetime], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of the page: its template, who sees it, and where it stands (small `order` first).

    `context` is called with the patient, the reader and the present moment; None leaves the panel out. What it says as
    `places` are ids of headings with their words, for the links at the head of the page; as `alerts` lines under the
    name; as `glance` what of it is to be seen with the allergies, before everything else. `is_beside`: it stands beside
    the record, for readers of charts.
    """

    name: str
    template: str
    context: PanelContext
    needs: Permission
    order: int = 50
    is_beside: bool = False


@dataclass(frozen=True, slots=True)
class Glance:
    """One fact of a panel in the head of the page. ``is_quiet``: there is none, and the words say so."""

    title: str
    words: str
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class HeadLink:
    """A button in the head of the page; `url` is asked with the patient."""

    name: str
    words: str
    icon: str
    url: Callable[[Patient], str]
    needs: Permission


@dataclass(frozen=True, slots=True)
class HeadAlert:
    """One line under the patient's name. ``holds_booking``: a clinician decides before the next treatment is booked."""

    words: str
    url: str = ""
    link: str = ""
    is_urgent: bool = False
    holds_booking: bool = False


HeadAlertSource = Callable[[Patient, User], list[HeadAlert]]
_panels: dict[str, Panel] = {}
_head_alerts: dict[str, HeadAlertSource] = {}
_head_links: dict[str, HeadLink] = {}


def register_panel(panel: Panel) -> None:
    _panels[panel.name] = panel


def register_head_link(link: HeadLink) -> None:
    _head_links[link.name] = link


def register_head_alerts(name: str, source: HeadAlertSource) -> None:
    _head_alerts[name] = source


def head_alerts_for(patient: Patient, reader: User, panels: Sequence[Mapping[str, Any]] = ()) -> list[HeadAlert]:
    """What the reader must know of this patient before anything else, urgent lines first; with those of `panels`."""
    found = [alert for source in _head_alerts.values() for alert in source(patient, reader)]
    found += [alert for panel in panels for alert in panel.get("alerts", ())]
    return sorted(found, key=lambda alert: not alert.is_urgent)


def head_links_for(patient: Patient, reader: User) -> list[dict[str, str]]:
    """Words, icon and address of each button that the reader may press."""
    return [
        {"words": link.words, "icon": link.icon, "url": link.url(patient)}
        for link in _head_links.values()
        if reader.may(link.needs)
    ]


def panels_for(patient: Patient, reader: User, now: datetime) -> list[dict[str, Any]]:
    """Template and context of each panel that the reader may see."""
    shown = []
    for panel in sorted(_panels.values(), key=lambda each: (each.order, each.name)):
        context = panel.context(patient, reader, now) if reader.may(panel.needs) else None
        if context is not None:
            shown.append({"template": panel.template, "is_beside": panel.is_beside, **context})
    return shown
