"""From the bytes of a camera to a picture of ours: really decoded, turned upright, re-encoded, with nothing but pixels.

What a camera writes beside the pixels (place, time, device, thumbnails, comments, whatever was hidden behind the last
byte) is left behind, because only pixels are carried over. Bytes come from outside: the size is read from the header
and judged before anything is unpacked, and one picture at a time is unpacked in a process.
"""

import hashlib
import io
import struct
from dataclasses import dataclass
from threading import Lock
from typing import IO

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

_QUALITY, _THUMBNAIL_QUALITY = 88, 78
# MPO: what many phones write when they say JPEG; its first picture is the photograph.
_MOVING = ("PNG", "WEBP")
_FORMATS = ("JPEG", "PNG", "WEBP")
_SMALLEST_EDGE = 64
_HEIC = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"heim", b"heis")
_one_at_a_time = Lock()


class NotAPicture(Exception):
    """Why the file was not taken and what to do, in words for the person who chose it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Pixels of the whole picture as sent; the longer edge, in pixels, of what is kept and of its thumbnail."""

    pixels: int
    edge: int
    thumbnail_edge: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Two JPEG files without metadata; `digest` is the SHA-256 of the large one, in hex."""

    jpeg: bytes
    thumbnail: bytes
    width: int
    height: int
    digest: str


def clean_picture(file: IO[bytes], limits: Limits) -> Picture:
    """The same bytes and limits give the same picture, so that its digest tells a second upload. Raises NotAPicture."""
    head = _head(file)
    _refuse_what_it_is_not(head)
    _refuse_pixels(*_webp_size(head), limits)
    with _one_at_a_time:
        upright = _upright(file, limits)
        large = _fitted(upright, limits.edge)
        jpeg = _encoded(large, _QUALITY)
        thumbnail = _encoded(_fitted(large, limits.thumbnail_edge), _THUMBNAIL_QUALITY)
    return Picture(jpeg, thumbnail, large.width, large.height, hashlib.sha256(jpeg).hexdigest())


def _head(file: IO[bytes]) -> bytes:
    file.seek(0)
    head = file.read(256)
    file.seek(0)
    return head


def _refuse_what_it_is_not(head: bytes) -> None:
    if not head:
        raise NotAPicture("The file is empty. Choose it again.")
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        raise NotAPicture(
            "This is a HEIC or AVIF picture, which cannot be read here. Set the camera to JPEG "
            "(“Most compatible”) and take it again, or save it as JPEG."
        )


def _webp_size(head: bytes) -> tuple[int, int]:
    """Width and height a WebP file claims, because its decoder asks for the memory as soon as it is opened."""
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or len(head) < 30:
        return 0, 0
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", head, 26)
    return width & 0x3FFF, height & 0x3FFF


def _refuse_pixels(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise NotAPicture(
            f"The picture has {width} × {height} pixels, which is too many. "
            f"Take it with at most {limits.pixels // 1_000_000} megapixels."
        )


def _upright(file: IO[bytes], limits: Limits) -> Image.Image:
    """Decoded whole, in RGB and sRGB, turned as the camera was held."""
    try:
        with Image.open(file, formats=_FORMATS) as opened:
            _judge(opened, limits)
            # JPEG can unpack at a half, a quarter or an eighth: never more pixels in memory than are needed.
            opened.draft("RGB", (limits.edge, limits.edge))
            opened.load()
            return _in_srgb(ImageOps.exif_transpose(opened))
    except NotAPicture:
        raise
    except Image.DecompressionBombError as error:
        raise NotAPicture("The picture has too many pixels. Take it with a lower resolution.") from error
    except UnidentifiedImageError as error:
        raise NotAPicture("This is not a picture. Choose a JPEG, PNG or WebP photograph.") from error
    except Exception as error:
        # Decoders that are fed broken bytes raise whatever they stumble over; for the person it is one thing.
        raise NotAPicture("The picture is damaged or not complete. Take it or send it again.") from error


def _judge(opened: Image.Image, limits: Limits) -> None:
    _refuse_pixels(opened.width, opened.height, limits)
    if min(opened.size) < _SMALLEST_EDGE:
        raise NotAPicture(f"The picture is smaller than {_SMALLEST_EDGE} pixels. Take it again.")
    if opened.format in _MOVING and getattr(opened, "n_frames", 1) > 1:
        raise NotAPicture("This is an animation. Choose a still photograph.")


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Colours as the camera meant them: redness is what is looked at. Transparent parts become white."""
    profile = picture.info.get("icc_profile")
    if "A" in picture.getbands() or "transparency" in picture.info:
        whole = picture.convert("RGBA")
        background = Image.new("RGBA", whole.size, "white")
        picture = Image.alpha_composite(background, whole)
    if profile and picture.mode in ("RGB", "L", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            picture = ImageCms.profileToProfile(picture, source, target, outputMode="RGB") or picture
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a profile that cannot be used: the plain numbers are near enough
    return picture.convert("RGB")


def _fitted(picture: Image.Image, edge: int) -> Image.Image:
    """A picture of its own with the pixels alone, not larger than `edge`."""
    if max(picture.size) > edge:
        picture = ImageOps.contain(picture, (edge, edge), Image.Resampling.LANCZOS)
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    return bare


def _encoded(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
