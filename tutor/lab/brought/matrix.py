"""`matrix`: which pod reaches which, and under which address it is seen there. Runs in the agent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tutor.lab import datagrams
from tutor.lab.brought.requests import Answered, Asked, Reply
from tutor.lab.datagrams import Arrival, Exchange
from tutor.lab.loop import Loop

_HELP = """\
usage: matrix
Each pod sends a datagram to each other pod, on all nodes. A cell says what became of it:
  ok    it arrived under the sender's own address, and so did its answer
  NAT   it arrived, but under another address
  half  it arrived, but the answer did not come back
  --    it did not arrive
"""
_GREEN, _YELLOW, _RED, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[m"
_OWN, _OK, _NAT, _HALF, _NOTHING = ".", "ok", "NAT", "half", "--"
_COLOURS = {_OK: _GREEN, _NAT: _YELLOW, _HALF: _YELLOW, _NOTHING: _RED}
_CELL = 7


@dataclass(frozen=True, slots=True)
class End:
    """A pod, as the matrix has it."""

    node: str
    """The machine that it runs on."""
    address: str
    """The address that the cluster has given it."""
    namespace: int
    """Descriptor of its network namespace."""


class Matrix:
    """The command."""

    def __init__(self, ends: Callable[[], Sequence[End]], loop: Loop) -> None:
        """Ask `ends` for the pods each time."""
        self._ends, self._loop = ends, loop

    def __call__(self, asked: Asked, reply: Reply) -> None:
        """Answer one call of it."""
        if asked.arguments:
            known = asked.arguments in (("-h",), ("--help",))
            reply(Answered(_HELP) if known else Answered(errors=f"matrix: it takes no arguments\n{_HELP}", status=2))
            return
        ends = self._ends()
        pairs = [(one, other) for one in ends for other in ends if one is not other]
        if not pairs:
            reply(Answered(errors="matrix: there are not two pods on the nodes yet\n", status=1))
            return

        def done(arrivals: list[Arrival]) -> None:
            cells = {
                (one.namespace, other.namespace): cell(one.address, arrival)
                for (one, other), arrival in zip(pairs, arrivals, strict=True)
            }
            good = sum(each == _OK for each in cells.values())
            text = table(ends, cells) + f"{good} of {len(pairs)} as it should be.\n"
            reply(Answered(text, status=0 if good == len(pairs) else 1))

        exchanges = [Exchange(one.namespace, other.namespace, other.address) for one, other in pairs]
        datagrams.send(exchanges, self._loop, done)


def cell(address: str, arrival: Arrival) -> str:
    """The word for what became of a datagram from a pod with this address."""
    if not arrival.seen_as:
        return _NOTHING
    if arrival.seen_as != address:
        return _NAT
    return _OK if arrival.answered else _HALF


def table(ends: Sequence[End], cells: dict[tuple[int, int], str]) -> str:
    """The matrix: a line for each pod that sends, a column for each that is to get it."""
    width = max(len(end.address) for end in ends)
    margin = max(len(end.node) for end in ends) + 1 + width
    lines = [" " * margin + "  to " + _heads(ends)]
    for one in ends:
        words = [_OWN if one is other else cells[one.namespace, other.namespace] for other in ends]
        row = "".join(_painted(word) for word in words)
        lines.append(f"{one.node} {one.address:<{width}}".ljust(margin) + "     " + row)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _heads(ends: Sequence[End]) -> str:
    """The last two numbers of each address: enough to tell pods apart, and short."""
    return "".join(f"{'.'.join(end.address.split('.')[2:]):<{_CELL}}" for end in ends)


def _painted(word: str) -> str:
    colour = _COLOURS.get(word, "")
    return f"{colour}{word}{_PLAIN if colour else ''}" + " " * max(1, _CELL - len(word))
