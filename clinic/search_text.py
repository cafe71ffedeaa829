"""What somebody typed into the search field, taken apart: words of a name, digits of a phone, a birth date. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_LONGEST_TEXT = 100
_LONGEST_WORD = 40
_MOST_WORDS = 6
_FEWEST_DIGITS = 3
# Letters that carry no accent to take off, but are typed as these.
_SPELLED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"} | dict.fromkeys("'’ʼ`", "")
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        ["january enero", "february febrero", "march marzo", "april abril", "may mayo", "june junio", "july julio",
         "august agosto", "september septiembre sept", "october octubre", "november noviembre", "december diciembre"], 1
    )
    for name in names.split()
}  # fmt: skip
_NUMBER, _MONTH = r"(\d{1,2})(?:st|nd|rd|th)?", r"([a-z]{3,})"
_SEPARATOR = r"(?:\s*[./-]\s*|\s+)"
_YEAR_FIRST = re.compile(rf"(?<!\d)(\d{{4}}){_SEPARATOR}(\d{{1,2}}){_SEPARATOR}(\d{{1,2}})(?!\d)")
_NUMBERS = re.compile(rf"(?<!\d)(\d{{1,2}}){_SEPARATOR}(\d{{1,2}}){_SEPARATOR}(\d{{4}}|\d{{2}})(?!\d)")
_DAY_MONTH_YEAR = re.compile(
    rf"(?<!\d){_NUMBER}[\s.,-]*(?:of\s+|de\s+)?{_MONTH}[\s.,-]*(?:de\s+)?(\d{{4}}|\d{{2}})(?!\d)"
)
_MONTH_DAY_YEAR = re.compile(rf"\b{_MONTH}[\s.,-]*{_NUMBER}[\s.,-]+(\d{{4}}|\d{{2}})(?!\d)")
_MONTH_YEAR = re.compile(rf"\b{_MONTH}[\s.,-]*(\d{{4}})(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_PACKED = re.compile(r"(?<!\d)(\d{8})(?!\d)")

Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One reading of what was typed: every word fits, and one of the numbers, and one of the spans of days."""

    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    days: tuple[Days, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.numbers or self.days)


def fold(text: str) -> str:
    """Lower case without accents, for comparing: "Íñigo O’Hára" is "inigo ohara"."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_SPELLED))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def words_of(text: str) -> list[str]:
    """The words of a name, folded; a hyphen parts, an apostrophe does not."""
    return "".join(letter if letter.isalnum() else " " for letter in fold(text)).split()


def digits_of(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii() and letter.isdigit())


def interpretations(text: str) -> list[Wanted]:
    """How `text` can be read, likeliest first; empty when nothing in it can be looked for. At most two."""
    folded = fold(text[:_LONGEST_TEXT])
    for found, days in _dates(folded):
        rest = f"{folded[: found.start()]} {folded[found.end() :]}"
        return [wanted for wanted in (Wanted(*_words_and_numbers(rest), days=days),) if wanted]
    plain = Wanted(*_words_and_numbers(folded))
    readings = [plain, *_as_year_or_packed_date(folded, plain)]
    return [wanted for wanted in readings if wanted]


def as_facts(text: str) -> dict[str, str]:
    """What was searched in vain as the beginning of a registration: names in their own letters, phone or birth date."""
    text = text[:_LONGEST_TEXT]
    for _, days in _dates(fold(text)):
        first, last = days[0]
        if len(days) == 1 and first == last:
            return {"birth_date": first.isoformat()}
        return {}
    names = [word for word in text.split() if not any(letter.isdigit() for letter in word) and words_of(word)]
    facts = {"given_name": " ".join(names[:1]).capitalize(), "family_name": " ".join(names[1:])}
    return facts | {"phone": text if not names and _phone_prefixes(digits_of(text)) else ""}


def _words_and_numbers(folded: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    words = words_of(folded)
    digits = "".join(word for word in words if word.isascii() and word.isdigit())
    letters = tuple(dict.fromkeys(word[:_LONGEST_WORD] for word in words if not word.isdigit()))[:_MOST_WORDS]
    return letters, _phone_prefixes(digits)


def _phone_prefixes(digits: str) -> tuple[str, ...]:
    """The digits as they stand in an international number: also without 0 or 00 in front, once enough were typed."""
    if len(digits) < _FEWEST_DIGITS:
        return ()
    bare = digits.lstrip("0")
    return (digits, bare) if bare != digits and len(bare) >= 6 else (digits,)


def _dates(folded: str) -> Iterator[tuple[re.Match[str], tuple[Days, ...]]]:
    """Dates written with separators or a month's name; both readings of 4/3/1967."""
    for pattern, parts in (
        (_YEAR_FIRST, lambda m: [(m[1], m[2], m[3])]),
        (_NUMBERS, lambda m: [(m[3], m[2], m[1]), (m[3], m[1], m[2])]),
        (_DAY_MONTH_YEAR, lambda m: [(m[3], _month(m[2]), m[1])]),
        (_MONTH_DAY_YEAR, lambda m: [(m[3], _month(m[1]), m[2])]),
        (_MONTH_YEAR, lambda m: [(m[2], _month(m[1]), "")]),
    ):
        for found in pattern.finditer(folded):
            days = tuple(dict.fromkeys(span for written in parts(found) for span in _spans(*written)))
            if days:
                yield found, days


def _as_year_or_packed_date(folded: str, plain: Wanted) -> Iterator[Wanted]:
    """Bare digits that may be a birth year (1967) or date (19670304, 04031967) as well as part of a phone number."""
    if found := _PACKED.search(folded):
        d = found[1]
        written = [(d[:4], d[4:6], d[6:]), (d[4:], d[2:4], d[:2]), (d[4:], d[:2], d[2:4])]
        days = tuple(dict.fromkeys(span for parts in written for span in _spans(*parts)))
    elif found := _YEAR.search(folded):
        days = tuple(_spans(found[1], "", ""))
    else:
        return
    if days and plain.numbers == (found[1],):
        yield Wanted(words=plain.words, days=days)


def _month(name: str) -> str:
    number = next((number for month, number in _MONTHS.items() if month.startswith(name)), None)
    return str(number) if number else "0"


def _spans(year: str, month: str, day: str) -> Iterator[Days]:
    """A day, a month or a year as first and last day; nothing for what is no date. Two digits may be either century."""
    for whole in [year] if len(year) == 4 else [f"19{year}", f"20{year}"]:
        try:
            first = date(int(whole), int(month or 1), int(day or 1))
        except ValueError:
            continue
        if day:
            yield first, first
        elif month:
            yield first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        else:
            yield first, date(first.year, 12, 31)
