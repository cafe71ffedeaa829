"""Limits on tries, counted in the shared cache: exact also when many processes try at once.

The limits stand in `settings.ACCOUNT_RATE_LIMITS` ("10/15m/key,30/15m/ip": amount, window, per account or per address).
django-allauth's counters are used with one rule added: a try that one limit refuses costs nothing on the others, so an
address that is blocked cannot go on to block accounts.
"""

import math
import time
from dataclasses import dataclass, field

from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.http import HttpRequest

_APP = "allauth.account"


class TooMany(Exception):
    """A limit is used up; it frees by itself."""

    def __init__(self, *, per: str, seconds: int, is_new: bool) -> None:
        super().__init__(f"too many tries per {per}")
        self.per = per  # "ip" or "key"
        self.seconds = seconds  # until the next try counts again
        self.is_new = is_new  # the first refusal of this lock


@dataclass(slots=True)
class Try:
    """One counted try. `give_back` makes it as if it had not been, for tries that turned out to be right."""

    _usages: list[ratelimit.RateLimitUsage] = field(default_factory=list)

    def give_back(self) -> None:
        for usage in self._usages:
            usage.rollback()


def count(request: HttpRequest, action: str, *, key: str) -> Try:
    """Count one try on every limit of `action`, or on none and raise `TooMany`."""
    counted = Try()
    for rate in ratelimit.get_rates(app=_APP, action=action):
        usage = ratelimit.consume(
            request, app=_APP, action=action, config={action: _text(rate)}, key=key, limit_get=True
        )
        if usage is None:
            counted.give_back()
            raise _refusal(request, action, rate, key)
        counted._usages.append(usage)
    return counted


def forget(request: HttpRequest, action: str, *, key: str) -> None:
    """Lift the limits of one account; those of the address stay."""
    rates = [rate for rate in ratelimit.get_rates(app=_APP, action=action) if rate.per == "key"]
    limits = ",".join(_text(rate) for rate in rates)
    ratelimit.clear(request, app=_APP, action=action, config={action: limits}, key=key)


def _text(rate: ratelimit.Rate) -> str:
    return f"{rate.amount}/{rate.duration}s/{rate.per}"


def _refusal(request: HttpRequest, action: str, rate: ratelimit.Rate, key: str) -> TooMany:
    name = ratelimit.get_cache_key(request, app=_APP, action=action, rate=rate, key=key)
    tries = cache.get(name) or []
    seconds = max(1, math.ceil(tries[-1] + rate.duration - time.time())) if len(tries) >= rate.amount else 1
    return TooMany(per=rate.per, seconds=seconds, is_new=cache.add(f"{name}:refused", True, timeout=seconds))
