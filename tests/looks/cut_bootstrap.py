"""Cut the parts of Bootstrap that a patient's page uses out of the whole file.

A phone loads this instead of the whole (31 kB compressed). To make it again after an update or when a patient
page needs one more class, change ``KEPT`` and run ``python -m tests.looks.cut_bootstrap``; a test compares.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "static" / "vendor" / "bootstrap"
WHOLE = FOLDER / "bootstrap.min.css"
CUT = FOLDER / "bootstrap-patient.min.css"

# Classes (or their beginnings, with a hyphen at the end) whose rules stay. Rules without a class always stay.
KEPT = (
    "btn", "btn-check", "btn-primary", "btn-secondary", "btn-danger", "btn-sm", "btn-lg",
    "card", "card-body",
    "form-label", "form-text", "form-control", "form-control-color", "form-select", "form-check", "form-check-input",
    "form-check-label", "form-check-inline", "input-group", "input-group-text",
    "is-invalid", "invalid-feedback", "was-validated",
    "table", "visually-hidden", "visually-hidden-focusable",
    "d-none", "d-block", "d-flex", "d-grid", "mb-0", "mt-0", "small", "show",
)  # fmt: skip
DROPPED_PROPERTIES = re.compile(
    r"--bs-(?:blue|indigo|purple|pink|red|orange|yellow|green|teal|cyan|black|gray(?:-dark|-\d+)?"
    r"|(?:primary|secondary|success|info|warning|danger|light|dark)-(?:rgb|text-emphasis|bg-subtle|border-subtle)"
    r"|gradient|box-shadow(?:-\w+)?|info|light|dark)\s*:[^;}]*;?"
)


def blocks(css: str) -> list[tuple[str, str]]:
    """Top-level rules as (selector or at-rule, body without its braces)."""
    found, start, position = [], 0, 0
    while (opening := css.find("{", position)) != -1:
        depth, end = 1, opening + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        found.append((css[start:opening].strip(), css[opening + 1 : end - 1]))
        start = position = end
    return found


def wanted(selector: str) -> bool:
    """Whether every class of one selector is kept, so that the rule can match on a patient's page."""
    bare = re.sub(r"\[[^\]]*\]", "", selector)
    return all(name in KEPT for name in re.findall(r"\.(-?[A-Za-z_][\w-]*)", bare))


def cut(css: str) -> str:
    """The kept rules of ``css``, in their order, selectors that cannot match left out."""
    kept = []
    for selector, body in blocks(css):
        if selector.startswith("@keyframes"):
            continue
        if selector.startswith("@"):
            inner = cut(body)
            if inner:
                kept.append(f"{selector}{{{inner}}}")
            continue
        parts = [part for part in re.split(r",(?![^(]*\))", selector) if wanted(part)]
        if parts:
            kept.append(f"{','.join(parts)}{{{DROPPED_PROPERTIES.sub('', body)}}}")
    return "".join(kept)


def patient_css() -> str:
    """Content of the cut file: the licence comment of the whole, then the kept rules."""
    whole = WHOLE.read_text()
    licence = re.search(r"/\*!.*?\*/", whole, re.S).group(0)
    body = re.sub(r"/\*.*?\*/|@charset[^;]*;", "", whole, flags=re.S)
    return f'@charset "UTF-8";{licence}\n{cut(body)}\n'


if __name__ == "__main__":
    CUT.write_text(patient_css())
