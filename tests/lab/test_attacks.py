"""A learner is root and may try anything. The host never notices, and a new lab is there at once."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import host
from tests.lab.conftest import VM, Sh, run
from tests.lab.processes import alive, below, name_of
from tests.waiting import until
from tutor.errors import LabError, LabGone
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery

pytestmark = [pytest.mark.netns, pytest.mark.alone]

REBOOT = "python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x1234567)'"
CHANGE_ALL_SYSCTLS = """python3 -c '
import os
changed = 0
for folder, _, names in os.walk("/proc/sys"):
    for name in names:
        path = os.path.join(folder, name)
        # Every user of the kernel may set the second one for all of it, once and for ever: no lab can prevent that.
        if name in ("ns_last_pid", "nf_hooks_lwtunnel"):
            continue
        try:
            value = int(open(path).read())
            open(path, "w").write(str(value + 1))
            changed += int(open(path).read()) != value
        except (OSError, ValueError):
            continue
print(changed)
'"""
_KINDS = {"tutor-nursery": "nursery", "memfd:keeper": "keeper", "lab": "agent"}


@pytest.fixture(autouse=True)
def untouched(nursery: Nursery) -> Iterator[None]:
    """The host is as it was, nothing is left, and a new lab works, after each attack."""
    network, sysctls, programs = host.network(), host.sysctls(), host.programs()
    yield
    until(lambda: not below(nursery.pid))
    assert host.network() == network
    assert host.programs() == programs
    after = host.sysctls()
    assert {name: after.get(name) for name in sysctls} == sysctls
    with Lab(nursery.launch()) as another:
        another.build("vm", VM.read_text(), {})
        assert run(another, "ping -c 1 -W 2 8.8.8.8")[0] == 0
    until(lambda: not below(nursery.pid))


@pytest.mark.parametrize(
    "attack",
    [
        "kill -9 -1",
        "hostname changed",
        "kill -9 1",
        "rm -rf --no-preserve-root / 2>/dev/null",
        "ip link del eth0; ip link set eth0 netns 1",
        "ip netns add x; ip link set eth0 netns x; ip netns del x",
        "dd if=/dev/zero of=/fill bs=1M 2>/dev/null; dd if=/dev/zero of=/run/fill bs=1M 2>/dev/null",
        "for i in $(seq 100); do ip netns add n$i; done",
        "for i in $(seq 1 254); do ping -c 1 -W 1 10.1.0.$i >/dev/null & done; wait",
        "ping -q -c 2000 -i 0.0005 -W 1 8.8.8.8",
        "sysctl -w net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=2 net.core.somaxconn=7 net.ipv4.tcp_syncookies=0",
        "iptables -P INPUT DROP; iptables -P OUTPUT DROP; nft add table inet x; ip rule add from all blackhole",
        "exec 0<&- 1>&- 2>&-; cat; sh -c 'exec cat'; kill -STOP -1",
        "mount --make-rshared /; mount --bind /tmp /opt; mount -t tmpfs x /usr/local; umount -R -l /; umount -l /proc",
        "mount -t tmpfs x /proc; mount -t tmpfs x /run; mount -t tmpfs x /dev; ip netns add y",
        "unshare -m sh -c 'mkdir /tmp/n; mount -t tmpfs x /tmp/n; cd /tmp/n; mkdir o; pivot_root . o; umount -l /o'",
        "ip link set eth0 down; ip link set eth0 name x; ip link add eth0 type bridge; ip link set x master eth0",
        "timeout 1 sh -c 'while :; do mount -t tmpfs x /mnt; umount /mnt; done'",
        "timeout 1 sh -c 'while :; do ip link add a type veth peer name b; ip link del a; done'",
        'exec 3</dev/urandom; for i in $(seq 4 200); do eval "exec $i<&3"; done; sleep 100 & disown',
    ],
)
def test_an_attack_stays_inside(lab: Lab, sh: Sh, attack: str) -> None:
    sh(attack)
    lab.end()


@pytest.mark.skipif(not os.environ.get("CI"), reason="would change the host if its kernel did not keep them apart")
def test_no_sysctl_that_can_be_changed_is_the_hosts(lab: Lab, sh: Sh) -> None:
    status, changed = sh(CHANGE_ALL_SYSCTLS)
    assert status == 0
    assert int(changed) > 50
    lab.end()


def test_a_fork_bomb_is_bounded_and_ends_with_the_lab(lab: Lab, nursery: Nursery) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    lab.start(["bash", "-c", "bomb() { bomb | bomb & }; bomb; sleep 100"], (null, null, null))
    os.close(null)
    seen: dict[int, str] = {}
    most = 0

    def count() -> None:
        nonlocal most
        time.sleep(0.1)
        now = below(nursery.pid)
        most = max(most, len(now))
        seen.update(now)

    end = time.monotonic() + 60
    while most <= 50 and time.monotonic() < end:
        count()
    for _ in range(10):
        count()
    assert 50 < most < 600
    lab.end()
    until(lambda: not alive(seen))


def test_a_reboot_takes_the_machine_down_and_is_told(lab: Lab, sh: Sh) -> None:
    sh(REBOOT)
    until(lambda: "machine-down" in [notice["notice"] for notice in lab.notices()])
    with pytest.raises(LabGone):
        sh("true")
    lab.end()


@pytest.mark.parametrize("victim", ["tutor", "nursery", "keeper", "agent"])
def test_nothing_of_a_private_lab_survives_a_kill(victim: str) -> None:
    tutor = _tutor()
    try:
        family = below(tutor.pid)
        wanted = {"tutor": tutor.pid} | {_KINDS[name_of(pid)]: pid for pid in family if name_of(pid) in _KINDS}
        lab = {pid: started for pid, started in family.items() if pid != wanted["nursery"]}
        assert len(lab) >= 3
        os.kill(wanted[victim], signal.SIGKILL)
        until(lambda: not alive(lab))
    finally:
        tutor.kill()
        tutor.wait()


def test_nothing_is_left_of_a_lab_that_was_being_made_when_its_tutor_was_killed(orphans_come_here: None) -> None:
    before = below(os.getpid())
    for milliseconds in (*range(0, 12, 2), *range(12, 60, 6)):
        tutor = _tutor(until="nursery")
        time.sleep(milliseconds / 1000)
        tutor.kill()
        tutor.wait()
        time.sleep(0.05)  # until then an orphan may be on its way to us, and not be seen
        until(lambda: not below(os.getpid()).keys() - before.keys())


def test_a_tutor_whose_lab_is_killed_is_told(lab: Lab, nursery: Nursery) -> None:
    agent = next(pid for pid in below(nursery.pid) if name_of(pid) == "lab")
    os.kill(agent, signal.SIGKILL)
    with pytest.raises(LabError):
        until(lambda: lab.status() is None)  # as long as it answers


@pytest.fixture
def orphans_come_here() -> Iterator[None]:
    """Make this process the one to whom processes fall whose parent dies (prctl(2), PR_SET_CHILD_SUBREAPER)."""
    prctl = ctypes.CDLL(None).prctl
    assert prctl(36, 1, 0, 0, 0) == 0
    yield
    prctl(36, 0, 0, 0, 0)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _tutor(until: str = "built") -> subprocess.Popen[bytes]:
    """A tutor of its own that makes a private lab, and has come as far as `until`."""
    code = (
        "import time; from pathlib import Path\n"
        "from tutor.lab.client import Lab; from tutor.lab.nursery import Nursery\n"
        "nursery = Nursery(); print('nursery', flush=True); lab = Lab(nursery.launch())\n"
        f"lab.build('vm', Path({str(VM)!r}).read_text(), {{}})\n"
        "print('built', flush=True); time.sleep(1000)"
    )
    tutor = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], env={**os.environ}
    )
    with tutor.stdout or Path(os.devnull).open("rb") as said:
        assert f"{until}\n".encode() in iter(said.readline, b"")
    return tutor
