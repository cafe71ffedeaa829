"""Database rules of the base app: the trail and the attempts only grow, a signed protocol never changes."""

from clinic.database_rules import append_only, refuse

RULES = (
    *append_only("clinic_auditevent"),
    *append_only("clinic_auditseal"),
    refuse(
        "UPDATE",
        table="clinic_deliveryattempt",
        name="clinic_deliveryattempt_closed_once",
        when="OLD.finished_at IS NOT NULL",
        because="a delivery attempt is closed once and never changed again",
    ),
    refuse(
        "DELETE",
        table="clinic_deliveryattempt",
        name="clinic_deliveryattempt_no_delete",
        because="delivery attempts are kept",
    ),
    refuse(
        "DELETE",
        table="clinic_delivery",
        name="clinic_delivery_no_delete",
        because="deliveries are kept; cancel them instead",
    ),
    refuse(
        "UPDATE",
        table="clinic_delivery",
        name="clinic_delivery_final_states",
        when=(
            "OLD.state IN ('delivered', 'bounced', 'cancelled', 'expired', 'failed') AND NEW.state <> OLD.state "
            "OR OLD.state = 'sent' AND NEW.state NOT IN ('sent', 'delivered', 'bounced')"
        ),
        because="a delivery never moves back from its end",
    ),
    refuse(
        "UPDATE",
        table="clinic_protocolversion",
        name="clinic_protocolversion_signed",
        when="OLD.signed_at IS NOT NULL",
        because="a signed protocol version never changes",
    ),
    refuse(
        "DELETE",
        table="clinic_protocolversion",
        name="clinic_protocolversion_no_delete",
        when="OLD.signed_at IS NOT NULL",
        because="a signed protocol version is kept",
    ),
    refuse("DELETE", table="clinic_patient", name="clinic_patient_no_delete", because="patients are never deleted"),
)
