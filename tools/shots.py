"""`./dev shots`: the README's screenshots, taken from a demo that is started for it and thrown away again.

The demo believes that it is a Tuesday morning, so that the pictures of one day can be compared with those of another.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import which
from urllib.error import URLError

from playwright.sync_api import Browser, sync_playwright

from tools.shot_list import SHOTS, Shot
from tools.small_png import smaller
from tools.supervisor import say

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "img"
READY_WITHIN_SECONDS = 120
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
# Chromium writes dates in fields as the system's language does.
BRITISH = {"LANGUAGE": "en_GB", "LANG": "en_GB.UTF-8"}

# 10:44 in New York. Every process of the demo loads this module first and lives in that time from then on.
MOMENT = datetime(2026, 1, 13, 15, 44, tzinfo=UTC)
SHIFT_THE_CLOCK = """
import datetime, os, time_machine
_shift = datetime.timedelta(seconds=float(os.environ["SHOTS_SHIFT_SECONDS"]))
time_machine.travel(datetime.datetime.now(datetime.UTC) + _shift, tick=True).start()
"""
# Phones bring a typeface of their own, machines that take pictures often none to be proud of: the staff's stands in.
LETTERS = """async () => {
  document.documentElement.style.setProperty("--lw-font", '"Inter Variable", sans-serif');
  await document.fonts.load('16px "Inter Variable"');
  await document.fonts.ready;
}"""
# What it sends stays its own.
SETTINGS = """
from pathlib import Path
from clinic.settings.demo import *
OUTBOX_DIR = Path(__file__).parent / "outbox"
EMAIL_FILE_PATH = Path(__file__).parent / "codes"
"""


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """A demo clinic of its own on a free port; yields its address and the password."""
    with socket.socket() as probe, tempfile.TemporaryDirectory() as folder:
        probe.bind(("127.0.0.1", 0))
        port, password = probe.getsockname()[1], secrets.token_urlsafe(12)
        probe.close()
        (Path(folder) / "sitecustomize.py").write_text(SHIFT_THE_CLOCK)
        (Path(folder) / "settings_for_shots.py").write_text(SETTINGS)
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "settings_for_shots",
            "BASE_URL": f"http://127.0.0.1:{port}",
            "DATABASE_URL": f"sqlite:///{folder}/shots.sqlite3",
            "DEMO_PASSWORD": password,
            "PORT": str(port),
            "PYTHONPATH": folder,
            "SHOTS_SHIFT_SECONDS": str((MOMENT - datetime.now(UTC)).total_seconds()),
        }
        for name in ("REDIS_URL", "EMAIL_URL"):
            environment.pop(name, None)
        running = subprocess.Popen([sys.executable, "-m", "tools.up"], cwd=ROOT, env=environment)
        try:
            _wait_for(f"http://127.0.0.1:{port}/healthz")
            yield f"http://127.0.0.1:{port}", password
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=20)


def _wait_for(address: str) -> None:
    ends = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < ends:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.3)
    raise SystemExit("The demo did not start; run ./dev up to see why.")


def take(browser: Browser, shot: Shot, *, address: str, password: str) -> None:
    """The way to the page, then the picture: letters loaded, nothing moving, without the demo's own lines."""
    width, height = shot.size
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        color_scheme=shot.scheme,
        reduced_motion="reduce",
        locale="en-GB",
    )
    page = context.new_page()
    shot.sign_in(page, password)
    shot.go(page)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelectorAll('.ribbon, [data-toast]').forEach(each => each.remove())")
    page.evaluate(LETTERS)
    page.evaluate("document.activeElement.blur()")
    file = FOLDER / f"{shot.name}.png"
    file.write_bytes(smaller(page.screenshot(animations="disabled", caret="hide")))
    say(f"{file.relative_to(ROOT)}, {file.stat().st_size // 1024} kB")
    context.close()


def main() -> int:
    chromium = which("chromium")
    if chromium is None:
        say("chromium is not installed; on Debian: apt install chromium")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with demo() as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=CHROMIUM_ARGUMENTS, env={**os.environ, **BRITISH}
        )
        for shot in SHOTS:
            take(browser, shot, address=address, password=password)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
