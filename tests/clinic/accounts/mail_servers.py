"""Mail servers that do what real ones do on bad days."""

from threading import Event

from django.core.mail.backends.base import BaseEmailBackend


class Away(BaseEmailBackend):
    def send_messages(self, email_messages):
        raise ConnectionRefusedError(f"no server for {email_messages[0].to} {email_messages[0].body}")


class Slow(BaseEmailBackend):
    delivered: list = []
    may_go_on, done = Event(), Event()

    def send_messages(self, email_messages):
        self.may_go_on.wait(10)
        self.delivered.extend(email_messages)
        self.done.set()
        return len(email_messages)
