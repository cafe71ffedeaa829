"""What a stylesheet dresses is there: a rule whose page is gone goes with it."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
WRITES_CLASSES = [
    path
    for folder in ("templates", "clinic", "sessions_app", "aftercare", "static/js")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".html", ".py", ".js"}
]


def _classes(paths):
    rules = "".join(path.read_text() for path in paths)
    rules = re.sub(r'/\*.*?\*/|url\([^)]*\)|"[^"]*"', "", rules, flags=re.DOTALL)
    return set(re.findall(r"\.([a-zA-Z][\w-]*)", rules))


def test_every_class_of_the_stylesheets_is_written_somewhere():
    """Whole, or with an end that is filled in (`tag-{{ kind }}`). Classes of Bootstrap are written by crispy forms."""
    ours = _classes(sorted((ROOT / "static/css").glob("*.css")))
    bootstrap = _classes(sorted((ROOT / "static/vendor/bootstrap").rglob("*.css")))
    text = "\n".join(path.read_text() for path in WRITES_CLASSES)
    whole, begun = set(re.findall(r"[\w-]+", text)), tuple(set(re.findall(r"([a-zA-Z][\w-]*-)(?=[{$%\"'`])", text)))

    assert len(ours) > 500
    assert {name for name in ours - bootstrap - whole if not name.startswith(begun)} == set()
