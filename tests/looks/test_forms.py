"""Forms wear our look and say what is wrong where it is wrong."""

import re

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.template import Context, Template


class Weighing(forms.Form):
    weight_kg = forms.DecimalField(
        label="Weight",
        help_text="Measured today.",
        error_messages={"required": "Enter the weight in kg, for example 68"},
        widget=forms.NumberInput(attrs={"data-unit": "kg"}),
    )
    leg = forms.ChoiceField(
        label="Leg",
        choices=[("left", "Left"), ("right", "Right")],
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
    )
    count = forms.IntegerField(label="Injections", widget=forms.NumberInput(attrs={"data-stepper": "1"}))
    note = forms.CharField(label="Note", required=False)
    agrees = forms.BooleanField(label="Agrees", required=False)


def crispy(form):
    return Template("{% load crispy_forms_filters %}{{ form|crispy }}").render(Context({"form": form}))


def test_summary_links_to_each_wrong_field():
    html = crispy(Weighing({"count": "8"}))

    assert re.findall(r'<a href="#(\w+)">([^<]+)</a>', html) == [
        ("id_weight_kg", "Weight: Enter the weight in kg, for example 68"),
        ("id_leg_0", "Leg: This field is required."),
    ]


def test_wrong_field_is_described_by_its_help_and_its_error():
    html = crispy(Weighing({"count": "8", "leg": "left"}))

    described = re.search(r'<input[^>]*name="weight_kg"[^>]*aria-describedby="([^"]+)"', html).group(1).split()
    assert (described, all(f'id="{name}"' in html for name in described), 'aria-invalid="true"' in html) == (
        ["id_weight_kg_helptext", "id_weight_kg_error"],
        True,
        True,
    )


def test_valid_or_fresh_form_has_no_summary():
    assert [
        "error-summary" in crispy(form) for form in (Weighing(), Weighing({"count": 1, "leg": "left", "weight_kg": 68}))
    ] == [
        False,
        False,
    ]


def test_form_of_one_field_says_its_error_at_the_field_alone():
    class One(forms.Form):
        day = forms.DateField(label="Day")

    html = crispy(One({}))

    assert ("error-summary" in html, 'id="id_day_error"' in html) == (False, True)


def test_optional_fields_say_so_and_needed_ones_have_no_star():
    html = crispy(Weighing())

    assert (html.count(">optional</span>"), "asterisk" in html) == (1, False)


def test_unit_stands_in_the_field():
    assert '<div class="unit"><input type="number" name="weight_kg"' in crispy(Weighing())


def test_segmented_choice_is_native_radio_buttons_under_a_legend():
    html = crispy(Weighing())

    fieldset = re.search(r"<fieldset.*?</fieldset>", html, re.S).group(0)
    assert (fieldset.count('type="radio"'), "<legend>Leg</legend>" in fieldset, 'class="segmented"' in fieldset) == (
        2,
        True,
        True,
    )


def test_stepper_names_its_buttons():
    assert re.findall(r'data-step-by="(-?1)" aria-label="([^"]+)"', crispy(Weighing())) == [
        ("-1", "Injections: less"),
        ("1", "Injections: more"),
    ]


def test_rendering_twice_does_not_pile_up_classes():
    form = Weighing({})

    assert crispy(form) == crispy(form)


def test_form_with_helper_wears_the_same_look():
    form = Weighing({"count": "8", "leg": "left"})
    form.helper = FormHelper()
    form.helper.add_input(Submit("save", "Save the weight"))

    html = Template("{% load crispy_forms_tags %}{% crispy form %}").render(Context({"form": form}))

    assert ("form-stack" in html, "error-summary" in html, 'value="Save the weight"' in html) == (True, True, True)
