"""The words of the protocol: closed lists with stable values, usable as database choices.

Values are part of the command's contract and of stored rows: add, never rename.
"""

from enum import StrEnum


class VeinType(StrEnum):
    """What is injected. Each type has its own values in ``default.toml`` under ``<type>.*``."""

    SPIDER = "spider"
    RETICULAR = "reticular"


class Leg(StrEnum):
    """The treated side."""

    LEFT = "left"
    RIGHT = "right"


class StockingLegs(StrEnum):
    """The legs that a stocking is on."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


class Segment(StrEnum):
    """Places on a leg that can be treated; anything else is not on a leg (check L9)."""

    THIGH_ANTERIOR = "thigh_anterior"
    THIGH_MEDIAL = "thigh_medial"
    THIGH_LATERAL = "thigh_lateral"
    THIGH_POSTERIOR = "thigh_posterior"
    KNEE = "knee"
    POPLITEAL = "popliteal"
    CALF_ANTERIOR = "calf_anterior"
    CALF_MEDIAL = "calf_medial"
    CALF_LATERAL = "calf_lateral"
    CALF_POSTERIOR = "calf_posterior"
    ANKLE = "ankle"
    FOOT = "foot"


class ItemKey(StrEnum):
    """The things a plan asks of a patient, in the order in which a plan lists them."""

    OBSERVATION = "OBSERVATION"
    WALK_IMMEDIATE = "WALK_IMMEDIATE"
    COMPRESSION_CONTINUOUS = "COMPRESSION_CONTINUOUS"
    COMPRESSION_DAYTIME = "COMPRESSION_DAYTIME"
    WALK_DAILY = "WALK_DAILY"
    AVOID_HEAVY_EXERCISE = "AVOID_HEAVY_EXERCISE"
    AVOID_SUNBATHING = "AVOID_SUNBATHING"
    AVOID_LONG_FLIGHT = "AVOID_LONG_FLIGHT"
    AVOID_HOT_BATH_SAUNA = "AVOID_HOT_BATH_SAUNA"
    BREASTFEEDING_PAUSE = "BREASTFEEDING_PAUSE"
    REPEAT_WINDOW = "REPEAT_WINDOW"
    COAGULUM_REVIEW_WINDOW = "COAGULUM_REVIEW_WINDOW"
    WATCH_WINDOW = "WATCH_WINDOW"


AVOID_ITEMS: tuple[ItemKey, ...] = (
    ItemKey.AVOID_HEAVY_EXERCISE,
    ItemKey.AVOID_SUNBATHING,
    ItemKey.AVOID_LONG_FLIGHT,
    ItemKey.AVOID_HOT_BATH_SAUNA,
)


class DecidedBy(StrEnum):
    """What made an item as long as it is, when it was not a vein type; a presenter turns it into "because ..."."""

    EXTENSIVE = "extensive"
    EVERY_TYPE = "every_type"
    BREASTFEEDING = "breastfeeding"
    VTE_RISK = "vte_risk"


class DaytimeAnchor(StrEnum):
    """From which moment the days of the daytime stocking are counted."""

    SESSION = "SESSION"
    AFTER_CONTINUOUS = "AFTER_CONTINUOUS"


class CompressionScope(StrEnum):
    """Whether all treated legs follow the longest plan or each leg its own."""

    SESSION = "SESSION"
    LEG = "LEG"


class CompressionState(StrEnum):
    """What the stocking asks at one instant, loosest first."""

    NONE = "NONE"
    DAYTIME = "DAYTIME"
    CONTINUOUS = "CONTINUOUS"


class StretchKind(StrEnum):
    """The three strands of a patient's timeline."""

    COMPRESSION = "compression"
    AVOID = "avoid"
    WALK = "walk"


class Severity(StrEnum):
    """What a finding asks: BLOCK stops the start or the signature, ACK wants a tick and a reason, NOTE is shown."""

    BLOCK = "BLOCK"
    ACK = "ACK"
    NOTE = "NOTE"


class Override(StrEnum):
    """Who may lift a BLOCK with a written reason."""

    NONE = "none"
    PRESCRIBER = "prescriber"


class Acknowledger(StrEnum):
    """Who may give the reason an ACK asks for."""

    NURSE = "nurse"
    PRESCRIBER = "prescriber"


class Moment(StrEnum):
    """When checks are asked: before the first injection, or while logging the session."""

    BEFORE = "before"
    LOGGING = "logging"


class Answer(StrEnum):
    """Answer to a screening question that a patient may not be able to decide."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class ProductForm(StrEnum):
    """How the drug is prepared; foam is refused unless the protocol allows it (check L8)."""

    LIQUID = "liquid"
    FOAM = "foam"


class Hold(StrEnum):
    """Why repeat booking waits for a clinician (rule B4)."""

    OPEN_ADVERSE_EVENT = "open_adverse_event"
    UNANSWERED_RED_FLAG = "unanswered_red_flag"
    CLINICIAN_HOLD = "clinician_hold"
    POLIDOCANOL_ALLERGY = "polidocanol_allergy"


class BookingResult(StrEnum):
    """What the front desk is told about an asked date."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    ACCEPTED_WITH_NOTE = "accepted_with_note"


class DayType(StrEnum):
    """Where a date lies relative to the repeat window of the last session."""

    BEFORE_SESSION = "before_session"
    TOO_EARLY = "too_early"
    IN_WINDOW = "in_window"
    LATER = "later"


class MessageKey(StrEnum):
    """The reminders a plan and its appointments lead to."""

    APPT_1 = "APPT_1"
    COMP_SWITCH = "COMP_SWITCH"
    ACT_SWITCH = "ACT_SWITCH"
    CHECK_1 = "CHECK_1"
    APPT_3 = "APPT_3"
    WEEKLY = "WEEKLY"


class MessageKind(StrEnum):
    """Which of the three reminder tasks sends a message."""

    COMPRESSION = "compression"
    ACTIVITY = "activity"
    APPOINTMENT = "appointment"


class Channel(StrEnum):
    """How a message goes out after the caps: as a text, or by e-mail and portal only."""

    TEXT = "text"
    EMAIL = "email"


class Origin(StrEnum):
    """Where a value of the protocol comes from, heaviest first."""

    SEED = "SEED"
    LABEL = "LABEL"
    EU = "EU"
    GUIDE = "GUIDE"
    CLINIC = "CLINIC"
    CHOICE = "CHOICE"
