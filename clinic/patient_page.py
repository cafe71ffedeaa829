"""What other apps show on a patient's page. They register a panel at start, because imports point the other way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinic.access import Permission
from clinic.models import Patient, User

PanelContext = Callable[[Patient, User, datetime], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of the page: its template, who sees it, and where it stands (small `order` first).

    `context` is called with the patient, the reader and the present moment; None leaves the panel out.
    """

    name: str
    template: str
    context: PanelContext
    needs: Permission
    order: int = 50


_panels: dict[str, Panel] = {}


def register_panel(panel: Panel) -> None:
    _panels[panel.name] = panel


def panels_for(patient: Patient, reader: User, now: datetime) -> list[dict[str, Any]]:
    """Template and context of each panel that the reader may see."""
    shown = []
    for panel in sorted(_panels.values(), key=lambda each: (each.order, each.name)):
        context = panel.context(patient, reader, now) if reader.may(panel.needs) else None
        if context is not None:
            shown.append({"template": panel.template, **context})
    return shown
