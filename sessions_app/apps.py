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
        from clinic.patient_page import Panel, register_head_link, register_panel  # noqa: PLC0415
        from clinic.presenters import register_counter  # noqa: PLC0415
        from clinic.protocol.vocabulary import Hold  # noqa: PLC0415
        from sessions_app import cosigning, event_watch, lists, reminders, repeat, repeat_holds  # noqa: PLC0415
        from sessions_app.presenters.consent import consent_panel  # noqa: PLC0415
        from sessions_app.presenters.event_lines import events_panel  # noqa: PLC0415
        from sessions_app.presenters.photographs import photographs_panel  # noqa: PLC0415
        from sessions_app.presenters.record import record_panel  # noqa: PLC0415
        from sessions_app.presenters.record_links import emergency_card  # noqa: PLC0415
        from sessions_app.presenters.scores import scores_panel  # noqa: PLC0415
        from sessions_app.presenters.stock import stock_alerts  # noqa: PLC0415
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
        repeat.register_holds(
            event_watch.SOURCE,
            event_watch.hold_of,
            of_many=event_watch.held_among,
            rows=repeat.HoldRows(Hold.OPEN_ADVERSE_EVENT, event_watch.open_rows),
        )
        register_alerts(event_watch.SOURCE, event_watch.event_alerts)
        register_alerts("to sign", cosigning.clinician_alerts)
        register_alerts("stock", stock_alerts)
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
        )
        register_panel(
            Panel(
                name="adverse events",
                template="sessions_app/events/_panel.html",
                context=events_panel,
                needs=Permission.VIEW_CHART,
                order=60,
            )
        )
        register_panel(
            Panel(
                name="consent",
                template="sessions_app/nurse/consent_panel.html",
                context=consent_panel,
                needs=Permission.VIEW_CHART,
                order=25,
            )
        )
        register_panel(
            Panel(
                name="record",
                template="sessions_app/record/panel.html",
                context=record_panel,
                needs=Permission.VIEW_CHART,
                order=30,
            )
        )
        register_panel(
            Panel(
                name="scores",
                template="sessions_app/record/scores_panel.html",
                context=scores_panel,
                needs=Permission.VIEW_CHART,
                order=40,
            )
        )
        register_head_link(emergency_card())
        register_counter("sessions_app:calls", lists.waiting_for_the_desk)
