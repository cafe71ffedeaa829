"""Set-up by an administrator: the clinic and its people. No patients, nothing clinical, nothing deleted.

Rooms, services, hours and the rules of booking have pages of their own (`sessions_app.views.setup`), which say what a
change does to visits that are booked.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from clinic import audit
from clinic.access import PORTAL_ROLES, STAFF_ROLES, Permission, Role, permissions_of
from clinic.models import Clinic, User
from clinic.phones import BadNumber, phone_words, to_e164


class SetUpAdmin(admin.ModelAdmin):
    """Every change goes to the audit trail in the same transaction; rows are retired, never deleted.

    Its pages say `list_words`, `add_words` and `change_words` as their titles, `save_words` on their button.
    """

    list_words = ""
    add_words = ""
    change_words = ""
    save_words = ""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": self.list_words, **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        is_new = object_id is None
        words = {
            "title": self.add_words if is_new else self.change_words,
            "save_words": self.add_words if is_new else self.save_words,
        }
        return super().changeform_view(request, object_id, form_url, {**words, **(extra_context or {})})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Addresses filter by what the list offers alone; Django would take any column, a password's hash included."""
        return lookup.partition("__")[0] in self.list_filter

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(
            "set-up changed" if change else "set-up added",
            by=request.user,
            subject=obj,
            fields=sorted(form.changed_data),
        )


_DIALLED = ("phone", "out_of_hours_phone", "emergency_number", "vascular_surgeon_phone")


class ClinicForm(forms.ModelForm):
    """Its numbers stand on the pages of patients and in an emergency: what holds no number is refused."""

    class Meta:
        labels = {
            "phone_hours_es": "Phone hours in Spanish",
            "send_at": "Time of day of messages",
            "expiry_warning_days": "Days ahead that ampoules are warned of",
        }
        widgets = {"send_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in _DIALLED:
            number = cleaned.get(name)
            if number and sum(sign in "0123456789" for sign in number) < 2:
                self.add_error(name, "Enter a number that can be dialled, for example 212-555-0100.")
        return cleaned


@admin.register(Clinic)
class ClinicAdmin(SetUpAdmin):
    form = ClinicForm
    list_words = "Clinic"
    change_words = "What patients and messages are told of it"
    save_words = "Save the clinic"
    list_display = ["name", "time_zone", "phone"]
    fields = [
        "name",
        "sender_name",
        "time_zone",
        "phone",
        "phone_hours",
        "phone_hours_es",
        "out_of_hours_phone",
        "emergency_number",
        "vascular_surgeon_phone",
        "address",
        "send_at",
        "expiry_warning_days",
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # there is one, made with the first migration


class PersonForm(forms.ModelForm):
    """Who works here and as what. Passwords are chosen by the person, by the link on the sign-in page."""

    roles = forms.MultipleChoiceField(
        choices=[(role.value, role.label) for role in Role if role in STAFF_ROLES],
        widget=forms.CheckboxSelectMultiple,
        help_text="The person chooses a password with “Forgot the password?” on the sign-in page.",
    )

    phone = forms.CharField(
        required=False,
        max_length=40,
        help_text="Where nurses call this person in an emergency. Only staff see it. It may be empty.",
    )

    class Meta:
        model = User
        fields = ["email", "name", "phone", "roles", "is_active"]
        labels = {"is_active": "May sign in"}
        help_texts = {"is_active": "Without the tick nobody can sign in with this e-mail; what the person did stays."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["roles"] = sorted(self.instance.roles)
            self.initial["phone"] = phone_words(self.instance.phone)

    def clean_phone(self) -> str:
        try:
            return to_e164(self.cleaned_data["phone"])
        except BadNumber as error:
            raise forms.ValidationError(str(error)) from error

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        # Said here, because the constraint of the database would add its own name.
        if User.objects.filter(email=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Somebody already signs in with this e-mail.")
        return email

    def clean_roles(self) -> frozenset[Role]:
        return frozenset(Role(role) for role in self.cleaned_data["roles"])


@admin.register(User)
class PersonAdmin(SetUpAdmin):
    """Staff only; patients and carers have their own pages and sign in without a password."""

    form = PersonForm
    list_words = "People who work here"
    add_words = "Add a person"
    change_words = "Roles, phone and sign-in"
    save_words = "Save the person"
    fields = ["email", "name", "phone", "roles", "is_active"]
    list_display = ["name", "email", "phone", "role_names", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "email"]
    ordering = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people = super().get_queryset(request)
        for role in PORTAL_ROLES:
            people = people.exclude(roles__contains=f"|{role}|")
        return people

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type("OwnPersonForm", (KeepsOwnAccess, form), {}) if obj == request.user else form

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)


class KeepsOwnAccess(forms.BaseModelForm):
    """Nobody locks the set-up from the inside: who edits it stays an active administrator."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        roles = cleaned.get("roles", frozenset())
        if not cleaned.get("is_active") or Permission.ADMINISTER not in permissions_of(roles):
            raise forms.ValidationError("Ask another administrator to end your own access.")
        return cleaned
