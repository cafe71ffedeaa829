"""What other values would have made of recent sessions. Who knows sessions registers: imports point the other way."""

from collections.abc import Callable, Sequence

from clinic.protocol import Protocol

Trial = Callable[[Protocol, Protocol], Sequence[str]]
_trials: dict[str, Trial] = {}


def register_trial(name: str, trial: Trial) -> None:
    """`trial` is called with the values in force and the ones that would follow; it answers sentences."""
    _trials[name] = trial


def tried(base: Protocol, following: Protocol) -> list[str]:
    return [words for trial in _trials.values() for words in trial(base, following)]
