"""Template helpers of form fields, used by our crispy templates (``templates/bootstrap5/``) and by hand-laid forms.

Widget attributes that change the look: ``data-unit="kg"`` (unit inside the field), ``data-look`` on a radio or check
box group ("segmented", "choices", "inline"), ``data-stepper="1"`` on a number field (buttons; ``step``, ``min`` and
``max`` are obeyed), ``data-width="short"``.
"""

from typing import Any

from allauth.account import app_settings as account_settings
from django import template
from django.forms import BaseForm, BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def widget_attr(field: BoundField, name: str) -> Any:
    """An attribute of the field's widget, "" where it has none."""
    return field.field.widget.attrs.get(name, "")


@register.filter
def look(field: BoundField) -> str:
    """How a group of choices is shown: "segmented", "choices", "inline" or "list"."""
    return str(widget_attr(field, "data-look") or "list")


@register.filter
def with_class(field: BoundField, names: str) -> SafeString:
    """The widget with more classes and ``is-invalid`` where it has errors. Does not change the shared widget."""
    own = field.field.widget.attrs.get("class", "")
    invalid = "is-invalid" if field.errors else ""
    return field.as_widget(attrs={"class": " ".join(part for part in (own, names, invalid) if part)})


@register.filter
def first_id(field: BoundField) -> str:
    """Id of the first control of a field, so that a link can go there."""
    subwidgets = getattr(field, "subwidgets", [])
    if field.use_fieldset and len(subwidgets):
        return str(subwidgets[0].id_for_label or field.auto_id)
    return str(field.id_for_label or field.auto_id)


@register.filter
def shows_optional(field: BoundField) -> bool:
    """Whether the label says "optional"; a form with ``mark_optional = False`` (a filter) never does,
    nor a field that is needed whenever its block is used (``aria-required``)."""
    if field.field.required or "aria-required" in field.field.widget.attrs:
        return False
    return bool(getattr(field.form, "mark_optional", True))


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """What is to be corrected, with links to the fields. Empty for a valid form, and short for a form of one field."""
    entries: list[dict[str, str]] = [
        {"target": "", "label": "", "words": str(words)} for words in form.non_field_errors()
    ]
    visible = form.visible_fields()
    for field in form:
        for words in field.errors:
            target = "" if field.is_hidden else first_id(field)
            entries.append({"target": target, "label": str(field.label or ""), "words": str(words)})
    # One field, one error: the error stands at the field, which gets the focus itself.
    is_needed = bool(entries) and (len(visible) > 1 or not entries[0]["target"])
    return {"entries": entries if is_needed else []}


@register.simple_tag
def login_code_is_numeric() -> bool:
    """Whether sign-in codes are digits, so that a phone shows its number keys."""
    return bool(account_settings.LOGIN_BY_CODE_FORMAT.get("numeric"))
