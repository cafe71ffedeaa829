"""The public form: who asks for a first visit or a call back. No health question and no free text, on purpose."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clinic.phones import BadNumber, example, to_e164
from sessions_app.models import PartOfDay, VisitRequest
from sessions_app.models.waiting import EVERY_DAY

# People need longer than this to type a name and a number; robots that fill forms do not.
QUICKEST = timedelta(seconds=3)
# A page that lay open for longer gets a fresh ticket.
OLDEST = timedelta(hours=12)
_TICKETS = TimestampSigner(salt="get started")

_ONE_LINE = RegexValidator(r"[\x00-\x1f\x7f\u2028\u2029]", _("Write this on one line."), inverse_match=True)
_NO_LINK = RegexValidator(r"(?i)://|www\.|<|@", _("Write your name only."), inverse_match=True)
_A_NAME = RegexValidator(r"[^\W\d_]", _("Write your name with letters."))

# With a context, because Django's own names of weekdays stand inside sentences, in small letters.
WEEKDAYS = (
    (0, pgettext_lazy("choice", "Monday")),
    (1, pgettext_lazy("choice", "Tuesday")),
    (2, pgettext_lazy("choice", "Wednesday")),
    (3, pgettext_lazy("choice", "Thursday")),
    (4, pgettext_lazy("choice", "Friday")),
    (5, pgettext_lazy("choice", "Saturday")),
    (6, pgettext_lazy("choice", "Sunday")),
)
PARTS = (
    (PartOfDay.MORNING, _("Morning")),
    (PartOfDay.AFTERNOON, _("Afternoon")),
    (PartOfDay.EVENING, _("Evening")),
)


def new_ticket() -> str:
    """A random key with the time at which the page was made, signed: proves the age of the page without a session."""
    return _TICKETS.sign(str(uuid4()))


class GetStartedForm(forms.Form):
    """Comes with a `ticket` (`new_ticket`); `ticket_is_fresh` says after validation whether it may be sent again."""

    kind = forms.ChoiceField(
        label=_("What would you like?"),
        choices=[(VisitRequest.Kind.FIRST_VISIT, _("A first visit")), (VisitRequest.Kind.CALL_BACK, _("A call back"))],
        initial=VisitRequest.Kind.FIRST_VISIT,
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
        error_messages={
            "required": _("Choose a first visit or a call back."),
            "invalid_choice": _("Choose a first visit or a call back."),
        },
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        validators=[_ONE_LINE, _NO_LINK, _A_NAME],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name."), "max_length": _("Shorten this to 120 characters.")},
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
        error_messages={"max_length": _("Shorten this to 40 characters.")},
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "invalid": _("Enter the whole e-mail, for example name@example.com."),
            "max_length": _("Shorten this to 254 characters."),
        },
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Which days suit you?"),
        help_text=_("None chosen means any day."),
        required=False,
        coerce=int,
        choices=WEEKDAYS,
        widget=forms.CheckboxSelectMultiple(attrs={"data-look": "inline"}),
        error_messages={"invalid_choice": _("Choose among the days shown.")},
    )
    parts_of_day = forms.MultipleChoiceField(
        label=_("Which time of day?"),
        help_text=_("None chosen means any time."),
        required=False,
        choices=PARTS,
        widget=forms.CheckboxSelectMultiple(attrs={"data-look": "inline"}),
        error_messages={"invalid_choice": _("Choose among the times of day shown.")},
    )
    # People do not see it, so what stands in it was written by a robot.
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))

    mark_optional = False  # which of them are needed is said at the fields

    def __init__(self, *args: Any, open_weekdays: frozenset[int] = frozenset(), **kwargs: Any) -> None:
        """`open_weekdays` are those on which somebody works; empty: all are offered."""
        super().__init__(*args, **kwargs)
        # Without it browsers cut a long name in silence; here it is refused in words.
        self.fields["name"].widget.attrs.pop("maxlength", None)
        self.ticket_is_fresh = False
        self._key: UUID | None = None
        if open_weekdays:
            days = [(number, label) for number, label in WEEKDAYS if number in open_weekdays]
            self.fields["weekdays"].choices = days  # type: ignore[attr-defined]

    @property
    def request_key(self) -> UUID:
        assert self._key is not None  # a valid form has a ticket
        return self._key

    @property
    def weekday_bits(self) -> int:
        return sum(1 << day for day in set(self.cleaned_data["weekdays"])) or EVERY_DAY

    @property
    def is_trapped(self) -> bool:
        """Whether the field was filled in that only robots see; then it is shown, should it have been a person."""
        return "website" in self.errors

    def clean_phone(self) -> str:
        try:
            return to_e164(self.cleaned_data["phone"])
        except BadNumber as error:
            words = _("Enter the number with its area code, for example %(example)s.")
            raise forms.ValidationError(words, params={"example": example()}) from error

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            self.fields["website"].widget.attrs.pop("tabindex")  # shown now, so the keyboard must get there
            raise forms.ValidationError(_("Empty this field, then send again. It is there to keep robots out."))
        return ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        reach = {"phone", "email"}
        if not reach & set(self.errors):
            if cleaned.get("kind") == VisitRequest.Kind.CALL_BACK and not cleaned.get("phone"):
                self.add_error("phone", _("Enter the number that we should call."))
            elif not cleaned.get("phone") and not cleaned.get("email"):
                self.add_error("phone", _("Enter a phone number or an e-mail, so that we can answer you."))
        self._judge_ticket(str(self.data.get("ticket", "")))
        return cleaned

    def _judge_ticket(self, ticket: str) -> None:
        try:
            self._key = UUID(_TICKETS.unsign(ticket, max_age=OLDEST))
        except SignatureExpired:
            self.add_error(None, _("This page was open for long. Look it over and send it once more."))
            return
        except (BadSignature, ValueError):
            self.add_error(None, _("This page could not be checked. Look it over and send it once more."))
            return
        self.ticket_is_fresh = True
        if not self.errors and self._age(ticket) < QUICKEST:
            self.add_error(None, _("That was very quick. Look it over and send it once more."))

    @staticmethod
    def _age(ticket: str) -> timedelta:
        """By trying: the signer compares ages and does not tell them."""
        try:
            _TICKETS.unsign(ticket, max_age=QUICKEST)
        except SignatureExpired:
            return QUICKEST
        return timedelta(0)
