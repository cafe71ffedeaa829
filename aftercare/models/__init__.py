"""After the visit: the plan, item by item."""

from aftercare.models.plan import AftercarePlan, PlanItem

__all__ = ["AftercarePlan", "PlanItem"]
