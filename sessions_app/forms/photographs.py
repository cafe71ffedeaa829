"""Forms of photographs: what was taken of which leg, and why one is removed."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict

from clinic.protocol.vocabulary import Leg
from sessions_app.forms.choices import SEGMENTED
from sessions_app.forms.setup import date_field
from sessions_app.models import Photograph

# What is offered in the browser; the server looks into the file itself. A tablet that photographs in HEIC sends JPEG
# when asked for it.
ACCEPT = "image/jpeg,image/png,image/webp"
_REASONS = ("Taken of another patient", "Blurred or empty", "Wrong leg or view", "The patient wants it removed")


class _ManyFiles(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[UploadedFile]:
        return files.getlist(name) if isinstance(files, MultiValueDict) else list(filter(None, [files.get(name)]))


class PicturesField(forms.Field):
    """One or more files, none empty and none beyond the limit; whether they are pictures, decoding says."""

    widget = _ManyFiles

    def clean(self, value: Sequence[UploadedFile]) -> list[UploadedFile]:
        if not value:
            raise forms.ValidationError("Take or choose at least one photograph.")
        megabytes = settings.UPLOAD_MAX_BYTES // 1024**2
        problems = [
            f"{short_name(each)}: larger than {megabytes} MB. Take it with a lower resolution."
            for each in value
            if (each.size or 0) > settings.UPLOAD_MAX_BYTES
        ]
        if problems:
            raise forms.ValidationError(problems)
        return list(value)


class PhotographForm(forms.Form):
    leg = forms.ChoiceField(
        label="Leg",
        choices=[(leg.value, leg.value.capitalize()) for leg in Leg],
        widget=forms.RadioSelect(attrs=SEGMENTED),
        error_messages={"required": "Say which leg it shows.", "invalid_choice": "Choose left or right."},
    )
    view = forms.ChoiceField(
        label="View",
        choices=Photograph.View.choices,
        widget=forms.RadioSelect(attrs=SEGMENTED),
        error_messages={"required": "Say which side it shows.", "invalid_choice": "Choose one of the views."},
    )
    moment = forms.ChoiceField(
        label="When in the treatment",
        choices=Photograph.Moment.choices,
        widget=forms.RadioSelect(attrs=SEGMENTED),
        error_messages={
            "required": "Say whether it was before or after the treatment.",
            "invalid_choice": "Choose before, after or follow-up.",
        },
    )
    taken_on = date_field("Taken on")
    pictures = PicturesField(label="Photographs", widget=_ManyFiles(attrs={"accept": ACCEPT, "multiple": True}))

    def __init__(self, *args: Any, today: date, born: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.born = today, born

    def clean_taken_on(self) -> date:
        day: date = self.cleaned_data["taken_on"]
        # A tablet's day can be ahead of the clinic's by a time zone.
        if day > self.today + timedelta(days=1):
            raise forms.ValidationError("This day is still to come. Enter the day on which it was taken.")
        if day < self.born:
            raise forms.ValidationError("This day is before the patient's birth. Enter the day on which it was taken.")
        return day

    def taken_at(self, now: datetime, zone: ZoneInfo) -> datetime:
        """This moment for today's photographs, noon for those of another day: the hour is not asked."""
        day: date = self.cleaned_data["taken_on"]
        return now if day >= self.today else datetime.combine(day, time(12), tzinfo=zone)


class RemovePhotographForm(forms.Form):
    why = forms.CharField(
        label="Why is it removed?",
        max_length=Photograph._meta.get_field("removed_why").max_length,
        error_messages={"required": "Write why the photograph is removed."},
        widget=forms.TextInput(attrs={"list": "removal-reasons", "autocomplete": "off"}),
    )
    reasons = _REASONS


def short_name(file: UploadedFile) -> str:
    """The file's own name as far as a line holds it."""
    name = file.name or "photograph"
    return name if len(name) <= 40 else f"{name[:28]}…{name[-11:]}"
