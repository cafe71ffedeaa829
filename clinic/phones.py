"""Phone numbers: from what people type to E.164, and back to what people read."""

import phonenumbers
from django.conf import settings
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

# Calling them costs the caller; nobody gives one to a clinic on purpose.
_COSTLY = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST}
_SEPARATORS = set("0123456789+()-./ \u00a0\u2010\u2011\u2013")


class BadNumber(ValueError):
    """Not a number that can be called; the message says what to type."""


def to_e164(typed: str) -> str:
    """ "(212) 555-0119" is "+12125550119". Also takes +, 00 or 011 with the country code; "" stays "".

    Raises `BadNumber` with words for the field.
    """
    typed = typed.strip()
    if not typed:
        return ""
    if not set(typed) <= _SEPARATORS:
        raise BadNumber(f"Enter the number in digits, for example {example()}.")
    if typed.startswith("00"):
        typed = f"+{typed[2:]}"
    try:
        number = phonenumbers.parse(typed, settings.PHONENUMBER_DEFAULT_REGION)
    except NumberParseException as error:
        raise BadNumber(f"Enter a phone number, for example {example()}.") from error
    if not phonenumbers.is_valid_number(number):
        raise BadNumber(f"Enter the number with its area code, for example {example()}, or with + and its country.")
    if phonenumbers.number_type(number) in _COSTLY:
        raise BadNumber("This is a premium-rate number. Enter the patient's own number.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def phone_words(number: object) -> str:
    """How a stored number is read here: without the country code inside the clinic's country."""
    try:
        parsed = phonenumbers.parse(str(number))
    except NumberParseException:
        return str(number)
    ours = phonenumbers.country_code_for_region(settings.PHONENUMBER_DEFAULT_REGION)
    style = PhoneNumberFormat.NATIONAL if parsed.country_code == ours else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)


def example() -> str:
    number = phonenumbers.example_number(settings.PHONENUMBER_DEFAULT_REGION)
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL) if number else "+1 201-555-0123"
