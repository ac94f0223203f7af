"""What a machine prints that no state of the network holds: processes, files, what a program says of itself.

Such facts are what the lesson says they are: nothing here is computed.
"""

from __future__ import annotations

from tutor.check import NetworkState, Shown, fact


@fact
def printed(state: NetworkState, *, words: tuple[str, ...], what: str = "") -> Shown:
    """The output holds all of `words`; `what` says it in the learner's words."""
    del state
    return Shown((words,) if words else (), what or f"the words {', '.join(words) or '(none)'}")


@fact
def printed_one_of(state: NetworkState, *, words: tuple[str, ...], what: str = "") -> Shown:
    """The output holds one of `words`, as tools differ; `what` says it in the learner's words."""
    del state
    return Shown(tuple((word,) for word in words), what or f"one of {', '.join(words) or '(none)'}")
