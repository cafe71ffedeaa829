"""Photographs of the demo clinic: legs that are drawn here, before the treatment and two weeks later. Nobody's legs."""

import io
import uuid
from collections.abc import Callable
from datetime import datetime, time, timedelta

from PIL import Image, ImageDraw, ImageFilter

from aftercare.demo.house import House
from clinic.models import Patient
from sessions_app.consent_texts import text_in
from sessions_app.consents import allows_photographs, living_consent, sign_consent
from sessions_app.models import Photograph, TreatmentSession
from sessions_app.photographs import add_photograph

Event = Callable[[], None]
View, Moment = Photograph.View, Photograph.Moment
_WHO = "patient@example.com"
# Leg and view of each pair, and where its veins run: points in a drawing of 360 by 450.
_PAIRS: dict[tuple[str, str], list[list[tuple[int, int]]]] = {
    ("left", View.FRONT): [
        [(150, 90), (162, 120), (155, 150), (170, 185), (160, 215)],
        [(162, 120), (180, 132), (192, 160)],
        [(200, 255), (190, 285), (204, 310), (196, 345)],
        [(190, 285), (172, 300), (168, 325)],
    ],
    ("right", View.INNER): [
        [(205, 70), (192, 105), (200, 140), (186, 170)],
        [(192, 105), (172, 118), (160, 150)],
        [(165, 260), (178, 280), (170, 318), (184, 350)],
        [(178, 280), (198, 292), (206, 330)],
    ],
}
_OUTLINE = {
    "left": [(112, -5), (104, 110), (122, 205), (118, 235), (112, 290), (136, 400), (138, 455)],
    "right": [(118, -5), (110, 115), (128, 205), (126, 235), (104, 295), (140, 405), (142, 455)],
}
_OTHER_SIDE = [(222, 455), (226, 400), (250, 300), (238, 235), (236, 205), (258, 110), (254, -5)]
_SIZE, _FINER = (360, 450), 2


class Photographs:
    """Taken at the two sessions of the patient of the sign-in page: before the first, and before the second."""

    def __init__(self, house: House, now: datetime) -> None:
        self.house, self.now = house, now
        self.nurse = house.people["nurse@example.com"]

    def events(self) -> list[tuple[datetime, Event]]:
        """When, and what happens then. After the sessions, because a day's visits can be shifted a little."""
        return [
            (self._evening(15), lambda: self._take(first=True)),
            (self._evening(1), lambda: self._take(first=False)),
        ]

    def _evening(self, days_ago: int) -> datetime:
        day = self.now.astimezone(self.house.clinic.zone).date() - timedelta(days=days_ago)
        return datetime.combine(day, time(17, 30), self.house.clinic.zone)

    def _take(self, *, first: bool) -> None:
        patient = Patient.objects.get(email=_WHO)
        sessions = TreatmentSession.objects.current().filter(patient=patient).order_by("started_at")
        session = sessions.first() if first else sessions.last()
        if session is None or not self._is_allowed(patient, session):
            return
        for number, ((leg, view), veins) in enumerate(_PAIRS.items()):
            add_photograph(
                patient=patient,
                session=session,
                leg=leg,
                view=view,
                moment=Moment.BEFORE if first else Moment.FOLLOW_UP,
                taken_at=session.started_at - timedelta(minutes=6 - number),
                file=io.BytesIO(_photograph(leg, veins, first=first)),
                by=self.nurse,
            )

    def _is_allowed(self, patient: Patient, session: TreatmentSession) -> bool:
        """By the consent that was signed before the series; where none was, the patient signs one that allows it."""
        if living_consent(patient) is None:
            sign_consent(
                patient=patient,
                text=text_in(patient.language),
                signed_name=patient.name,
                strokes=[],
                allows_photographs=True,
                request_key=uuid.UUID("7d0b6a40-6a0e-4e5d-9a55-2d3c2f9f6b01"),
                by=self.nurse,
                now=session.started_at - timedelta(minutes=20),
            )
        return allows_photographs(patient)


def _photograph(leg: str, veins: list[list[tuple[int, int]]], *, first: bool) -> bytes:
    """JPEG of a drawn leg; two weeks later the veins are faint, the light and the hand are a little different."""
    size = (_SIZE[0] * _FINER, _SIZE[1] * _FINER)
    picture = Image.new("RGB", size, (176, 190, 189) if first else (180, 193, 190))
    skin = Image.new("L", size, 0)
    ImageDraw.Draw(skin).polygon([*_curve(_OUTLINE[leg]), *_curve(_OTHER_SIDE)], fill=255)
    skin = skin.filter(ImageFilter.GaussianBlur(4)).point(lambda grey: 255 if grey > 127 else 0)
    picture.paste(_skin(size, skin, (222, 184, 157) if first else (225, 188, 162)), mask=skin)
    drawn = ImageDraw.Draw(picture)
    for line in veins:
        strength = ((118, 92, 142), 5) if first else ((205, 166, 150), 3)
        drawn.line(_curve(line), fill=strength[0], width=strength[1], joint="curve")
    picture = picture.filter(ImageFilter.GaussianBlur(1.6))
    if not first:
        picture = picture.transform(size, Image.Transform.AFFINE, (1, 0.008, -5, 0, 1, 3), fillcolor=(180, 193, 190))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def _skin(size: tuple[int, int], shape: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """Lighter in the middle, darker towards the edge, as round things are."""
    light = shape.filter(ImageFilter.GaussianBlur(45))
    dark = Image.new("RGB", size, tuple(part * 7 // 10 for part in colour))
    return Image.composite(Image.new("RGB", size, colour), dark, light)


def _curve(points: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """Through all the points without corners (Catmull and Rom), in the finer measure."""
    ends = [points[0], *points, points[-1]]
    drawn: list[tuple[float, float]] = []
    for before, start, end, after in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for step in range(8):
            t = step / 8
            drawn.append(
                (_between(before[0], start[0], end[0], after[0], t), _between(before[1], start[1], end[1], after[1], t))
            )
    return [*drawn, (points[-1][0] * _FINER, points[-1][1] * _FINER)]


def _between(before: float, start: float, end: float, after: float, t: float) -> float:
    bend = 2 * before - 5 * start + 4 * end - after
    turn = 3 * start - before - 3 * end + after
    return _FINER * (2 * start + (end - before) * t + bend * t**2 + turn * t**3) / 2
