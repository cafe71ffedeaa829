"""What a log line may say of an error: its class and its place, never its message, which may quote a patient."""

import traceback
from pathlib import Path


def describe(error: BaseException) -> str:
    """`ValueError at letters.py:71`, the place in which it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
