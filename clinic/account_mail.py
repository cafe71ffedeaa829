"""Codes, links and notices about accounts. They leave behind the answer, so that its time does not tell who is known.

They are not deliveries: a code is worth nothing after ten minutes, so it is not tried again; the person asks anew.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from email.utils import make_msgid, parseaddr
from functools import cache

from django.conf import settings
from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)


def post(message: EmailMessage) -> None:
    """Send soon, without waiting for the mail server where there is one."""
    # Django's own would name this machine: nobody's business, and "localhost" looks like spam.
    own_host = parseaddr(message.from_email)[1].rpartition("@")[2]
    message.extra_headers.setdefault("Message-ID", make_msgid(domain=own_host or "localhost"))
    if settings.ACCOUNT_MAIL_IN_BACKGROUND:
        _postman().submit(_send, message)
    else:
        _send(message)


@cache
def _postman() -> ThreadPoolExecutor:
    # Made at the first use: threads do not survive the fork of a web worker.
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="account-mail")


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except Exception as error:
        # Neither the address nor the words: both are nobody's business in a log.
        logger.error("A message about an account was not sent: %s", type(error).__name__)
