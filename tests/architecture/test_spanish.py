"""Whatever a patient or a carer may read is there in Spanish, and the compiled catalogue is the one that is written."""

import gettext
import re

import pytest

from tests.architecture.catalogue import COMPILED, ROOT, catalogue, placeholders, said_by_code

# Pages and parts of pages that staff alone see, in English. Whatever is not listed has to be translated.
STAFF_ONLY = re.compile(
    r"templates/(sessions_app/(desk|setup)/|clinic/patients/|staff\.html|account/password_|account/reauthenticate)"
    r"|templates/account/email/password_|sessions_app/templatetags/board\.py"
)
# Keys, headers and events that scripts name.
NAMES_IN_SCRIPTS = {"Enter", "Escape", "Cache-Control", "Content-Type", "DOMContentLoaded"}


@pytest.fixture(scope="module")
def said():
    return {
        message: files for message, files in said_by_code().items() if any(not STAFF_ONLY.match(name) for name in files)
    }


@pytest.fixture(scope="module")
def spanish():
    return catalogue()


def test_the_search_finds_texts_of_code_and_of_templates(said):
    assert "aftercare/presenters/words.py" in said["", "Left leg", ""]
    assert "templates/components/gate_foot.html" in said["", "In an emergency call %(number)s", ""]
    assert ("", "%(n)d day", "%(n)d days") in said


def test_every_text_for_patients_has_its_spanish(said, spanish):
    missing = {
        message[1]: sorted(files) for message, files in said.items() if not all(spanish.get(message, ("", [""]))[1])
    }

    assert missing == {}


def test_no_translation_is_a_guess(spanish):
    assert [message for message, (flags, _) in spanish.items() if "fuzzy" in flags] == []


def test_translations_keep_the_placeholders(spanish):
    other = {
        message[1]: words
        for message, (_, words) in spanish.items()
        for form in words
        # The singular may say "one" in a word.
        if placeholders(form) != placeholders(message[1])
        and not (message[2] and set(placeholders(form)) <= set(placeholders(message[2])))
    }

    assert other == {}


def test_translations_keep_the_marks_of_a_page(spanish):
    """A tag that is lost or added in Spanish breaks the page in Spanish alone."""
    tags = re.compile(r"</?[a-z]+[^>]*>")
    other = {
        message[1]: words
        for message, (_, words) in spanish.items()
        if sorted(tags.findall(message[1])) != sorted(tags.findall(words[0]))
    }

    assert other == {}


def test_the_catalogue_holds_nothing_that_no_page_says(spanish):
    assert sorted(message[1] for message in set(spanish) - set(said_by_code())) == []


def test_the_compiled_catalogue_is_the_written_one(spanish):
    with COMPILED.open("rb") as file:
        compiled = {key: words for key, words in gettext.GNUTranslations(file)._catalog.items() if key}

    written = {}
    for (context, singular, plural), (_, words) in spanish.items():
        key = f"{context}\x04{singular}" if context else singular
        written |= {(key, index): form for index, form in enumerate(words)} if plural else {key: words[0]}
    assert compiled == written


def test_every_message_and_its_subject_are_there_in_spanish():
    """Messages have a file for each language; one without its Spanish would go out in English."""
    texts = sorted((ROOT / "templates" / "notifications").rglob("*.txt"))
    alone = [text.name for text in texts if ".es." not in text.name and not text.with_suffix(".es.txt").exists()]

    assert texts
    assert alone == []


def test_scripts_of_patients_pages_say_nothing_of_their_own():
    """Words stand in templates, where they are translated; a script moves what is there."""
    sentence = re.compile(r"""["'`][A-Z][a-z]+(?: [a-z]+)*[^"'`]*["'`]""")
    said = {}
    for name in ("checkin", "offline", "print", "signature", "sw", "theme", "today"):
        lines = (ROOT / "static" / "js" / f"{name}.js").read_text("utf-8").splitlines()
        code = "\n".join(line for line in lines if not line.lstrip().startswith("//"))
        if found := [words for words in sentence.findall(code) if words.strip("\"'`") not in NAMES_IN_SCRIPTS]:
            said[name] = found

    assert said == {}
