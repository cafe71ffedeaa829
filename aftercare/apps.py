"""After the visit; says at start who answers for the messages of a plan, and what of it stands on a patient's page."""

from django.apps import AppConfig

from clinic.access import Permission

_BESIDE_THE_RECORD = frozenset({"reports", "stocking help", "carers"})


class AftercareConfig(AppConfig):
    name = "aftercare"

    def ready(self) -> None:
        from aftercare import missed_calls, report_stuck, report_watch  # noqa: PLC0415
        from aftercare.actions import take_back_plan  # noqa: PLC0415
        from aftercare.carers import language_of  # noqa: PLC0415
        from aftercare.letters import held, letters, unwanted  # noqa: PLC0415  (models exist from here on)
        from aftercare.models import AftercarePlan  # noqa: PLC0415
        from aftercare.presenters.adherence import adherence_panel  # noqa: PLC0415
        from aftercare.presenters.carers import carer_panel  # noqa: PLC0415
        from aftercare.presenters.checkin_links import phone_report  # noqa: PLC0415
        from aftercare.presenters.messages_panel import messages_panel  # noqa: PLC0415
        from aftercare.presenters.panel import plan_panel  # noqa: PLC0415
        from aftercare.presenters.protocol_trial import on_newest_sessions  # noqa: PLC0415
        from aftercare.presenters.queue_panel import reports_panel  # noqa: PLC0415
        from aftercare.presenters.stocking_help import help_list, help_panel  # noqa: PLC0415
        from aftercare.replanning import plan_messages_again  # noqa: PLC0415
        from aftercare.views import checkin_not_taken  # noqa: PLC0415
        from clinic import notifications  # noqa: PLC0415
        from clinic.alerts import register_alerts  # noqa: PLC0415
        from clinic.language import register_readers  # noqa: PLC0415
        from clinic.notifications.renewing import register_planner  # noqa: PLC0415
        from clinic.patient_page import Panel, register_head_link, register_panel  # noqa: PLC0415
        from clinic.presenters import register_later_counter  # noqa: PLC0415
        from clinic.protocol.vocabulary import Hold  # noqa: PLC0415
        from clinic.protocol_trial import register_trial  # noqa: PLC0415
        from sessions_app import repeat  # noqa: PLC0415
        from sessions_app.amending import register_voided  # noqa: PLC0415
        from sessions_app.presenters.calls import register_list  # noqa: PLC0415
        from sessions_app.scoring import register_plan_runs  # noqa: PLC0415

        register_readers("carers", language_of)
        checkin_not_taken.register()
        notifications.register_source("plan", still_wanted_many=unwanted, letter_many=letters, held_many=held)
        notifications.register_source(
            missed_calls.SOURCE, still_wanted_many=missed_calls.unwanted, letter_many=missed_calls.letters
        )
        register_planner("plan", plan_messages_again)
        register_trial("plan", on_newest_sessions)
        register_voided("plan", take_back_plan)
        register_head_link(phone_report())
        register_plan_runs(
            "plan", lambda patient, now: AftercarePlan.objects.filter(patient=patient).running_at(now).exists()
        )
        repeat.register_hold_rows(
            report_watch.SOURCE,
            repeat.HoldRows(Hold.UNANSWERED_RED_FLAG, report_watch.open_rows, report_watch.told),
        )
        register_alerts(report_watch.SOURCE, report_watch.report_alerts, shown_on=report_watch.is_queue)
        register_alerts(report_stuck.SOURCE, report_stuck.stuck_alerts)
        register_later_counter("aftercare:queue", report_watch.waiting_for)
        register_list("stocking", needs=Permission.WORK_TASKS, maker=help_list)
        for name, order, needs, template, context in (
            ("reports", 12, Permission.VIEW_REPORTS, "aftercare/queue/panel.html", reports_panel),
            ("stocking help", 13, Permission.WORK_TASKS, "aftercare/stocking_help_panel.html", help_panel),
            ("plan", 20, Permission.VIEW_PLAN, "aftercare/plan_panel.html", plan_panel),
            ("adherence", 25, Permission.VIEW_PLAN, "aftercare/adherence_panel.html", adherence_panel),
            ("messages", 55, Permission.VIEW_PLAN, "aftercare/messages_panel.html", messages_panel),
            ("carers", 60, Permission.VIEW_PLAN, "aftercare/carers/panel.html", carer_panel),
        ):
            register_panel(Panel(name, template, context, needs, order, is_beside=name in _BESIDE_THE_RECORD))
