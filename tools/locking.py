"""`./dev lock`: compile the hashed locks; versions stay as they are unless `--upgrade` is given."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = ("--universal", "--generate-hashes", "--python-version", "3.11", "--no-header", "--quiet")


def compile_lock(source: str, lock: str, *options: str) -> int:
    command = [sys.executable, "-m", "uv", "pip", "compile", *OPTIONS, *options, source, "--output-file", lock]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    status = compile_lock("requirements.in", "requirements.txt", *arguments)
    # The tools' lock holds the product's own versions, so that tests run what is shipped.
    return status or compile_lock(
        "requirements-dev.in", "requirements-dev.txt", "--constraint", "requirements.txt", *arguments
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
