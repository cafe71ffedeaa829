"""Write the letters of a batch: one statement makes all their portal links, then each text stands or fails alone."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinic.models import Clinic, Delivery, PortalLink
from clinic.notifications.channels.base import Letter
from clinic.notifications.consent import Way
from clinic.notifications.letters import Cache, render
from clinic.notifications.logs import describe
from clinic.notifications.opt_out import stop_url
from clinic.notifications.recheck import Ready
from clinic.portal import WantedLink, make_links

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A delivery with its letter, or without one where the text could not be written: that is a failed try."""

    delivery: Delivery
    way: Way
    letter: Letter | None


def write(ready: Sequence[Ready], *, now: datetime) -> list[Prepared]:
    """The letters of the rows, in their order. A link of a row that does not leave after all simply ends unused."""
    if not ready:
        return []
    clinic = Clinic.current()
    links = make_links([_link_for(row) for row in ready], now)
    cache: Cache = {}
    return [
        Prepared(row.delivery, row.way, _letter(row.delivery, row.way, row.context, link, clinic, cache))
        for row, link in zip(ready, links, strict=True)
    ]


def _link_for(row: Ready) -> WantedLink:
    facts = row.context or {}
    return WantedLink(
        row.delivery.patient, facts.get("link_expires_at"), facts.get("link_leads_to", PortalLink.LeadsTo.TODAY)
    )


def _letter(
    delivery: Delivery, way: Way, context: Mapping[str, Any] | None, link: str, clinic: Clinic, cache: Cache
) -> Letter | None:
    if context is None:
        return None  # its source did not answer, and that is in the log already
    try:
        return render(
            delivery,
            context,
            clinic=clinic,
            to=way.address,
            link=link,
            stop_url=stop_url(delivery.pk),
            cache=cache,
        )
    except Exception as error:
        logger.error("the text of delivery %s failed with %s", delivery.pk, describe(error))
        return None
