"""What the code and the templates say through gettext, and what the Spanish catalogue has for it.

Read in Python, as makemessages and msgfmt would, so that the tests need no tools of gettext.
"""

import ast
import re
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "locale" / "es" / "LC_MESSAGES" / "django.po"
COMPILED = CATALOGUE.with_suffix(".mo")
PACKAGES = ("aftercare", "clinic", "sessions_app")

# How many of the first arguments are words, and whether a context stands before them.
_CALLS = {"_": (1, False), "gettext": (1, False), "gettext_lazy": (1, False)}
_CALLS |= dict.fromkeys(("ngettext", "ngettext_lazy"), (2, False))
_CALLS |= dict.fromkeys(("pgettext", "pgettext_lazy"), (1, True))
_CALLS |= dict.fromkeys(("npgettext", "npgettext_lazy"), (2, True))
_IN_TEMPLATE = re.compile(r"\b(_|n?p?gettext)\(")
_LITERAL = re.compile(r"""\s*,?\s*u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}")


def said_by_code():
    """Every text for a translator, as `(context, singular, plural)`, with the files that say it."""
    said = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for message in _in_python(path.read_text("utf-8")):
                said.setdefault(message, set()).add(_name(path))
    for path in sorted((ROOT / "templates").rglob("*.*")):
        if path.suffix in (".html", ".txt", ".svg"):
            for message in _in_template(path.read_text("utf-8"), _name(path)):
                said.setdefault(message, set()).add(_name(path))
    # An entry with a plural serves the singular alone as well; the catalogue may not hold both.
    for context, singular, plural in [message for message in said if message[2]]:
        said[context, singular, plural] |= said.pop((context, singular, ""), set())
    return said


def _name(path):
    return path.relative_to(ROOT).as_posix()


def _in_python(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _called(node.func) in _CALLS:
            words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            yield from _message(_called(node.func), [word for word in words if isinstance(word, str)])


def _called(function):
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _in_template(source, name):
    marked = templatize(source, origin=name)
    for call in _IN_TEMPLATE.finditer(marked):
        words, position = [], call.end()
        while literal := _LITERAL.match(marked, position):
            words.append(ast.literal_eval(literal[1]))
            position = literal.end()
        yield from _message(call[1], words)


def _message(call, words):
    forms, has_context = _CALLS[call]
    context = words.pop(0) if has_context and words else ""
    if words and words[0]:
        yield context, words[0], words[1] if forms == 2 and len(words) > 1 else ""


def catalogue(path=CATALOGUE):
    """The entries of a .po file, `{(context, singular, plural): (flags, [Spanish, ...])}`; without its head."""
    entries = {}
    for block in path.read_text("utf-8").split("\n\n"):
        fields, flags, here = {}, "", ""
        for line in block.splitlines():
            if line.startswith("#,"):
                flags = line
            elif line.startswith("#"):
                continue
            elif line.startswith('"'):
                fields[here] += ast.literal_eval(line)
            elif line.strip():
                here, _, words = line.partition(" ")
                fields[here] = ast.literal_eval(words)
        if fields.get("msgid"):
            key = (fields.get("msgctxt", ""), fields["msgid"], fields.get("msgid_plural", ""))
            assert key not in entries, f"twice in the catalogue: {key}"
            entries[key] = (flags, [words for name, words in fields.items() if name.startswith("msgstr")])
    return entries


def placeholders(text):
    return sorted(set(_PLACEHOLDER.findall(text)))
