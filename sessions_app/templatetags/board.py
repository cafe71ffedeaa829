"""Template tags of the boards. A full day has hundreds of small pieces, so they are put together as strings here: a
template would look up and escape each word by itself, and that was most of the page's time.

Everything that people typed is escaped, by `html.escape`, which Django's own calls through two wrappers; classes, ids,
times and addresses are made by `presenters.board_blocks`.
"""

from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext

from clinic.templatetags.legwork import icon, status_word
from sessions_app.presenters.appointment import STATUS_MOVES
from sessions_app.presenters.board import Board, Lane
from sessions_app.presenters.board_blocks import Block
from sessions_app.presenters.week import Cell, Week

register = template.Library()


@register.simple_tag
def lane_blocks(lane: Lane) -> SafeString:
    """Everything in one lane of the board, in time order."""
    words = _Words()
    return mark_safe("\n".join(words.block(block, lane) for block in lane.blocks))  # nosec B703: parts are escaped below


@register.simple_tag
def cell_lines(cell: Cell) -> SafeString:
    """The lines of one cell of the week: visits, closed stretches and what is free, with the now-line between them."""
    words = _Words()
    lines = [words.line(block) for block in cell.blocks]
    if cell.now_before >= 0:
        lines.insert(cell.now_before, '<div class="week-now" aria-hidden="true"></div>')
    if cell.free:
        lines.append(words.free_line(cell.free, cell.day.isoformat()))
    return mark_safe("\n".join(lines))  # nosec B703: as above


@register.simple_tag
def agenda_rows(board: Board | Week) -> SafeString:
    """The visits and free places as rows by time, for a phone; under their dates where there are several."""
    words, several, found = _Words(), len(board.agenda) > 1, []
    for day, blocks in board.agenda:
        rows = [words.row(block) for block in blocks]
        if several and rows:
            found.append(f'<li class="agenda-day"><h2>{day}</h2></li>')
        found += rows
    if not found:
        found.append(f'<li class="agenda-none">{gettext("Nothing to show here.")}</li>')
    return mark_safe("\n".join(found))  # nosec B703: as above


class _Words:
    """The words and pictures that many blocks share, made once."""

    def __init__(self) -> None:
        self.walk, self.cancel, self.move = gettext("Walk and watch,"), gettext("Cancel"), gettext("Move")
        self.booked = f'<span class="visually-hidden">{gettext("Booked")}</span>'
        self.feet, self.plus, self.ban, self.over = (icon(name) for name in ("footprints", "plus", "ban", "layers"))
        self.moves = {
            str(to): (gettext(words), icon(shape), key.lower()) for to, (words, shape, key) in STATUS_MOVES.items()
        }
        self.alerts = {"moves": icon("calendar-x"), "late": icon("clock-alert"), "asks": icon("message-square")}
        self.overbooked, self.lock = gettext("Overbooked"), icon("lock")
        event = gettext("Event open")
        self.event_open = f'<span class="event-open" title="{event}">{icon("siren")}<span>{event}</span></span>'
        self.to_move, self.to_cancel = icon("move"), icon("calendar-x")

    def block(self, b: Block, lane: Lane) -> str:
        if b.what == "visit":
            return self._visit(b)
        if b.what == "free":
            ident = f"f-{slugify(lane.title)}-{b.starts}"
            return (
                f'<a class="free {b.css}" href="{escape(b.url)}" data-arrow-item data-focus-id="{ident}">'
                f"<span>{self.plus} {b.text}</span></a>"
            )
        if b.what == "pause":
            return f'<div class="pause {b.css}">{b.icon}{escape(b.text)}</div>'
        if b.what == "other":
            return f'<div class="visit-cell {b.column}"><div class="other {b.css}">{b.time}{b.text}</div></div>'
        return f'<div class="closed {b.css}"><span>{self.ban}{escape(b.text)}</span></div>'

    def _visit(self, b: Block) -> str:
        """One focusable cell: the visit with its walk and turn-round below it, and the tools for one tap."""
        name = escape(b.text)
        # Beside another visit there is no room for the word.
        beside = b.is_overbooked and b.column
        mark = f'<span class="appt-mark" title="{self.overbooked}">{self.over}</span>' if beside else ""
        is_said = b.is_overbooked and not beside
        flag = f'<span class="appt-flag">{self.over}{self.overbooked}</span>' if is_said else ""
        return (
            f'<div class="visit-cell {b.column}" data-key-scope>{self._link(b, f"appt {b.css}")}{b.icon}'
            f'<span class="appt-name">{self._event(b)}{self._waits(b)}{mark}{name}</span><time>{b.time}</time>'
            f'<span class="appt-what"><span>{escape(b.service)}</span>{flag}{_state(b.state)}</span>'
            f'<span class="visually-hidden">{escape(b.spoken)}</span></a>{self._walk(b)}{_buffer(b)}'
            f"{self._tools(b, name)}</div>"
        )

    def _waits(self, b: Block) -> str:
        """A lock before the name: the treatment waits for a clinician."""
        if not b.waits:
            return ""
        words = escape(b.waits)
        return (
            f'<span class="appt-waits" title="{words}">{self.lock}<span class="visually-hidden">{words} </span></span>'
        )

    def _event(self, b: Block) -> str:
        """Before everything else: an adverse event of the visit is open. Which one, who sees charts reads there."""
        return f"{self.event_open} " if b.has_event else ""

    def _link(self, b: Block, css: str) -> str:
        """The start of a visit's link; `data-visit` says that keys may carry it and to whom it belongs now."""
        carried = f' data-visit="{b.nurse_id}" data-minutes="{b.ends - b.starts}"' if b.nurse_id else ""
        cancel = " data-cancel" if b.may_cancel else ""
        return (
            f'<a class="{css}" href="{b.url}" data-arrow-item data-focus-id="v-{b.id}" data-at="{b.starts}"'
            f"{carried}{cancel}>"
        )

    def _walk(self, b: Block) -> str:
        if not b.walk_css:
            return ""
        spoken = f'<span class="visually-hidden">{self.walk} </span>'
        return f'<div class="obs {b.walk_css}">{self.feet}{spoken}{b.walk} min</div>'

    def _tools(self, b: Block, name: str) -> str:
        """What one tap or key makes of the visit, as the table of moves allows; Tab leaves them to its dialog."""
        tools = "".join(self._tool(b, to, name) for to in b.moves)
        if b.nurse_id:
            tools += _tool_link(f"{b.url}move/", self.move, name, self.to_move)
        if b.may_cancel:
            tools += _tool_link(f"{b.url}cancel/", self.cancel, name, self.to_cancel)
        _, at, length, *look = b.css.split()
        short = " tools-short" if "appt-short" in look else ""
        return f'<div class="tools {at} {length}{short}">{tools}</div>' if tools else ""

    def _tool(self, b: Block, to: str, name: str) -> str:
        words, shape, key = self.moves[to]
        return (
            f'<button class="tool tool-{to}" type="submit" name="to" value="{to}" formaction="{b.url}status/" '
            f'tabindex="-1" data-key="{key}" aria-label="{words} {name}" title="{words}">{shape}</button>'
        )

    def line(self, b: Block) -> str:
        """One line of the week."""
        if b.what == "visit":
            name = escape(b.text)
            state = f'<span class="appt-flag">{self.over}</span>' if b.is_overbooked else ""
            if b.alert:
                state += f'<span class="line-{b.alert}" title="{b.state}">{self.alerts[b.alert]}</span>'
            keys = "".join(self._tool(b, to, name) for to in b.moves)
            hidden = f'<span class="line-keys">{keys}</span>' if keys else ""
            look = b.css.partition(" ")[0] + (" appt-late" if " appt-late" in b.css else "")
            look += " appt-event" if b.has_event else ""
            look += " appt-move" if b.alert == "moves" else ""
            spoken = f"{escape(b.service)}, {escape(b.spoken)}{f', {b.state}' if b.state else ''}"
            return (
                f'<div class="week-line" data-key-scope>{self._link(b, f"{look} line")}<time>{b.time}</time>{b.icon}'
                f'{self._event(b)}{self._waits(b)}<span class="line-name">{name}</span>{state}'
                f'<span class="visually-hidden">{spoken}</span></a>{hidden}</div>'
            )
        if b.what == "other":
            return f'<div class="week-line line-other"><time>{b.time}</time>{b.text}</div>'
        return f'<div class="week-line line-closed">{b.icon or self.ban}<span>{escape(b.text)}</span></div>'

    def free_line(self, b: Block, day: str) -> str:
        return (
            f'<a class="line-free" href="{escape(b.url)}" data-arrow-item data-focus-id="f-{slugify(b.lane)}-{day}">'
            f'{self.plus}{b.text}<span class="visually-hidden">, {b.spoken}</span></a>'
        )

    def row(self, b: Block) -> str:
        who = f"{escape(b.text)}, {escape(b.lane)}"
        if b.what == "free":
            return (
                f'<li class="agenda-row agenda-free"><a href="{escape(b.url)}"><time>{b.time}</time>'
                f'<span class="agenda-who"><span>{who}</span></span>'
                f'<span class="agenda-state">{self.plus}</span></a></li>'
            )
        name, step = escape(b.text), str(next(iter(b.moves), ""))
        # The button says "booked" well enough.
        state = self.booked if step == "arrived" and not b.state else f"{b.icon}{b.state or status_word(b.status)}"
        button = ""
        if step and step != "no_show":
            words = self.moves[step][0]
            button = (
                f'<button class="btn btn-secondary" type="submit" name="to" value="{step}" formaction="{b.url}status/" '
                f'aria-label="{words} {name}">{words}</button>'
            )
        over = f"{self.overbooked}, " if b.is_overbooked else ""
        flags = self._event(b) + self._waits(b)
        return (
            f'<li class="agenda-row agenda-{b.status}"><a href="{b.url}"><time>{b.time}</time><span class="agenda-who">'
            f"<b>{flags}{name}</b><span>{over}{escape(b.service)}, {escape(b.lane)}</span></span>"
            f'<span class="agenda-state">{state}</span></a>{button}</li>'
        )


def _tool_link(url: str, words: str, name: str, shape: str) -> str:
    return f'<a class="tool" href="{url}" tabindex="-1" aria-label="{words} {name}" title="{words}">{shape}</a>'


def _buffer(b: Block) -> str:
    return f'<div class="buffer {b.buffer_css}" aria-hidden="true"></div>' if b.buffer_css else ""


def _state(words: str) -> str:
    return f'<span class="appt-state">{words}</span>' if words else ""
