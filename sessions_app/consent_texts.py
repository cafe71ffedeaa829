"""The words of the consent, in versions: the shipped first one, and what the clinical lead publishes after it.

A version has every language of the clinic. Nothing is changed once it is published: what somebody signed stays as it
was read. The shipped words follow the drug's label and are to be confirmed by the clinical lead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from clinic import audit
from clinic.models import Patient, User
from sessions_app.models import ConsentText
from sessions_app.refusals import Refused, Stale
from sessions_app.retrying import retried

SHIPPED_VERSION = 1
LANGUAGES = tuple(language.value for language in Patient.Language)
LONGEST_TITLE, LONGEST_BODY = 120, 20_000
_SHIPPED = Path(__file__).parent / "shipped"


@dataclass(frozen=True, slots=True)
class Words:
    """Title and body in one language. Body: paragraphs between empty lines, "## " headings, "- " lists."""

    title: str
    body: str


@cache
def shipped(language: str) -> Words:
    """The first line of the file is the title."""
    title, _, body = (_SHIPPED / f"consent.{language}.txt").read_text(encoding="utf-8").partition("\n")
    return Words(title.strip(), body.strip())


def newest_version() -> int:
    """The version that is asked for; the shipped one is written the first time that somebody asks."""
    newest: int | None = ConsentText.objects.aggregate(newest=Max("version"))["newest"]
    return newest or _ship()


def newest_texts() -> dict[str, ConsentText]:
    """The newest version by language."""
    return {text.language: text for text in ConsentText.objects.filter(version=newest_version())}


def text_in(language: str) -> ConsentText:
    """The newest text in a language, in English where the clinic has none in it."""
    texts = newest_texts()
    return texts.get(language) or texts[Patient.Language.ENGLISH]


def _ship() -> int:
    try:
        with transaction.atomic():
            ConsentText.objects.bulk_create(
                ConsentText(version=SHIPPED_VERSION, language=each, title=shipped(each).title, body=shipped(each).body)
                for each in LANGUAGES
            )
    except IntegrityError:
        # A colleague was first to ask.
        pass
    return SHIPPED_VERSION


@retried
@transaction.atomic
def publish(*, words: Mapping[str, Words], after: int, by: User, now: datetime | None = None) -> list[ConsentText]:
    """The next version, in all languages at once. ``after``: the version that the page showed.

    `Stale` when somebody published meanwhile; `Refused` when a language is missing or nothing changed.
    """
    newest = newest_version()
    if after != newest:
        raise Stale(f"Version {newest} was published meanwhile. Read it before you publish another one.")
    standing = {text.language: Words(text.title, text.body) for text in newest_texts().values()}
    wanted = {language: _checked(language, words.get(language)) for language in LANGUAGES}
    if wanted == standing:
        raise Refused("Nothing was changed, so there is no new version to publish.", rule="same")
    now = now or timezone.now()
    try:
        with transaction.atomic():
            texts = ConsentText.objects.bulk_create(
                ConsentText(
                    version=newest + 1,
                    language=language,
                    title=each.title,
                    body=each.body,
                    published_at=now,
                    published_by=by,
                )
                for language, each in wanted.items()
            )
    except IntegrityError as error:
        raise Stale("A colleague published a version at this moment. Read it first.") from error
    audit.record("consent text published", by=by, subject=texts[0], version=newest + 1)
    return texts


def _checked(language: str, given: Words | None) -> Words:
    name = Patient.Language(language).label
    title = " ".join(given.title.split()) if given else ""
    body = given.body.replace("\r\n", "\n").strip() if given else ""
    if not title or not body:
        raise Refused(f"Write the title and the text in {name} too.", rule="language", field=f"body_{language}")
    if len(title) > LONGEST_TITLE or len(body) > LONGEST_BODY:
        raise Refused(f"The text in {name} is too long.", rule="length", field=f"body_{language}")
    return Words(title, body)


# --- Its parts, for pages ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """``kind``: "heading", "paragraph" or "list". ``lines``: one, or the entries of a list."""

    kind: str
    lines: tuple[str, ...]


def blocks_of(body: str) -> list[Block]:
    """The body's parts in order. Words only: whatever looks like markup is words too."""
    blocks: list[Block] = []
    for part in body.replace("\r\n", "\n").split("\n\n"):
        lines = [line.strip() for line in part.split("\n") if line.strip()]
        entries: list[str] = []
        for line in lines:
            if line.startswith("- "):
                entries.append(line[2:].strip())
                continue
            _close(blocks, entries)
            heading = line.startswith("## ")
            blocks.append(Block("heading" if heading else "paragraph", (line.removeprefix("## ").strip(),)))
        _close(blocks, entries)
    return blocks


def _close(blocks: list[Block], entries: list[str]) -> None:
    if entries:
        blocks.append(Block("list", tuple(entries)))
        entries.clear()
