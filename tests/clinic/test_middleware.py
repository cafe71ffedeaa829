"""Sessions end, times are the clinic's, and nothing private stays in a browser."""

import gzip
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from clinic.access import Role
from clinic.middleware import ClinicTime, CompressedPages
from tests.makers import make_clinic, make_user

pytestmark = pytest.mark.django_db
NOON = "2026-01-13T12:00:00+00:00"


def _sign_in(client, role):
    client.force_login(make_user(role=role))
    return client.get("/")


@pytest.mark.parametrize(("role", "kind"), [(Role.ADMINISTRATOR, "staff"), (Role.PATIENT, "patient")])
def test_an_idle_session_ends_on_any_route(client, role, kind):
    idle, _ = settings.SESSION_LIMITS[kind]
    with time_machine.travel(NOON, tick=False) as clock:
        _sign_in(client, role)
        clock.shift(timedelta(seconds=idle + 31))
        answer = client.get("/")

    assert answer.url == "/accounts/sign-in/"


@pytest.mark.parametrize(("role", "kind"), [(Role.ADMINISTRATOR, "staff"), (Role.PATIENT, "patient")])
def test_activity_keeps_a_session_until_the_absolute_limit(client, role, kind):
    _, absolute = settings.SESSION_LIMITS[kind]
    with time_machine.travel(NOON, tick=False) as clock:
        home = _sign_in(client, role).url
        for _ in range(absolute // 300):
            clock.shift(timedelta(seconds=300))
            assert client.get("/").url == home
        clock.shift(timedelta(seconds=1))
        answer = client.get("/")

    assert answer.url == "/accounts/sign-in/"


def test_polling_does_not_keep_a_session_alive(client):
    idle, _ = settings.SESSION_LIMITS["staff"]
    with time_machine.travel(NOON, tick=False) as clock:
        _sign_in(client, Role.ADMINISTRATOR)
        for _ in range(idle // 60 + 1):
            clock.shift(timedelta(seconds=60))
            answer = client.get("/", headers={"X-Background": "1"})

    assert answer.url == "/accounts/sign-in/"


def test_a_refresh_in_the_background_says_how_long_the_session_waits_and_a_page_does_not(client):
    with time_machine.travel(NOON, tick=False) as clock:
        _sign_in(client, Role.FRONT_DESK)
        clock.shift(timedelta(minutes=12))
        polled = client.get("/alerts/", headers={"X-Background": "1"})
        stayed = client.get("/alerts/")
        again = client.get("/alerts/", headers={"X-Background": "1"})

    assert (polled.headers["X-Session-Left"], again.headers["X-Session-Left"]) == ("180", "900")
    assert "X-Session-Left" not in stayed.headers


def test_near_the_absolute_end_staying_is_not_offered(client):
    idle, absolute = settings.SESSION_LIMITS["staff"]
    with time_machine.travel(NOON, tick=False) as clock:
        _sign_in(client, Role.FRONT_DESK)
        for _ in range((absolute - idle) // 600 + 1):
            clock.shift(timedelta(seconds=600))
            client.get("/alerts/")
        answer = client.get("/alerts/", headers={"X-Background": "1"})

    assert (answer.status_code, "X-Session-Left" in answer.headers) == (200, False)


SIGNED_OUT = "You were signed out after 15 minutes without activity. What you saved is kept."


def test_who_was_idle_reads_why_at_the_sign_in_and_comes_back_to_the_page(client):
    with time_machine.travel(NOON, tick=False) as clock:
        _sign_in(client, Role.FRONT_DESK)
        clock.shift(timedelta(minutes=16))
        # The board's own refresh finds the session over; then the page loads itself again.
        polled = client.get("/alerts/", headers={"X-Background": "1", "HX-Request": "true"})
        loaded = client.get("/day/?date=2026-01-14")
        page = client.get(loaded.url).content.decode()

    assert (polled.status_code, loaded.url) == (401, "/accounts/sign-in/?next=/day/%3Fdate%3D2026-01-14")
    assert SIGNED_OUT in page
    assert 'name="next" value="/day/?date=2026-01-14"' in page
    kept = polled.cookies["session_ended"]
    assert (kept.value, kept["httponly"], kept["samesite"]) == ("idle", True, "Lax")


def test_the_reason_goes_with_the_next_sign_in_and_a_patient_or_a_sign_out_leaves_none(client):
    with time_machine.travel(NOON, tick=False) as clock:
        _sign_in(client, Role.FRONT_DESK)
        clock.shift(timedelta(minutes=16))
        client.get("/")
        _sign_in(client, Role.FRONT_DESK)
        assert client.cookies["session_ended"].value == ""
        client.logout()
        assert SIGNED_OUT not in client.get("/accounts/sign-in/").content.decode()
        _sign_in(client, Role.PATIENT)
        clock.shift(timedelta(minutes=31))

        assert "session_ended" not in client.get("/").cookies


def test_a_sign_in_that_grew_old_says_so(client):
    _, absolute = settings.SESSION_LIMITS["staff"]
    with time_machine.travel(NOON, tick=False) as clock:
        _sign_in(client, Role.ADMINISTRATOR)
        for _ in range(absolute // 300):
            clock.shift(timedelta(seconds=300))
            client.get("/")
        clock.shift(timedelta(seconds=1))
        client.get("/")
        page = client.get("/accounts/sign-in/").content.decode()

    assert "You were signed out because the sign-in was 12 hours old. What you saved is kept." in page


@pytest.mark.parametrize("value", ["", "nonsense", "<b>idle</b>"])
def test_a_reason_that_is_none_is_not_shown(client, value):
    client.cookies["session_ended"] = value

    assert "You were signed out" not in client.get("/accounts/sign-in/").content.decode()


def test_a_deactivated_person_is_out_at_the_next_request(client):
    person = make_user(role=Role.ADMINISTRATOR)
    client.force_login(person)
    type(person).objects.filter(pk=person.pk).update(is_active=False)

    assert client.get("/").url == "/accounts/sign-in/"


def test_a_removed_role_counts_from_the_next_request(client):
    person = make_user(role=Role.ADMINISTRATOR)
    client.force_login(person)
    assert client.get("/admin/").status_code == 200
    person.roles = frozenset({Role.FRONT_DESK})
    person.save()

    assert client.get("/admin/").status_code == 403


def test_answers_are_not_stored(client):
    assert client.get("/accounts/sign-in/").headers["Cache-Control"].find("no-store") >= 0


def test_a_page_goes_compressed_to_a_browser_that_can_read_it(client):
    plain = client.get("/accounts/sign-in/")
    small = client.get("/accounts/sign-in/", headers={"accept-encoding": "gzip"})

    assert (plain.headers.get("Content-Encoding"), small.headers["Content-Encoding"]) == (None, "gzip")
    assert len(small.content) < len(plain.content) / 2
    assert b"</html>" in gzip.decompress(small.content)


def test_the_length_of_a_compressed_page_tells_nothing_of_it(client):
    lengths = {len(client.get("/accounts/sign-in/", headers={"accept-encoding": "gzip"}).content) for _ in range(30)}

    assert len(lengths) > 5


def test_only_pages_are_compressed():
    answer = CompressedPages(lambda _: HttpResponse(b"x" * 1000, content_type="image/jpeg"))(
        RequestFactory().get("/", headers={"accept-encoding": "gzip"})
    )

    assert (answer.headers.get("Content-Encoding"), len(answer.content)) == (None, 1000)


def test_every_page_carries_the_browser_defences(client):
    headers = client.get("/accounts/sign-in/").headers

    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= {p.strip() for p in policy.split(";")}
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")


def test_pages_speak_the_clinics_time(client):
    make_clinic(time_zone="Asia/Kolkata")
    seen = []

    def view(request):
        seen.append(timezone.get_current_timezone_name())
        return HttpResponse()

    ClinicTime(view)(RequestFactory().get("/x/"))
    assert seen == ["Asia/Kolkata"]
