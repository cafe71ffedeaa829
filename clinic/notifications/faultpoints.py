"""Named points at which a test kills the process that passes them. They do nothing outside of the test settings.

`LEGWORK_FAULT_POINT=after_claim` kills at that point, without any clean-up, the way the kernel or a power cut does.
"""

import os
import signal

from django.conf import settings

NAMES = frozenset(
    {
        "after_claim",  # rows carry a token, nothing was sent
        "before_departure",  # inside the transaction of the point of no return
        "after_departure",  # "sending" is committed, the call has not left
        "after_call",  # the provider has answered, nothing is recorded
        "after_record",  # all is recorded
        "in_sweep",  # leases are judged, the rest of the sweep is open
    }
)
VARIABLE = "LEGWORK_FAULT_POINT"
# Tests of a worker that wakes up late stop it here instead (SIGSTOP).
SIGNAL = signal.SIGKILL


def at(name: str) -> None:
    if name not in NAMES:
        raise ValueError(f"{name} is no fault point.")
    if os.environ.get(VARIABLE) == name and settings.SETTINGS_MODULE == "clinic.settings.test":
        os.kill(os.getpid(), SIGNAL)
