"""What a password of staff must not be, beside Django's own rules: too long to hash, or what everybody guesses."""

import re
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from clinic.models import Clinic

# Of what stays when the clinic's words, digits and signs are taken away.
_OWN_LETTERS = 6
_DIFFERENT_CHARACTERS = 5
_PRODUCT_WORDS = frozenset(
    {"legwork", "sclerotherapy", "polidocanol", "aftercare", "portal", "vein", "veins", "clinic"}
)


class MaximumLength:
    """At most `max_length` characters: far more than a sentence, far less than a way to keep the hasher busy."""

    def __init__(self, max_length: int) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > self.max_length:
            raise ValidationError(
                f"This password is too long. Use at most {self.max_length} characters.", code="password_too_long"
            )

    def get_help_text(self) -> str:
        return ""


class NotWhatEverybodyGuesses:
    """Refuses the clinic's name and this field's words with a year, common passwords with ornament, repetition."""

    def validate(self, password: str, user: Any = None) -> None:
        text = password.casefold()
        if len(set(text)) < _DIFFERENT_CHARACTERS:
            raise ValidationError("This password repeats itself. Use more different characters.", code="repeats")
        if _without_ornament(text) in _common():
            raise ValidationError(
                "This is a common password with digits or signs around it. Use words that only you put together.",
                code="common_with_ornament",
            )
        own = _without(text, _words_of_the_clinic())
        if own != text and sum(character.isalpha() for character in own) < _OWN_LETTERS:
            raise ValidationError(
                "Anybody would guess this: it is about the clinic. Use words that only you put together.",
                code="clinic_name",
            )

    def get_help_text(self) -> str:
        return "Neither the clinic's name nor a common password, also not with a year behind it."


def _common() -> set[str]:
    passwords: set[str] = CommonPasswordValidator().passwords
    return passwords


def _without_ornament(text: str) -> str:
    return text.strip("0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def _without(text: str, words: frozenset[str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    return text


def _words_of_the_clinic() -> frozenset[str]:
    clinic = Clinic.current()
    named = re.findall(r"\w{3,}", f"{clinic.name} {clinic.sender_name}".casefold())
    return _PRODUCT_WORDS | frozenset(named)
