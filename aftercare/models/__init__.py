"""Plans, what patients report, tick and read, and who may look with them."""

from aftercare.models.carer import Carer
from aftercare.models.course_text import CourseText
from aftercare.models.plan import AftercarePlan, PlanItem
from aftercare.models.report import ReportNotice, ReportStep, SymptomReport
from aftercare.models.stocking_off import StockingOff
from aftercare.models.tick import Tick

__all__ = [
    "AftercarePlan",
    "Carer",
    "CourseText",
    "PlanItem",
    "ReportNotice",
    "ReportStep",
    "StockingOff",
    "SymptomReport",
    "Tick",
]
