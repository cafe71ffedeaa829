"""What a patient agrees to when a channel is switched on. Consents name the version; old wordings stay readable."""

from collections.abc import Mapping

from clinic.models import ContactPreference

Channel = ContactPreference.Channel

WORDING_VERSION = "2026-1"
WORDINGS: Mapping[str, Mapping[Channel, str]] = {
    "2026-1": {
        Channel.EMAIL: (
            "The clinic may write to me by e-mail about my visits and my plan. The messages hold a link and no health "
            "details. E-mail is not encrypted on its way. I can stop it at any time."
        ),
        Channel.SMS: (
            "The clinic may send me text messages about my visits and my plan, to this number, at most one a day. "
            "They hold a link and no health details. I can stop them at any time by answering STOP."
        ),
    }
}


def current_wording(channel: Channel) -> str:
    return WORDINGS[WORDING_VERSION][channel]
