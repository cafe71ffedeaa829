"""Screenshots that are small: a page has few colours, so the 256 commonest are kept and the others go to the nearest.

Reads what Chromium writes (8 bits a channel, RGB or RGBA, not interlaced) and nothing else. The format is W3C's
Portable Network Graphics, second edition.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 6: 4}  # colour type: bytes per pixel
MOST_COLOURS = 256
COMMONEST_TO_LOOK_AT = 4096


def smaller(png: bytes) -> bytes:
    """The same picture with a palette. Transparency is dropped: a screenshot has none."""
    chunks = dict(_chunks(png))
    width, height, depth, colour_type, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if depth != 8 or colour_type not in CHANNELS or interlaced:
        raise ValueError("Only screenshots with 8 bits a channel, not interlaced, can be made smaller.")
    rows = _rows(zlib.decompress(chunks[b"IDAT"]), width, CHANNELS[colour_type])
    pixels = [[row[start : start + 3] for start in range(0, len(row), CHANNELS[colour_type])] for row in rows]
    palette, index_of = _palette(Counter(pixel for row in pixels for pixel in row))
    lines = b"".join(b"\0" + bytes(map(index_of.__getitem__, row)) for row in pixels)
    return SIGNATURE + b"".join(
        _chunk(name, data)
        for name, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", b"".join(palette)),
            (b"IDAT", zlib.compress(lines, 9)),
            (b"IEND", b""),
        )
    )


def _palette(seen: Counter[bytes]) -> tuple[list[bytes], dict[bytes, int]]:
    """The kept colours, and for every colour that occurs the number of the kept one that is nearest to it."""
    kept: list[bytes] = []
    for reach in (12, 6, 0):  # first colours that differ well, so that no hue is lost to shades of grey
        for colour, _ in seen.most_common(COMMONEST_TO_LOOK_AT):
            if len(kept) == MOST_COLOURS:
                break
            if all(_distance(colour, other) > reach * reach for other in kept):
                kept.append(colour)
    return kept, {colour: min(range(len(kept)), key=lambda at: _distance(colour, kept[at])) for colour in seen}


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and data of each chunk; the data of all IDAT chunks in one."""
    image, at = b"", len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        name, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if name == b"IDAT":
            image += data
        else:
            yield name, data
        at += length + 12
    yield b"IDAT", image


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _rows(data: bytes, width: int, step: int) -> Iterator[bytes]:
    """The rows without their filters (section 9 of the format)."""
    length = width * step
    above = bytearray(length)
    for start in range(0, len(data), length + 1):
        row = bytearray(data[start + 1 : start + 1 + length])
        _unfilter(data[start], row, above, step)
        yield bytes(row)
        above = row


def _unfilter(kind: int, row: bytearray, above: bytearray, step: int) -> None:
    for at in range(len(row)) if kind else ():
        left = row[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = above[at]
        elif kind == 3:
            guess = (left + above[at]) // 2
        else:
            guess = _paeth(left, above[at], corner)
        row[at] = (row[at] + guess) & 255


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    by_left, by_above, by_corner = abs(guess - left), abs(guess - above), abs(guess - corner)
    if by_left <= by_above and by_left <= by_corner:
        return left
    return above if by_above <= by_corner else corner
