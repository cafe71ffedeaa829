"""Database rules of aftercare: what a patient was told, or said, is kept as it was.

Only "replaced" may be added to an issued plan, only what became of it to a report.
"""

from aftercare.models.report import LEARNT_OTHERWISE
from clinic.database_rules import append_only, refuse

PLAN = "aftercare_aftercareplan"
REPORT = "aftercare_symptomreport"
STEP = "aftercare_reportstep"
CARER = "aftercare_carer"
NOTICE = "aftercare_reportnotice"
STOCKING_OFF = "aftercare_stockingoff"

_REPORTED = (
    "patient_id reported_by_id reporter_words reported_at source language level leg free_text told due_at public_id "
    "request_key"
).split()
_REPORTED_JSON = ("symptoms", "affirmed", "denied", "because")
_MAY_BE_EMPTY = ("session_id", "day", "protocol_version_id")
_BY_A_CLINICIAN = (
    "EXISTS (SELECT 1 FROM clinic_user WHERE id = NEW.closed_by_id "
    "AND (roles LIKE '%|clinician|%' OR roles LIKE '%|clinical_lead|%'))"
)
_LEARNT_OTHERWISE = ", ".join(f"'{outcome}'" for outcome in LEARNT_OTHERWISE)
# Steps are only ever added, so this stays true once it is.
_REACHED = f"EXISTS (SELECT 1 FROM {STEP} WHERE report_id = NEW.id AND what = 'reached')"

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
    refuse(
        "UPDATE",
        table=REPORT,
        name=f"{REPORT}_facts",
        when=" OR ".join(
            (
                *(f"NEW.{name} <> OLD.{name}" for name in _REPORTED),
                *(f"CAST(NEW.{name} AS text) <> CAST(OLD.{name} AS text)" for name in _REPORTED_JSON),
                *(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in _MAY_BE_EMPTY),
            )
        ),
        when_sqlite=" OR ".join(
            (
                *(f"NEW.{name} <> OLD.{name}" for name in _REPORTED),
                *(f"CAST(NEW.{name} AS text) <> CAST(OLD.{name} AS text)" for name in _REPORTED_JSON),
                *(f"NEW.{name} IS NOT OLD.{name}" for name in _MAY_BE_EMPTY),
            )
        ),
        because="what a patient reported never changes",
    ),
    refuse(
        "UPDATE",
        table=REPORT,
        name=f"{REPORT}_closed",
        when="OLD.closed_at IS NOT NULL",
        because="a closed report stays as it is; what comes after is a new one",
    ),
    refuse(
        "UPDATE",
        table=REPORT,
        name=f"{REPORT}_clinician",
        when=f"NEW.closed_at IS NOT NULL AND NEW.level <> 'REASSURE' AND NOT {_BY_A_CLINICIAN}",
        because="a clinician closes a report",
    ),
    refuse(
        "UPDATE",
        table=REPORT,
        name=f"{REPORT}_reached",
        when=(
            "NEW.closed_at IS NOT NULL AND NEW.level <> 'REASSURE' "
            f"AND NEW.outcome NOT IN ({_LEARNT_OTHERWISE}) AND NOT {_REACHED}"
        ),
        because="a report is closed when the patient was reached",
    ),
    refuse(
        "INSERT",
        table=REPORT,
        name=f"{REPORT}_open_first",
        when="NEW.closed_at IS NOT NULL",
        because="a report is open at first",
    ),
    refuse("DELETE", table=REPORT, name=f"{REPORT}_no_delete", because="reports are kept"),
    *append_only(STEP),
    refuse(
        "UPDATE",
        table=STOCKING_OFF,
        name=f"{STOCKING_OFF}_said",
        when=(
            "OLD.ended_at IS NOT NULL OR NEW.report_id <> OLD.report_id OR NEW.said_at <> OLD.said_at "
            "OR NEW.said_by_id <> OLD.said_by_id OR NEW.on_again_at IS DISTINCT FROM OLD.on_again_at"
        ),
        when_sqlite=(
            "OLD.ended_at IS NOT NULL OR NEW.report_id <> OLD.report_id OR NEW.said_at <> OLD.said_at "
            "OR NEW.said_by_id <> OLD.said_by_id OR NEW.on_again_at IS NOT OLD.on_again_at"
        ),
        because="what was said of the stocking is kept; it can only be ended",
    ),
    refuse("DELETE", table=STOCKING_OFF, name=f"{STOCKING_OFF}_no_delete", because="what was said is kept"),
    refuse("DELETE", table=NOTICE, name=f"{NOTICE}_no_delete", because="notices are kept"),
    *append_only("aftercare_tick"),
    *append_only("aftercare_coursetext"),
    refuse(
        "UPDATE",
        table=CARER,
        name=f"{CARER}_ended",
        when=(
            "OLD.ended_at IS NOT NULL OR NEW.patient_id <> OLD.patient_id OR NEW.user_id <> OLD.user_id "
            "OR NEW.added_at <> OLD.added_at OR NEW.added_by_id <> OLD.added_by_id"
        ),
        because="an ended access stays ended, and belongs to two people",
    ),
    refuse("DELETE", table=CARER, name=f"{CARER}_no_delete", because="who could look is kept"),
)
