"""Files that have no address of their own: readable by the program alone, given out by views that ask who asks."""

import os
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage


class PrivateFiles(FileSystemStorage):
    """A folder outside of everything that is served. A file is on the disk before its name is given back."""

    def __init__(self, location: str | Path | None = None) -> None:
        super().__init__(location=location, file_permissions_mode=0o600, directory_permissions_mode=0o700)

    def _save(self, name: str, content: Any) -> str:
        saved: str = super()._save(name, content)  # type: ignore[misc]
        path = Path(self.path(saved))
        _to_disk(path)
        _to_disk(path.parent)
        return saved

    def url(self, name: str | None) -> str:
        raise ValueError("Private files have no address; a view gives them out.")


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
