"""Sends probes from inside the lab, with the programs that a learner would use, all at once.

Every ping of ours carries the pattern `tutor` in its payload, so that a learner who watches with tcpdump can tell it
from their own.
Does not know what an answer means for a step.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from tutor.check import ROOT, Probe, Replies, Reply
from tutor.errors import LabError
from tutor.lab.client import Lab

_SECONDS = 5.0
_PATTERN = b"tutor".hex()


def send_probes(lab: Lab, probes: Iterable[Probe]) -> Replies:
    """Send `probes` at the same time and wait for all of them.

    Raises:
        LabError: a namespace that a probe should start from does not exist, or a program is missing.
    """
    namespaces = {(sighted.machine, name): sighted.inode for sighted in lab.scan() for name in sighted.names}
    running = []
    for probe in probes:
        inode = namespaces.get((probe.machine or lab.home, probe.src))
        if inode is None:
            raise LabError(f"there is no network namespace {probe.src} to send a probe from")
        output = os.memfd_create("probe")
        quiet = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        job = lab.start(
            _command(probe),
            (quiet, output, output),
            machine=probe.machine,
            netns=0 if probe.src == ROOT else inode,
        )
        os.close(quiet)
        running.append((probe, job, output))
    replies: dict[Probe, Reply] = {}
    for probe, job, output in running:
        status = lab.wait(job, _SECONDS)
        said = os.pread(output, 4096, 0).decode(errors="replace")
        os.close(output)
        if status == 127:
            raise LabError(f"a probe could not be sent: {said.strip()}", hint="run `tutor doctor`")
        replies[probe] = Reply(status == 0, "" if status == 0 else _reason(said))
    return replies


def _command(probe: Probe) -> list[str]:
    match probe.protocol:
        case "ping":
            return ["ping", "-n", "-c", "1", "-W", "1", "-p", _PATTERN, probe.dst]
        case "tcp":
            return ["timeout", "2", "bash", "-c", ': <"/dev/tcp/$0/$1"', probe.dst, str(probe.port)]
        case "http":
            return ["curl", "-s", "-S", "-o", "/dev/null", "-m", "2", f"http://{probe.dst}:{probe.port or 80}/"]
        case "dns":
            return ["timeout", "2", "getent", "ahostsv4", probe.dst]
        case other:
            raise LabError(f"no probe speaks {other!r}", hint="one of ping, tcp, http, dns")


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
