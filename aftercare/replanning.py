"""The messages of a patient's plans, planned once more: for somebody who may be written to only now."""

from datetime import datetime

from aftercare.issuing import SOURCE, due_messages, running_plans, united_messages, upcoming_visits, waiting_steps
from aftercare.stored import plan_of, ref_of
from clinic import notifications
from clinic.models import Clinic, Patient, ProtocolVersion
from clinic.protocol import Protocol
from clinic.protocol.vocabulary import MessageKey


def plan_messages_again(patient: Patient, now: datetime) -> None:
    """Write the united schedule of the plans that hold, from now on. Registered with `clinic.notifications.renewing`.

    What has left, or may have, keeps its row and is not sent again; what was called off or failed for want of an
    address gives its place back. That a plan was corrected is told as it was planned.
    """
    running = running_plans(patient, now=now)
    if not running:
        return
    ids = [row.public_id for row in running]
    version = ProtocolVersion.in_force()
    messages = united_messages(
        patient=patient,
        plans=[plan_of(row) for row in running],
        visits=upcoming_visits(patient, now=now),
        protocol=version.protocol() if version else Protocol.default(),
        send_at=Clinic.current().send_at,
        now=now,
        waiting=waiting_steps(ids, now=now),
    )
    steps = [key.value for key in MessageKey]
    reason = "planned again: the patient may be written to"
    notifications.cancel(source=SOURCE, source_ids=ids, steps=steps, reason=reason)
    sources = {ref_of(row.lineage): row.public_id for row in running}
    notifications.plan(due_messages(messages, patient=patient, sources=sources))
