"""Invented data for the gallery of components (``templates/components/gallery.html``), which has no view of its own."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms, template

register = template.Library()

_PLAN = {
    "days": 28.5,
    "ticks": [(0, "13 Jan"), (7, "20 Jan"), (14, "27 Jan"), (21, "3 Feb"), (28, "10 Feb")],
    "today": 2.5,
    "rows": [
        {
            "name": "Stocking",
            "note": "until Tue 3 Feb",
            "bands": [
                {"kind": "continuous", "start": 0.44, "end": 7.44, "label": "Day and night", "short": "Day + night"},
                {"kind": "daytime", "start": 7.44, "end": 22, "label": "By day"},
            ],
        },
        {
            "name": "Walk 15–20 min",
            "note": "every day until Tue 20 Jan",
            "walks": [{"at": day + 0.5, "done": day == 1} for day in range(1, 8)],
        },
        {"name": "Avoid", "note": "until Fri 16 Jan, 10:30", "bands": [{"kind": "avoid", "start": 0.44, "end": 3.44}]},
        {
            "name": "Next visit",
            "note": "Thu 22 Jan, 10:00",
            "bands": [{"kind": "window", "start": 7, "end": 15}],
            "visits": [9.42],
        },
        {"name": "Watch for warning signs", "bands": [{"kind": "watch", "start": 0, "end": 28.5}]},
    ],
    "text": "Stocking day and night until Tue 20 Jan 10:30, by day until Tue 3 Feb. Walk every day until Tue 20 Jan. "
    "Avoid list until Fri 16 Jan 10:30. Next visit Thu 22 Jan 10:00.",
}

_MARKS = [
    {"leg": "left", "segment": "thigh_lateral", "kind": "today", "text": 1},
    {"leg": "left", "segment": "popliteal", "kind": "today", "text": 2},
    {"leg": "right", "segment": "calf_lateral", "kind": "open", "text": 3},
    {"leg": "right", "segment": "calf_medial", "kind": "last", "text": 2},
    {"leg": "left", "segment": "calf_anterior", "kind": "last", "text": 2},
    {"leg": "right", "segment": "thigh_anterior", "kind": "earlier", "text": 1},
    {"leg": "left", "segment": "calf_medial", "kind": "earlier", "text": 1},
    {"leg": "left", "segment": "calf_medial", "kind": "event", "text": "!", "note": "Event: bruise after session 1"},
]

_TOTALS = [
    {
        "label": "Volume",
        "value": "2.6",
        "unit": "mL",
        "number": "2.6",
        "limit": 10,
        "ask_at": 3,
        "limit_text": "ask at 3, limit 10",
    },
    {
        "label": "Volume",
        "value": "3.4",
        "unit": "mL",
        "number": "3.4",
        "limit": 10,
        "ask_at": 3,
        "limit_text": "above 3: give a reason",
        "level": "attention",
    },
    {
        "label": "Volume",
        "value": "10.1",
        "unit": "mL",
        "number": "10.1",
        "limit": 10,
        "limit_text": "over the limit of 10",
        "level": "danger",
    },
    {
        "label": "By weight",
        "value": "0.32",
        "unit": "mg/kg",
        "number": "0.32",
        "limit": 2,
        "limit_text": "limit 2.0 a day",
    },
]


class GalleryForm(forms.Form):
    """One field of each kind, some of them wrong, as crispy shows them."""

    name = forms.CharField(label="Full name", initial="Marigold Quillfeather")
    email = forms.EmailField(
        label="E-mail", required=False, help_text="For reminders. Nothing clinical is written in them."
    )
    weight_kg = forms.DecimalField(
        label="Weight",
        help_text="Measured today, or told by the patient.",
        widget=forms.NumberInput(attrs={"data-unit": "kg"}),
    )
    length_cm = forms.DecimalField(
        label="Length treated",
        error_messages={"required": "Enter the length in cm, for example 12"},
        widget=forms.NumberInput(attrs={"data-unit": "cm"}),
    )
    injections = forms.IntegerField(
        label="Injections", initial=8, widget=forms.NumberInput(attrs={"data-stepper": "1", "min": 1, "max": 99})
    )
    vein_type = forms.ChoiceField(
        label="Vein type",
        choices=[("spider", "Spider"), ("reticular", "Reticular")],
        initial="spider",
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
    )
    channel = forms.MultipleChoiceField(
        label="Reach me by",
        choices=[("text", "Text"), ("email", "E-mail")],
        widget=forms.CheckboxSelectMultiple(attrs={"data-look": "inline"}),
        error_messages={"required": "Choose at least one way"},
    )
    reason = forms.ChoiceField(label="Reason", choices=[("ill", "The patient is ill"), ("other", "Another reason")])
    on = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    agrees = forms.BooleanField(label="The patient agrees to photographs", required=False)


@register.simple_tag
def gallery_data() -> dict[str, Any]:
    """All that the gallery shows: a form with errors, a plan, marks of the leg map, totals, a walk clock."""
    now = datetime(2026, 1, 13, 10, 41, 4, tzinfo=UTC)
    wrong = {
        "name": "Marigold Quillfeather",
        "weight_kg": "68",
        "injections": "8",
        "vein_type": "spider",
        "reason": "ill",
        "on": "2026-01-15",
    }
    return {
        "form": GalleryForm(wrong),
        "plan": _PLAN,
        "marks": _MARKS,
        "map_key": [
            ("today", "today"), ("last", "session 2, 30 Dec"), ("earlier", "session 1, 16 Dec"), ("event", "event"),
        ],
        "totals": _TOTALS,
        "now": now,
        "walk_began": now - timedelta(minutes=11, seconds=4),
        "may_leave": now + timedelta(minutes=8, seconds=56),
        "veins": [("spider", "Spider"), ("reticular", "Reticular")],
        "swatches": [
            ("accent", "can be pressed"), ("continuous", "stocking day and night"), ("daytime", "stocking by day"),
            ("avoid", "leave it for now"),
            ("walk", "walk"), ("success", "done, safe"), ("attention", "look at this"), ("danger", "stop, or act now"),
            ("ink", "text"), ("muted", "second line"), ("surface", "cards"), ("canvas", "page"),
        ],
    }  # fmt: skip
