"""Waits a moment after a step has passed, then moves on. Does not know where to."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget

SECONDS = 3.0
"""How long "Done" stands there before the next step comes: long enough to be seen, and to be stopped."""
READING_SECONDS = 6.0
"""The same where there is a sentence to read."""


class Advance:
    """The move to the next step, while it is still to come."""

    def __init__(self, owner: Widget, go: Callable[[], object]) -> None:
        """Wait for nothing yet; `go` is called when the time is up."""
        self._owner, self._go = owner, go
        self._timer: Timer | None = None

    @property
    def is_coming(self) -> bool:
        """Whether the move is still to come."""
        return self._timer is not None

    def begin(self, seconds: float) -> None:
        """Move in so many seconds."""
        self.cancel()
        self._timer = self._owner.set_timer(seconds, self._now)

    def cancel(self) -> None:
        """Stay."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _now(self) -> None:
        self._timer = None
        self._go()
