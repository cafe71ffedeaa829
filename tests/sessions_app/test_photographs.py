"""Photographs in the record: with the consent only, once, never a row without its file, removed with a reason."""

import io
import os
import stat
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as active
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.access import Role
from clinic.models import AuditEvent
from clinic.private_files import PrivateFiles
from clinic.settings import base
from sessions_app import amending, photograph_files, photographs
from sessions_app.integrity import problems
from sessions_app.models import Photograph
from sessions_app.photographs import add_photograph, remove_photograph
from sessions_app.presenters.photographs import album, photographs_panel
from sessions_app.refusals import Refused
from tests.makers import at, make_patient, make_photograph, make_signed_session, make_user
from tests.sessions_app.photographs_kept import allow_photographs, keep_photograph, make_photographed_patient
from tests.sessions_app.pictures_made import jpeg, jpeg_with_secrets

pytestmark = pytest.mark.django_db
FACTS = {"session": None, "leg": "left", "view": "front", "moment": "before", "taken_at": at("2026-01-13 10:00")}


@pytest.fixture
def folder(settings, tmp_path):
    """Photographs in a folder, as a clinic keeps them."""
    settings.STORAGES = {
        **settings.STORAGES,
        "photographs": {"BACKEND": "clinic.private_files.PrivateFiles", "OPTIONS": {"location": str(tmp_path / "p")}},
    }
    return tmp_path / "p"


def files_in(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


def add(patient, content=None, **facts):
    given = {**FACTS, "by": make_user(), **facts}
    return add_photograph(patient=patient, file=io.BytesIO(content or jpeg()), **given)


def age(folder, hours):
    for path in files_in(folder):
        moment = timezone.now().timestamp() - hours * 3600
        os.utime(path, (moment, moment))


def test_a_photograph_is_kept_under_random_names_that_only_the_program_reads(folder):
    patient = make_photographed_patient(family_name="Quillfeather")
    added = add(patient).photograph
    picture, thumbnail = Path(added.file), Path(added.thumbnail)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in files_in(folder)}
    folders = {stat.S_IMODE(path.parent.stat().st_mode) for path in files_in(folder)}

    assert sorted(files_in(folder)) == sorted([folder / picture, folder / thumbnail])
    assert (modes, folders) == ({0o600}, {0o700})
    assert [word in f"{picture}{thumbnail}" for word in ("Quill", str(patient.public_id), "leg")] == [False] * 3


def test_nothing_of_the_camera_is_on_the_disk(folder):
    add(make_photographed_patient(), jpeg_with_secrets())

    assert [path for path in files_in(folder) if b"CANARY" in path.read_bytes() or b"Exif" in path.read_bytes()] == []


def test_private_files_have_no_address(tmp_path):
    storage = PrivateFiles(tmp_path)
    with pytest.raises(ValueError, match="no address"):
        storage.url("x.jpg")


@pytest.mark.parametrize("case", ["never asked", "not allowed", "withdrawn"])
def test_without_consent_nothing_is_added(folder, case):
    patient = make_patient()
    if case == "not allowed":
        allow_photographs(patient, allowed=False)
    if case == "withdrawn":
        allow_photographs(patient, ended_at=timezone.now(), ended_why="Withdrawn")
    with pytest.raises(Refused) as refused:
        add(patient)

    assert (refused.value.rule, Photograph.objects.count(), files_in(folder)) == ("consent", 0, [])


def test_a_consent_that_ends_while_the_picture_is_unpacked_is_heeded(folder, monkeypatch):
    answers = iter([True, False])
    monkeypatch.setattr(photographs, "allows_photographs", lambda patient: next(answers))
    with pytest.raises(Refused):
        add(make_photographed_patient())

    assert (Photograph.objects.count(), files_in(folder)) == (0, [])


def test_the_same_picture_sent_twice_is_there_once(folder):
    patient = make_photographed_patient()
    first, second = add(patient), add(patient, leg="right")

    assert (first.already, second.already, second.photograph) == (False, True, first.photograph)
    assert (len(files_in(folder)), AuditEvent.objects.filter(action="photograph added").count()) == (2, 1)


def test_the_same_picture_sent_twice_at_once_is_there_once(folder, monkeypatch):
    patient = make_photographed_patient()
    first = add(patient)
    answers = iter([None, first.photograph])
    monkeypatch.setattr(photographs, "_same", lambda *_: next(answers))
    second = add(patient)

    assert (second, len(files_in(folder))) == ((first.photograph, True), 2)


def test_two_patients_may_have_the_same_picture(folder):
    add(make_photographed_patient())
    add(make_photographed_patient())

    assert (Photograph.objects.count(), len(files_in(folder))) == (2, 4)


def test_a_row_that_cannot_be_written_leaves_no_file(folder, monkeypatch):
    def broken(*_, **__):
        raise OperationalError("the disk is full")

    monkeypatch.setattr(photographs, "_write", broken)
    with pytest.raises(OperationalError):
        add(make_photographed_patient())

    assert files_in(folder) == []


def test_a_second_file_that_cannot_be_written_takes_the_first_with_it(folder, monkeypatch):
    saved, save = [], PrivateFiles._save

    def once(storage, name, content):
        if saved:
            raise OSError("the disk is full")
        saved.append(name)
        return save(storage, name, content)

    monkeypatch.setattr(PrivateFiles, "_save", once)
    with pytest.raises(Refused, match="the place for photographs is full or away"):
        add(make_photographed_patient())

    assert (Photograph.objects.count(), files_in(folder)) == (0, [])


def test_a_photograph_of_a_correction_hangs_on_what_is_corrected():
    session = make_signed_session()
    allow_photographs(session.patient)
    correction = amending.begin_amendment(session=session, reason="Typed for another leg", by=session.nurse)
    added = add(session.patient, session=correction).photograph
    amending.give_up_amendment(session=correction, version=correction.version, by=session.nurse)

    assert added.session == session


# --- Removing


def test_removing_deletes_the_files_and_keeps_the_row_with_its_reason(folder, django_capture_on_commit_callbacks):
    nurse = make_user()
    kept = keep_photograph(by=nurse)
    with django_capture_on_commit_callbacks(execute=True):
        remove_photograph(photograph=kept, why="Blurred", by=nurse)
    row = Photograph.objects.get(pk=kept.pk)

    assert (row.file, row.thumbnail, row.removed_why, row.removed_by, files_in(folder)) == (
        "",
        "",
        "Blurred",
        nurse,
        [],
    )
    assert AuditEvent.objects.filter(action="photograph removed", by_id=nurse.pk).count() == 1
    assert list(Photograph.objects.visible_to(nurse)) == []


def test_a_photograph_is_removed_once():
    kept = keep_photograph()
    remove_photograph(photograph=kept, why="Blurred", by=make_user(Role.CLINICIAN))
    with pytest.raises(Refused) as refused:
        remove_photograph(photograph=kept, why="Another reason", by=make_user(Role.CLINICIAN))

    assert (refused.value.rule, Photograph.objects.get(pk=kept.pk).removed_why) == ("removed", "Blurred")


ADDED_AT = at("2026-01-13 17:00")


@pytest.mark.parametrize(
    ("role", "adds_it", "when", "may"),
    [
        (Role.NURSE, True, "2026-01-13 23:59", True),
        (Role.NURSE, True, "2026-01-14 00:01", False),
        (Role.NURSE, False, "2026-01-13 17:05", False),
        (Role.CLINICIAN, False, "2026-06-01 09:00", True),
        (Role.CLINICAL_LEAD, False, "2026-06-01 09:00", True),
        (Role.FRONT_DESK, False, "2026-01-13 17:05", False),
        (Role.ADMINISTRATOR, False, "2026-01-13 17:05", False),
    ],
)
def test_a_photograph_is_removed_by_a_clinician_or_on_the_same_day_by_who_added_it(role, adds_it, when, may):
    person = make_user(role)
    kept = keep_photograph(by=person if adds_it else make_user(), now=ADDED_AT)
    refusal = ""
    try:
        remove_photograph(photograph=kept, why="Blurred", by=person, now=at(when))
    except Refused as refused:
        refusal = refused.rule

    assert (refusal, Photograph.objects.get(pk=kept.pk).removed_at is not None) == ("" if may else "permission", may)


def test_who_added_it_and_treats_no_longer_does_not_remove_it():
    person = make_user(Role.NURSE)
    kept = keep_photograph(by=person, now=ADDED_AT)
    person.roles = [Role.FRONT_DESK]
    person.save()

    with pytest.raises(Refused, match="by a clinician"):
        remove_photograph(photograph=kept, why="Blurred", by=type(person).objects.get(pk=person.pk), now=ADDED_AT)


@pytest.mark.parametrize("why", ["", " ", "\n\t"])
def test_a_photograph_is_not_removed_without_a_reason(why):
    kept = keep_photograph()
    with pytest.raises(Refused, match="Write why"):
        remove_photograph(photograph=kept, why=why, by=make_user(Role.CLINICIAN))

    assert Photograph.objects.get(pk=kept.pk).removed_at is None


def test_a_removed_picture_can_be_added_again(folder):
    kept = keep_photograph()
    remove_photograph(photograph=kept, why="Wrong leg", by=make_user(Role.CLINICIAN))

    assert add(kept.patient, leg="right").already is False


def test_a_storage_that_does_not_answer_does_not_hold_up_the_removal(
    folder, monkeypatch, django_capture_on_commit_callbacks, caplog
):
    def away(*_):
        raise OSError("the storage is away")

    kept = keep_photograph()
    monkeypatch.setattr(PrivateFiles, "delete", away)
    with django_capture_on_commit_callbacks(execute=True):
        remove_photograph(photograph=kept, why="Blurred", by=make_user(Role.CLINICAL_LEAD))

    assert (len(files_in(folder)), "clean_photographs will find it" in caplog.text) == (2, True)


# --- Crashes


def clean(*options):
    out = StringIO()
    call_command("clean_photographs", *options, stdout=out)
    return out.getvalue().splitlines()


def test_a_crash_between_the_files_and_the_row_is_found_and_cleaned(folder, monkeypatch):
    class Crash(BaseException):
        """Nothing catches it, as nothing catches a kill."""

    def killed(*_, **__):
        raise Crash

    kept = keep_photograph()
    monkeypatch.setattr(photographs, "_write", killed)
    with pytest.raises(Crash):
        add(make_photographed_patient(), jpeg(colour="pink"))
    young = clean()
    age(folder, hours=25)
    listed, still, removed = clean(), len(files_in(folder)), clean("--remove")

    assert (young, len(listed), still, removed[-1]) == (
        ["0 files without a photograph."], 3, 4, "2 files without a photograph, removed."
    )  # fmt: skip
    assert files_in(folder) == sorted([folder / kept.file, folder / kept.thumbnail])


def test_a_crash_between_the_row_and_its_files_when_removing_is_found_and_cleaned(
    folder, django_capture_on_commit_callbacks
):
    kept = keep_photograph()
    with django_capture_on_commit_callbacks(execute=False):
        remove_photograph(photograph=kept, why="Blurred", by=make_user(Role.CLINICAL_LEAD))
    age(folder, hours=25)
    named = [problem for problem in problems() if "belongs to no photograph" in problem]
    clean("--remove")

    assert (len(named), files_in(folder), list(problems())) == (2, [], [])


def test_a_row_whose_file_is_lost_is_named(folder):
    kept = keep_photograph()
    (folder / kept.thumbnail).unlink()

    assert list(problems()) == [f"Photograph {kept.public_id}: its thumbnail is not in the storage."]


def test_files_that_are_not_ours_are_left_alone(folder):
    keep_photograph()
    (folder / "notes.txt").write_text("of somebody else")
    (folder / "aa").mkdir(exist_ok=True)
    (folder / "aa" / "holiday.jpg").write_bytes(b"x")
    age(folder, hours=100)

    assert clean("--remove") == ["0 files without a photograph."]


@pytest.mark.parametrize("options", [["--older-than-hours", "0"], ["--remove"]])
def test_cleaning_refuses_what_would_remove_too_much(folder, options):
    with pytest.raises(CommandError):
        clean(*options)


def test_a_folder_that_was_never_made_is_empty(folder):
    assert (list(photograph_files.lost()), clean()) == ([], ["0 files without a photograph."])


def test_photographs_lie_outside_of_what_is_served():
    location = Path(base.env("PHOTOGRAPHS_DIR", default=str(base.VAR_DIR / "photographs")))
    served = [Path(active.STATIC_ROOT), Path(active.MEDIA_ROOT), *map(Path, active.STATICFILES_DIRS)]

    assert [root for root in served if location.is_relative_to(root) or root.is_relative_to(location)] == []


# --- Reading


@pytest.mark.parametrize("many", [1, 30])
def test_album_and_panel_cost_the_same_whatever_there_is(many):
    patient, nurse = make_photographed_patient(), make_user()
    for number in range(many):
        make_photograph(patient, moment="before" if number % 2 else "after", added_by=nurse)
    make_photograph(patient, moment="before", added_by=nurse)
    make_photograph(patient, moment="after", added_by=nurse)
    with CaptureQueriesContext(connection) as of_panel:
        photographs_panel(patient, nurse, timezone.now())
    with CaptureQueriesContext(connection) as of_album:
        list(album(patient, nurse, {})["page"])

    assert (len(of_panel), len(of_album)) == (3, 2)


def test_ten_thousand_photographs_are_shown_page_by_page():
    patient, nurse = make_photographed_patient(), make_user()
    first = make_photograph(patient, added_by=nurse)
    facts = {
        field.attname: getattr(first, field.attname)
        for field in Photograph._meta.concrete_fields
        if field.name not in ("id", "public_id", "digest", "taken_at")
    }
    Photograph.objects.bulk_create(
        [
            Photograph(**facts, digest=f"d{number}", taken_at=first.taken_at + timedelta(minutes=number))
            for number in range(1, 10_000)
        ],
        batch_size=500,
    )
    last = album(patient, nurse, {"page": "last"})["page"]
    shown = album(patient, nurse, {"page": "9999999"})["page"]

    assert (shown.number, len(shown.object_list), last.number) == (417, 16, 1)
    assert list(shown.object_list)[-1] == first


def test_who_may_not_read_charts_has_no_photographs():
    keep_photograph()
    roles = (Role.FRONT_DESK, Role.ADMINISTRATOR, Role.PATIENT)

    assert [Photograph.objects.visible_to(make_user(role)).count() for role in roles] == [0, 0, 0]


def test_the_storage_can_be_any_of_djangos():
    """In memory here: nothing asks it for a path or an address."""
    kept = keep_photograph(content=jpeg(colour="pink"))

    assert storages["photographs"].open(kept.file).read()[:2] == b"\xff\xd8"
