"""Why an item of a plan is as long as it is, in a sentence for staff; made from the rule that is stored with it."""

from collections.abc import Iterable, Sequence

from clinic.protocol import AVOID_ITEMS, DecidedBy, ItemKey, Leg, PlanItem, VeinType
from sessions_app.models import TreatedSite
from sessions_app.wording import list_words


def days_words(days: str | int) -> str:
    return "1 day" if str(days) == "1" else f"{days} days"


class Reasons:
    """Knows the treated sites, so that a reason can name the place that decided."""

    def __init__(self, sites: Iterable[TreatedSite]) -> None:
        self.sites = list(sites)

    def why(self, item: PlanItem) -> str:
        """`7 days, because a reticular vein was treated (left popliteal)`."""
        values = dict(item.rule.values)
        if item.key is ItemKey.COMPRESSION_CONTINUOUS:
            return self._continuous(item, values)
        if item.key is ItemKey.COMPRESSION_DAYTIME:
            return _daytime(item, values)
        if item.key is ItemKey.WALK_DAILY:
            days, minutes = values[f"walk_daily_days.{item.rule.decided_by}"], values["minutes a day"]
            return f"{days_words(days)} for {_kind(item.rule.decided_by)}, {minutes.replace('-', '–')} min a day"
        if item.key in AVOID_ITEMS:
            return _avoid(item, values)
        return _fixed(item.key, values)

    def _continuous(self, item: PlanItem, values: dict[str, str]) -> str:
        decided_by = item.rule.decided_by
        if decided_by is DecidedBy.EXTENSIVE:
            return f"{days_words(values['extensive_days entered'])}, entered for extensive veins"
        days = days_words(values[f"{decided_by}.continuous_days"])
        places = self._places(decided_by, item.leg)
        if not places:
            return f"{days} for {_kind(decided_by)}"
        treated = f"a {decided_by} vein was" if len(places) == 1 else f"{decided_by} veins were"
        return f"{days}, because {treated} treated ({list_words(places)})"

    def _places(self, vein_type: VeinType | DecidedBy, leg: Leg | None) -> list[str]:
        """Where veins of that type were treated, each place once: `left popliteal`."""
        found = (
            f"{site.leg} {site.segment.replace('_', ' ')}"
            for site in self.sites
            if site.vein_type == vein_type and (leg is None or site.leg == leg)
        )
        return list(dict.fromkeys(found))


def _kind(decided_by: VeinType | DecidedBy) -> str:
    words: dict[str, str] = {DecidedBy.EXTENSIVE: "extensive veins", DecidedBy.EVERY_TYPE: "every vein type"}
    return words.get(decided_by, f"{decided_by} veins")


def _daytime(item: PlanItem, values: dict[str, str]) -> str:
    if item.rule.decided_by is DecidedBy.EXTENSIVE:
        return f"As long as day and night: {days_words(values['continuous days'])}"
    if values["daytime_anchor"] == "AFTER_CONTINUOUS":
        return f"{days_words(values['daytime_days'])} after day and night, every vein type"
    return f"Through day {values['daytime_days']} from the session, every vein type"


def _avoid(item: PlanItem, values: dict[str, str]) -> str:
    if item.rule.decided_by is DecidedBy.VTE_RISK:
        return f"{days_words(values['flight_advisory_days'])}, because a thrombosis risk is recorded"
    days = next(value for key, value in item.rule.values if key.startswith("avoid_days."))
    return f"{days_words(days)} for every vein type"


def _fixed(key: ItemKey, values: dict[str, str]) -> str:
    if key in (ItemKey.OBSERVATION, ItemKey.WALK_IMMEDIATE):
        name = "observation_minutes" if key is ItemKey.OBSERVATION else "walk_now_minutes"
        return f"{values[name]} min, at least {values[f'{name}_min']}"
    if key is ItemKey.BREASTFEEDING_PAUSE:
        return f"{values['breastfeeding_pause_hours']} hours, because breastfeeding is recorded"
    if key is ItemKey.WATCH_WINDOW:
        return f"Through day {values['watch_days']} after the session"
    first, last = values.values()
    return f"Day {first} to day {last} after the session"


def joined(keys: Sequence[str]) -> str:
    """`Heavy exercise, sunbathing and hot bath or sauna`: a sentence's case."""
    return list_words([key if number == 0 else key[:1].lower() + key[1:] for number, key in enumerate(keys)])
