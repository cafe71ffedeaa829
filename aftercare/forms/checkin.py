"""What is asked when somebody says how they are: core questions, list, own words; and all of it at the phone."""

import re
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from aftercare.presenters.symptoms import FOLLOWS, LEGS, LISTED, QUESTIONS, codes_of
from aftercare.reports import Said

YES, NO = "yes", "no"
_ANSWER = _("Answer yes or no.")
_FROM_LIST = _("Choose from the list.")
_MOST_WORDS = 2000
_MOST_NAME = 120
_LONGEST_NUMBER = 7
# Line breaks and tabs are fine; what no key types is not.
_UNTYPED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PLAIN = RegexValidator(_UNTYPED, _("Take out the special characters."), inverse_match=True)
_ONE_LINE = RegexValidator(r"[\x00-\x1f\x7f\u2028\u2029]", "Write this on one line.", inverse_match=True)


def as_typed(text: str) -> str:
    """Own words with line breaks as they are stored; browsers send others."""
    return text.replace("\r\n", "\n").strip()


class KeyedForm(forms.Form):
    """A step with the key of the report that it leads to, so that sending it twice makes one report.

    `turn` tells a page that was left behind from the one that is open (`aftercare.checkin_draft`).
    """

    key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    mark_optional = False

    @property
    def sent_key(self) -> UUID:
        """The key that was sent; a new one where it is missing or was tampered with."""
        try:
            return UUID(str(self.data.get("key", "")))
        except ValueError:
            return uuid4()

    @property
    def sent_turn(self) -> int | None:
        turn = str(self.data.get("turn", ""))
        return int(turn) if turn.isdecimal() and turn.isascii() and len(turn) < _LONGEST_NUMBER else None


class QuestionsForm(KeyedForm):
    """The core questions. One yes is enough to act on: then the others need no answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in QUESTIONS:
            self.fields[question.key] = forms.ChoiceField(
                label=str(question.words),
                choices=[(NO, _("No")), (YES, _("Yes"))],
                widget=forms.RadioSelect,
                error_messages={"required": _ANSWER, "invalid_choice": _ANSWER},
            )

    @property
    def yes(self) -> list[str]:
        return self._answered(YES)

    @property
    def denied(self) -> list[str]:
        return self._answered(NO)

    def _answered(self, answer: str) -> list[str]:
        """Whether or not the rest of the form is in order: an emergency does not wait for it."""
        return [question.key for question in QUESTIONS if self.data.get(question.key) == answer]


class SymptomsForm(KeyedForm):
    """The list; nothing ticked is an answer too."""

    symptoms = forms.MultipleChoiceField(
        label=_("What do you have?"),
        required=False,
        choices=[(each.code, each.words) for each in LISTED],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _FROM_LIST, "invalid_list": _FROM_LIST},
    )
    follows = forms.MultipleChoiceField(
        required=False,
        choices=[(key, follow.words) for key, follow in FOLLOWS.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _FROM_LIST, "invalid_list": _FROM_LIST},
    )

    @property
    def ticked(self) -> list[str]:
        """Keys of what is ticked and known, whatever else was sent; a line that follows another ticks that too."""
        sent = set(self.data.getlist("symptoms") if hasattr(self.data, "getlist") else self.data.get("symptoms", ()))
        return [each.code for each in LISTED if each.code in sent or (each.follow and each.follow.key in self.more)]

    @property
    def more(self) -> list[str]:
        """Keys of the ticked lines that make an emergency."""
        sent = set(self.data.getlist("follows") if hasattr(self.data, "getlist") else self.data.get("follows", ()))
        return [key for key in FOLLOWS if key in sent]


class WordsForm(KeyedForm):
    """Which leg, and own words; both may be left empty when something was chosen before.

    `shown` are the codes that stand on the page as chosen: these are sent, whatever became of the draft since.
    """

    leg = forms.ChoiceField(
        label=_("Which leg?"),
        required=False,
        choices=[(key, words) for key, words in LEGS.items()],
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
        error_messages={"invalid_choice": _("Choose left, right or both.")},
    )
    free_text = forms.CharField(
        label=_("Anything else, in your own words"),
        help_text=_("What worries you, since when, and whether it gets better or worse."),
        required=False,
        validators=[_PLAIN],
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    @property
    def sent_symptoms(self) -> tuple[str, ...] | None:
        """What the page showed; None where it does not say."""
        if "shown" not in self.data:
            return None
        sent = set(str(self.data["shown"]).split())
        return tuple(each.code for each in LISTED if each.code in sent)

    def clean_free_text(self) -> str:
        words = as_typed(str(self.cleaned_data["free_text"]))
        if len(words) > _MOST_WORDS:
            raise forms.ValidationError(
                _("Shorten this to %(most)d characters; it has %(has)d."),
                params={"most": _MOST_WORDS, "has": len(words)},
            )
        return words


class PhoneForm(QuestionsForm, SymptomsForm, WordsForm):
    """All steps on one page, for a member of staff who has somebody on the phone. English, as all staff pages."""

    reporter_words = forms.CharField(
        label="Who is calling?",
        help_text="Leave empty when it is the patient.",
        required=False,
        max_length=_MOST_NAME,
        validators=[_ONE_LINE],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"max_length": "Shorten this to 120 characters."},
    )
    field_order = ["key", "reporter_words"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reporter_words"].widget.attrs.pop("maxlength", None)
        self.fields["free_text"].label = "In the caller's own words"
        self.fields["free_text"].help_text = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.is_emergency:  # nothing is asked any more, and nothing is refused
            self.errors.clear()
            cleaned |= {"free_text": self._cut("free_text", _MOST_WORDS), "leg": cleaned.get("leg", "")}
            cleaned["reporter_words"] = " ".join(self._cut("reporter_words", _MOST_NAME).split())
        elif not self.errors and self.said.is_nothing:
            self.add_error("free_text", "Nothing is reported yet. Choose a symptom above, or write what was said.")
        return cleaned

    def _cut(self, name: str, most: int) -> str:
        """What was typed as far as it can be kept; an ellipsis says that there was more."""
        words = _UNTYPED.sub("", as_typed(str(self.data.get(name, "")))).strip()
        return words if len(words) <= most else f"{words[: most - 1]}…"

    @property
    def is_emergency(self) -> bool:
        return bool(self.yes or self.more)

    @property
    def said(self) -> Said:
        """What was said, from a checked form."""
        return Said(
            symptoms=[*codes_of([*self.yes, *self.more]), *self.ticked],
            denied=self.denied,
            leg=self.cleaned_data.get("leg", ""),
            free_text=self.cleaned_data.get("free_text", ""),
            affirmed=[*self.yes, *self.more],
        )
