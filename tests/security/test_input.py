"""Bodies, query strings and files that no page of ours would send: refused in words, never a server error."""

import io
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from tests.security.addresses import every_address
from tests.security.forms_of import forms_of
from tests.security.routes import EVERYBODY as ANYBODY
from tests.security.routes import ROUTES

pytestmark = pytest.mark.django_db

# Of the administration, which is a library's, a list and a form stand for the others.
OF_A_LIBRARY = ("admin:clinic_user_changelist", "admin:clinic_user_add", "admin:index")
ADDRESSES = [a for a in every_address() if not a.name.startswith("admin:") or a.name in OF_A_LIBRARY]
POSTED = [address for address in ADDRESSES if "POST" in ROUTES[address.label].methods]
READ = [address for address in ADDRESSES if "GET" in ROUTES[address.label].methods]


def each(addresses):
    return pytest.mark.parametrize("address", addresses, ids=lambda address: address.label)


def somebody(world, address, *, csrf=False):
    who = ROUTES[address.label].who
    return world.browser("anonymous" if who == ANYBODY else min(who), csrf=csrf)


# --- Bodies


@each(POSTED)
def test_a_body_that_no_form_has_is_refused(world, undone, address):
    path, thousands = address.path(world), {f"f{number}": "1" for number in range(5000)}
    with undone():
        long = somebody(world, address).post(path, {"note": "x" * 1_000_000})
        many = somebody(world, address, csrf=True).post(path, thousands)

    # 403: who brings no token is refused before the fields are counted.
    # The form for photographs takes a longer body, but not longer fields.
    too_long = 400 if address.name == "sessions_app:photographs_add" else 413
    assert (long.status_code, many.status_code in (400, 403)) == (too_long, True)


OF_ANOTHER_KIND = {
    "deep json": ("application/json", b'{"a": ' * 2000 + b"1" + b"}" * 2000),
    "no json": ("application/json", b"not json"),
    "no parts": ("multipart/form-data; boundary=x", b"no boundary at all"),
    "no boundary": ("multipart/form-data", b"--x--"),
    "long boundary": ("multipart/form-data; boundary=" + "b" * 300, b"--x--"),
    "invented charset": ("application/x-www-form-urlencoded; charset=nonsense", b"a=1"),
    "broken bytes": ("application/x-www-form-urlencoded", b"note=%ff%fe%00&note=\xff\xfe&%00=1"),
    "utf-16": ("text/plain; charset=utf-16", b"\xff\xfe"),
    "no type": ("", b"\x00"),
}


@each(POSTED)
def test_a_body_of_another_kind_breaks_nothing(world, undone, address):
    answers = {}
    for kind, (content_type, body) in OF_ANOTHER_KIND.items():
        with undone():
            browser = somebody(world, address)
            answers[kind] = browser.generic("POST", address.path(world), body, content_type=content_type).status_code

    assert {kind: status for kind, status in answers.items() if status >= 500} == {}


def test_a_long_note_comes_back_with_what_was_typed(world, undone):
    with undone():
        answer = world.browser("front_desk").post(
            f"/messages/{world.values['task']}/called/", {"how": "reached", "note": "word " * 2000}
        )

    assert (answer.status_code, "word word word" in answer.content.decode()) == (200, True)


class NeverRead(io.RawIOBase):
    def read(self, *_):
        raise AssertionError("the body was read")


@pytest.mark.parametrize("length", ["52428800", "9" * 40, "-1", "ten"])
def test_a_body_is_judged_by_its_declared_length_before_it_is_read(client, length):
    environ = RequestFactory().post("/patients/").environ | {"CONTENT_LENGTH": length, "wsgi.input": NeverRead()}
    answer = client.request(**environ)

    assert answer.status_code == 413


FAR = ("0001-01-01", "9999-12-31")


@pytest.mark.parametrize("day", FAR)
@pytest.mark.parametrize("field", ["day", "first_day", "travel_on"])
def test_a_day_that_no_calendar_reaches_is_no_error_of_the_booking_dialog(world, undone, field, day):
    moving = f"/appointments/{world.values['visit_booked']}/move/"
    with undone():
        form = {
            "patient": world.values["patient_b"],
            "service": world.values["service_row"],
            "travel": "yes",
            field: day,
        }
        answers = [world.browser("front_desk").post(path, form).status_code for path in ("/book/", moving)]

    assert answers == [200, 200]


@pytest.mark.parametrize("day", FAR)
@pytest.mark.parametrize("field", ["slot", "wish"])
def test_a_time_that_no_calendar_reaches_is_no_error_of_the_booking_dialog(world, undone, field, day):
    form = {"patient": world.values["patient_b"], "service": world.values["service_row"], "confirm": "1"}
    with undone():
        answer = world.browser("front_desk").post("/book/", {**form, field: f"{day}T23:59:59+00:00|1"})

    assert answer.status_code == 200


@pytest.mark.parametrize("place", ["javascript:alert(1)", "left:nowhere", ":", "left"])
def test_a_place_that_no_leg_has_is_said_at_the_field(world, undone, place):
    visit, save = f"/visits/{world.values['visit_now']}/", f"/sessions/{world.values['draft']}/save/"
    browser = world.browser("nurse")
    with undone():
        offered = forms_of(browser.get(visit).content.decode(), visit)[save]
        form = {name: values[0] for name, values in offered.items() if name != "do"}
        form |= {name: place for name in form if name.endswith("-place")}
        answer = browser.post(save, form, headers={"hx-request": "true"})

    assert (place in form.values(), answer.status_code) == (True, 422)


@pytest.mark.parametrize("key", ["9223372036854775808", "9" * 400, "x"])
def test_a_key_that_no_row_can_have_is_refused_by_the_set_up(world, undone, key):
    with undone():
        answer = world.browser("administrator").post("/setup/services/new/", {"nurses": [key], "rooms": [key]})

    assert answer.status_code == 200


# --- Query strings

ODD = [
    "order=(select+1)&patient__ssn=1&patient__user__password__startswith=p&__=1&__class__=x&q__regex=(a%2B)%2B$",
    "page=99999999999999999999&date=2026-02-30&after='%22%3B--&before=%F0%9F%98%80&next=//evil.example&patient=x",
    "page=%00&q=%27%3B+DROP+TABLE+clinic_patient%3B--&nurse=1+OR+1%3D1&service=0x10&at=25:61&show=%00",
    "page=-1&item=..%2F..%2Fetc%2Fpasswd&who[]=all&who=all&who=x&%ff%fe=%ff&=&&&;a;b",
]


@each(READ)
def test_odd_query_strings_change_no_answer_into_an_error(world, undone, address):
    plain, answers = ROUTES[address.label], {}
    who = "anonymous" if plain.who == ANYBODY else min(plain.who)
    for query in ODD:
        with undone():
            answers[query] = somebody(world, address).get(f"{address.path(world)}?{query}").status_code
    expected = plain.expected(who, "GET")
    if address.name.startswith("admin:"):
        expected |= {302, 400}  # the administration says "these filters are not for you"

    assert {query: status for query, status in answers.items() if status not in expected} == {}


def test_a_query_string_with_thousands_of_keys_is_refused(world, undone):
    query = "&".join(f"k{number}=1" for number in range(3000))
    with undone():
        assert world.browser("nurse").get(f"/patients/?{query}").status_code == 400


def test_a_search_that_looks_like_a_pattern_is_only_text(world, undone):
    found = {}
    for text in ("%", "_", "%%%%", "' OR 1=1 --", "\\", "[A-z]*"):
        with undone():
            page = world.browser("front_desk").post("/patients/", {"q": text}).content.decode()
        found[text] = ("Bumblebrook" in page, "Aardwolfson" in page)

    assert found == dict.fromkeys(found, (False, False))


# --- Files


@each(POSTED)
def test_a_file_is_read_past_and_kept_nowhere(world, undone, address, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    photo = SimpleUploadedFile("../../evil.svg", b"<svg onload='alert(1)'/>" * 2000, content_type="image/svg+xml")
    with undone():
        plain = somebody(world, address).post(address.path(world), {"photo": "", "note": "x"}).status_code
        answer = somebody(world, address).post(address.path(world), {"photo": photo, "note": "x"}).status_code

    assert (answer, list(tmp_path.rglob("*"))) == (plain, [])


def test_a_file_of_endless_base64_is_not_decoded(world, undone):
    disposition = b'Content-Disposition: form-data; name="a"; filename="a.bin"'
    head = b"\r\n".join([b"--x", disposition, b"Content-Transfer-Encoding: base64", b"", b""])
    body = head + b"!" * 300_000 + b"\r\n--x--\r\n"
    with undone():
        answer = world.browser("nurse").generic(
            "POST", "/patients/", body, content_type="multipart/form-data; boundary=x"
        )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../clinic/settings/base.py",
        "/static/..%2fclinic/settings/base.py",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/..\\..\\.env",
        "/static/css/../../../.env",
        "/static//etc/passwd",
        "/static/",
        "/static/css/",
        "/media/",
        "/media/x.jpg",
        "/.git/config",
        "/.git/HEAD",
        "/.env",
        "/db.sqlite3",
        "/var/legwork.sqlite3",
        "/legwork.sqlite3",
        "/backup.tar.gz",
        "/backups/",
        "/manage.py",
        "/requirements.txt",
        "/%00",
        "/static/%00.css",
    ],
)
def test_nothing_but_pages_and_static_files_has_an_address(client, path):
    answer = client.get(path)

    assert (answer.status_code, b"SECRET_KEY" in answer.content, b"root:" in answer.content) == (404, False, False)


def test_what_is_kept_lies_outside_of_what_is_served():
    served = [Path(settings.STATIC_ROOT), *map(Path, settings.STATICFILES_DIRS)]
    kept = [
        Path(settings.MEDIA_ROOT),
        Path(settings.OUTBOX_DIR),
        settings.VAR_DIR / "legwork.sqlite3",
        settings.VAR_DIR / "photographs",
        settings.BASE_DIR,
    ]

    assert [(place, root) for root in served for place in kept if place.is_relative_to(root)] == []
