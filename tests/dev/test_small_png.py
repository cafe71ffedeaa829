"""Screenshots are made small without changing a picture of few colours, whichever filters its rows have."""

import struct
import zlib

import pytest

from tools.small_png import SIGNATURE, smaller

WHITE, TEAL, RED, INK = b"\xff\xff\xff", b"\x0b\x5c\x63", b"\xb0\x20\x20", b"\x10\x18\x18"
PICTURE = [
    [WHITE, TEAL, TEAL, RED],
    [WHITE, WHITE, INK, RED],
    [TEAL, INK, WHITE, WHITE],
    [RED, RED, TEAL, INK],
    [INK, WHITE, RED, TEAL],
]


def png_of(rows, *, alpha):
    """A PNG as Chromium writes it; row N has filter N of the format."""
    step = 4 if alpha else 3
    plain = [b"".join(pixel + (b"\xff" if alpha else b"") for pixel in row) for row in rows]
    above, lines = bytes(len(plain[0])), b""
    for kind, row in enumerate(plain):
        lines += bytes([kind]) + bytes((row[at] - guess(kind, row, above, at, step)) & 255 for at in range(len(row)))
        above = row
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 6 if alpha else 2, 0, 0, 0)
    packed = zlib.compress(lines)
    chunks = [(b"IHDR", head), (b"IDAT", packed[:9]), (b"IDAT", packed[9:]), (b"IEND", b"")]
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def guess(kind, row, above, at, step):
    left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
    paeth = min((left, above[at], corner), key=lambda each: abs(left + above[at] - corner - each))
    return (0, left, above[at], (left + above[at]) // 2, paeth)[kind]


def picture_in(png):
    """The pixels of a palette picture without filters."""
    chunks, at = {}, len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunks[png[at + 4 : at + 8]] = png[at + 8 : at + 8 + length]
        at += length + 12
    width = struct.unpack(">I", chunks[b"IHDR"][:4])[0]
    palette = [chunks[b"PLTE"][start : start + 3] for start in range(0, len(chunks[b"PLTE"]), 3)]
    lines = zlib.decompress(chunks[b"IDAT"])
    rows = [lines[start + 1 : start + 1 + width] for start in range(0, len(lines), width + 1)]
    return [[palette[number] for number in row] for row in rows]


@pytest.mark.parametrize("alpha", [False, True])
def test_picture_of_few_colours_stays_as_it_is(alpha):
    assert picture_in(smaller(png_of(PICTURE, alpha=alpha))) == PICTURE


def test_more_colours_than_a_palette_has_go_to_their_nearest():
    shades = [[bytes((red, green, 128)) for red in range(0, 256, 4)] for green in (0, 50, 100, 150, 200)]

    found = picture_in(smaller(png_of(shades, alpha=False)))

    farthest = max(
        max(abs(a - b) for a, b in zip(before, after, strict=True))
        for row, new in zip(shades, found, strict=True)
        for before, after in zip(row, new, strict=True)
    )
    assert (len({pixel for row in found for pixel in row}), farthest <= 4) == (256, True)


def test_anything_else_is_refused():
    interlaced = bytearray(png_of(PICTURE, alpha=False))
    interlaced[28] = 1

    with pytest.raises(ValueError, match="Only screenshots"):
        smaller(bytes(interlaced))
