"""What is typed while the screen comes up, kept until the shell is there to take it: as in any terminal.

Does not know who reads the keyboard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tutor.patience import patiently
from tutor.shell.input_split import Kind, Piece

_MOST_SECONDS = 5.0
"""Longer than that nobody types into the dark, and a key to leave with must get through."""
_POLL_SECONDS = 0.01


class Early:
    """Keys that wait. From its end on everything goes through."""

    def __init__(
        self, is_to_come: Callable[[], bool], takes_keys: Callable[[], bool], now: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin to wait.

        Args:
            is_to_come: whether the shell is still to come.
            takes_keys: whether it takes the keys, now that it has.
            now: the time in seconds.
        """
        self._is_to_come, self._takes_keys, self._now = is_to_come, takes_keys, now
        self._until = now() + patiently(_MOST_SECONDS)
        self._kept: list[Piece] = []
        self._is_over = False

    @property
    def poll_seconds(self) -> float | None:
        """How long to wait for more before `sift` is to be called again; None where nothing is kept."""
        return _POLL_SECONDS if self._kept else None

    def sift(self, pieces: Sequence[Piece]) -> Sequence[Piece]:
        """Take in what was read; returns what is to be handed on, in order.

        Where the keys lead to something else than the shell in the end, what was kept is dropped: it was not meant for
        that.
        """
        if self._is_over:
            return pieces
        if self._is_to_come() and self._now() < self._until:
            self._kept += [piece for piece in pieces if piece.kind in (Kind.PROGRAM, Kind.PASTE)]
            return [piece for piece in pieces if piece.kind not in (Kind.PROGRAM, Kind.PASTE)]
        self._is_over = True
        kept, self._kept = self._kept, []
        return [*kept, *pieces] if self._takes_keys() else pieces
