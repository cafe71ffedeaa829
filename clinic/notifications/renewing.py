"""A patient may be written to from now on: what their plans and visits would have sent is planned again.

The upper apps register what they plan, because only they know it. Called inside the transaction of the consent.
"""

from collections.abc import Callable
from datetime import datetime

from clinic.models import Patient

PlanAgain = Callable[[Patient, datetime], None]
_planners: dict[str, PlanAgain] = {}


def register_planner(name: str, planner: PlanAgain) -> None:
    """Let an upper app plan its messages to a patient again; called in its `AppConfig.ready`.

    The planner is called with the patient and the time. It must leave alone what has left or may have left, and write
    nothing that was due before.
    """
    _planners[name] = planner


def plan_again(patient: Patient, *, now: datetime) -> None:
    """Everything that is still to come, as if it were planned at this moment; asked twice it changes nothing."""
    for planner in _planners.values():
        planner(patient, now)
