"""What stands in the place of the stocking while a report speaks against it: what was told, then what the plan says."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from aftercare.presenters.words import Clock, leg_name
from aftercare.stocking_told import OffFor, StockingTold
from aftercare.stocking_word import off_words
from aftercare.today import Phase, Stocking, Today


def off_title(told: StockingTold) -> str:
    return gettext("Leave the stocking off") if told.said else gettext("Take the stocking off")


def off_since(told: StockingTold, clock: Clock, *, seen_at: datetime | None, is_carer: bool = False) -> str:
    """`As we told you after your report of Mon 23 Nov, 10:12. …`; empty where nobody was told to take it off.

    `seen_at`: the next visit, where one is booked.
    """
    if told.said is not None:
        return _off_for(told.said, clock, seen_at=seen_at, is_carer=is_carer)
    if told.off_since is None:
        return ""
    if told.by_patient and not is_carer:
        words = gettext("As we told you after your report of %(when)s. We tell you when to put it on again.")
    else:
        words = gettext("As we said after the report of %(when)s. We tell you when to put it on again.")
    return words % {"when": clock.moment(told.off_since)}


def _off_for(said: OffFor, clock: Clock, *, seen_at: datetime | None, is_carer: bool) -> str:
    """`Until your visit tomorrow, 09:00. We told you so on Mon 23 Nov, 10:40.`"""
    if said.on_again_at is not None:
        until = gettext("Wear it again from %(day)s.") % {"day": clock.until_day(clock.date_of(said.on_again_at))}
    elif seen_at is not None:
        until = gettext("Until the visit: %(when)s.") % {"when": clock.near(seen_at)}
    else:
        until = gettext("Until the clinic has looked at the leg. No visit is booked: call the clinic.")
    so = gettext("The clinic said so on %(when)s.") if is_carer else gettext("We told you so on %(when)s.")
    return f"{until} {so % {'when': clock.moment(said.said_at)}}"


def pause_ends_at(told: StockingTold | None) -> datetime | None:
    """When the stocking is worn again, where that was said; what a visit finds nobody knows before it."""
    return told.said.on_again_at if told is not None and told.said is not None else None


def off_sentence(told: StockingTold, clock: Clock, *, seen_at: datetime | None, is_carer: bool = False) -> str:
    """Title and reason in one line."""
    return f"{off_title(told)}. {off_since(told, clock, seen_at=seen_at, is_carer=is_carer)}"


def plan_says(today: Today, clock: Clock) -> str:
    """The plan's own line on the stocking, as a quotation; empty while it asks for none."""
    if not today.stockings:
        return ""
    if len(today.stockings) > 1:
        legs = "; ".join(leg_line(each, clock) for each in today.stockings)
        return gettext("Your plan says: %(legs)s.") % {"legs": legs}
    stocking = today.stockings[0]
    return gettext("Your plan says: “%(what)s” until %(when)s.") % {
        "what": stocking_title(stocking),
        "when": until_words(stocking, clock),
    }


def off_for_staff(told: StockingTold, zone: ZoneInfo) -> str:
    """Why the stocking is off all the same; empty where the plan holds."""
    if told.said is not None:
        return f"{off_words(told.said.on_again_at, zone)}, by a clinician's word. Their page says so."
    if told.off_since is not None:
        return "Told to take the stocking off after a report that is not answered yet. Their page says so."
    return ""


def page_again(today: Today, clock: Clock) -> str:
    """For who calls somebody that was told to take the stocking off: what their page says once they are reached."""
    if not today.stockings:
        return ""
    if len(today.stockings) > 1:
        plan = "; ".join(leg_line(each, clock) for each in today.stockings)
    else:
        plan = f"“{stocking_title(today.stockings[0])}” until {until_words(today.stockings[0], clock)}"
    return (
        "Their page says to take the stocking off until a clinician has reached them. Then it says what the plan says: "
        f"{plan}. Tell them what holds."
    )


def stocking_title(stocking: Stocking) -> str:
    is_continuous = stocking.phase is Phase.CONTINUOUS
    return gettext("Stocking on, day and night") if is_continuous else gettext("Stocking on by day")


def until_words(stocking: Stocking, clock: Clock) -> str:
    """When the phase ends: an instant day and night, a date by day."""
    if stocking.phase is Phase.CONTINUOUS:
        return clock.until(stocking.until)
    return clock.until_day(stocking.last_date)


def leg_line(stocking: Stocking, clock: Clock) -> str:
    """`Left leg: day and night until tomorrow, 10:30`."""
    is_continuous = stocking.phase is Phase.CONTINUOUS
    words = (
        gettext("%(leg)s: day and night until %(when)s") if is_continuous else gettext("%(leg)s: by day until %(when)s")
    )
    return words % {"leg": leg_name(stocking.legs), "when": until_words(stocking, clock)}
