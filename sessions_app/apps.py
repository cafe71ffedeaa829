"""The visit: says to the messages who answers for reminders of appointments."""

from django.apps import AppConfig


class SessionsAppConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Visits"

    def ready(self) -> None:
        from clinic.notifications import register_source  # noqa: PLC0415  (models exist from here on)
        from sessions_app import reminders  # noqa: PLC0415

        register_source(
            reminders.SOURCE,
            still_wanted_many=reminders.unwanted_reminders,
            letter_many=reminders.reminder_letters,
        )
