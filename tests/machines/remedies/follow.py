"""Takes something away from a machine, asks `tutor doctor`, does what it says to the letter, and asks again.

Runs as root of a Debian that run.sh, beside this, has made for it. Standard library only.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TUTOR = "/src/.venv/bin/tutor"
LEARNER = "learner"
Finding = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """Something that a machine may lack."""

    name: str
    """What it is."""
    take: str
    """The script, run as root, that takes it away."""
    subject: str
    """The finding that has to tell of it."""
    level: str = "problem"
    """Its level."""
    user: str = "root"
    """Who asks, and does as told."""


PURGE = "apt-get -qq purge -y"
CASES = (
    Case("what every lab needs", f"{PURGE} nftables", "programs"),
    Case("what a cluster needs", f"{PURGE} containernetworking-plugins", "programs"),
    Case("what lessons need", f"{PURGE} tcpdump bridge-utils iputils-ping", "programs"),
    Case("what lessons need, for an ordinary user", f"{PURGE} net-tools", "programs", user=LEARNER),
    Case("kubectl", f"{PURGE} $(dpkg -S /usr/bin/kubectl | cut -d: -f1)", "kubectl", "warning", LEARNER),
    Case("newuidmap", f"{PURGE} uidmap", "ids", "warning", LEARNER),
    Case("subordinate ids", f"sed -i /^{LEARNER}:/d /etc/subuid /etc/subgid", "ids", "warning", LEARNER),
    Case("the rights of newuidmap", "chmod u-s /usr/bin/newuidmap /usr/bin/newgidmap", "ids", "warning", LEARNER),
    Case("the device for TAP links", "rm /dev/net/tun", "network cards", "warning"),
    Case("the right to open it", "chmod 0600 /dev/net/tun", "network cards", "warning", LEARNER),
)

LIMIT = Case("user namespaces, by a limit", "echo 0 > /proc/sys/user/max_user_namespaces", "user namespaces")
"""Tried in a user namespace: the limit is the namespace's own, and the machine keeps its."""


def run(script: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    """Run a script as a user; what a package manager asks is answered with yes."""
    argv = ["sh", "-c", script] if user == "root" else ["su", user, "-c", script]
    return subprocess.run(argv, input="y\n" * 9, capture_output=True, text=True, check=False, cwd="/")


def require(script: str) -> None:
    """Run a script as root that must not fail."""
    done = run(script)
    if done.returncode:
        sys.exit(f"{script}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def doctor(user: str) -> dict[str, Finding]:
    """What doctor finds, by subjects."""
    done = run(f"{TUTOR} doctor --json", user)
    try:
        return {finding["subject"]: finding for finding in json.loads(done.stdout)["findings"]}
    except ValueError:
        sys.exit(f"doctor broke: {done.stderr}")


def command_in(remedy: str) -> str:
    """The command of a remedy, as somebody would paste it: without the words before it, and up to its comment."""
    return remedy.removeprefix("install with: ").partition("  # ")[0]


def follow(case: Case) -> str:
    """Take, ask, do as told, ask again, start a lab. What went wrong; empty if nothing did."""
    whole = doctor(case.user)[case.subject]
    taken = run(case.take)
    if taken.returncode:
        return f"it can't be taken away: {taken.stderr[-300:]}"
    before = doctor(case.user)[case.subject]
    if before["level"] != case.level or not before["remedy"]:
        return f"doctor does not tell: {before}"
    print(f"{case.name}: {before['said']}\n    {case.user}$ {command_in(before['remedy'])}", flush=True)
    followed = run(command_in(before["remedy"]), case.user)
    if followed.returncode:
        return f"the remedy fails: {followed.stderr[-300:]}"
    after = doctor(case.user)
    still = [finding for finding in after.values() if finding["level"] == "problem"]
    if after[case.subject] != whole or still:  # a Debian 12 has a kubectl that is too old, and no other
        return f"the remedy does not help: {after[case.subject]} {still}"
    started = run(f"{TUTOR} shell --lab aks -- true", case.user)
    return f"no lab starts: {started.stderr}" if started.returncode else ""


def set_up() -> None:
    """The machine as it should be: tutor installed, an ordinary user who may use sudo."""
    require("apt-get -qq update")
    require("python3 -m venv /src/.venv && /src/.venv/bin/python -m pip install -q -e /src")
    require(f"useradd --create-home --shell /bin/bash {LEARNER}")
    require(f"echo '{LEARNER} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/{LEARNER}")
    for user in ("root", LEARNER):
        bad = [finding for finding in doctor(user).values() if finding["level"] == "problem"]
        if bad:
            sys.exit(f"the machine is not whole to begin with: {bad}")


def follow_in_a_namespace() -> str:
    """Try `LIMIT` as root of a user namespace that has all of the machine's ids, as the machine's own has."""
    inside = ["unshare", "--user", "sh", "-c", 'echo; read -r mapped; exec "$@"', "sh"]
    with subprocess.Popen(
        [*inside, sys.executable, __file__, "--limit"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        for kind in ("uid", "gid"):
            Path(f"/proc/{child.pid}/{kind}_map").write_text("0 0 4294967295\n")
        told, _ = child.communicate("\n")
        print(told, end="")
        return "" if child.returncode == 0 else "it fails in its namespace"


def main() -> int:
    """Every case, one after the other: a machine that one of them has broken is told of by the next."""
    if sys.argv[1:] == ["--limit"]:
        wrong = follow(LIMIT)
        print(f"    {wrong or 'labs start'}")
        return 1 if wrong else 0
    began = time.monotonic()
    print(Path("/etc/os-release").read_text().partition("\n")[0], sys.version.split()[0], flush=True)
    set_up()
    failed = 0
    for case in CASES:
        wrong = follow(case)
        failed += bool(wrong)
        print(f"    {f'WRONG: {case.name}: {wrong}' if wrong else 'labs start'}", flush=True)
    failed += bool(follow_in_a_namespace())
    print(f"{len(CASES) + 1} remedies, {failed} failed, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
