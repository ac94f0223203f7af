"""Measures the sandbox: how soon labs are ready, what they take, how fast they are gone, and a process beside mininet.

Run: python benchmarks/lab.py        (as root mininet is measured too, in network namespaces of its own)
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery

ROOT = Path(__file__).parents[1]
VM = (ROOT / "lessons" / "labs" / "vm.toml").read_text()
AKS = (ROOT / "lessons" / "labs" / "aks.toml").read_text()
# The same two machines and the same cloud, without what makes them nodes.
FABRIC = AKS.partition("[cluster]")[0] + "[internet]" + AKS.partition("[internet]")[2]
TIMES = 20
REST_SECONDS = 0.3  # the kernel takes as long over a lab that has ended, and others wait for it meanwhile
MININET = ["mn", "--switch", "lxbr", "--controller", "none", "--topo", "single,4", "--test", "none"]
APART = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc"]


def main() -> None:
    """Measure, and print a table."""
    nursery = Nursery()
    ready = [_ready(nursery, "vm", VM) for _ in range(TIMES)]
    _print("lab ready, ms", f"{statistics.median(ready):.0f} (most {max(ready):.0f})", "<= 150")
    pairs = [(_ready(nursery, "aks", FABRIC), _ready(nursery, "aks", AKS)) for _ in range(TIMES)]
    fabric, cluster = (statistics.median(each) for each in zip(*pairs, strict=True))
    _print("two machines and their cloud ready, ms", f"{fabric:.0f}", "")
    _print("two nodes with seven pods ready, ms", f"{cluster:.0f}", "")
    more = [two - one for one, two in pairs]
    _print("the nodes more than the cloud, ms", f"{statistics.median(more):.0f} (most {max(more):.0f})", "<= 300")
    _become_as_heavy_as_a_tutor()
    for name, text, goal in (("vm", VM, "<= 12"), ("aks", AKS, "<= 24")):
        with Lab(nursery.launch()) as lab:
            lab.build(name, text, {})
            own = _below(nursery.pid)
            _print(f"memory of a lab `{name}`, MiB PSS", f"{sum(map(_pss, own)) / 1024:.1f}", goal)
    _print("the process that labs are forked from, MiB PSS", f"{_pss(nursery.pid) / 1024:.1f}", "")
    nursery.close()
    killed = [_killed() for _ in range(5)]
    _print(
        "gone after a kill -9 of the tutor, ms", f"{statistics.median(killed):.0f} (most {max(killed):.0f})", "<= 50"
    )
    ours = _whole([sys.executable, "-m", "tutor.cli", "shell", "initial-state", "--", "true"])
    _print("tutor shell initial-state -- true, ms", f"{ours:.0f}", "")
    if shutil.which("mn") is None or os.geteuid() != 0:
        print("mininet was not measured: it needs root, and has to be installed")
        return
    theirs = _whole([*APART, *MININET])
    _print("mininet with four hosts, ms", f"{theirs:.0f}", "")
    _print("tutor / mininet", f"{ours / theirs:.2f}", "<= 0.7")


def _ready(nursery: Nursery, name: str, text: str) -> float:
    began = time.perf_counter()
    with Lab(nursery.launch()) as lab:
        lab.build(name, text, {})
        took = time.perf_counter() - began
    time.sleep(REST_SECONDS)
    return took * 1000


def _become_as_heavy_as_a_tutor() -> None:
    """Load what the screen loads: pages that were shared with the lab are the lab's alone from then on."""
    for name in ("pyroute2", "textual.app"):
        importlib.import_module(name)


def _killed() -> float:
    """From the kill of a tutor to the end of the last process of its lab."""
    told, tell = os.pipe()
    tutor = os.fork()
    if tutor == 0:
        nursery = Nursery()
        lab = Lab(nursery.launch())
        lab.build("vm", VM, {})
        os.write(tell, b"built")
        time.sleep(60)
        os._exit(0)
    os.read(told, 5)
    family = _below(tutor)
    os.kill(tutor, signal.SIGKILL)
    began = time.perf_counter()
    os.waitpid(tutor, 0)
    while any(_lives(pid) for pid in family):
        time.sleep(0.0005)
    return (time.perf_counter() - began) * 1000


def _whole(argv: list[str]) -> float:
    """Median time of a whole process, in ms, after one run that does not count."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = partial(
        subprocess.run, argv, cwd=ROOT, env=environment, capture_output=True, check=True, stdin=subprocess.DEVNULL
    )
    run()
    times = []
    for _ in range(7):
        began = time.perf_counter()
        run()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def _below(pid: int) -> list[int]:
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *_below(int(child))]
    return found


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _pss(pid: int) -> int:
    """Proportional set size in KiB (proc_pid_smaps(5))."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def _print(what: str, measured: str, goal: str) -> None:
    print(f"{what:52} {measured:>22}   {goal}")


if __name__ == "__main__":
    main()
