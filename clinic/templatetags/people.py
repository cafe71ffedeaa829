"""How people are written: phone numbers, ages, birth dates. Load with ``{% load people %}``."""

from datetime import date

from django import template
from django.utils import timezone

from clinic import phones

register = template.Library()


@register.filter
def phone_words(number: object) -> str:
    """A stored number as it is read here: "(212) 555-0119"; "" where there is none."""
    return phones.phone_words(number) if number else ""


@register.filter
def age(born: date) -> int:
    """Whole years on the clinic's present date."""
    today = timezone.localdate()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


@register.filter
def day_of_birth(born: date) -> str:
    """ "4 Mar 1967" """
    return f"{born.day} {born:%b %Y}"


@register.filter
def zone_words(name: str) -> str:
    """ "America/New York" """
    return name.replace("_", " ")
