"""Set-up of the schedule: services and the hours of nurses. Bookings and closures have pages of their own."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import ForeignKey, ManyToManyField
from django.http import HttpRequest

from clinic.admin import SetUpAdmin
from clinic.models import Room, User
from sessions_app.models import NurseHours, Service


class TickedRows(forms.ModelMultipleChoiceField):
    """Refuses a key that no row can have; the library would ask SQLite for a number that SQLite does not take."""

    def clean(self, value: Any) -> Any:
        for key in value or ():
            if len(str(key)) > 18:
                raise forms.ValidationError(self.error_messages["invalid_choice"], params={"value": str(key)[:20]})
        return super().clean(value)


@admin.register(Service)
class ServiceAdmin(SetUpAdmin):
    list_display = [
        "name",
        "kind",
        "chair_minutes",
        "walk_minutes",
        "buffer_minutes",
        "minimum_notice_minutes",
        "is_active",
    ]
    list_filter = ["kind", "is_active"]

    def formfield_for_manytomany(self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any) -> Any:
        choices: dict[str, Any] = {"nurses": User.objects.nurses(), "rooms": Room.objects.filter(is_active=True)}
        return super().formfield_for_manytomany(
            db_field,
            request,
            form_class=TickedRows,
            queryset=choices[db_field.name],
            widget=forms.CheckboxSelectMultiple,
            help_text=f"None ticked: all {db_field.name}.",
            **kwargs,
        )


class HoursForm(forms.ModelForm):
    """Says in words what the database would refuse."""

    class Meta:
        model = NurseHours
        fields = ["nurse", "weekday", "starts", "ends", "valid_from", "valid_until"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for first, last in (("starts", "ends"), ("valid_from", "valid_until")):
            begin, end = cleaned.get(first), cleaned.get(last)
            if begin is not None and end is not None and (end < begin or (first == "starts" and end == begin)):
                self.add_error(last, "Enter an end that comes after the beginning.")
        return cleaned


@admin.register(NurseHours)
class NurseHoursAdmin(SetUpAdmin):
    """Hours end by a last date; a changed week is a new row from its first date on."""

    form = HoursForm
    list_display = ["nurse", "weekday", "starts", "ends", "valid_from", "valid_until"]
    list_filter = [("nurse", admin.RelatedOnlyFieldListFilter), "weekday"]
    list_select_related = ["nurse"]

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, queryset=User.objects.nurses(), **kwargs)
