"""Who may do what: one table of grants, closed unless opened.

Every view says `@requires(Permission.…)` or `@public`; views of libraries are named in `LIBRARY_ROUTES`. A route that
says nothing answers 403 to everybody, and a test walks the resolver so that it never gets that far. The gate itself is
`clinic.gate`.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from django.http import HttpResponseBase

ViewFunction = Callable[..., HttpResponseBase]


class Role(StrEnum):
    NURSE = "nurse"
    FRONT_DESK = "front_desk"
    CLINICIAN = "clinician"
    CLINICAL_LEAD = "clinical_lead"
    ADMINISTRATOR = "administrator"
    PATIENT = "patient"
    CARER = "carer"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


# Whoever signs in by a one-time code and sees pages of patients only.
PORTAL_ROLES = frozenset({Role.PATIENT, Role.CARER})
STAFF_ROLES = frozenset(Role) - PORTAL_ROLES


class Permission(StrEnum):
    SIGN_IN = "sign in"  # anybody with an account
    OWN_PASSWORD = "own password"  # staff; patients have none
    VIEW_SCHEDULE = "view schedule"
    BOOK = "book"
    APPROVE_EARLY_REPEAT = "approve early repeat"
    HOLD_REPEAT = "hold repeat"
    OVERBOOK = "overbook"
    EDIT_SCHEDULE = "edit schedule"  # hours, closures, rooms, services
    FIND_PATIENT = "find patient"
    REGISTER_PATIENT = "register patient"
    VIEW_CHART = "view chart"
    RECORD_SESSION = "record session"
    OVERRIDE_CHECK = "override check"
    MANAGE_STOCK = "manage stock"
    REVIEW_AUDIT = "review audit"
    VIEW_PLAN = "view plan"
    VIEW_DELIVERIES = "view deliveries"
    WORK_TASKS = "work tasks"
    VIEW_REPORTS = "view reports"  # what patients report, and take it down for them
    ANSWER_REPORTS = "answer reports"  # take one, call, note, hand over
    CLOSE_REPORTS = "close reports"
    VIEW_PROTOCOL = "view protocol"
    SIGN_PROTOCOL = "sign protocol"
    ADMINISTER = "administer"
    OWN_PLAN = "own plan"
    CARED_PLAN = "cared plan"  # plans of those who allowed it


_EVERYDAY = {Permission.SIGN_IN, Permission.OWN_PASSWORD, Permission.VIEW_SCHEDULE, Permission.FIND_PATIENT}
_CLINICAL = {
    *_EVERYDAY,
    Permission.BOOK,
    Permission.REGISTER_PATIENT,
    Permission.VIEW_CHART,
    Permission.VIEW_PLAN,
    Permission.VIEW_DELIVERIES,
    Permission.WORK_TASKS,
    Permission.VIEW_REPORTS,
    Permission.ANSWER_REPORTS,
    Permission.VIEW_PROTOCOL,
}
_CLINICIAN = {
    *_CLINICAL,
    Permission.RECORD_SESSION,
    Permission.OVERRIDE_CHECK,
    Permission.CLOSE_REPORTS,
    Permission.APPROVE_EARLY_REPEAT,
    Permission.HOLD_REPEAT,
    Permission.OVERBOOK,
    Permission.MANAGE_STOCK,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.FRONT_DESK: frozenset(
        {
            *_EVERYDAY,
            Permission.BOOK,
            Permission.REGISTER_PATIENT,
            Permission.VIEW_DELIVERIES,
            Permission.WORK_TASKS,
            Permission.VIEW_REPORTS,
        }
    ),
    Role.NURSE: frozenset({*_CLINICAL, Permission.RECORD_SESSION, Permission.MANAGE_STOCK}),
    Role.CLINICIAN: frozenset(_CLINICIAN),
    Role.CLINICAL_LEAD: frozenset(
        {*_CLINICIAN, Permission.SIGN_PROTOCOL, Permission.EDIT_SCHEDULE, Permission.REVIEW_AUDIT}
    ),
    # The administrator runs the place and sees no chart.
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.SIGN_IN,
            Permission.OWN_PASSWORD,
            Permission.VIEW_SCHEDULE,
            Permission.VIEW_PROTOCOL,
            Permission.EDIT_SCHEDULE,
            Permission.MANAGE_STOCK,
            Permission.REVIEW_AUDIT,
            Permission.ADMINISTER,
        }
    ),
    Role.PATIENT: frozenset({Permission.SIGN_IN, Permission.OWN_PLAN, Permission.CARED_PLAN}),
    Role.CARER: frozenset({Permission.SIGN_IN, Permission.CARED_PLAN}),
}

# What patients and carers need for their own pages: who is not signed in is asked for a code, never for a password.
PORTAL_PERMISSIONS = frozenset({Permission.OWN_PLAN, Permission.CARED_PLAN})

# Views that come from libraries, by route name: the permission they need, or None for everybody.
LIBRARY_ROUTES: dict[str, Permission | None] = {
    "account_login": None,
    "account_logout": None,
    "account_signup": None,  # answers "closed": people are registered by the clinic
    "account_inactive": None,
    "account_request_login_code": None,
    "account_confirm_login_code": None,
    "account_reset_password": None,
    "account_reset_password_done": None,
    "account_reset_password_from_key": None,
    "account_reset_password_from_key_done": None,
    "account_reauthenticate": Permission.OWN_PASSWORD,
    "account_change_password": Permission.OWN_PASSWORD,
    "set_language": None,
    "admin:*": Permission.ADMINISTER,
}


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """The union of what the roles grant; a person without a role may nothing."""
    return frozenset().union(*(GRANTS[role] for role in roles))


def requires(permission: Permission) -> Callable[[ViewFunction], ViewFunction]:
    def mark(view: ViewFunction) -> ViewFunction:
        view.access = permission  # type: ignore[attr-defined]
        return view

    return mark


def public(view: ViewFunction) -> ViewFunction:
    view.access = None  # type: ignore[attr-defined]
    return view


UNLISTED = object()


def access_of(view: ViewFunction, route_name: str) -> Any:
    """The permission a route needs, None when it is public, `UNLISTED` when nobody decided."""
    declared = getattr(view, "access", UNLISTED)
    if declared is not UNLISTED:
        return declared
    namespace = f"{route_name.split(':', maxsplit=1)[0]}:*" if ":" in route_name else ""
    return LIBRARY_ROUTES.get(route_name, LIBRARY_ROUTES.get(namespace, UNLISTED))


def is_listed(view: ViewFunction, route_name: str) -> bool:
    return access_of(view, route_name) is not UNLISTED
