"""What a picture must be, and what is left of it: pixels, upright, in one format, and nothing else (FI-01b)."""

import hashlib
import io
import resource
import subprocess
import sys

import pytest
from PIL import Image, ImageCms

from sessions_app.pictures import Limits, NotAPicture, clean_picture
from tests.sessions_app.pictures_made import (
    GPS_CANARY,
    as_bytes,
    drawn,
    jpeg,
    jpeg_of,
    jpeg_with_secrets,
    moving,
    png_of,
    webp_of,
)

LIMITS = Limits(pixels=50_000_000, edge=2400, thumbnail_edge=480)

NOT_ONE = "This is not a picture. Choose a JPEG, PNG or WebP photograph."
DAMAGED = "The picture is damaged or not complete. Take it or send it again."
MOVES = "This is an animation. Choose a still photograph."


def cleaned(content, limits=LIMITS):
    return clean_picture(io.BytesIO(content), limits)


def why_not(content, limits=LIMITS):
    with pytest.raises(NotAPicture) as refused:
        cleaned(content, limits)
    return str(refused.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_of_each_kind_becomes_a_jpeg(kind):
    picture = cleaned(as_bytes(drawn(), kind))
    with Image.open(io.BytesIO(picture.jpeg)) as stored:
        seen = (stored.format, stored.size, stored.mode)

    assert (*seen, picture.width, picture.height) == ("JPEG", (300, 400), "RGB", 300, 400)


def test_nothing_of_what_the_camera_wrote_is_left():
    sent = jpeg_with_secrets()
    picture = cleaned(sent)
    planted = (GPS_CANARY, b"COMMENTCANARY", b"XMPCANARY", b"TAILCANARY", b"Exif", b"2026:01:13")
    with Image.open(io.BytesIO(picture.jpeg)) as stored:
        known = (dict(stored.getexif()), set(stored.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"})

    assert [word for word in planted if word not in sent] == []
    assert [word for word in planted if word in picture.jpeg + picture.thumbnail] == []
    assert known == ({}, set())


def test_a_picture_stands_as_the_camera_was_held():
    picture = cleaned(jpeg_with_secrets(orientation=6))

    assert (picture.width, picture.height) == (400, 300)


def test_a_large_picture_is_made_smaller_to_the_edge_of_the_settings():
    picture = cleaned(as_bytes(drawn((1800, 1200))), Limits(pixels=50_000_000, edge=900, thumbnail_edge=120))
    with Image.open(io.BytesIO(picture.thumbnail)) as thumbnail:
        small = thumbnail.size

    assert (picture.width, picture.height, small) == (900, 600, (120, 80))


def test_the_same_picture_has_the_same_digest_and_another_has_another():
    first, again, other = cleaned(jpeg()), cleaned(jpeg()), cleaned(jpeg(colour="pink"))

    assert (first.digest, again.digest, other.digest != first.digest) == (
        hashlib.sha256(first.jpeg).hexdigest(),
        first.digest,
        True,
    )


def test_transparent_parts_become_white():
    picture = cleaned(as_bytes(Image.new("RGBA", (100, 100), (0, 0, 0, 0)), "PNG"))
    with Image.open(io.BytesIO(picture.jpeg)) as stored:
        assert stored.getpixel((50, 50)) == (255, 255, 255)


def test_colours_of_a_profile_are_carried_over_and_the_profile_is_not():
    good, of_another_space = (
        ImageCms.ImageCmsProfile(ImageCms.createProfile(kind)).tobytes() for kind in ("sRGB", "LAB")
    )
    sent = [as_bytes(drawn(), icc_profile=each) for each in (good, of_another_space, b"no profile at all")]

    assert [(b"ICC_PROFILE" in each, b"ICC_PROFILE" in cleaned(each).jpeg) for each in sent] == [(True, False)] * 3


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "I;16", "LA"])
def test_every_mode_of_pixels_becomes_colours(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    picture = Image.new("I;16", (100, 120)) if mode == "I;16" else drawn((100, 120)).convert(mode)

    assert cleaned(as_bytes(picture, kind)).width == 100


REFUSED = {
    "nothing": (b"", "The file is empty. Choose it again."),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", NOT_ONE),
    "html": (b"<!doctype html><script>alert(1)</script>", NOT_ONE),
    "html in a gif": (b"GIF89a/*<script>*/=1;" + b"\0" * 200, NOT_ONE),
    "html in a bmp": (b"BM<script>alert(1)</script>", NOT_ONE),
    "gif": (as_bytes(drawn(), "GIF"), NOT_ONE),
    "tiff": (as_bytes(drawn(), "TIFF"), NOT_ONE),
    "ico": (as_bytes(drawn((64, 64)), "ICO"), NOT_ONE),
    "pdf": (as_bytes(drawn(), "PDF"), NOT_ONE),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", NOT_ONE),
    "zip": (b"PK\x03\x04" + b"\0" * 100, NOT_ONE),
    "only a magic number": (b"\xff\xd8\xff\xe0", NOT_ONE),
    "a magic number before html": (b"\xff\xd8\xff\xe0<script>alert(1)</script>" * 30, DAMAGED),
    "half a jpeg": (jpeg()[: len(jpeg()) // 2], DAMAGED),
    "half a png": (as_bytes(drawn(), "PNG")[:300], DAMAGED),
    "half a webp": (as_bytes(drawn(), "WEBP")[:200], DAMAGED),
    "moving png": (moving("PNG"), MOVES),
    "moving webp": (moving("WEBP"), MOVES),
    "a dot": (jpeg(size=(20, 20)), "The picture is smaller than 64 pixels. Take it again."),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_whole_still_picture_is_refused_in_words(kind):
    content, words = REFUSED[kind]
    said = why_not(content)

    # Half a file may be read as no file at all; both are said.
    assert said == words or (kind.startswith("half") and said == NOT_ONE)


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_a_heic_picture_is_refused_with_what_to_do(brand):
    said = why_not(b"\0\0\0\x18ftyp" + brand + b"\0" * 100)

    assert (said.startswith("This is a HEIC or AVIF picture"), "save it as JPEG" in said) == (True, True)


@pytest.mark.parametrize(
    ("made", "size"),
    [(png_of, (8000, 7000)), (webp_of, (16383, 16383)), (jpeg_of, (9000, 9000)), (png_of, (60_000, 60_000))],
)
def test_too_many_pixels_are_refused_before_they_are_unpacked(made, size):
    said = why_not(made(*size))

    assert "too many" in said


BOMB = """
import io, resource, sys
from sessions_app.pictures import Limits, NotAPicture, clean_picture
from tests.sessions_app.pictures_made import jpeg_of, png_of, webp_of
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for made, size in ((png_of, 20_000), (jpeg_of, 20_000), (webp_of, 16_383)):
    try:
        clean_picture(io.BytesIO(made(size, size)), Limits(50_000_000, 2400, 480))
    except NotAPicture:
        sys.stdout.write("refused ")
sys.stdout.write(str((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024))
"""


def test_a_bomb_of_twenty_thousand_by_twenty_thousand_pixels_takes_no_memory():
    answer = subprocess.run([sys.executable, "-c", BOMB], capture_output=True, text=True, check=True)
    *refused, grown_mb = answer.stdout.split()

    assert (refused, int(grown_mb) < 20, resource.RLIMIT_AS) == (["refused"] * 3, True, resource.RLIMIT_AS)
