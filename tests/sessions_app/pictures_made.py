"""Pictures for tests, drawn here: good ones, and ones that must not get in."""

import io
import struct
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

GPS_CANARY = b"CANARYCAM 9000"


def drawn(size=(300, 400), colour="tan", mode="RGB"):
    picture = Image.new(mode, size, colour)
    ImageDraw.Draw(picture).ellipse((20, 30, 90, 200), fill="purple")
    return picture


def as_bytes(picture, kind="JPEG", **facts):
    out = io.BytesIO()
    picture.save(out, kind, **facts)
    return out.getvalue()


def jpeg(**facts):
    return as_bytes(drawn(**facts))


def upload(content, name="leg.jpg", content_type="image/jpeg"):
    return SimpleUploadedFile(name, content, content_type=content_type)


def jpeg_with_secrets(orientation=6):
    """A JPEG that says where it was taken, with what, when, a comment, and words behind its last byte."""
    picture = drawn()
    exif = picture.getexif()
    exif[0x010F] = GPS_CANARY.decode()
    exif[0x0112] = orientation
    exif[0x9003] = "2026:01:13 10:00:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (40.0, 42.0, 46.0), 3: "W", 4: (74.0, 0.0, 21.0)})
    content = as_bytes(picture, exif=exif, comment=b"COMMENTCANARY", xmp=b"<x>XMPCANARY</x>")
    return content + b"<script>TAILCANARY</script>"


def png_of(width, height):
    """A valid PNG header that claims this size, with a few bytes of picture behind it."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def webp_of(width, height):
    body = b"VP8X" + struct.pack("<I", 10) + b"\0" * 4 + (width - 1).to_bytes(3, "little")
    body += (height - 1).to_bytes(3, "little") + b"VP8 " + struct.pack("<I", 4) + b"\0" * 4
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def jpeg_of(width, height):
    """A JPEG whose frame header claims this size."""
    content = bytearray(jpeg())
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def moving(kind):
    frames = [drawn(colour=colour) for colour in ("tan", "pink", "white")]
    return as_bytes(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
