"""No form of this product takes a file yet, so files in a request are read past: never stored, never held in memory."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class NoFiles(FileUploadHandler):
    """The only handler in `FILE_UPLOAD_HANDLERS`; a view that takes files would name its own."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None
