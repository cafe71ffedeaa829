"""What a message speaks of. The upper apps register, at start, who answers for their plans and appointments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from clinic.models import Delivery

Reasons = Mapping[UUID, str]
Contexts = Mapping[UUID, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Source:
    """Three questions about many deliveries at once, keyed by delivery id.

    `unwanted`: why a message must not go out any more; wanted ones are left out.
    `letters`: what the templates of its step need beyond the clinic, the link and how to stop.
    `held`: what a message that is still wanted waits for; those that may go now are left out.
    """

    unwanted: Callable[[Sequence[Delivery]], Reasons]
    letters: Callable[[Sequence[Delivery]], Contexts]
    held: Callable[[Sequence[Delivery]], Reasons] = lambda _: {}
    may_hold: bool = False


_SOURCES: dict[str, Source] = {}


def register_source(
    name: str,
    *,
    still_wanted: Callable[[Delivery], str | None] | None = None,
    letter: Callable[[Delivery], Mapping[str, Any]] | None = None,
    still_wanted_many: Callable[[Sequence[Delivery]], Reasons] | None = None,
    letter_many: Callable[[Sequence[Delivery]], Contexts] | None = None,
    held_many: Callable[[Sequence[Delivery]], Reasons] | None = None,
) -> None:
    """Say who answers for deliveries whose `source` is `name`; called in `AppConfig.ready` of the upper app.

    `still_wanted(delivery)` gives a reason why not, or None; `letter(delivery)` gives the template context. The
    `_many` forms take up to 50 deliveries and answer by delivery id, so that a batch costs one query and not fifty;
    one form of each question is needed. Without `held_many` nothing waits.

    Context names with a meaning of their own: `starts_at` (an instant, shown in the clinic's time), `link_expires_at`
    (the end of the portal link), `link_leads_to` (the page it is about, a word of `PortalLink.LeadsTo`) and
    `attachments` (`channels.base.Attachment`s).
    """
    if (still_wanted is None) == (still_wanted_many is None) or (letter is None) == (letter_many is None):
        raise TypeError("Give each question in exactly one form: one by one, or many.")
    _SOURCES[name] = Source(
        unwanted=still_wanted_many or _one_by_one_reasons(still_wanted),
        letters=letter_many or _one_by_one_contexts(letter),
        held=held_many or (lambda _: {}),
        may_hold=held_many is not None,
    )


def names_that_hold() -> list[str]:
    """The sources of which a message may wait for a person."""
    return [name for name, source in _SOURCES.items() if source.may_hold]


def source_of(name: str) -> Source:
    """KeyError for a name that no app registered: such rows count as failed tries, they are not dropped."""
    return _SOURCES[name]


def _one_by_one_reasons(ask: Any) -> Callable[[Sequence[Delivery]], Reasons]:
    def ask_each(deliveries: Sequence[Delivery]) -> Reasons:
        answers = {delivery.pk: ask(delivery) for delivery in deliveries}
        return {pk: reason for pk, reason in answers.items() if reason}

    return ask_each


def _one_by_one_contexts(ask: Any) -> Callable[[Sequence[Delivery]], Contexts]:
    def ask_each(deliveries: Sequence[Delivery]) -> Contexts:
        return {delivery.pk: ask(delivery) for delivery in deliveries}

    return ask_each
