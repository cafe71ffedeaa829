"""`python -m tools.icons`: the icons of the home screen, drawn from `static/img/favicon.svg` by Chromium.

Phones want squares of pixels: one with the favicon's rounded corners, one whose whole square is filled and whose sign
stays inside the safe zone of W3C's manifest (a circle of 80 % of the width), one of 180 pixels for Apple.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from playwright.sync_api import sync_playwright

from tools.small_png import smaller
from tools.supervisor import say

FOLDER = Path(__file__).resolve().parent.parent / "static" / "img"
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
_CORNER = re.compile(r' rx="\d+"')
_SIGN = 'transform="translate(4 4)"'


@dataclass(frozen=True, slots=True)
class Icon:
    """`is_full`: colour to the edges, the sign smaller, for systems that cut a shape of their own out of it."""

    file: str
    pixels: int
    is_full: bool


ICONS = (
    Icon("icon-192.png", 192, False),
    Icon("icon-512.png", 512, False),
    Icon("icon-512-maskable.png", 512, True),
    Icon("icon-180.png", 180, True),
)


def drawing_of(icon: Icon, favicon: str) -> str:
    """The SVG of one icon. Corners are white where they are round: a home screen shows them on any ground."""
    drawn = favicon.replace("<svg ", f'<svg width="{icon.pixels}" height="{icon.pixels}" ', 1)
    if not icon.is_full:
        return drawn
    return _CORNER.sub("", drawn, count=1).replace(_SIGN, 'transform="translate(6.4 6.4) scale(0.8)"')


def main() -> int:
    favicon = (FOLDER / "favicon.svg").read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=CHROMIUM_ARGUMENTS)
        for icon in ICONS:
            page = browser.new_page(viewport={"width": icon.pixels, "height": icon.pixels})
            page.set_content(f"<style>body{{margin:0}} svg{{display:block}}</style>{drawing_of(icon, favicon)}")
            (FOLDER / icon.file).write_bytes(smaller(page.screenshot()))
            say(f"static/img/{icon.file}")
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
