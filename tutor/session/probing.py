"""Sends probes from inside the lab, with the programs that a learner would use, all at once.

Every ping of ours carries the pattern `tutor` in its payload, so that a learner who watches with tcpdump can tell it
from their own.
Does not know what an answer means for a step.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from tutor.check import ROOT, NetworkState, Probe, Replies, Reply
from tutor.errors import LabError
from tutor.lab import memory
from tutor.lab.client import Lab
from tutor.patience import patiently

DATAGRAM = "datagram"
"""The protocol of a probe that no program sends: see `tutor.lab.datagrams`."""

_SECONDS = 5.0
_PATTERN = b"tutor".hex()


def send_probes(lab: Lab, probes: Iterable[Probe], state: NetworkState) -> Replies:
    """Send `probes` at the same time and wait for all of them.

    Args:
        lab: where.
        probes: what.
        state: the network now: tells which namespaces the probes mean.

    Raises:
        LabError: a namespace that a probe should start from does not exist, or a program is missing.
    """
    lab.scan()  # the agent opens what it has seen last
    wanted = list(probes)
    programs = [probe for probe in wanted if probe.protocol != DATAGRAM]
    datagrams = [probe for probe in wanted if probe.protocol == DATAGRAM]
    return {**_run_programs(lab, programs, state), **_send_datagrams(lab, datagrams, state)}


def _send_datagrams(lab: Lab, probes: Sequence[Probe], state: NetworkState) -> Replies:
    owners: dict[str, int] = {}
    for netns in state.namespaces:
        for address in netns.addresses:
            owners.setdefault(str(address.interface.ip), netns.inode)
    replies = {probe: Reply(False, "nobody has that address") for probe in probes if probe.dst not in owners}
    sent = [probe for probe in probes if probe.dst in owners]
    if not sent:
        return replies
    arrivals = lab.send_datagrams([(_source(probe, state), owners[probe.dst], probe.dst) for probe in sent])
    for probe, (seen_as, answered) in zip(sent, arrivals, strict=True):
        replies[probe] = Reply(answered, "" if answered else "timed out", seen_as)
    return replies


def _source(probe: Probe, state: NetworkState) -> int:
    """The inode of the namespace that a probe starts from."""
    found = state.find_netns(probe.src, probe.machine)
    if found is None:
        raise LabError(f"there is no network namespace {probe.src} to send a probe from")
    return found.inode


def _run_programs(lab: Lab, probes: Sequence[Probe], state: NetworkState) -> Replies:
    running = []
    for probe in probes:
        inode = _source(probe, state)
        output = memory.to_gather()
        quiet = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        job = lab.start(
            command_of(probe),
            (quiet, output, output),
            machine=probe.machine,
            netns=0 if probe.src == ROOT else inode,
        )
        os.close(quiet)
        running.append((probe, job, output))
    replies: dict[Probe, Reply] = {}
    for probe, job, output in running:
        status = lab.wait(job, patiently(_SECONDS))
        said = memory.gathered(output, 4096)
        os.close(output)
        if status == 127:
            raise LabError(f"a probe could not be sent: {said.strip()}", hint="run `tutor doctor`")
        replies[probe] = Reply(status == 0, "" if status == 0 else _reason(said))
    return replies


def command_of(probe: Probe) -> list[str]:
    """The command that sends a probe, and waits for its answer as long as this machine may need.

    Raises:
        LabError: no program speaks its protocol.
    """
    short, long = f"{patiently(1):g}", f"{patiently(2):g}"
    match probe.protocol:
        case "ping":
            return ["ping", "-n", "-c", "1", "-W", short, "-p", _PATTERN, probe.dst]
        case "tcp":
            return ["timeout", long, "bash", "-c", ': <"/dev/tcp/$0/$1"', probe.dst, str(probe.port)]
        case "http":
            return ["curl", "-s", "-S", "-o", "/dev/null", "-m", long, f"http://{probe.dst}:{probe.port or 80}/"]
        case "dns":
            return ["timeout", long, "getent", "ahostsv4", probe.dst]
        case other:
            raise LabError(f"no probe speaks {other!r}", hint="one of ping, tcp, http, dns, datagram")


def _reason(said: str) -> str:
    """Why there was no answer, as the program put it."""
    for known in (
        "Network is unreachable",
        "Destination Host Unreachable",
        "Connection refused",
        "Operation not permitted",
    ):
        if known in said:
            return known
    return "timed out"
