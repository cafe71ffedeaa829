"""Database rules of aftercare: an issued plan is what the patient was told; only "replaced" may be added to it."""

from clinic.database_rules import append_only, refuse

PLAN = "aftercare_aftercareplan"

RULES = (
    refuse(
        "UPDATE",
        table=PLAN,
        name=f"{PLAN}_issued",
        when=(
            "OLD.replaced_at IS NOT NULL OR NEW.patient_id <> OLD.patient_id OR NEW.session_id <> OLD.session_id "
            "OR NEW.lineage <> OLD.lineage OR NEW.number <> OLD.number OR NEW.starts_at <> OLD.starts_at "
            "OR NEW.ends_at <> OLD.ends_at OR NEW.time_zone <> OLD.time_zone "
            "OR NEW.protocol_version_id <> OLD.protocol_version_id OR NEW.public_id <> OLD.public_id "
            "OR NEW.issued_at <> OLD.issued_at OR NEW.issued_by_id <> OLD.issued_by_id "
            "OR CAST(NEW.facts AS text) <> CAST(OLD.facts AS text) "
            'OR CAST(NEW."values" AS text) <> CAST(OLD."values" AS text)'
        ),
        because="an issued plan never changes; a correction replaces it",
    ),
    refuse("DELETE", table=PLAN, name=f"{PLAN}_no_delete", because="plans are kept"),
    *append_only("aftercare_planitem"),
)
