"""Template tags of the day board. A full day has hundreds of small pieces, so they are put together as strings here: a
template would look up and escape each word by itself, and that was most of the page's time.

Everything that people typed is escaped; classes, ids, times and addresses are made by `presenters.board_blocks`.
"""

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext

from clinic.templatetags.legwork import icon, status_word
from sessions_app.presenters.board import Board, Lane
from sessions_app.presenters.board_blocks import Block

register = template.Library()


@register.simple_tag
def lane_blocks(lane: Lane) -> SafeString:
    """Everything in one lane of the board, in time order."""
    words = _Words()
    return mark_safe("\n".join(words.block(block) for block in lane.blocks))  # nosec B703: each part is escaped below


@register.simple_tag
def agenda_rows(board: Board) -> SafeString:
    """The visits and free places of the day as rows by time, for a phone."""
    words = _Words()
    return mark_safe("\n".join(words.row(block) for block in board.agenda))  # nosec B703: as above


class _Words:
    """The words and pictures that many blocks share, made once."""

    def __init__(self) -> None:
        self.walk, self.check_in = gettext("Walk and watch,"), gettext("Check in")
        self.booked = f'<span class="visually-hidden">{gettext("Booked")}</span>'
        self.feet, self.check, self.plus, self.ban = (icon(name) for name in ("footprints", "check", "plus", "ban"))

    def block(self, b: Block) -> str:
        if b.what == "visit":
            return self._visit(b)
        if b.what == "free":
            ident = f"f-{slugify(b.nurse)}-{b.starts}"
            return (
                f'<a class="free {b.css}" href="{escape(b.url)}" data-arrow-item data-focus-id="{ident}">'
                f"<span>{self.plus} {b.text}</span></a>"
            )
        if b.what == "buffer":
            return f'<div class="buffer {b.css}" aria-hidden="true"></div>'
        if b.what == "pause":
            return f'<div class="pause {b.css}">{b.icon}{escape(b.text)}</div>'
        return f'<div class="closed {b.css}"><span>{self.ban}{escape(b.text)}</span></div>'

    def _visit(self, b: Block) -> str:
        """One focusable cell: the visit with its walk below it, and the button that checks in."""
        name = escape(b.text)
        return (
            f'<div class="visit-cell {b.column}" data-key-scope><a class="appt {b.css}" href="{b.url}" data-arrow-item '
            f'data-focus-id="v-{b.id}">{b.icon}<span class="appt-name">{name}</span><time>{b.time}</time>'
            f'<span class="appt-what"><span>{escape(b.service)}</span>{_state(b.state)}</span>'
            f'<span class="visually-hidden">{escape(b.spoken)}</span></a>{self._walk(b)}{self._tap(b, name)}</div>'
        )

    def _walk(self, b: Block) -> str:
        if not b.walk_css:
            return ""
        spoken = f'<span class="visually-hidden">{self.walk} </span>'
        return f'<div class="obs {b.walk_css}">{self.feet}{spoken}{b.walk} min</div>'

    def _tap(self, b: Block, name: str) -> str:
        if not b.may_arrive:
            return ""
        return (
            f'<button class="tap {b.css}" type="submit" name="to" value="arrived" formaction="{b.url}status/" '
            f'data-key="c" aria-label="{self.check_in} {name}">{self.check}</button>'
        )

    def row(self, b: Block) -> str:
        who = f"{escape(b.text)}, {escape(b.nurse)}"
        if b.what == "free":
            return (
                f'<li class="agenda-row agenda-free"><a href="{escape(b.url)}"><time>{b.time}</time>'
                f'<span class="agenda-who"><span>{who}</span></span>'
                f'<span class="agenda-state">{self.plus}</span></a></li>'
            )
        name = escape(b.text)
        # The button says "booked" well enough.
        state = self.booked if b.may_arrive and not b.state else f"{b.icon}{b.state or status_word(b.status)}"
        button = (
            f'<button class="btn btn-secondary" type="submit" name="to" value="arrived" formaction="{b.url}status/" '
            f'aria-label="{self.check_in} {name}">{self.check_in}</button>'
            if b.may_arrive
            else ""
        )
        return (
            f'<li class="agenda-row agenda-{b.status}"><a href="{b.url}"><time>{b.time}</time><span class="agenda-who">'
            f"<b>{name}</b><span>{escape(b.service)}, {escape(b.nurse)}</span></span>"
            f'<span class="agenda-state">{state}</span></a>{button}</li>'
        )


def _state(words: str) -> str:
    return f'<span class="appt-state">{words}</span>' if words else ""
