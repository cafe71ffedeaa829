"""The proper ending of a visit without treatment."""

from django import forms

from sessions_app.models import TreatmentSession

# A first visit or a review that went as it was booked.
NOTHING_WAS_PLANNED = "Consultation only"
_REASONS = (
    "Safety question: do not treat",
    "Patient is ill or has an infection",
    "Pregnant or breastfeeding",
    "Skin at the site not well",
    "Consent not given",
    "Patient does not want treatment today",
    "Too soon after the last session",
    "Travel or event planned",
    "Clinician, kit or drug not available",
    NOTHING_WAS_PLANNED,
)


class NotTreatedForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Why was the patient not treated?",
        max_length=TreatmentSession._meta.get_field("not_treated_reason").max_length,
        error_messages={"required": "Write why the patient was not treated."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    reasons = _REASONS
