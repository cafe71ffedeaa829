"""What a patient agrees to when a channel is switched on. Consents name the version; old wordings stay readable."""

from collections.abc import Mapping

from clinic.models import ContactPreference, Patient

Channel = ContactPreference.Channel
Language = Patient.Language

WORDING_VERSION = "2026-1"
# Both languages of a version say the same: a consent names the version, whichever language it was given in.
WORDINGS: Mapping[str, Mapping[Language, Mapping[Channel, str]]] = {
    "2026-1": {
        Language.ENGLISH: {
            Channel.EMAIL: (
                "The clinic may write to me by e-mail about my visits and my plan. The messages hold a link and no "
                "health details. E-mail is not encrypted on its way. I can stop it at any time."
            ),
            Channel.SMS: (
                "The clinic may send me text messages about my visits and my plan, to this number, at most one a day. "
                "They hold a link and no health details. I can stop them at any time by answering STOP."
            ),
        },
        Language.SPANISH: {
            Channel.EMAIL: (
                "La clínica puede escribirme por correo electrónico sobre mis citas y mi plan. Los mensajes llevan un "
                "enlace y ningún dato de salud. El correo no viaja cifrado. Puedo dejar de recibirlo en cualquier "
                "momento."
            ),
            Channel.SMS: (
                "La clínica puede enviarme mensajes de texto sobre mis citas y mi plan, a este número, como máximo uno "
                "al día. Llevan un enlace y ningún dato de salud. Puedo dejar de recibirlos en cualquier momento "
                "respondiendo STOP."
            ),
        },
    }
}


def current_wording(channel: Channel, language: str = Language.ENGLISH) -> str:
    """What is agreed to now, in a patient's language ("en" or "es")."""
    return WORDINGS[WORDING_VERSION][Language(language)][channel]
