"""When the pane paints: at once when it has rested, soon after a key, and seldom enough in a flood. Pure."""

from __future__ import annotations

_FRAME_SECONDS, _HOT_FRAME_SECONDS = 1 / 60, 0.001
_HOT_SECONDS = 0.1
_HOT_SHARE, _SHARE = 1.5, 3.0
_LONGEST_HOLD = 0.15


class Pace:
    """Tells how long to wait before the next picture. All times are in seconds, of one clock."""

    def __init__(self) -> None:
        self._painted_at = self._key_at = float("-inf")
        self._cost = 0.0
        self._held_since: float | None = None

    def key(self, now: float) -> None:
        """Somebody has done something, and wants to see what comes of it."""
        self._key_at = now

    def painted(self, began: float, ended: float) -> None:
        """A picture was painted."""
        self._painted_at, self._cost = began, ended - began
        self._held_since = None

    def wait(self, now: float) -> float:
        """How long to wait before painting what has just come; zero for not at all.

        The terminal must be read, and keys must be heard, in between: painting gets a third of the time at most, two
        thirds of it after a key.
        """
        hot = now - self._key_at < _HOT_SECONDS
        frame, share = (_HOT_FRAME_SECONDS, _HOT_SHARE) if hot else (_FRAME_SECONDS, _SHARE)
        return max(0.0, self._painted_at + max(frame, share * self._cost) - now)

    def hold(self, now: float) -> bool:
        """Whether to go on waiting for the end of a synchronized update: not for ever."""
        if self._held_since is None:
            self._held_since = now
        return now - self._held_since < _LONGEST_HOLD
