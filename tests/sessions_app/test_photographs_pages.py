"""Pages of photographs: who sees them, what is written down, what goes in, how a file goes out (FI-01b, FI-02)."""

import base64
import errno
import io
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as active
from django.core.files.storage import storages
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from clinic.access import Role
from clinic.models import AuditEvent
from sessions_app.models import Photograph
from sessions_app.photographs import NO_CONSENT, NOT_KEPT, remove_photograph
from tests.makers import at, make_draft_session, make_patient, make_patient_user, make_photograph, make_user
from tests.sessions_app.photographs_kept import allow_photographs, keep_photograph, make_photographed_patient
from tests.sessions_app.pictures_made import GPS_CANARY, jpeg, jpeg_with_secrets, moving, png_of, upload

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FACTS = {"leg": "left", "view": "front", "moment": "before", "taken_on": "2026-01-13"}
TREATING = (Role.NURSE, Role.CLINICIAN, Role.CLINICAL_LEAD)
OTHERS = (Role.FRONT_DESK, Role.ADMINISTRATOR, Role.PATIENT)


def signed_in(role=Role.NURSE, **options):
    client = Client(**options)
    client.force_login(make_user(role))
    return client


def album_url(patient, **query):
    return reverse("sessions_app:photographs", args=[patient.public_id], query=query)


def add_url(patient, **query):
    return reverse("sessions_app:photographs_add", args=[patient.public_id], query=query)


def file_url(photograph, size="photograph_file"):
    return reverse(f"sessions_app:{size}", args=[photograph.public_id])


def reads():
    return AuditEvent.objects.filter(action="photographs read")


# --- Who


def pages_of(photograph):
    patient = photograph.patient
    names = ("photograph", "photograph_remove", "photograph_file", "photograph_thumbnail")
    return [
        album_url(patient),
        add_url(patient),
        reverse("sessions_app:photographs_compare", args=[patient.public_id], query={"leg": "left", "view": "front"}),
        *(file_url(photograph, name) for name in names),
    ]


@pytest.fixture
def pair(db):
    patient = make_photographed_patient()
    before = keep_photograph(patient=patient)
    after = keep_photograph(
        patient=patient, content=jpeg(colour="pink"), moment="after", taken_at=at("2026-02-13 10:00")
    )
    return before, after


@pytest.mark.parametrize("role", TREATING)
def test_who_treats_sees_every_page(pair, role):
    client = signed_in(role)

    answers = {url: client.get(url).status_code for url in pages_of(pair[0])}
    remove = file_url(pair[0], "photograph_remove")
    assert answers == {url: 403 if (role, url) == (Role.NURSE, remove) else 200 for url in answers}


@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_sees_any(pair, role):
    client = signed_in(role)

    assert [client.get(url).status_code for url in pages_of(pair[0])] == [403] * 7


def test_the_patient_does_not_see_them_in_the_portal(pair):
    client = Client()
    client.force_login(make_patient_user(pair[0].patient))

    assert [client.get(url).status_code for url in pages_of(pair[0])] == [403] * 7
    assert "photograph" not in client.get("/today/").content.decode().lower()


def test_who_is_not_signed_in_is_led_to_the_sign_in(client, pair):
    assert {client.get(url).status_code for url in pages_of(pair[0])} == {302}


def test_the_front_desk_sees_no_panel_and_no_word_of_them(pair):
    page = signed_in(Role.FRONT_DESK).get(reverse("clinic:patient", args=[pair[0].patient.public_id]))

    assert (page.status_code, "hotograph" in page.content.decode()) == (200, False)


def test_another_patients_photograph_or_session_is_not_found(pair):
    other = make_photographed_patient()
    mine, theirs = keep_photograph(patient=other), pair[0]
    session = make_draft_session()
    client = signed_in()
    compare = reverse("sessions_app:photographs_compare", args=[other.public_id])
    answers = [
        client.get(f"{compare}?a={mine.public_id}&b={theirs.public_id}").status_code,
        client.get(add_url(other, session=session.public_id)).status_code,
        client.post(add_url(other, session=session.public_id), {**FACTS, "pictures": upload(jpeg())}).status_code,
        client.get(add_url(other, session="nonsense")).status_code,
    ]

    assert (answers, Photograph.objects.count()) == ([404] * 4, 3)


def test_a_removed_photograph_is_not_found(pair):
    remove_photograph(photograph=pair[0], why="Blurred", by=make_user(Role.CLINICIAN))
    names = ("photograph", "photograph_remove", "photograph_file", "photograph_thumbnail")

    assert [signed_in().get(file_url(pair[0], name)).status_code for name in names] == [404] * 4


# --- What is written down


def test_a_page_of_small_photographs_is_one_reading(pair):
    client = signed_in()
    client.get(album_url(pair[0].patient))
    for each in pair:
        client.get(file_url(each, "photograph_thumbnail"))

    assert [(event.patient_id, event.details) for event in reads()] == [(pair[0].patient_id, {"page": 1})]


def test_small_photographs_without_their_page_are_one_reading(pair):
    client = signed_in()
    for each in pair:
        client.get(file_url(each, "photograph_thumbnail"))

    assert [event.details for event in reads()] == [{"file": "small"}]


@pytest.mark.parametrize("purpose", ["image", "document", ""])
def test_a_large_file_is_a_reading_whatever_the_request_says_of_itself(pair, purpose):
    signed_in().get(file_url(pair[0]), headers={"Sec-Fetch-Dest": purpose})

    assert [event.details for event in reads()] == [{"file": "large"}]


def test_comparing_is_a_reading_of_both(pair):
    address = reverse("sessions_app:photographs_compare", args=[pair[0].patient.public_id])
    page = signed_in().get(f"{address}?a={pair[1].public_id}&b={pair[0].public_id}")

    assert [(page.context["left"], page.context["right"])] == [pair]
    assert {event.subject_id for event in reads()} == {str(each.public_id) for each in pair}


# --- How a file goes out


@pytest.mark.parametrize("size", ["photograph_file", "photograph_thumbnail"])
def test_a_file_goes_out_to_be_drawn_and_for_nothing_else(pair, size):
    answer = signed_in().get(file_url(pair[0], size))
    content = b"".join(answer.streaming_content)
    names = ("Content-Type", "Cache-Control", "X-Content-Type-Options", "Content-Security-Policy")

    assert [answer.headers[name] for name in names] == [
        "image/jpeg", "no-store, private", "nosniff", "default-src 'none'; frame-ancestors 'none'; sandbox",
    ]  # fmt: skip
    assert answer.headers["Content-Disposition"] == f'inline; filename="photograph-{pair[0].public_id}.jpg"'
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert Image.open(io.BytesIO(content)).format == "JPEG"


def test_a_file_that_is_lost_is_not_found(pair):
    storages["photographs"].delete(pair[0].file)

    assert signed_in().get(file_url(pair[0])).status_code == 404


# --- What goes in


def test_several_photographs_are_added_at_once():
    patient = make_photographed_patient()
    pictures = [upload(jpeg(colour=colour), f"{colour}.jpg") for colour in ("tan", "pink")]
    answer = signed_in().post(add_url(patient), {**FACTS, "pictures": pictures})
    rows = Photograph.objects.values_list("leg", "view", "moment", "taken_at")

    assert (answer.status_code, answer.url) == (302, album_url(patient))
    assert list(rows) == [("left", "front", "before", at("2026-01-13 12:00"))] * 2


def test_those_that_are_pictures_are_added_and_the_others_are_named_at_the_field():
    patient = make_photographed_patient()
    pictures = [
        upload(jpeg()),
        upload(b"<svg onload='alert(1)'/>", "<b>evil</b>.jpg"),
        upload(moving("PNG"), "gif.png"),
    ]
    answer = signed_in().post(add_url(patient), {**FACTS, "pictures": pictures})
    page = answer.content.decode()

    assert (answer.status_code, Photograph.objects.count()) == (422, 1)
    assert answer.context["form"].errors["pictures"] == [
        "b>.jpg: This is not a picture. Choose a JPEG, PNG or WebP photograph.",
        "gif.png: This is an animation. Choose a still photograph.",
    ]
    assert ("<b>evil" in page, 'aria-invalid="true"' in page) == (False, True)


def test_an_emergency_is_one_tap_away_while_photographs_of_a_visit_are_taken():
    session = make_draft_session()
    begin = reverse("sessions_app:event_begin", args=[session.patient.public_id])

    page = signed_in().get(add_url(session.patient, session=session.public_id)).content.decode()

    assert page.count(f'href="{begin}?session={session.public_id}"') == 1


def test_a_session_gives_its_own_way_back_and_its_moment():
    session = make_draft_session()
    allow_photographs(session.patient)
    client, url = signed_in(), add_url(session.patient, session=session.public_id)
    page = client.get(url)
    client.post(url, {**FACTS, "pictures": upload(jpeg())})

    assert page.context["back"] == reverse("sessions_app:visit", args=[session.appointment.public_id])
    assert Photograph.objects.get().session == session


@pytest.mark.parametrize(
    ("facts", "moment"),
    [
        ({"sites": 0}, "before"),
        ({"sites": 1}, ""),
        ({"sites": 1, "ended_at": at("2026-01-13 10:30")}, "after"),
        ({"sites": 1, "started_at": at("2026-01-12 10:00"), "ended_at": at("2026-01-12 10:30")}, ""),
    ],
)
def test_the_moment_is_chosen_only_where_the_session_leaves_no_doubt(facts, moment):
    session = make_draft_session(**facts)
    allow_photographs(session.patient)
    with time_machine.travel(at("2026-01-13 11:00"), tick=False):
        page = signed_in().get(add_url(session.patient, session=session.public_id))

    assert page.context["form"]["moment"].value() == moment


def test_without_a_session_no_moment_is_chosen_and_a_missing_one_is_said():
    patient, client = make_photographed_patient(), signed_in()
    page = client.get(add_url(patient))
    answer = client.post(add_url(patient), {**FACTS, "moment": "", "pictures": upload(jpeg())})

    assert page.context["form"]["moment"].value() == ""
    assert answer.context["form"].errors["moment"] == ["Say whether it was before or after the treatment."]


def test_without_consent_the_form_says_what_to_do_and_the_server_refuses():
    patient, client = make_patient(), signed_in()
    page = client.get(add_url(patient))
    answer = client.post(add_url(patient), {**FACTS, "pictures": upload(jpeg())}, headers=HTMX)

    assert (NO_CONSENT in page.content.decode(), 'type="file"' in page.content.decode()) == (True, False)
    assert (answer.status_code, answer.json(), Photograph.objects.count()) == (422, {"words": [NO_CONSENT]}, 0)


def test_a_full_disk_is_said_for_the_file_and_breaks_nothing(monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(storages["photographs"]), "_save", full)
    patient, client = make_photographed_patient(), signed_in()
    told = client.post(add_url(patient), {**FACTS, "pictures": upload(jpeg())}, headers=HTMX)
    page = client.post(add_url(patient), {**FACTS, "pictures": upload(jpeg())})

    assert [told.status_code, page.status_code, Photograph.objects.count()] == [422, 422, 0]
    assert told.json()["words"][0].endswith(f": {NOT_KEPT}")
    assert page.context["form"].errors["pictures"] == told.json()["words"]


def test_the_script_is_told_what_became_of_its_file():
    patient, client = make_photographed_patient(), signed_in()
    sent = [client.post(add_url(patient), {**FACTS, "pictures": upload(jpeg())}, headers=HTMX) for _ in range(2)]
    refused = client.post(add_url(patient), {**FACTS, "leg": "", "pictures": upload(jpeg())}, headers=HTMX)

    assert [(answer.status_code, answer.json()["words"]) for answer in (*sent, refused)] == [
        (200, ["Added: Left leg, front, before, Tue 13 Jan 2026."]),
        (200, ["This photograph was added already: Left leg, front, before, Tue 13 Jan 2026."]),
        (422, ["Say which leg it shows."]),
    ]
    assert Photograph.objects.count() == 1


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2999-01-01", "Enter a day between"),
        ("1960-01-01", "Enter a day between"),
        ("", "Enter the day."),
        ("2098-01-01", "This day is still to come."),
        ("2001-01-01", "before the patient's birth"),
    ],
)
def test_a_day_on_which_it_cannot_be_taken_is_said_at_the_field(day, words):
    patient = make_photographed_patient(birth_date=at("2010-01-01").date())
    answer = signed_in().post(add_url(patient), {**FACTS, "taken_on": day, "pictures": upload(jpeg())})

    assert answer.context["form"].errors["taken_on"][0].find(words) >= 0


def test_the_place_in_a_photograph_is_nowhere_afterwards():
    patient, client = make_photographed_patient(), signed_in()
    client.post(add_url(patient), {**FACTS, "pictures": upload(jpeg_with_secrets())})
    row = Photograph.objects.get()
    stored = b"".join(
        b"".join(client.get(file_url(row, size)).streaming_content)
        for size in ("photograph_file", "photograph_thumbnail")
    )

    assert [word in stored for word in (GPS_CANARY, b"CANARY", b"Exif")] == [False] * 3


def test_a_bomb_is_refused_at_the_field():
    patient = make_photographed_patient()
    answer = signed_in().post(add_url(patient), {**FACTS, "pictures": upload(png_of(20_000, 20_000), "bomb.png")})

    assert answer.context["form"].errors["pictures"][0].startswith("bomb.png: The picture has ")


def test_a_file_beyond_the_limit_is_not_kept_and_said_at_the_field(settings):
    settings.UPLOAD_MAX_BYTES = 2 * 1024**2
    patient = make_photographed_patient()
    answer = signed_in().post(add_url(patient), {**FACTS, "pictures": upload(jpeg() + b"x" * 3 * 1024**2)})

    assert answer.context["form"].errors["pictures"] == ["leg.jpg: larger than 2 MB. Take it with a lower resolution."]


class NeverRead(io.RawIOBase):
    def read(self, *_):
        raise AssertionError("the body was read")


@pytest.mark.parametrize(
    ("path", "kind", "length"),
    [
        ("add", "multipart/form-data; boundary=x", 50 * 1024**2),
        ("add", "application/x-www-form-urlencoded", 1024**2),
        ("album", "multipart/form-data; boundary=x", 1024**2),
        ("nowhere", "multipart/form-data; boundary=x", 1024**2),
    ],
)
def test_a_body_beyond_its_forms_limit_is_refused_before_it_is_read(path, kind, length):
    """FI-02: also when it says that it is base64; what it is made of is not looked at."""
    patient, client = make_photographed_patient(), signed_in()
    url = {"add": add_url(patient), "album": album_url(patient), "nowhere": "/nowhere/"}[path]
    environ = RequestFactory().post(url).environ | {
        "CONTENT_LENGTH": str(length), "CONTENT_TYPE": kind, "wsgi.input": NeverRead(),
    }  # fmt: skip

    assert client.request(**environ).status_code == 413


def test_a_file_in_base64_is_taken_like_any_other():
    patient = make_photographed_patient()
    head = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
    fields = b"".join(head % (name.encode(), b"") + value.encode() + b"\r\n" for name, value in FACTS.items())
    part = head.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") % (
        b"pictures", b'; filename="a.jpg"',
    )  # fmt: skip
    body = fields + part + base64.b64encode(jpeg()) + b"\r\n--x--\r\n"
    answer = signed_in().generic("POST", add_url(patient), body, content_type="multipart/form-data; boundary=x")

    assert (answer.status_code, Photograph.objects.count()) == (302, 1)


def test_files_are_held_for_those_alone_who_may_add_them(monkeypatch):
    """FI-01: of others not a byte is kept, neither before the check against forged requests nor after it."""
    kept = []
    monkeypatch.setattr("clinic.uploads.SpooledTemporaryFile", lambda **_: kept.append(1) or io.BytesIO())
    patient = make_photographed_patient()
    form = {**FACTS, "pictures": upload(jpeg()), "others": upload(jpeg())}
    answers = [signed_in(role).post(add_url(patient), form).status_code for role in OTHERS]
    anonymous = Client().post(add_url(patient), form).status_code

    assert (answers, anonymous, kept) == ([403] * 3, 302, [])
    signed_in().post(add_url(patient), {**FACTS, "pictures": upload(jpeg()), "others": upload(jpeg())})
    assert kept == [1]


def test_a_forged_request_adds_nothing():
    patient = make_photographed_patient()
    client = signed_in(enforce_csrf_checks=True)
    answer = client.post(add_url(patient), {**FACTS, "pictures": upload(jpeg())})

    assert (answer.status_code, Photograph.objects.count()) == (403, 0)


def test_more_files_than_a_form_takes_are_refused():
    patient = make_photographed_patient()
    many = [upload(jpeg()) for _ in range(active.DATA_UPLOAD_MAX_NUMBER_FILES + 1)]

    assert signed_in().post(add_url(patient), {**FACTS, "pictures": many}).status_code == 400


# --- The album


def test_the_album_is_filtered_by_leg_view_and_moment(pair):
    keep_photograph(patient=pair[0].patient, leg="right", content=jpeg(colour="white"))
    client = signed_in()

    def found(**query):
        return [each.pk for each in client.get(album_url(pair[0].patient, **query)).context["page"]]

    assert found(leg="left") == [pair[1].pk, pair[0].pk]
    assert found(leg="left", moment="after") == [pair[1].pk]
    assert found(view="detail") == []
    assert len(found(leg="third", page="nonsense")) == 3


def test_two_chosen_photographs_are_compared_and_another_number_is_said(pair):
    client, patient = signed_in(), pair[0].patient
    ids = [str(each.public_id) for each in pair]
    two = client.get(album_url(patient), {"compare": ids})
    one = client.get(album_url(patient), {"compare": ids[:1]})

    assert two.url == f"{album_url(patient)}compare/?a={ids[0]}&b={ids[1]}"
    assert "Choose exactly two photographs to compare." in one.content.decode()


def test_nothing_to_compare_leads_back_to_the_album(pair):
    address = f"{album_url(pair[0].patient)}compare/"
    client = signed_in()
    queries = ("", "?a=x&b=y", f"?a={pair[0].public_id}", f"?a={pair[0].public_id}&b={pair[0].public_id}", "?leg=right")

    assert {client.get(address + query).url for query in queries} == {album_url(pair[0].patient)}


def test_the_panel_offers_what_can_be_compared_and_says_when_it_is_not_allowed(pair):
    patient = pair[0].patient
    client = signed_in()
    url = reverse("clinic:patient", args=[patient.public_id])
    page = client.get(url).content.decode()
    patient.series_consents.update(ended_at=at("2026-03-01 10:00"), ended_why="Withdrawn")
    withdrawn = client.get(url).content.decode()

    assert ("Left leg, front: " in page, "Add photographs" in page) == (True, True)
    assert ("does not allow photographs now" in withdrawn, "Add photographs" in withdrawn) == (True, False)
    assert ("small.jpg" in page, "small.jpg" in withdrawn, "Left leg, front: " in withdrawn) == (True, False, False)


def withdrawn(patient):
    patient.series_consents.update(ended_at=at("2026-03-01 10:00"), ended_why="Withdrawn")


def changed_to_no(patient):
    withdrawn(patient)
    allow_photographs(patient, allowed=False)


@pytest.mark.parametrize("end", [withdrawn, changed_to_no])
def test_without_consent_each_photograph_is_marked_and_nothing_is_compared(pair, end):
    patient, client = pair[0].patient, signed_in()
    end(patient)
    page = client.get(album_url(patient))
    one = client.get(file_url(pair[0], "photograph"))
    compare = reverse("sessions_app:photographs_compare", args=[patient.public_id])
    ids = [str(each.public_id) for each in pair]
    answers = [
        client.get(compare, query) for query in ({"leg": "left", "view": "front"}, dict(zip("ab", ids, strict=True)))
    ]
    words = page.content.decode()

    assert (words.count("No consent now"), words.count('name="compare"'), page.context["pairs"]) == (2, 0, [])
    assert ("does not allow photographs now" in one.content.decode(), one.context["others"]) == (True, [])
    assert [answer.url for answer in answers] == [album_url(patient)] * 2
    assert "not shown beside each other" in client.get(album_url(patient)).content.decode()


def test_looking_without_consent_is_said_in_the_trail(pair):
    withdrawn(pair[0].patient)
    client = signed_in()
    client.get(album_url(pair[0].patient))
    client.get(file_url(pair[0], "photograph"))

    assert [event.details for event in reads().order_by("pk")] == [
        {"page": 1, "without_consent": True},
        {"without_consent": True},
    ]


def test_with_a_consent_that_says_yes_again_they_are_shown_and_compared_again(pair):
    patient = pair[0].patient
    withdrawn(patient)
    allow_photographs(patient)
    page = signed_in().get(album_url(patient))

    assert ("No consent now" in page.content.decode(), len(page.context["pairs"])) == (False, 1)


@pytest.mark.parametrize("many", [1, 30])
def test_the_album_page_costs_the_same_whatever_there_is(many):
    patient, nurse = make_photographed_patient(), make_user()
    for number in range(many):
        make_photograph(patient, added_by=nurse, taken_at=at("2026-01-13 10:00") + timedelta(days=number))
    client = signed_in()
    client.get(album_url(patient))
    with CaptureQueriesContext(connection) as queries:
        client.get(album_url(patient))

    # Consent, pairs, number, page, and the line in the audit trail.
    assert len([each for each in queries if "photograph" in each["sql"]]) == 5


# --- Removing


def test_who_may_not_remove_is_offered_no_button_and_refused_in_the_trail(pair):
    nurse, url = signed_in(), file_url(pair[0], "photograph_remove")
    page = nurse.get(file_url(pair[0], "photograph")).content.decode()
    answer = nurse.post(url, {"why": "Blurred"})

    assert (url in page, answer.status_code, Photograph.objects.get(pk=pair[0].pk).removed_at) == (False, 403, None)
    assert AuditEvent.objects.filter(action="denied").count() == 1


def test_removing_asks_why_and_says_what_is_gone(pair, django_capture_on_commit_callbacks):
    client, url = signed_in(Role.CLINICIAN), file_url(pair[0], "photograph_remove")
    asked = client.post(url, {"why": " "})
    with django_capture_on_commit_callbacks(execute=True):
        removed = client.post(url, {"why": "The patient wants it removed"}, headers=HTMX)

    assert asked.context["form"].errors["why"] == ["Write why the photograph is removed."]
    assert removed.headers["HX-Redirect"] == album_url(pair[0].patient)
    assert [storages["photographs"].exists(name) for name in (pair[0].file, pair[1].file)] == [False, True]
