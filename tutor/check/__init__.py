"""What a check may see and say. All that a pack's `checks/` imports.

A check is a pure function of a `NetworkState`::

    DOWN = Diagnosis("link.down", Cause.UP, "the link is there, but nobody set it up")

    @check
    def is_up(state: NetworkState, *, link: str, netns: str = ROOT) -> Verdict:
        \"\"\"`link` is set up.\"\"\"

It does not know how states are read, which lesson asks, or who is told.
"""

from __future__ import annotations

from tutor.check.answer import Answer, Shown
from tutor.check.cloud import Cloud, CloudCard, CloudRoute, CloudSubnet
from tutor.check.definition import Arguments, Definition, Kind, check, fact, probes, question
from tutor.check.folder import NetnsFolder
from tutor.check.probe import Probe, Replies, Reply
from tutor.check.state import (
    ROOT,
    Address,
    BridgePort,
    Chain,
    FirewallRule,
    Flow,
    Link,
    LinkConf,
    Match,
    Neighbour,
    Netns,
    NetworkState,
    PolicyRule,
    Route,
)
from tutor.check.verdict import (
    PASSED,
    Cause,
    Diagnosis,
    Fault,
    Outcome,
    Verdict,
    earliest,
    errored,
    failed,
    failed_with,
)

__all__ = [
    "PASSED",
    "ROOT",
    "Address",
    "Answer",
    "Arguments",
    "BridgePort",
    "Cause",
    "Chain",
    "Cloud",
    "CloudCard",
    "CloudRoute",
    "CloudSubnet",
    "Definition",
    "Diagnosis",
    "Fault",
    "FirewallRule",
    "Flow",
    "Kind",
    "Link",
    "LinkConf",
    "Match",
    "Neighbour",
    "Netns",
    "NetnsFolder",
    "NetworkState",
    "Outcome",
    "PolicyRule",
    "Probe",
    "Replies",
    "Reply",
    "Route",
    "Shown",
    "Verdict",
    "check",
    "earliest",
    "errored",
    "fact",
    "failed",
    "failed_with",
    "probes",
    "question",
]
