"""What somebody types about a report: was the patient reached, what happens now, a scan, the stocking, a note."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from aftercare.models import ReportStep, SymptomReport
from aftercare.report_scan import Scan
from aftercare.report_work import LONGEST_NOTE
from aftercare.stocking_word import LONGEST_DAYS, Wear, Word
from clinic.access import Permission
from clinic.models import User
from clinic.protocol.zones import local_time, starting_instant
from sessions_app.forms.fields import CLINIC_YEARS, ClockField, DayField
from sessions_app.wording import without_nul

_CONTACT = [(each.value, each.label) for each in (ReportStep.What.REACHED, ReportStep.What.NO_ANSWER)]
# What is stored and shown again to be changed. Fields of one group are one thing: a day of one person with the time of
# another would be nobody's.
_STORED = (("outcome",), ("scan_on", "scan_from"), ("scan_place",), ("wear", "on_again_on"))
_WEAR = [
    (Wear.PLAN.value, "As the plan says"),
    (Wear.SEEN.value, "Off until we have seen them"),
    (Wear.DATE.value, "Off until a day"),
]


class AnswerForm(forms.Form):
    """One form for every button: each reads what it needs. `version` and `seen` are of the page that was opened.

    What is stored counts as said only where it was changed here: what stood on the page unseen is nobody's word.

    `report` comes with `off_said_at`. Of the stocking a clinician alone is asked, while a plan may ask for one.
    """

    mark_optional = False

    version = forms.IntegerField(min_value=0, max_value=10**9, required=False, widget=forms.HiddenInput)
    seen = forms.IntegerField(min_value=0, max_value=10**6, required=False, widget=forms.HiddenInput)
    contact = forms.ChoiceField(
        label="Did you reach them?",
        choices=_CONTACT,
        required=False,
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
    )
    outcome = forms.ChoiceField(
        label="What happens now",
        choices=[("", "Not decided"), *SymptomReport.Outcome.choices],
        required=False,
        help_text="A visit or a scan to come: keep it open until you know the result. Bookings wait meanwhile.",
    )
    scan_on = DayField(label="Day of the scan", validators=CLINIC_YEARS)
    scan_from = ClockField(label="Time")
    scan_place = forms.CharField(
        label="Place",
        max_length=120,
        required=False,
        help_text="The patient reads it, on their page alone.",
        error_messages={"max_length": "Shorten this to 120 characters."},
    )
    wear = forms.ChoiceField(
        label="Their stocking", choices=_WEAR, required=False, widget=forms.RadioSelect(attrs={"data-look": "inline"})
    )
    on_again_on = DayField(label="Worn again from", validators=CLINIC_YEARS)
    note = forms.CharField(
        label="Note",
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": f"Shorten this to {LONGEST_NOTE} characters."},
    )
    result_known = forms.BooleanField(label="The result of the visit or scan is known and written down", required=False)
    to = forms.ModelChoiceField(
        label="Hand over to",
        queryset=User.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label="Choose a colleague",
        error_messages={"invalid_choice": "Choose a colleague from the list."},
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, report: SymptomReport, by: User, zone: ZoneInfo, seen: int = 0
    ) -> None:
        self.zone = zone
        super().__init__(data, initial={"version": report.version, "seen": seen, **_stored(report, self.zone)})
        if not by.may(Permission.CLOSE_REPORTS) or report.day is None or report.day > LONGEST_DAYS:
            del self.fields["wear"], self.fields["on_again_on"]
        for name in _fields_of(_STORED):
            if name in self.fields:
                self.fields[name].show_hidden_initial = True
        able = [person.pk for person in User.objects.staff() if person.may(Permission.ANSWER_REPORTS)]
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(pk__in=able).exclude(pk=by.pk).order_by("name")
        field.label_from_instance = _name_and_roles  # type: ignore[method-assign]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not {"scan_on", "scan_from"} & set(self.errors):
            self._judge_scan(cleaned.get("scan_on"), cleaned.get("scan_from"))
        return cleaned

    def _judge_scan(self, day: date | None, clock: time | None) -> None:
        """A day has its time; what is newly typed is still to come, as the patient reads it so."""
        if (day is None) != (clock is None):
            missing, words = ("scan_from", "Enter the time too.") if day else ("scan_on", "Enter the day too.")
            self.add_error(missing, words)
            return
        at = self._scan_at(day, clock)
        if at is not None and at < timezone.now() and self._is_changed(("scan_on", "scan_from")):
            self.add_error("scan_on", "This time has passed. Check day, year and time, or leave both empty.")

    def _scan_at(self, day: date | None, clock: time | None) -> datetime | None:
        return starting_instant(datetime.combine(day, clock), self.zone) if day and clock else None

    @property
    def opened_with(self) -> SafeString:
        """Hidden fields: what each stored field held when the page was opened.

        A page that sent none is answered with none: all that stands on it counts as typed.
        """
        kept = [each for each in self if each.field.show_hidden_initial]
        known = [each for each in kept if not self.is_bound or each.html_initial_name in self.data]
        return format_html_join("", "{}", ((each.as_hidden(only_initial=True),) for each in known))

    def after_conflict(self, stored: SymptomReport, *, by: User, seen: int) -> "AnswerForm":
        """On what is stored now, with what was changed here in it; it can be sent again."""
        fresh = AnswerForm(report=stored, by=by, zone=self.zone)
        again: dict[str, Any] = {**self.data, "version": str(stored.version), "seen": str(seen)}
        for group in _STORED:
            for name in group:
                if name not in fresh.fields:
                    continue
                bound = fresh[name]
                present = "" if bound.initial is None else str(bound.initial)
                again[bound.html_initial_name] = present
                if not self._is_changed(group):
                    again[bound.html_name] = present
        return AnswerForm(again, report=stored, by=by, zone=self.zone)

    def _is_changed(self, group: Iterable[str]) -> bool:
        return not set(group).isdisjoint(self.changed_data)

    @property
    def keeps_something(self) -> bool:
        """Whether something was said here that "Save" stores and a hand-over does not."""
        return bool(self.cleaned_data["contact"] or self.new_outcome or self.scan or self.stocking)

    @property
    def new_outcome(self) -> str:
        """What happens now, where that was changed; otherwise empty."""
        return str(self.cleaned_data["outcome"]) if "outcome" in self.changed_data else ""

    @property
    def scan(self) -> Scan | None:
        """When and where, as the page was left; None where nothing of it was changed."""
        if "scan_place" not in self.data or not self._is_changed(("scan_on", "scan_from", "scan_place")):
            return None
        at = self._scan_at(self.cleaned_data.get("scan_on"), self.cleaned_data.get("scan_from"))
        return Scan(at, without_nul(self.cleaned_data.get("scan_place") or "").strip())

    @property
    def stocking(self) -> Word | None:
        """What was said of the stocking; None where that was not changed."""
        wear = self.cleaned_data.get("wear")
        if not wear or not self._is_changed(("wear", "on_again_on")):
            return None
        return Word(Wear(wear), self.cleaned_data.get("on_again_on") if wear == Wear.DATE else None)

    @property
    def opened_at(self) -> int:
        """The version that the page showed; 0 for a page that sent none."""
        return self.cleaned_data.get("version") or 0

    def typed(self, *names: str) -> dict[str, Any]:
        return {name: self.cleaned_data.get(name) or "" for name in names}


def _stored(report: SymptomReport, zone: ZoneInfo) -> dict[str, Any]:
    """What is known already."""
    scan = local_time(report.scan_at, zone) if report.scan_at else None
    off_at: datetime | None = report.off_said_at  # type: ignore[attr-defined]
    on_again_at: datetime | None = report.off_on_again_at  # type: ignore[attr-defined]
    wear = Wear.PLAN if off_at is None else Wear.SEEN if on_again_at is None else Wear.DATE
    return {
        "outcome": report.outcome,
        "scan_on": scan.date() if scan else None,
        "scan_from": f"{scan:%H:%M}" if scan else "",
        "scan_place": report.scan_place,
        "wear": wear.value,
        "on_again_on": local_time(on_again_at, zone).date() if on_again_at else None,
    }


def _fields_of(groups: Iterable[Iterable[str]]) -> Iterable[str]:
    return [name for group in groups for name in group]


def _name_and_roles(obj: User) -> str:
    return f"{obj}, {obj.role_names.lower()}"
