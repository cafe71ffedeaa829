"""The addresses that the resolver knows, and a concrete one for each."""

import re
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from tests.security.routes import ROUTES


@dataclass(frozen=True)
class Address:
    name: str
    pattern: str  # "/patients/<uuid:patient_id>/", of all parts
    params: frozenset[str]

    @property
    def label(self) -> str:
        return self.name if not self.name.endswith(":") else f"{self.name}{self.pattern}"

    def path(self, world, **instead: str) -> str:
        """The address with the world's objects in it, or with others."""
        values = {param: world.values[source] for param, source in ROUTES[self.label].params.items()} | instead
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], self.pattern)


def every_address() -> list[Address]:
    return list(_walk(get_resolver().url_patterns, "/", ""))


def _walk(patterns, prefix, namespace):
    for pattern in patterns:
        here = prefix + _readable(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, here, inner)
        elif isinstance(pattern, URLPattern):
            names = frozenset(re.findall(r"<(?:\w+:)?(\w+)>", here))
            yield Address(f"{namespace}{pattern.name or ''}", here, names)


def _readable(pattern) -> str:
    """A regular expression as a path with <names>; a path is one already."""
    text = str(pattern)
    if isinstance(pattern, RegexPattern):
        text = re.sub(r"\(\?P<(\w+)>(?:\[[^\]]*\]|\(\?:[^)]*\)|[^()])*\)", r"<\1>", text)
        text = text.lstrip("^").replace("\\Z", "").rstrip("$")
    return text
