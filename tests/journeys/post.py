"""What the clinic sent: reminders as the file channel wrote them, codes as the mail server would have got them."""

import json
import re

from django.core import mail
from django.core.management import call_command


class Post:
    def __init__(self, folder):
        self.folder, self.seen = folder, set()

    def goes_round(self):
        """The reminders ring once; returns what is new, as (to, subject, link)."""
        call_command("run_reminders", "--once")
        new = sorted(set(self.folder.glob("*.json")) - self.seen)
        self.seen.update(new)
        letters = [json.loads(file.read_text()) for file in new]
        return sorted(
            (letter["to"], letter["subject"], re.search(r"http\S+/l/\S+", letter["body"])[0]) for letter in letters
        )

    def newest_code(self):
        return re.search(r"^\s+(\d{6})\s*$", mail.outbox[-1].body, re.M).group(1)

    def codes_sent(self):
        return len(mail.outbox)
