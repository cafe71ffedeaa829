"""The words of a message: `templates/notifications/<step>/{subject,body,short}.txt`, with `.es.txt` for Spanish.

A message says who writes, one neutral line, a link and how to stop; no name, vein, dose, procedure or symptom.
"""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.template import Context
from django.template.loader import get_template
from django.utils import timezone, translation

from clinic.language import page_language
from clinic.models import Clinic, Delivery
from clinic.notifications.channels.base import Letter

SHORT_LENGTH = 160
_SHORTEST_NAME = 8
# GSM 03.38 without the extension table, whose signs count twice.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_PLAIN = str.maketrans({"–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "\u00a0": " "})


def render(
    delivery: Delivery, context: Mapping[str, Any], *, clinic: Clinic, to: str, link: str, stop_url: str
) -> Letter:
    """The letter of a delivery in its patient's language.

    `starts_at` in the context is shown as the clinic's wall-clock time, with the zone's name when the patient lives by
    another one. TemplateDoesNotExist for a step without words.
    """
    language = delivery.patient.language
    words = {
        **context,
        "clinic_name": clinic.message_name,
        "phone": clinic.phone,
        "phone_hours": clinic.phone_hours,
        "link": link,
        "stop_url": stop_url,
        "zone_name": _zone_name(context.get("starts_at"), clinic.zone, delivery.patient.time_zone),
    }
    with translation.override(page_language(language)), timezone.override(clinic.zone):
        return Letter(
            to=to,
            sender=clinic.message_name,
            subject=" ".join(_text(delivery.step, "subject", language, words).split()),
            body=_text(delivery.step, "body", language, words).strip() + "\n",
            short=_short(delivery.step, language, words),
            stop_url=stop_url,
            step=delivery.step,
            language=language,
        )


def gsm(text: str) -> str:
    """The text in the letters of a plain text message: "más" becomes "mas", what has no such form becomes "?"."""
    kept = []
    for sign in text.translate(_PLAIN):
        if sign in GSM:
            kept.append(sign)
            continue
        bare = "".join(part for part in unicodedata.normalize("NFKD", sign) if part in GSM)
        kept.append(bare or "?")
    return "".join(kept)


def _short(step: str, language: str, words: dict[str, Any]) -> str | None:
    """One text message. A long clinic name gives way; everything else is needed, so None where that is not enough."""
    text = " ".join(gsm(_text(step, "short", language, words)).split())
    too_many = len(text) - SHORT_LENGTH
    if too_many <= 0:
        return text
    name = gsm(words["clinic_name"])
    if len(name) - too_many < _SHORTEST_NAME:
        return None
    return " ".join(gsm(_text(step, "short", language, {**words, "clinic_name": name[:-too_many].strip()})).split())


def _text(step: str, part: str, language: str, words: dict[str, Any]) -> str:
    suffix = "txt" if language == "en" else f"{language}.txt"
    template = get_template(f"notifications/{step.lower()}/{part}.{suffix}").template  # type: ignore[attr-defined]
    # Plain text: what a browser would need to be escaped must reach a mail program as it was typed.
    return str(template.render(Context(words, autoescape=False)))


def _zone_name(starts_at: datetime | None, clinic_zone: ZoneInfo, patient_zone: str) -> str:
    if starts_at is None or patient_zone == clinic_zone.key:
        return ""
    return starts_at.astimezone(clinic_zone).strftime("%Z")
