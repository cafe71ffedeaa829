"""English that is left on a page that should be Spanish: words that no Spanish text has."""

import re
from html.parser import HTMLParser

# Everyday words of our pages, none of them a Spanish word (so no "a", "no", "me", "red", "come", "once", "sin", "son").
ENGLISH = frozenset(
    """
    about after again all and any are ask at avoid back before best both but by call change choose clear close clinic
    code day days did does done down each emergency end enter every feel find first for friday from gone good half help
    here hours how if into is it its know language last left leg legs less let look made make may message messages
    minute minutes monday more my name need new next night nobody not nothing now number of off on only open or our own
    page people phone please press print right same save see send sent settings should sign since somebody
    something stocking sunday text thank than that the their them then there these they this thursday time to today
    tomorrow treatment try tuesday until us visit visits wait walk was wear wednesday week weeks well were what when
    where which who will with without words write yes yesterday you your yours saturday
    january february march april june july august september october november december
    mon tue wed thu fri sat jan apr aug dec
    """.split()
)
_SILENT = {"script", "style", "svg", "template"}
_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr", "path", "circle", "rect", "use"}
_TOLD_BY = ("aria-label", "title", "alt", "placeholder", "aria-description", "aria-valuetext", "data-label")


class _Reader(HTMLParser):
    """What a page says, also to those who hear it, except what it marks as being in another language."""

    def __init__(self):
        super().__init__()
        self.said, self._open = [], [("", "es", False)]

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        _, language, is_silent = self._open[-1]
        language = (attrs.get("lang") or language)[:2]
        is_silent = is_silent or tag in _SILENT
        if language == "es":
            self.said += [attrs[name] or "" for name in _TOLD_BY if name in attrs]
            if tag == "input" and attrs.get("type") in ("submit", "button"):
                self.said.append(attrs.get("value") or "")
        if tag not in _VOID:
            self._open.append((tag, language, is_silent))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        if tag in [name for name, *_ in self._open]:
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data):
        _, language, is_silent = self._open[-1]
        if language == "es" and not is_silent and data.strip():
            self.said.append(" ".join(data.split()))


def english_of_page(html):
    """Each piece of a Spanish page that has an English word in it."""
    reader = _Reader()
    reader.feed(html)
    return [said for said in reader.said if english_words(said)]


def english_words(text):
    """The English words of a Spanish text; addresses and names of places are not read."""
    text = re.sub(r"\S+@\S+|https?://\S+|New York", " ", text)
    return [word for word in re.findall(r"[^\W\d_]+", text.lower()) if word in ENGLISH]
