"""`drops`: what the cloud of the lab has thrown away, and why. Runs in the agent."""

from __future__ import annotations

from tutor.errors import LabError
from tutor.lab import fabric, netns
from tutor.lab.brought.requests import Answered, Asked, Reply

_HELP = """\
usage: drops
What the cloud of this lab has thrown away since it was built, and why. A real cloud does not tell you this.
The column NEW counts from the last time that you asked.
"""


class Drops:
    """The command, which remembers what it has told."""

    def __init__(self, namespace: int) -> None:
        """Count in the fabric's network namespace, `namespace`."""
        self._fabric = namespace
        self._told: dict[str, int] = {}

    def __call__(self, asked: Asked, reply: Reply) -> None:
        """Answer one call of it."""
        if asked.arguments:
            known = asked.arguments in (("-h",), ("--help",))
            reply(Answered(_HELP) if known else Answered(errors=f"drops: it takes no arguments\n{_HELP}", status=2))
            return
        try:
            counted = fabric.parse_drops(netns.spawn(self._fabric, ["nft", "list", "counters"]).finish())
        except LabError as error:
            reply(Answered(errors=f"drops: {error.message}\n", status=1))
            return
        reply(Answered(table(counted, self._told)))
        self._told = counted


def table(counted: dict[str, int], told: dict[str, int]) -> str:
    """What is printed, for what was counted now and the last time."""
    lines = [f"{'PACKETS':>7}  {'NEW':>5}  WHY"]
    for name, packets in counted.items():
        if packets:
            lines.append(f"{packets:>7}  {packets - told.get(name, 0):>5}  {name}: {fabric.DROPS[name]}")
    return "\n".join(lines) + "\n" if len(lines) > 1 else "The cloud has not thrown anything away yet.\n"
