"""Forms of the stock: a product, ampoules that came, and what happened to a lot."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from sessions_app.forms.fields import ExpiryField, IdField
from sessions_app.models import Product
from sessions_app.refusals import Refused
from sessions_app.stock import LONGEST_WORDS, MOST_AMPOULES, PRODUCT_FACTS


def _number(label: str, least: int, **kwargs: Any) -> forms.IntegerField:
    words = f"Enter a number from {least} to {MOST_AMPOULES}."
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=MOST_AMPOULES,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "data-width": "short"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), words),
        **kwargs,
    )


def _decimal(label: str, unit: str, most: int, example: str) -> forms.DecimalField:
    words = f"Enter a number above 0 and up to {most}, for example {example}."
    return forms.DecimalField(
        label=label,
        max_digits=4,
        decimal_places=2,
        max_value=most,
        min_value=0.01,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "data-unit": unit}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value", "max_digits", "max_decimal_places", "max_whole_digits"),
            words,
        ),
    )


class Refusable(forms.Form):
    """A form whose action may say no; the words stand at the field that it concerns."""

    mark_optional = False
    # Up to which movement the page was made; a second press comes from an older page.
    seen = IdField(required=False, min_value=0, widget=forms.HiddenInput())

    def refuse(self, refused: Refused) -> None:
        self.add_error(refused.field if refused.field in self.fields else None, refused.message)


class ProductForm(Refusable):
    name = forms.CharField(label="Name", max_length=60, error_messages={"required": "Enter the name on the box."})
    manufacturer = forms.CharField(label="Manufacturer", max_length=80, required=False)
    strength_percent = _decimal("Strength", "%", 10, "0.5")
    ampoule_ml = _decimal("Size of an ampoule", "mL", 50, "2")
    form = forms.ChoiceField(
        label="Form", choices=Product.Form.choices, widget=forms.RadioSelect(attrs={"data-look": "segmented"})
    )
    register_code = forms.CharField(
        label="Code of the register",
        max_length=20,
        required=False,
        help_text="As reports ask for it; in the United States the NDC.",
    )
    low_stock_ampoules = _number("Warn below so many ampoules", 0, required=False)
    is_active = forms.BooleanField(label="We use it", required=False)

    mark_optional = True

    def __init__(self, *args: Any, product: Product | None = None, **kwargs: Any) -> None:
        if product is not None:
            kwargs.setdefault("initial", {name: getattr(product, name) for name in PRODUCT_FACTS})
        else:
            kwargs.setdefault("initial", {"form": Product.Form.LIQUID, "is_active": True})
        super().__init__(*args, **kwargs)

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in PRODUCT_FACTS}


class ProductField(forms.ModelChoiceField):
    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError as wrong:  # no id at all
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from wrong


class ReceiveForm(Refusable):
    product = ProductField(
        label="Product",
        queryset=Product.objects.filter(is_active=True),
        to_field_name="public_id",
        empty_label="Choose the product",
        error_messages={
            "required": "Choose the product.",
            "invalid_choice": "Choose a product from the list.",
        },
    )
    lot = forms.CharField(label="Lot", max_length=40, error_messages={"required": "Enter the lot number as printed."})
    expiry = ExpiryField(label="Expiry as printed", help_text="A month is good through its last day.")
    ampoules = _number("Ampoules", 1)
    note = forms.CharField(label="Note", max_length=LONGEST_WORDS, required=False)

    mark_optional = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expiry"].required = True
        self.fields["expiry"].error_messages["required"] = "Enter the expiry date as printed, such as 2027-05."


class MoveForm(Refusable):
    """Thrown away, or sent back."""

    ampoules = _number("Ampoules", 1)
    why = forms.CharField(label="Why", max_length=LONGEST_WORDS, error_messages={"required": "Write why."})


class CountForm(Refusable):
    ampoules = _number("Ampoules counted", 0)
    why = forms.CharField(label="Why it differs, or who counted", max_length=LONGEST_WORDS)


class WithdrawForm(Refusable):
    why = forms.CharField(
        label="Why",
        max_length=LONGEST_WORDS,
        error_messages={"required": "Write why, for example the recall's number."},
    )
