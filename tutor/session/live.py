"""A lab with the state of its network, kept fresh: what every use case judges by.

Does not know which step is active, nor what a verdict is.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from tutor.check import NetworkState, Probe, Replies, Reply
from tutor.lab.client import Lab
from tutor.lab.wire import Message
from tutor.patience import patiently
from tutor.session.probing import send_probes

if TYPE_CHECKING:
    from tutor.kernel import Change, Reader

T = TypeVar("T")

RESCAN_SECONDS = 1.0
"""How often what has no event (legacy iptables, bridge netfilter, `unshare -n`) is read again."""


class Live:
    """A built lab and its reader. Reading starts with the first look."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        """The lab."""
        self._reader: Reader | None = None
        self._scanned = 0.0
        self._notices: list[Message] = []
        self._asked_in: NetworkState | None = None
        self._answered: dict[Probe, Reply] = {}

    def close(self) -> None:
        """Stop reading; the lab stays."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def filenos(self) -> tuple[int, ...]:
        """Descriptors that can be read when something has happened: call `pump` then."""
        return (self.lab.fileno(), *(self._reader.filenos() if self._reader is not None else ()))

    def pump(self) -> tuple[bool, list[Message]]:
        """Take in what has happened, without waiting.

        Returns:
            Whether the network may look different to a check; and the lab's notices.

        Raises:
            LabGone: the lab ended.
        """
        notices, self._notices = [*self._notices, *self.lab.notices()], []
        reader = self._require_reader()
        change = reader.drain()
        stale = time.monotonic() - self._scanned >= RESCAN_SECONDS
        if stale or any(notice["notice"] in ("mounts", "cloud") for notice in notices):
            change |= self._rescan(reader)
        return change.network, notices

    def state(self, *, rescan: bool = False) -> NetworkState:
        """The network as it is now; with `rescan` also what has no event."""
        reader = self._require_reader()
        if rescan:
            self._rescan(reader)
        _, self._notices = self.pump()  # whoever looks at the network does not want them; the next pump tells
        return reader.read()

    def ask(self, probes: Iterable[Probe]) -> Replies:
        """Send probes; the traces that they leave do not count as changes.

        What was answered in the network as it is now is not asked again; what was not may only have been too early.
        """
        reader = self._require_reader()
        lasting = _without_traces(reader.read())
        if lasting != self._asked_in:
            self._asked_in, self._answered = lasting, {}
        wanted = list(probes)
        replies = send_probes(self.lab, [probe for probe in wanted if probe not in self._answered], reader.read())
        self._answered.update({probe: reply for probe, reply in replies.items() if reply.answered})
        reader.drain()
        return {probe: self._answered.get(probe) or replies[probe] for probe in wanted}

    def until(self, look: Callable[[NetworkState], T | None], seconds: float) -> T | None:
        """Look at the state again whenever it changes, until `look` returns something or `seconds` have passed.

        On a slow machine it is patient: more seconds pass there.

        What the kernel finishes later than the command that asked for it (a deleted namespace, say) is waited for
        like this.
        """
        end = time.monotonic() + patiently(seconds)
        while True:
            seen = look(self.state(rescan=True))
            left = end - time.monotonic()
            if seen is not None or left <= 0:
                return seen
            select.select(self.filenos(), [], [], min(left, 0.2))

    def _rescan(self, reader: Reader) -> Change:
        self._scanned = time.monotonic()
        return reader.rescan()

    def _require_reader(self) -> Reader:
        if self._reader is None:
            from tutor.kernel import Reader  # takes 100 ms to load: the learner's shell need not wait for it

            self._reader = Reader(self.lab)
            self._scanned = time.monotonic()
        return self._reader


def _without_traces(state: NetworkState) -> NetworkState:
    """The network without what packets leave behind in it."""
    return replace(state, namespaces=tuple(replace(netns, neighbours=(), flows=()) for netns in state.namespaces))
