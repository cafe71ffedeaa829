"""Every address, for everybody, by every method: the answer, its headers, what is written, and whose data it shows."""

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import AuditEvent
from tests.security.addresses import every_address
from tests.security.defences import faults
from tests.security.routes import EVERYBODY as ANYBODY
from tests.security.routes import ROUTES, STAFF
from tests.security.world import EVERYBODY

pytestmark = pytest.mark.django_db

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
ADDRESSES = every_address()
# What may be written although nothing was changed: who looked at what, sessions, the throttles' counters, and when a
# calendar was last read.
NOTES = ("clinic_auditevent", "django_session", "clinic_cache", "sessions_app_calendarfeed")
# A page with the staff's bar; on each of them an open report must not be overlooked.
BAR, ALERTS = b'class="role-nav"', b'class="page-alerts"'
WRITES = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.I)


def each(addresses):
    return pytest.mark.parametrize("address", addresses, ids=[address.label for address in addresses])


def test_every_address_is_in_the_table_and_nothing_else_is():
    assert sorted(ROUTES) == sorted(address.label for address in ADDRESSES)


def test_every_parameter_of_an_address_has_an_object():
    needed = {address.label: set(address.params) for address in ADDRESSES}

    assert {label: set(route.params) for label, route in ROUTES.items()} == needed


@each(ADDRESSES)
def test_an_address_answers_as_written_and_shows_nothing_of_somebody_else(world, undone, address):
    route, path = ROUTES[address.label], address.path(world)
    wrong = []
    for who in EVERYBODY:
        for method in METHODS:
            with undone(), CaptureQueriesContext(connection) as queries:
                response = world.browser(who).generic(method, path)
            expected, case = route.expected(who, method), f"{who} {method}"
            if response.status_code not in expected:
                wrong.append(f"{case}: {response.status_code} instead of {sorted(expected)}")
            if (response.status_code == 302) and who in ("anonymous", "deactivated") and route.who != ANYBODY:
                to = "/accounts/code/?next=" if route.who.isdisjoint(STAFF) else "/accounts/sign-in/?next="
                wrong += [f"{case}: leads to {response.url}"] * (to not in response.url)
            if method != "POST" or response.status_code in (403, 404, 405):
                wrong += [f"{case}: wrote to {table}" for table in _written(queries) if table not in route.presence]
            wrong += [f"{case}: shows {word}" for word in _leaked(world, who, response)]
            wrong += [f"{case}: headers, {fault}" for fault in faults(response)]
            wrong += [f"{case}: a staff page without the alerts"] * _lacks_the_alerts(response)

    assert wrong == []


def _lacks_the_alerts(response):
    return not response.streaming and BAR in response.content and ALERTS not in response.content


def _written(queries):
    tables = {found[1] for query in queries if (found := WRITES.match(query["sql"]))}
    return sorted(tables - set(NOTES))


def _leaked(world, who, response):
    text = b"".join(response) if response.streaming else response.content
    answer = f"{text.decode(errors='replace')} {dict(response.headers)}".casefold()
    return [word for word in world.must_not_see(who) if word.casefold() in answer]


WITH_OBJECT = [address for address in ADDRESSES if address.params and not address.name.startswith("admin:")]
STAFF_ONLY = [address for address in WITH_OBJECT if ROUTES[address.label].who != ANYBODY]


@each(STAFF_ONLY)
def test_an_object_that_does_not_exist_is_not_found_by_those_who_may_look(world, undone, address):
    route = ROUTES[address.label]
    path = address.path(world, **{param: str(uuid.uuid4()) for param in address.params})
    found = {}
    for who in route.who:
        for method in route.methods:
            with undone():
                found[who, method] = world.browser(who).generic(method, path).status_code

    assert set(found.values()) == {404}


@each(STAFF_ONLY)
def test_who_may_not_look_cannot_tell_an_object_from_none(world, undone, address):
    route = ROUTES[address.label]
    others = {param: str(uuid.uuid4()) for param in address.params}
    told = []
    for who in (who for who in EVERYBODY if who not in route.who):
        for method in ("GET", "POST"):
            answers = []
            for path in (address.path(world), address.path(world, **others)):
                with undone():
                    response = world.browser(who).generic(method, path)
                body = re.sub(
                    r'value="[A-Za-z0-9]{64}"|"X-CSRFToken": "\w+"|nonce="[^"]*"', "", response.content.decode()
                )
                answers.append((response.status_code, body))
            told += [f"{who} {method}"] * (answers[0] != answers[1])

    assert told == []


FOR_STAFF_EYES = [a for a in STAFF_ONLY if "GET" in ROUTES[a.label].methods and "patient_a" not in ROUTES[a.label].who]


@pytest.mark.parametrize("address", FOR_STAFF_EYES, ids=lambda a: a.label)
def test_a_patient_who_tries_the_address_of_another_is_refused_and_it_is_on_record(world, undone, address):
    with undone():
        answer = world.browser("patient_a").get(address.path(world))
        denied = AuditEvent.objects.filter(action="denied", by_id=world.people["patient_a"].pk)

        assert (answer.status_code, [event.details["path"] for event in denied]) == (403, [address.path(world)])


def test_the_file_of_a_visit_is_for_its_own_patient_and_for_nobody_else_a_visit_at_all(world, undone):
    path = f"/appointments/{world.values['visit_booked']}/visit.ics"
    with undone():
        answers = {who: world.browser(who).get(path).status_code for who in ("patient_a", "patient_b", "front_desk")}
        denied = AuditEvent.objects.filter(action="denied", by_id=world.people["patient_a"].pk).count()

    assert (answers, denied) == ({"patient_a": 404, "patient_b": 200, "front_desk": 200}, 1)


def test_a_patient_sees_the_own_plan_and_nothing_of_the_other(world):
    own, other = (world.browser(who).get("/today/").content.decode() for who in ("patient_a", "patient_b"))

    assert ("Anemone" in own, "Belladonna" in own, "Anemone" in other, "Belladonna" in other) == (
        True,
        False,
        False,
        True,
    )


def test_addresses_of_people_and_visits_hold_random_ids_and_no_serial_ones():
    with_ids = [
        address for address in ADDRESSES if address.params and not address.name.startswith(("admin:", "account"))
    ]
    kinds = {match for address in with_ids for match in re.findall(r"<(\w+):", address.pattern)}

    # uuid, or a secret of at least 128 random bits or with a signature
    assert (kinds, [a.label for a in with_ids if "<int:" in a.pattern]) == ({"uuid", "str"}, [])
    # (rooms, services and closures go by their key: for the two roles that set them up, and nobody's secret)
    assert {a.label for a in with_ids if "<str:" in a.pattern} == {
        "sessions_app:setup_closure_end",
        "sessions_app:setup_room",
        "sessions_app:setup_service",
        "aftercare:plan_link",
        "clinic:stop",
        "sessions_app:feed",
    }


def test_a_role_that_is_taken_away_counts_from_the_next_request(world, undone):
    nurse = world.people["nurse"]
    with undone():
        browser = world.browser("nurse")
        before = browser.get("/my-day/").status_code
        nurse.roles = frozenset({"front_desk"})
        nurse.save()
        after = [browser.get(path).status_code for path in ("/my-day/", "/day/")]
        nurse.roles = frozenset({"nurse"})

    assert (before, after) == (200, [403, 200])


def test_the_words_that_are_looked_for_do_stand_on_the_pages_of_those_who_treat(world):
    nurse, desk = world.browser("nurse"), world.browser("front_desk")
    a, b = world.values["patient_a"], world.values["patient_b"]
    session = nurse.get(f"/sessions/{world.values['session_a']}/").content.decode()
    shown = [word in session for word in ("notecanary", "1.37")]
    shown += ["latexcanary" in nurse.get(f"/patients/{a}/").content.decode()]
    shown += ["plastercanary" in nurse.get(f"/patients/{b}/edit/").content.decode()]
    shown += [word in desk.get(f"/patients/{b}/").content.decode() for word in ("Bumblebrook", "belladonna@b.example")]

    assert shown == [True] * 6
