"""The forms that stand on pages: where they go, and their fields with the values that the page offers."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit


class _Forms(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.path, self.found, self._fields, self._select = path, {}, None, None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        posts_to = attrs.get("hx-post") or (attrs.get("action", "") if tag == "form" else None)
        is_form = tag == "form" and (attrs.get("method", "get").casefold() == "post" or "hx-post" in attrs)
        # A button with an address of its own stands in its form without ending it.
        if is_form or (attrs.get("hx-post") and self._fields is None):
            target = urlsplit(urljoin(self.path, posts_to or "")).path
            self._fields = self.found.setdefault(target, {})
        name = attrs.get("name")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._offer(self._select, attrs.get("value", ""))
        elif name and tag in ("input", "textarea", "button"):
            self._offer(name, attrs.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None
        elif tag == "form":
            self._fields = None

    def _offer(self, name, value):
        if self._fields is not None:
            self._fields.setdefault(name, []).append(value)


def forms_of(page, path):
    """{address: {field: offered values}} of one page."""
    parser = _Forms(path)
    parser.feed(page)
    return parser.found
