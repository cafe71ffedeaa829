"""What of the patient's answers staff see on pages of lower apps; said at start by the app's `ready`."""

from aftercare.presenters.adherence import adherence_panel
from aftercare.presenters.stocking_help import help_list, help_panel
from clinic.access import Permission
from clinic.patient_page import Panel, register_panel
from sessions_app.presenters.calls import register_list


def register() -> None:
    register_list("stocking", needs=Permission.WORK_TASKS, maker=help_list)
    register_panel(
        Panel(
            name="stocking help",
            template="aftercare/stocking_help_panel.html",
            context=help_panel,
            needs=Permission.WORK_TASKS,
            order=13,
        )
    )
    register_panel(
        Panel(
            name="adherence",
            template="aftercare/adherence_panel.html",
            context=adherence_panel,
            needs=Permission.VIEW_PLAN,
            order=25,
        )
    )
