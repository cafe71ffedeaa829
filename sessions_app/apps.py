"""The visit: says to the messages who answers for reminders of appointments."""

from django.apps import AppConfig

from clinic.access import Permission


class SessionsAppConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Visits"

    def ready(self) -> None:
        from clinic.alerts import register_alerts  # noqa: PLC0415
        from clinic.notifications import register_source  # noqa: PLC0415  (models exist from here on)
        from clinic.notifications.renewing import register_planner  # noqa: PLC0415
        from clinic.patient_page import Panel, register_panel  # noqa: PLC0415
        from clinic.presenters import register_counter  # noqa: PLC0415
        from clinic.protocol.vocabulary import Hold  # noqa: PLC0415
        from sessions_app import cosigning, lists, reminders, repeat, repeat_holds  # noqa: PLC0415
        from sessions_app.presenters.photographs import photographs_panel  # noqa: PLC0415
        from sessions_app.presenters.visits_panel import visits_panel  # noqa: PLC0415
        from sessions_app.presenters.waiting import wait_panel  # noqa: PLC0415

        register_source(
            reminders.SOURCE,
            still_wanted_many=reminders.unwanted_reminders,
            letter_many=reminders.reminder_letters,
        )
        register_planner(reminders.SOURCE, reminders.plan_reminders_again)
        repeat.register_holds(
            repeat_holds.SOURCE,
            repeat_holds.hold_of,
            of_many=repeat_holds.held_among,
            rows=repeat.HoldRows(Hold.CLINICIAN_HOLD, repeat_holds.open_rows),
        )
        register_alerts("to sign", cosigning.clinician_alerts)
        register_panel(
            Panel(
                name="visits",
                template="sessions_app/desk/visits_panel.html",
                context=visits_panel,
                needs=Permission.VIEW_SCHEDULE,
                order=10,
            )
        )
        register_panel(
            Panel(
                name="wait list",
                template="sessions_app/desk/wait_panel.html",
                context=wait_panel,
                needs=Permission.BOOK,
                order=15,
            )
        )
        register_panel(
            Panel(
                name="photographs",
                template="sessions_app/photographs/panel.html",
                context=photographs_panel,
                needs=Permission.VIEW_CHART,
                order=50,
            )
        register_counter("sessions_app:calls", lists.waiting_for_the_desk)
