"""What the page's small buttons do to its data: a row more or less, "now" for a time. Works without script too."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.http import QueryDict

from clinic.protocol.checks.findings import plain
from clinic.protocol.values import Protocol
from clinic.protocol.zones import local_time
from sessions_app.ampoules import lots_named
from sessions_app.facts import session_date, zone_of
from sessions_app.forms.after import INSTANTS
from sessions_app.forms.choices import PLACES
from sessions_app.forms.nurse import new_key
from sessions_app.forms.stored import site_as_data
from sessions_app.forms.treatment import AmpouleForm, SiteForm
from sessions_app.models import TreatedSite, TreatmentSession
from sessions_app.surroundings import last_session_before

_KEPT = ("vein_type", "strength", "strength_other", "each_ml", "needle_gauge", "technique")
_SAME_PLACE = (*_KEPT, "diameter_mm")
_KNOWN_PLACES = frozenset(place for place, _ in PLACES)


def after_button(sent: QueryDict, session: TreatmentSession, *, protocol: Protocol, now: datetime) -> QueryDict:
    """The sent data after the button ``do`` was applied: "now-ended_at", "walk", "remove-s2", "drop-s1", "add"."""
    verb, _, name = sent.get("do", "").partition("-")
    if not verb:
        return sent
    data = sent.copy()
    wall = f"{local_time(now, zone_of(session)):%H:%M}"
    if verb == "now" and name in INSTANTS:
        data[name] = wall
    elif verb == "walk":
        data["observation_started_at"] = wall
        if not data.get("ended_at"):
            data["ended_at"] = wall
    elif verb in ("remove", "drop"):
        rows = "site" if verb == "remove" else "ampoule"
        data.setlist(rows, [key for key in data.getlist(rows) if key != name])
    elif verb == "add" and data.get("add_place") in _KNOWN_PLACES:
        _append(data, "site", _begun_site(str(data["add_place"]), session, protocol))
    elif verb == "lot":
        _append(data, "ampoule", {})
    return data


def _append(data: QueryDict, name: str, row: Mapping[str, Any]) -> None:
    key = new_key()
    data.appendlist(name, key)
    for field, value in row.items():
        data[f"{name}-{key}-{field}"] = str(value)


def wanted_rows(query: QueryDict, session: TreatmentSession, protocol: Protocol) -> list[SiteForm] | list[AmpouleForm]:
    """New rows that a link asks for: ``place=left:knee`` or ``leg=left&segment=knee``, ``again=1``, ``lot=1``.

    ``same=3``: site 3 of the last session; ``again=1``: all of them.

    They are shown, not stored: the page saves them with everything else.
    """
    if query.get("lot"):
        day = session_date(session)
        return [_form(AmpouleForm, "ampoule", {}, lots=lots_named(day), day=day)]
    place = query.get("place") or f"{query.get('leg', '')}:{query.get('segment', '')}"
    if place in _KNOWN_PLACES:
        return [_site_form(_begun_site(place, session, protocol), protocol)]
    same = str(query.get("same", ""))
    if same.isdecimal():
        return [_site_form(row, protocol) for row in _same_as_last_time(session, protocol, only=same)]
    if query.get("again"):
        return [_site_form(row, protocol) for row in _same_as_last_time(session, protocol)]
    return []


def _begun_site(place: str, session: TreatmentSession, protocol: Protocol) -> dict[str, Any]:
    """A new site with what is likely: as last time at this place, otherwise as the site before it. Never a number of
    injections: what was given is typed each time.
    """
    last = last_session_before(session)
    there = [] if last is None else [site for site in last.sites.all() if f"{site.leg}:{site.segment}" == place]
    if there:
        return {"place": place, **_part_of(there[-1], protocol, _SAME_PLACE)}
    before = session.sites.last()
    return {"place": place, **(_part_of(before, protocol, _KEPT) if before else {})}


def _same_as_last_time(session: TreatmentSession, protocol: Protocol, *, only: str = "") -> Iterable[dict[str, Any]]:
    """All sites of the last session, or the one at a position. The number of injections is never among them."""
    last = last_session_before(session)
    for site in last.sites.all() if last else ():
        if only and only != str(site.position):
            continue
        yield {"place": f"{site.leg}:{site.segment}", **_part_of(site, protocol, _SAME_PLACE)}


def _part_of(site: TreatedSite, protocol: Protocol, names: Iterable[str]) -> dict[str, Any]:
    known = site_as_data(site, protocol)
    part = {name: known[name] for name in names if known.get(name) not in (None, "")}
    if site.treated_length_cm is not None and "diameter_mm" in names:
        part["treated_length_cm"] = plain(site.treated_length_cm)
    return part


def _site_form(row: Mapping[str, Any], protocol: Protocol) -> SiteForm:
    form: SiteForm = _form(SiteForm, "site", row, protocol=protocol)
    return form


def _form(kind: Any, name: str, row: Mapping[str, Any], **options: Any) -> Any:
    data, prefix = QueryDict(mutable=True), f"{name}-{new_key()}"
    for field, value in row.items():
        data[f"{prefix}-{field}"] = str(value)
    form = kind(data, prefix=prefix, **options)
    form.is_valid()
    return form
