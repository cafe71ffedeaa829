"""The words of a message: `templates/notifications/<step>/{subject,body,short}.txt`, with `.es.txt` for Spanish.

A message says who writes, one neutral line, a link and how to stop; no name, vein, dose, procedure or symptom.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
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
# Signs for private use hold the places of the addresses until a letter is written.
_LINK, _STOP = "\ue000", "\ue001"
# Facts of a context that are no words of the text.
_NOT_TOLD = frozenset({"link_expires_at", "link_leads_to", "attachments"})
# GSM 03.38 without the extension table, whose signs count twice.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_PLAIN = str.maketrans({"–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "\u00a0": " "})


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of a message with places for its two addresses; many patients of a batch are told the same."""

    subject: str
    body: str
    short: str | None


Cache = dict[tuple[Any, ...], Texts]


def render(
    delivery: Delivery,
    context: Mapping[str, Any],
    *,
    clinic: Clinic,
    to: str,
    link: str,
    stop_url: str,
    cache: Cache | None = None,
) -> Letter:
    """The letter of a delivery in its patient's language.

    `starts_at` in the context is shown as the clinic's wall-clock time, with the zone's name when the patient lives by
    another one; `attachments` go along as they are. `cache` keeps the words of one batch and one clinic.
    TemplateDoesNotExist for a step without words.
    """
    language = delivery.patient.language
    zone_name = _zone_name(context.get("starts_at"), clinic.zone, delivery.patient.time_zone)
    told = {name: fact for name, fact in context.items() if name not in _NOT_TOLD}
    key = (delivery.step, language, zone_name, len(link), repr(sorted(told.items())))
    texts = cache.get(key) if cache is not None else None
    if texts is None:
        texts = _texts(delivery.step, language, {**told, "zone_name": zone_name}, clinic, len(link))
        if cache is not None:
            cache[key] = texts
    return Letter(
        to=to,
        sender=clinic.message_name,
        subject=texts.subject,
        body=texts.body.replace(_LINK, link).replace(_STOP, stop_url),
        short=texts.short and texts.short.replace(_LINK, link),
        stop_url=stop_url,
        step=delivery.step,
        language=language,
        attachments=tuple(context.get("attachments", ())),
    )


def _texts(step: str, language: str, context: dict[str, Any], clinic: Clinic, link_length: int) -> Texts:
    words = {
        **context,
        "clinic_name": clinic.message_name,
        "phone": clinic.phone,
        "link": _LINK,
        "stop_url": _STOP,
    }
    with translation.override(page_language(language)), timezone.override(clinic.zone):
        words["phone_hours"] = clinic.phone_hours_told
        return Texts(
            subject=" ".join(_text(step, "subject", language, words).split()),
            body=_text(step, "body", language, words).strip() + "\n",
            short=_short(step, language, words, link_length),
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


def _short(step: str, language: str, words: dict[str, Any], link_length: int) -> str | None:
    """One text message. A long clinic name gives way; everything else is needed, so None where that is not enough."""

    def with_name(name: str) -> str:
        text = _text(step, "short", language, {**words, "clinic_name": name})
        return " ".join(_LINK.join(gsm(part) for part in text.split(_LINK)).split())

    name = gsm(words["clinic_name"])
    text = with_name(name)
    too_many = len(text) + text.count(_LINK) * (link_length - len(_LINK)) - SHORT_LENGTH
    if too_many <= 0:
        return text
    return with_name(name[:-too_many].strip()) if len(name) - too_many >= _SHORTEST_NAME else None


def _text(step: str, part: str, language: str, words: dict[str, Any]) -> str:
    suffix = "txt" if language == "en" else f"{language}.txt"
    template = get_template(f"notifications/{step.lower()}/{part}.{suffix}").template  # type: ignore[attr-defined]
    # Plain text: what a browser would need to be escaped must reach a mail program as it was typed.
    return str(template.render(Context(words, autoescape=False)))


def _zone_name(starts_at: datetime | None, clinic_zone: ZoneInfo, patient_zone: str) -> str:
    if starts_at is None or patient_zone == clinic_zone.key:
        return ""
    return starts_at.astimezone(clinic_zone).strftime("%Z")
