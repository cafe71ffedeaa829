"""After the visit; says at start who answers for the messages of a plan."""

from django.apps import AppConfig


class AftercareConfig(AppConfig):
    name = "aftercare"

    def ready(self) -> None:
        from aftercare.letters import letters, unwanted
        from clinic import notifications

        notifications.register_source("plan", still_wanted_many=unwanted, letter_many=letters)
