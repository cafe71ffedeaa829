"""What a patient sends about an own visit."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

_MOST = 2**31 - 1


class ConfirmForm(forms.Form):
    version = forms.IntegerField(min_value=1, max_value=_MOST)


class MoveForm(forms.Form):
    """`at` is the chosen start, as `presenters.portal.value_of` writes it."""

    version = forms.IntegerField(required=False, min_value=1, max_value=_MOST)
    at = forms.RegexField(r"\A\d{4}-\d\d-\d\dT\d\d:\d\dZ\Z", required=False)

    def clean_at(self) -> datetime | None:
        try:
            return datetime.strptime(self.cleaned_data["at"], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
        except ValueError:
            return None

    @property
    def start(self) -> datetime | None:
        return self.cleaned_data.get("at") if self.is_valid() else None


class _Whole(forms.Textarea):
    """Takes more than fits, so that what is pasted is refused in words; a browser would cut it and say nothing."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"].pop("maxlength", None)
        return context


class WishForm(forms.Form):
    version = forms.IntegerField(min_value=1, max_value=_MOST, widget=forms.HiddenInput)
    wish = forms.CharField(
        label=_("What would suit you better?"),
        help_text=_("Days and times, please; nothing about your health."),
        max_length=200,
        validators=[
            RegexValidator(
                r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", _("Take out the special characters."), inverse_match=True
            )
        ],
        widget=_Whole(attrs={"rows": 3}),
        error_messages={
            "required": _("Write which days or times suit you."),
            "max_length": _("Shorten this to 200 characters."),
        },
    )

    def clean_wish(self) -> str:
        return " ".join(str(self.cleaned_data["wish"]).split())
