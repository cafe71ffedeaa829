"""Django's admin, cut down to what an administrator sets up; INSTALLED_APPS names it instead of the library's own."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.apps import AdminConfig
from django.db.models import Model
from django.http import HttpRequest
from django.shortcuts import redirect

_OURS = frozenset({"clinic", "sessions_app"})


class SetUpSite(AdminSite):
    """Only what this project registers itself: libraries would show patients' addresses. Nothing is deleted here."""

    site_header = "Legwork set-up"
    site_title = "Legwork set-up"
    index_title = "People and the clinic"
    enable_nav_sidebar = False

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        ours = [model for model in models if model._meta.app_label in _OURS]
        super().register(ours, admin_class, **options)

    # The library's own forms for passwords know no limits on tries and tell nobody of a change: ours are the only ones.
    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_login")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_change_password")

    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_change_password")


class SetUpConfig(AdminConfig):
    default_site = "clinic.admin_site.SetUpSite"
