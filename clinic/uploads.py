"""Files in a request: read past everywhere, and taken by the one field of a view that says so and of who may use it."""

from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from clinic.access import ViewFunction

# Up to here a file is held in memory, beyond in an unnamed temporary file that is gone with the process.
_IN_MEMORY = 1024 * 1024


def takes_files(field: str) -> Callable[[ViewFunction], ViewFunction]:
    """Mark a view: the files of this form field are kept for it, `settings.UPLOAD_MAX_BYTES` each."""

    def mark(view: ViewFunction) -> ViewFunction:
        view.takes_files = field  # type: ignore[attr-defined]
        return view

    return mark


def body_limit(request: HttpRequest) -> int:
    """How many bytes a body may have at this address, by the mark of its view."""
    usual: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if request.method != "POST" or not request.META.get("CONTENT_TYPE", "").startswith("multipart/form-data"):
        return usual
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return usual
    return settings.UPLOAD_MAX_BODY if hasattr(view, "takes_files") else usual


class FilesWhereTaken(FileUploadHandler):
    """The only handler in `FILE_UPLOAD_HANDLERS`.

    Asked before the view runs, because the check against forged requests reads the form: so it looks for itself who
    asks for what. A file beyond the limit keeps its size but not its content; the form says that it is too large.
    """

    _kept: Any = None
    _size = 0

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)
        if not _is_taken(self.request, field_name):
            raise SkipFile
        self._kept, self._size = SpooledTemporaryFile(max_size=_IN_MEMORY), 0  # noqa: SIM115  (closed with the request)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._size += len(raw_data)
        if self._size <= settings.UPLOAD_MAX_BYTES:
            self._kept.write(raw_data)
        elif self._kept.tell():
            self._kept.seek(0)
            self._kept.truncate()

    def file_complete(self, file_size: int) -> UploadedFile | None:
        kept, self._kept = self._kept, None
        if kept is None:
            return None
        kept.seek(0)
        return UploadedFile(kept, name=self.file_name, content_type=self.content_type, size=self._size)

    def upload_interrupted(self) -> None:
        if self._kept is not None:
            self._kept.close()


def _is_taken(request: HttpRequest | None, field_name: str) -> bool:
    match = getattr(request, "resolver_match", None)
    if request is None or match is None or getattr(match.func, "takes_files", None) != field_name:
        return False
    person = getattr(request, "user", None)
    return bool(person is not None and person.is_authenticated and person.may(match.func.access))
