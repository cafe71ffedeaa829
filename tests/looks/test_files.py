"""What templates and stylesheets refer to exists, and a phone gets little to load."""

import gzip
import re
from pathlib import Path

from django.contrib.staticfiles import finders

from clinic.presenters import _PLACES
from clinic.templatetags.legwork import LEVELS, STATUSES
from tests.looks import board_grid, cut_bootstrap

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SPRITE = (ROOT / "static" / "img" / "icons.svg").read_text()
SYMBOLS = re.findall(r'<symbol id="i-([a-z0-9-]+)"', SPRITE)
FIRST_LOAD_LIMIT_BYTES = 100_000
# What the page itself and htmx may take of it.
PAGE_AND_HTMX_BYTES = 35_000
PATIENT_FILES = [
    "vendor/bootstrap/bootstrap-patient.min.css",
    "css/tokens.css",
    "css/base.css",
    "css/patient.css",
    "js/theme.js",
    "js/ui.js",
    "img/icons.svg",
    "img/favicon.svg",
]


def found(pattern, text_of=Path.read_text, paths=TEMPLATES):
    """(file, match) of a pattern's first group in all templates."""
    return {(str(path.relative_to(ROOT)), match) for path in paths for match in re.findall(pattern, text_of(path))}


def test_every_icon_that_a_template_names_is_in_the_sprite():
    named = found(r'{% icon "([a-z0-9-]+)"') | found(r'icon(?:_name)?="([a-z0-9-]+)"') | found(r"#i-([a-z0-9-]+)")

    assert {(path, name) for path, name in named if name not in SYMBOLS} == set()


def test_every_icon_that_code_names_is_in_the_sprite():
    named = {shape for shape, _, _ in [*STATUSES.values(), *LEVELS.values()]} | {icon for *_, icon in _PLACES}

    assert named - set(SYMBOLS) == set()


def test_the_sprite_names_each_icon_once():
    assert len(SYMBOLS) == len(set(SYMBOLS))


def test_every_static_file_that_a_template_names_exists():
    named = found(r"""{% static ['"]([^'"]+)['"]""")

    assert {(path, name) for path, name in named if finders.find(name) is None} == set()


def test_every_file_that_a_stylesheet_names_exists():
    sheets = sorted((ROOT / "static" / "css").glob("*.css"))
    named = {(sheet, url) for sheet in sheets for url in re.findall(r'url\("?([^")]+)"?\)', sheet.read_text())}

    assert {(sheet.name, url) for sheet, url in named if not (sheet.parent / url).resolve().is_file()} == set()


def test_no_template_has_a_style_attribute():
    """The content security policy forbids it: the page would look broken."""
    assert found(r"<[^>%{]*\sstyle\s*=") | found(r"(<style\b)") == set()


def test_no_template_has_a_handler_or_a_script_in_the_page():
    inline = found(r"<[a-z][^>]*\s(on[a-z]+)\s*=") | found(r"(<script(?![^>]*\bsrc=)(?![^>]*nonce=)[^>]*>)")

    assert inline == set()


def test_no_page_names_another_host():
    assert found(r"""(?:src|href|action)=["'](https?:[^"']*)""") == set()


def test_a_vendored_stylesheet_refers_to_no_source_map():
    vendored = sorted((ROOT / "static" / "vendor").rglob("*.css"))

    assert [sheet.name for sheet in vendored if "sourceMappingURL" in sheet.read_text()] == []


def test_the_first_load_of_a_patient_page_is_small():
    together = sum(len(gzip.compress((ROOT / "static" / name).read_bytes())) for name in PATIENT_FILES)

    assert together < FIRST_LOAD_LIMIT_BYTES - PAGE_AND_HTMX_BYTES


def test_bootstrap_for_patients_is_cut_from_the_whole():
    assert cut_bootstrap.patient_css() == cut_bootstrap.CUT.read_text()


def test_the_rows_of_the_board_are_the_written_ones():
    assert board_grid.board_css() == board_grid.TARGET.read_text()


def test_every_component_is_listed_for_those_who_build_pages():
    listed = (ROOT / "templates" / "components" / "README.md").read_text()
    folder = ROOT / "templates" / "components"

    assert [path.name for path in sorted(folder.glob("*.html")) if f"`{path.name}`" not in listed] == []
