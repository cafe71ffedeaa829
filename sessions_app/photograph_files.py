"""The files of photographs in Django's storage "photographs": written before their row, removed after it.

So a row never lacks its file, and what a crash between the two leaves is a file without a row; `orphans` finds those.
"""

import logging
import re
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from sessions_app.models import Photograph
from sessions_app.pictures import Picture

logger = logging.getLogger(__name__)
# Random, and spread over folders, because a folder with ten thousand files is slow to list.
_OURS = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}\.jpg")
_BATCH = 2000
# Longer than any upload takes, and than it takes to notice that a database and a folder are not of one backup.
SETTLED = timedelta(days=1)


def kept_in() -> Storage:
    return storages["photographs"]


def write(picture: Picture) -> tuple[str, str]:
    """Both files under new random names: (picture, thumbnail). All or nothing, as far as the storage answers."""
    storage = kept_in()
    file = storage.save(_random_name(), ContentFile(picture.jpeg))
    try:
        return file, storage.save(_random_name(), ContentFile(picture.thumbnail))
    except Exception:
        remove(file)
        raise


def remove(*names: str) -> None:
    """What cannot be removed now is an orphan and is found again; the person who asked is not held up."""
    for name in filter(None, names):
        try:
            kept_in().delete(name)
        except Exception:
            logger.exception("a file of a photograph could not be removed; clean_photographs will find it")


def orphans(*, now: datetime, older_than: timedelta) -> Iterator[str]:
    """Files that look like ours, that no row knows, and that are too old to belong to an upload in progress."""
    known = _known()
    storage = kept_in()
    for name in _stored():
        if name not in known and _OURS.fullmatch(name) and now - storage.get_modified_time(name) > older_than:
            yield name


def lost() -> Iterator[tuple[uuid.UUID, str]]:
    """(photograph, "picture" or "thumbnail") of each row whose file is not there."""
    stored = set(_stored())
    rows = Photograph.objects.filter(removed_at__isnull=True).order_by("pk")
    for public_id, file, thumbnail in rows.values_list("public_id", "file", "thumbnail").iterator(chunk_size=_BATCH):
        for what, name in (("picture", file), ("thumbnail", thumbnail)):
            if name not in stored:
                yield public_id, what


def problems_of_photographs(now: datetime) -> Iterator[str]:
    """A sentence for each row without its file and each settled file without a row."""
    for public_id, what in lost():
        yield f"Photograph {public_id}: its {what} is not in the storage."
    for name in orphans(now=now, older_than=SETTLED):
        yield f"File {name} of the photographs belongs to no photograph; clean_photographs removes it."


def _random_name() -> str:
    name = uuid.uuid4().hex
    return f"{name[:2]}/{name}.jpg"


def _known() -> set[str]:
    rows = Photograph.objects.values_list("file", "thumbnail").iterator(chunk_size=_BATCH)
    return {name for pair in rows for name in pair if name}


def _stored() -> Iterator[str]:
    storage = kept_in()
    for folder in _listed(storage, "")[0]:
        yield from (f"{folder}/{name}" for name in _listed(storage, folder)[1])


def _listed(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    """Nothing in a folder that was never made: the first photograph makes it."""
    try:
        return storage.listdir(folder)
    except FileNotFoundError:
        return [], []
