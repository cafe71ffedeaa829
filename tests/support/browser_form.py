"""What a browser would send back of a form in a page: every field with the value it shows."""

from html.parser import HTMLParser


class _Fields(HTMLParser):
    def __init__(self, css_class):
        super().__init__()
        self.css_class, self.inside, self.fields = css_class, False, {}
        self.select = self.textarea = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.inside = self.css_class in (given.get("class") or "").split()
        elif self.inside and tag == "input":
            self._input(given)
        elif self.inside and tag == "select":
            self.select = given.get("name")
        elif self.inside and tag == "option" and self.select and "selected" in given:
            self.fields.setdefault(self.select, []).append(given.get("value", ""))
        elif self.inside and tag == "textarea":
            self.textarea = given.get("name")
            self.fields[self.textarea] = [""]

    def _input(self, given):
        choice = given.get("type") in ("radio", "checkbox")
        if given.get("name") and given.get("type") not in ("submit", "button") and (not choice or "checked" in given):
            self.fields.setdefault(given["name"], []).append(given.get("value", "on" if choice else ""))

    def handle_data(self, data):
        if self.textarea:
            self.fields[self.textarea][0] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        elif tag == "textarea":
            # A browser drops the line break that follows the tag.
            self.fields[self.textarea][0] = self.fields[self.textarea][0].removeprefix("\n")
            self.textarea = None
        elif tag == "select":
            self.select = None


def fields_of(body, css_class):
    """Names to lists of values of the form that has this class; the token and buttons are left out."""
    parser = _Fields(css_class)
    parser.feed(body)
    return {name: values for name, values in parser.fields.items() if name != "csrfmiddlewaretoken"}
