"""The forms of the visit page: one page, saved as a whole, of which every valid part is kept.

Nothing is required here: what is missing is `charting`'s business, and a limit of the protocol is a finding. An error
means that a value cannot be (a volume of -1 mL, an end before the start); it stays on the screen and in the draft's
``unfinished``, and everything else is saved.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict

from clinic.models import User
from clinic.protocol.values import Protocol
from sessions_app.actions import DraftValues
from sessions_app.ampoules import lots_named
from sessions_app.answers import REASON_LENGTH
from sessions_app.facts import session_date
from sessions_app.forms.after import KEPT_EMPTY, SESSION_FIELDS, AfterForm
from sessions_app.forms.before import BeforeForm
from sessions_app.forms.fields import RAW_LENGTH, typed_text
from sessions_app.forms.stored import stored_as_data
from sessions_app.forms.treatment import AmpouleForm, SingleUseForm, SiteForm
from sessions_app.group_gaps import RISK, STOP
from sessions_app.models import TreatmentSession

MOST_SITES, MOST_AMPOULES = 60, 20
RAW_TEXT_LENGTH = 10_000


def _most(form: forms.Form, name: str) -> int:
    return RAW_TEXT_LENGTH if isinstance(form.fields[name].widget, forms.Textarea) else RAW_LENGTH


class VisitForms:
    """All forms of the page, from what was sent or from what is stored; the same code shows and reads both."""

    def __init__(
        self,
        session: TreatmentSession,
        *,
        protocol: Protocol,
        clinicians: Iterable[User],
        data: QueryDict | None = None,
        now: datetime | None = None,
    ) -> None:
        """``now``: the clock that tells which times are still to come, the server's if None."""
        self.session, self.protocol = session, protocol
        named = session.responsible_clinician
        # Who is named stays a choice, also after she or he left.
        self.clinicians = list(dict.fromkeys([*clinicians, *([named] if named else [])]))
        self.data = data if data is not None else stored_as_data(session, protocol)
        self.before = BeforeForm(
            self.data, clinicians=self.clinicians, on_file=session.patient.risk_factors, protocol=protocol
        )
        self.after = AfterForm(self.data, session=session, protocol=protocol, now=now)
        self.sites = [
            SiteForm(self.data, prefix=f"site-{key}", protocol=protocol, position=number)
            for number, key in enumerate(_keys(self.data, "site", MOST_SITES), start=1)
        ]
        self.single_use = SingleUseForm(self.data)
        day = session_date(session)
        lots = lots_named(day, self.data)
        self.ampoules = [
            AmpouleForm(self.data, prefix=f"ampoule-{key}", position=number, lots=lots, day=day)
            for number, key in enumerate(_keys(self.data, "ampoule", MOST_AMPOULES), start=1)
        ]

    def all(self) -> Sequence[forms.Form]:
        return (self.before, *self.sites, *self.ampoules, self.single_use, self.after)

    def errors(self) -> dict[str, str]:
        """First error by the id of the control: `{"id_weight_kg": "Enter a number …"}`."""
        return {
            form[name].auto_id: str(errors[0])
            for form in self.all()
            for name, errors in form.errors.items()
            if name in form.fields
        }

    def error_words(self) -> list[str]:
        """Which fields were not saved, for the line that says so."""
        words = [
            str(form.fields[name].label)
            for form in (self.before, self.after)
            for name in form.errors
            if name in form.fields
        ]
        words += [f"site {form.position}" for form in self.sites if form.errors]
        words += ["ampoules" for form in self.ampoules if form.errors][:1]
        return words

    def values(self) -> DraftValues:
        """The valid parts, for `save_draft`."""
        for form in self.all():
            form.is_valid()
        before, after = self.before, self.after
        fields = {name: after.cleaned_data[name] for name in SESSION_FIELDS if name in after.cleaned_data}
        if "weight_kg" in before.cleaned_data:
            fields["weight_kg"] = before.cleaned_data["weight_kg"]
        if "responsible_clinician" in before.cleaned_data:
            person = before.cleaned_data["responsible_clinician"]
            fields["responsible_clinician_id"] = int(person) if person else None
        return DraftValues(
            fields=fields,
            facts={**before.facts(), **after.seen_facts(), **self.single_use.facts()},
            groups={name: before.cleaned_data[name] for name in (STOP, RISK) if before.cleaned_data.get(name)},
            sites=[form.row() for form in self.sites if form.is_whole],
            ampoules=[form.row() for form in self.ampoules if form.is_whole],
            unfinished=self._unfinished(),
            answers=answers_in(self.data),
        )

    def _unfinished(self) -> dict[str, Any]:
        fields = {
            name: typed
            for form in (self.before, self.after)
            for name in form.errors
            if name in form.fields
            and ((typed := typed_text(form[name].value(), _most(form, name))) or name in KEPT_EMPTY)
        }
        parts = {
            "fields": fields,
            "sites": [form.raw() for form in self.sites if not form.is_whole],
            "ampoules": [form.raw() for form in self.ampoules if not form.is_whole and not form.is_empty],
        }
        return {name: part for name, part in parts.items() if part}


def _keys(data: QueryDict, name: str, most: int) -> list[str]:
    """Row keys in page order: short words, each once."""
    keys = [key for key in data.getlist(name) if key.isalnum() and key.isascii() and len(key) <= 12]
    return list(dict.fromkeys(keys))[:most]


def new_key() -> str:
    """A key for a row that is added to a page; it names a row in one form and lives no longer than that."""
    return f"n{secrets.token_hex(3)}"


def answers_in(
    data: QueryDict, *, reason: str = "answer-{}-reason", tick: str = "answer-{}-ack"
) -> dict[str, dict[str, Any]]:
    """Answers to findings; a finding counts as shown when its reason field was sent, so a missing tick means no.

    The value of a tick says for which facts it was offered, see `sessions_app.answers.tick_value`.
    ``reason`` and ``tick``: how the page names its two controls of a check. Who may answer is judged by the action.
    """
    found = {}
    before, _, after = reason.partition("{}")
    for name in data:
        check = name.removeprefix(before).removesuffix(after)
        if name == reason.format(check) and check.isalnum() and len(check) <= 6:
            of = data.get(tick.format(check))
            found[check] = {"reason": typed_text(data[name], REASON_LENGTH), "ack": of is not None, "of": of or ""}
    return found
