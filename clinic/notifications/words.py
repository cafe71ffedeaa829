"""How messages are spoken of on staff pages. The front desk's words hold nothing clinical."""

from dataclasses import dataclass

from clinic.models import Delivery, DeliveryAttempt, StaffTask
from clinic.protocol.vocabulary import MessageKey

# What each message is about: for everybody who sees messages, and for those who may see plans.
STEPS: dict[str, tuple[str, str]] = {
    MessageKey.APPT_1: ("Visit reminder, the day before", "Visit reminder, the day before"),
    MessageKey.APPT_3: ("Visit reminder, three days before", "Visit reminder, three days before"),
    # Steps of the schedule, told when a visit is booked or changed; `sessions_app.notices` plans them.
    "APPT_BOOKED": ("Visit booked", "Visit booked"),
    "APPT_MOVED": ("Visit moved", "Visit moved"),
    "APPT_CANCELLED": ("Visit cancelled", "Visit cancelled"),
    MessageKey.COMP_SWITCH: ("New step in the plan", "Stocking: from day and night to daytime"),
    MessageKey.ACT_SWITCH: ("Something changes in the plan", "Activity: a restriction ends"),
    MessageKey.CHECK_1: ("“How are you?”", "“How are you?” on the day after"),
    "PLAN_CHANGED": ("News in the plan", "Plan corrected"),
    "CALL_US": ("Please call us", "Please call us: called in vain"),
    MessageKey.WEEKLY: ("Plan of the week", "Plan of the week"),
}
STATES: dict[str, tuple[str, str]] = {
    Delivery.State.PENDING: ("plain", "clock"),
    Delivery.State.CLAIMED: ("accent", "send"),
    Delivery.State.SENDING: ("accent", "send"),
    Delivery.State.SENT: ("done", "check"),
    Delivery.State.DELIVERED: ("success", "check-check"),
    Delivery.State.CANCELLED: ("done", "ban"),
    Delivery.State.REVIEW: ("attention", "clock-alert"),
    Delivery.State.EXPIRED: ("danger", "clock-alert"),
    Delivery.State.UNCERTAIN: ("attention", "circle-question-mark"),
    Delivery.State.FAILED: ("danger", "mail-warning"),
    Delivery.State.BOUNCED: ("danger", "mail-warning"),
}
OUTCOMES: dict[str, str] = {
    DeliveryAttempt.Outcome.ACCEPTED: "taken by the provider",
    DeliveryAttempt.Outcome.REFUSED: "refused",
    DeliveryAttempt.Outcome.FAILED: "did not leave",
    DeliveryAttempt.Outcome.UNKNOWN: "no answer",
    "": "no answer yet",
}


@dataclass(frozen=True, slots=True)
class Group:
    """One reason why messages did not reach their patients: title, picture, and what a person does about it."""

    title: str
    icon: str
    advice: str


GROUPS: dict[str, Group] = {
    StaffTask.Kind.MESSAGE_FAILED: Group(
        "Could not be sent", "mail-warning", "Call and say it yourself. If the address is wrong, ask for the right one."
    ),
    StaffTask.Kind.MESSAGE_UNCERTAIN: Group(
        "May not have arrived",
        "circle-question-mark",
        "The provider did not answer in time. Ask the patient, or decide; sending again can make a second copy.",
    ),
    StaffTask.Kind.MESSAGE_EXPIRED: Group(
        "Too late, not sent", "clock-alert", "Nobody was told. If it still matters, call; otherwise close it."
    ),
    StaffTask.Kind.MESSAGE_UNREACHABLE: Group(
        "No way to write",
        "unplug",
        "There is no e-mail address, or no permission to use it. Call, and ask how the clinic may write.",
    ),
    Delivery.State.REVIEW: Group(
        "Held after a restore",
        "archive",
        "The database came back from a backup, so this may have been sent before. Send it, or leave it.",
    ),
}
