"""Closed unless opened: every address says who may use it."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from clinic.access import LIBRARY_ROUTES, Permission, access_of, is_listed


def _routes(patterns, namespace=""):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _routes(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name or ''}", pattern.callback


ROUTES = list(_routes(get_resolver().url_patterns))


def test_the_resolver_walk_finds_the_product():
    names = {name for name, _ in ROUTES}

    assert {"home", "healthz", "account_login", "admin:index"} <= names


@pytest.mark.parametrize(("name", "view"), ROUTES, ids=[name or "unnamed" for name, _ in ROUTES])
def test_every_route_declares_its_permission_or_is_marked_public(name, view):
    assert is_listed(view, name), f"{name} says neither @requires nor @public"


def test_what_is_public_is_a_short_known_list():
    """A new public page is a decision: it is made by changing this list."""
    open_to_all = {name for name, view in ROUTES if is_listed(view, name) and access_of(view, name) is None}
    ours = {name for name in open_to_all if name not in LIBRARY_ROUTES}

    asking = {"sessions_app:get_started", "sessions_app:get_started_thanks"}
    by_secret = {"aftercare:plan_link", "aftercare:link_sent", "clinic:stop", "sessions_app:feed"}
    without_network = {"aftercare:offline", "aftercare:service_worker", "aftercare:manifest"}
    assert ours <= {"home", "healthz", *by_secret, *asking, *without_network}


def test_library_routes_name_real_permissions():
    assert {needed for needed in LIBRARY_ROUTES.values() if needed is not None} <= set(Permission)
