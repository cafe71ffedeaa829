"""`./dev shots`: the README's screenshots, taken from a demo that is started for it and thrown away again."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import which
from urllib.error import URLError

from playwright.sync_api import Browser, Page, sync_playwright

from tools.supervisor import say

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "img"
READY_WITHIN_SECONDS = 90
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
DESK, TABLET, PHONE = (1440, 900), (1180, 900), (390, 844)


@dataclass(frozen=True)
class Shot:
    """One picture: who looks, on which screen, and the way to the page."""

    name: str
    who: str
    size: tuple[int, int]
    go: Callable[[Page], object]


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """A demo clinic of its own on a free port; yields its address and the password."""
    with socket.socket() as probe, tempfile.TemporaryDirectory() as folder:
        probe.bind(("127.0.0.1", 0))
        port, password = probe.getsockname()[1], secrets.token_urlsafe(12)
        probe.close()
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "clinic.settings.demo",
            "DATABASE_URL": f"sqlite:///{folder}/shots.sqlite3",
            "DEMO_PASSWORD": password,
            "PORT": str(port),
        }
        environment.pop("REDIS_URL", None)
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


def _sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/accounts/sign-in/")
    if not email.startswith("patient"):
        page.fill("input[name=login]", email)
        page.fill("input[name=password]", password)
        page.keyboard.press("Enter")
    else:
        _ask_for_code(page, email)
    page.wait_for_url(lambda url: "/accounts/" not in url)


def _ask_for_code(page: Page, email: str) -> None:
    page.goto("/accounts/code/")
    page.fill("input[name=email]", email)
    page.keyboard.press("Enter")
    page.wait_for_url("**/code/confirm/")
    other = page.context.new_page()
    other.goto(f"/demo/messages/?to={email}")
    found = re.search(r"\b\d{6}\b", other.inner_text("main"))
    other.close()
    if found is None:
        raise SystemExit("No sign-in code is among the demo's messages.")
    page.fill("input[name=code]", found[0])
    page.keyboard.press("Enter")


def _open_visit(page: Page) -> None:
    """The visit that is in treatment, with three sites charted as a nurse would."""
    page.goto("/my-day/")
    page.locator("main a[href*='/visits/']").first.click()
    page.wait_for_load_state("networkidle")


def _open_signed(page: Page) -> None:
    page.goto("/patients/?q=Quillfeather")
    page.get_by_role("link", name="Marigold Quillfeather").first.click()
    page.wait_for_load_state("networkidle")


def _open_repeat(page: Page) -> None:
    page.goto("/day/")
    page.locator(".desk-side").get_by_role("link", name="Book").first.click()
    page.wait_for_load_state("networkidle")


SHOTS: Sequence[Shot] = (
    Shot("day", "desk@example.com", DESK, lambda page: page.goto("/day/")),
    Shot("booking", "desk@example.com", DESK, _open_repeat),
    Shot("charting", "nurse2@example.com", TABLET, _open_visit),
    Shot("sign", "nurse@example.com", TABLET, _open_signed),
    Shot("today", "patient@example.com", PHONE, lambda page: page.goto("/today/")),
)


def take(browser: Browser, address: str, password: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for shot in SHOTS:
        width, height = shot.size
        context = browser.new_context(
            base_url=address, viewport={"width": width, "height": height}, reduced_motion="reduce", locale="en-GB"
        )
        page = context.new_page()
        _sign_in(page, shot.who, password)
        shot.go(page)
        page.wait_for_timeout(500)  # fonts, and the clock's first tick
        page.screenshot(path=FOLDER / f"{shot.name}.png")
        say(f"docs/img/{shot.name}.png")
        context.close()


def main() -> int:
    chromium = which("chromium")
    if chromium is None:
        say("chromium is not installed; on Debian: apt install chromium")
        return 1
    started = datetime.now().astimezone()
    with demo() as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        take(browser, address, password)
        browser.close()
    say(f"Taken from a demo of {started:%Y-%m-%d %H:%M}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
