"""Random requests over every form, as everybody who may fill it: nothing breaks, nothing is slow, nothing leaks.

The seed is fixed, so that what is found once is found again.
"""

import random
import string
import sys
import time
import traceback
import uuid

import pytest
from django.core.signals import got_request_exception

from tests.security.addresses import every_address
from tests.security.forms_of import forms_of
from tests.security.routes import EVERYBODY as ANYBODY
from tests.security.routes import ROUTES
from tests.security.world import STAFF

pytestmark = pytest.mark.django_db

REQUESTS = 300
SLOW = 10.0  # seconds; on a machine with nothing else to do a request takes milliseconds
ADDRESSES = every_address()
ODD = [
    *("", " ", "0", "-1", "1.5", "1e309", "NaN", "Infinity", "-0", "0x10", "1_000", "٣", "①", "½", "+1", "1,5"),
    *("9" * 400, "9" * 5000, "-9223372036854775809", "9223372036854775808", "2147483648", "1" + "0" * 40),
    *("2026-02-30", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "2026-13-01", "20260113", "13/01/2026"),
    *(
        "24:00",
        "25:61",
        "23:59:59.999999",
        "2026-01-13T10:00:00+99:99",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59",
    ),
    *("2026-01-13T10:00:00+00:00|1", "2026-01-13T10:00:00Z|", "|", "||", "9999-12-31T23:59:59+00:00|1", "x|y"),
    *("\x00", "a\x00b", "a\r\nBcc: x@evil.example", "\u2028", "\ufeff", "\u202eabc", "Z͑ͫ̓ͪ̂ͫ̽", "😀" * 40, "\U0010ffff"),
    *("<script>alert(1)</script>", "{{ 7*7 }}", "{% debug %}", "%s%n", "${7*7}", "'; DROP TABLE x;--", "' OR 1=1 --"),
    *("../../etc/passwd", "javascript:alert(1)", "//evil.example", "on", "true", "null", "[]", "{}", "[object Object]"),
    *("+12125550100", "+999999999999999", "911", "a@b", "a@b.example", "a" * 250 + "@b.example", "@", "é@ü.example"),
    *("a" * 10_000, " a" * 3_000, "\t\n\r", "\\", '"', "%00", "&#0;", "nurse", "signed", "patient"),
]
FORGED = ["is_staff", "role", "roles", "patient", "patient_id", "signed_by", "status", "version", "due_at", "id", "pk"]


def _forms(world, undone, who):
    """Every address that this person may post to, with the fields that pages offer for it."""
    targets = {}
    for address in ADDRESSES:
        route = ROUTES[address.label]
        if "POST" in route.methods and route.who & {who, *ANYBODY}:
            targets.setdefault(address.path(world), {})
    for address in ADDRESSES:
        if not ROUTES[address.label].who & {who, *ANYBODY}:
            continue
        path = address.path(world)
        with undone():
            page = world.browser(who).get(path)
        if page.status_code == 200 and "html" in page.headers["Content-Type"]:
            for target, fields in forms_of(page.content.decode(), path).items():
                if target in targets:
                    for name, values in fields.items():
                        targets[target].setdefault(name, []).extend(values)
    return targets


def _value(rng, world, offered):
    chance = rng.random()
    if offered and chance < 0.5:
        return rng.choice(offered)
    if chance < 0.6:
        # PostgreSQL stores no NUL: what reads a field without a form must think of it.
        return f"{rng.choice(offered) if offered else 'a'}\x00b"
    if chance < 0.85:
        return rng.choice(ODD)
    if chance < 0.9:
        return rng.choice(list(world.values.values()))
    if chance < 0.95:
        return str(uuid.UUID(int=rng.getrandbits(128)))
    return "".join(rng.choices(string.printable, k=rng.randrange(60)))


def _body(rng, world, fields):
    body = {}
    for name, offered in fields.items():
        if name != "csrfmiddlewaretoken" and rng.random() < 0.85:
            body[name] = [_value(rng, world, offered) for _ in range(rng.choice((1, 1, 1, 1, 2)))]
    for name in rng.sample(FORGED, rng.randrange(3)):
        body.setdefault(name, [_value(rng, world, [])])
    return body


def _query(rng, world):
    names = rng.sample(["q", "date", "at", "nurse", "patient", "service", "page", "show", "item", "who", "add"], 2)
    return {name: _value(rng, world, []) for name in names} if rng.random() < 0.3 else {}


@pytest.fixture
def broken():
    """Where in the code each server error came from, newest last."""
    places = []

    def note(sender, request, **_):
        kind, error, trace = sys.exc_info()
        frames = traceback.extract_tb(trace)
        last = ([frame for frame in frames if "site-packages" not in frame.filename] or frames)[-1]
        places.append(f"{kind.__name__}: {error} at {last.filename}:{last.lineno}")

    got_request_exception.connect(note)
    yield places
    got_request_exception.disconnect(note)


@pytest.mark.parametrize("who", ["anonymous", "patient_a", *STAFF])
def test_nothing_that_is_typed_into_a_form_breaks_a_page(world, undone, broken, who):
    rng = random.Random(f"legwork {who}")
    targets = _forms(world, undone, who)
    paths, wrong = sorted(targets), []
    for number in range(REQUESTS):
        path = paths[number % len(paths)]
        body, query = _body(rng, world, targets[path]), _query(rng, world)
        headers = {"hx-request": "true"} if rng.random() < 0.4 else {}
        method = rng.choice(("POST", "POST", "POST", "POST", "GET"))
        began = time.monotonic()
        with undone():
            browser = world.browser(who)
            if method == "POST":
                response = browser.post(path, body, query_params=query, headers=headers)
            else:
                response = browser.get(path, query_params={**body, **query}, headers=headers)
        took, text = time.monotonic() - began, response.content.decode().casefold()
        if response.status_code >= 500 or took > SLOW:
            wrong.append((response.status_code, broken[-1:], round(took, 1), method, path, query, body))
        wrong += [(word, method, path, query, body) for word in world.must_not_see(who) if word.casefold() in text]

    assert wrong == []
