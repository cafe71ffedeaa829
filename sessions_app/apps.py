"""The visit: says to the messages who answers for reminders of appointments."""

from django.apps import AppConfig

from clinic.access import Permission

_BESIDE_THE_RECORD = frozenset({"visits", "wait list", "consent", "adverse events"})


class SessionsAppConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Visits"

    def ready(self) -> None:
        from clinic.alerts import register_alerts  # noqa: PLC0415
        from clinic.notifications import register_source  # noqa: PLC0415  (models exist from here on)
        from clinic.notifications.renewing import register_planner  # noqa: PLC0415
        from clinic.patient_page import Panel, register_head_alerts, register_head_link, register_panel  # noqa: PLC0415
        from clinic.presenters import register_counter  # noqa: PLC0415
        from clinic.protocol.vocabulary import Hold  # noqa: PLC0415
        from sessions_app import allergy_holds, cosigning, event_watch, lists, reminders, repeat, repeat_holds  # noqa: PLC0415
        from sessions_app.presenters.consent import consent_panel  # noqa: PLC0415
        from sessions_app.presenters.event_lines import events_panel  # noqa: PLC0415
        from sessions_app.presenters.photographs import photographs_panel  # noqa: PLC0415
        from sessions_app.presenters.record import record_panel  # noqa: PLC0415
        from sessions_app.presenters.record_links import emergency_card  # noqa: PLC0415
        from sessions_app.presenters.scores import scores_panel  # noqa: PLC0415
        from sessions_app.presenters.stock import stock_alerts  # noqa: PLC0415
        from sessions_app.presenters.visits_panel import visits_panel  # noqa: PLC0415
        from sessions_app.presenters.waiting import wait_panel  # noqa: PLC0415
        from sessions_app.presenters.waits import waiting_alerts  # noqa: PLC0415

        register_source(
            reminders.SOURCE,
            still_wanted_many=reminders.unwanted_reminders,
            letter_many=reminders.reminder_letters,
        )
        register_planner(reminders.SOURCE, reminders.plan_reminders_again)
        repeat.register_hold_rows(
            repeat_holds.SOURCE,
            repeat.HoldRows(Hold.CLINICIAN_HOLD, repeat_holds.open_rows, repeat_holds.told),
        )
        repeat.register_hold_rows(
            event_watch.SOURCE,
            repeat.HoldRows(Hold.OPEN_ADVERSE_EVENT, event_watch.open_rows, event_watch.told, event_watch.before_visit),
        )
        repeat.register_hold_rows(
            allergy_holds.SOURCE,
            repeat.HoldRows(
                Hold.POLIDOCANOL_ALLERGY, allergy_holds.allergic_rows, allergy_holds.told, is_in_chart=False
            ),
        )
        register_alerts(event_watch.SOURCE, event_watch.event_alerts)
        register_alerts("to sign", cosigning.clinician_alerts)
        register_alerts("stock", stock_alerts)
        for name, order, needs, template, context in (
            ("visits", 10, Permission.VIEW_SCHEDULE, "sessions_app/desk/visits_panel.html", visits_panel),
            ("wait list", 15, Permission.BOOK, "sessions_app/desk/wait_panel.html", wait_panel),
            ("consent", 25, Permission.VIEW_CHART, "sessions_app/nurse/consent_panel.html", consent_panel),
            ("record", 18, Permission.VIEW_CHART, "sessions_app/record/panel.html", record_panel),
            ("scores", 40, Permission.VIEW_CHART, "sessions_app/record/scores_panel.html", scores_panel),
            ("photographs", 50, Permission.VIEW_CHART, "sessions_app/photographs/panel.html", photographs_panel),
            ("adverse events", 14, Permission.VIEW_CHART, "sessions_app/events/_panel.html", events_panel),
        ):
            register_panel(Panel(name, template, context, needs, order, is_beside=name in _BESIDE_THE_RECORD))
        register_head_link(emergency_card())
        register_head_alerts("waits", waiting_alerts)
        register_counter("sessions_app:calls", lists.waiting_for_the_desk)
