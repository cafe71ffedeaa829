"""Numbers as a page sends them back: any text may come, and no number may be more than a database can compare."""

from django.http import QueryDict

# Nobody turns so many pages; a larger number in the address is somebody playing.
_LAST_PAGE = 1000


def version_of(sent: QueryDict) -> int:
    """The version that the page was made from; 0, older than every version, where no number was sent."""
    # Of two the last: a button that keeps one's own words sends the newer one after the page's.
    text = sent.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def page_of(sent: QueryDict) -> int:
    """The page of a list that is asked for, from 1; the first where no number was sent."""
    text = sent.get("page", "")
    return min(max(int(text), 1), _LAST_PAGE) if text.isdecimal() and len(text) < 6 else 1
