"""What belongs to the host, or to the user who runs the lab, can't be reached from inside."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab import host
from tests.lab.conftest import VM, Sh, run
from tests.lab.processes import agent_below, below
from tests.waiting import until
from tutor.lab import sightings
from tutor.lab import syscalls as sc
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery

pytestmark = pytest.mark.netns

OUT_OF_A_CHROOT = """python3 -c '
import os, sys
os.mkdir("/tmp/jail")
top = os.open("/", os.O_RDONLY)
os.chroot("/tmp/jail")
os.fchdir(top)
for _ in range(64):
    os.chdir("..")
os.chroot(".")
print(open("{canary}").read())
'"""
BY_HANDLE = """python3 -c '
import ctypes, os, struct
libc = ctypes.CDLL(None, use_errno=True)
here = os.open("/usr", os.O_RDONLY)
for number in range(1, 200):
    handle = struct.pack("=Iiii", 8, 1, number, 0)  # FILEID_INO32_GEN of a low inode: the root of a file system
    found = libc.open_by_handle_at(here, ctypes.create_string_buffer(handle), os.O_RDONLY)
    if found >= 0 and os.path.exists(f"/proc/self/fd/{{found}}{canary}"):
        print(open(f"/proc/self/fd/{{found}}{canary}").read())
        break
else:
    raise SystemExit(1)
'"""
# Looks through the next process that is born in the machine, over and over, at the host.
WAYLAYER = """
import os, sys
print("lurking", flush=True)
while True:
    born = int(open("/proc/loadavg").read().split()[-1])  # the last pid that was given
    for _ in range(20):
        for pid in (born, born + 1):
            try:
                os.stat(f"/proc/{pid}/root" + sys.argv[1])
                print("seen", flush=True)
                sys.exit()
            except OSError:
                continue
"""
SECRET = "tutor-test-secret"
KEYRING_CALLS = {"x86_64": (248, 250), "aarch64": (217, 219)}


@pytest.fixture
def canary() -> Iterator[Path]:
    """A file of the host that anybody may read, and every folder above it."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        made = Path(folder, "canary")
        made.write_text("seen")
        made.chmod(0o644)
        yield made


@pytest.mark.parametrize(
    "attempt",
    [
        "cat {canary}",
        "chroot /proc/1/root cat {canary}",
        "cat /proc/1/cwd/{canary}",
        "for p in /proc/[0-9]*; do cat $p/root{canary} $p/cwd{canary} 2>/dev/null && exit; done; false",
        "nsenter -t 1 -a cat {canary}",
        "umount -l /; cat {canary}",
        "umount -R -l /usr; cat {canary}",
        "unshare -m sh -c 'mkdir /tmp/n && mount -t tmpfs x /tmp/n && mkdir /tmp/n/o && cd /tmp/n"
        " && pivot_root . o && cat /o/o{canary} /o{canary}'",
        OUT_OF_A_CHROOT,
        BY_HANDLE,
        "mkdir -p /mnt/{canary}; mount --bind / /mnt && mount --move /mnt / && cat {canary}",
    ],
)
def test_a_file_of_the_host_can_not_be_read(sh: Sh, canary: Path, attempt: str) -> None:
    status, printed = sh(attempt.format(canary=canary))
    assert status != 0
    assert "seen" not in printed.splitlines()


def test_a_process_that_enters_the_machine_shows_nothing_of_the_host(lab: Lab, canary: Path) -> None:
    lab.write_file("/root/waylayer.py", WAYLAYER)
    empty, output = os.open(os.devnull, os.O_RDONLY), os.memfd_create("output")
    lab.start(["python3", "/root/waylayer.py", str(canary)], (empty, output, output))
    until(lambda: b"lurking" in os.pread(output, 1000, 0))
    for _ in range(100):
        assert lab.wait(lab.start(["true"], (empty, empty, empty)), 10) == 0
    assert os.pread(output, 1000, 0) == b"lurking\n"
    os.close(empty)
    os.close(output)


@pytest.mark.parametrize(
    "attempt",
    [
        "echo 1 > /proc/sys/kernel/panic",
        "sysctl -w kernel.domainname=x",
        "echo b > /proc/sysrq-trigger",
        "mknod /tmp/disk b 8 0 && head -c 1 /tmp/disk",
        "mount -o remount,rw /usr",
        "umount /usr && touch /usr/x",
        "touch /usr/x",
        "mount --bind /tmp /usr && umount /usr && touch /usr/x",
        "cat /etc/shadow | grep -v '\\*'",
        "nsenter -t 1 -n -m --all -- ip link show inet0",
        "for p in /proc/[0-9]*; do nsenter --net=$p/ns/net ip link show inet0 && exit 0; done; false",
        "insmod /nowhere.ko || modprobe dummy numdummies=1",
        "date -s 2001-01-01",
        "mount -t ext4 /dev/vda /mnt",
        "dmesg -C",
        "mount -t devtmpfs x /mnt",
        "mount -t debugfs x /mnt",
        "mount --bind /usr /mnt && ls /mnt/local/bin",
        "unshare -Urm mount -o remount,rw /usr",
        "unshare -Urm umount /usr",
        "exec 3<>/dev/tty",
        "echo -1000 > /proc/self/oom_score_adj",
        "ulimit -u unlimited",
        "chrt -f 50 true",
    ],
)
def test_an_attempt_at_the_host_fails(sh: Sh, attempt: str) -> None:
    assert sh(attempt)[0] != 0


def test_nothing_of_the_invoking_user_is_to_be_seen(sh: Sh) -> None:
    home = Path.home()
    _, seen = sh(f"ls -a {home} 2>&1; ls -a /home; cat /etc/passwd")
    for entry in home.iterdir() if home != Path("/root") else ():
        assert entry.name not in seen.split()
    assert sh(f"test -e {Path(__file__).resolve()}")[0] != 0


def test_no_link_of_the_lab_leads_to_the_host(nursery: Nursery) -> None:
    before = host.network()["link"]
    with Lab(nursery.launch()) as lab:
        lab.build("vm", VM.read_text(), {})
        run(
            lab,
            "ip netns add ns1; ip link add a type veth peer name b netns ns1; unshare -n sleep 99 >/dev/null 2>&1 &",
        )
        assert host.network()["link"] == before
        agent = agent_below(nursery.pid)
        lab_namespaces = _network_namespaces(agent)
        assert len(lab_namespaces) >= 5  # the agent's, the cloud's, the internet's, the machine's, ns1
        for namespace in lab_namespaces:
            assert _knows_the_host(agent, namespace) is False


def test_nothing_but_links_of_its_own_can_be_written_in_sys(sh: Sh) -> None:
    status, writable = sh("find /sys -type f -writable 2>/dev/null")
    assert status in (0, 1)
    assert [path for path in writable.split() if "/net/" not in path] == []


@pytest.mark.skipif(platform.machine() not in KEYRING_CALLS, reason="the numbers of the calls are not known")
@pytest.mark.parametrize("single", [False, True])
def test_the_keys_of_the_session_are_out_of_reach(single: bool) -> None:
    add, call = KEYRING_CALLS[platform.machine()]
    with_a_key = f"""
import ctypes
from pathlib import Path
from tests.lab.conftest import VM, run
from tutor.lab.client import Lab
from tutor.lab.nursery import Nursery
libc = ctypes.CDLL(None)
libc.syscall.restype = ctypes.c_long
def search(): return libc.syscall({call}, 10, ctypes.c_long(-3), b"user", b"{SECRET}", 0)
libc.syscall({call}, 1, b"{SECRET}")
libc.syscall({add}, b"user", b"{SECRET}", b"x", ctypes.c_size_t(1), ctypes.c_long(-3))
if search() < 0:
    raise SystemExit("no keys here")
look = "python3 -c 'import ctypes; l = ctypes.CDLL(None); l.syscall.restype = ctypes.c_long;"
look += " print(l.syscall({call}, 10, ctypes.c_long(-3), b\\"user\\", b\\"{SECRET}\\", 0))'"
nursery = Nursery()
with Lab(nursery.launch(single={single})) as lab:
    lab.build("vm", VM.read_text(), {{}})
    assert run(lab, look) == (0, "-1\\n"), run(lab, look)
nursery.close()
print("out of reach")
"""
    said = _python(with_a_key)
    if "no keys here" in said:
        pytest.skip("keyrings can't be used here, outside of a lab either")
    assert said == "out of reach\n"


def test_what_the_kernel_counts_per_user_is_left_to_the_user(sh: Sh) -> None:
    _, opened = sh(
        """python3 -c '
import ctypes, itertools
libc = ctypes.CDLL(None)
print(next(n for n in itertools.count() if libc.inotify_init() < 0 or n > 500))
'"""
    )
    assert int(opened) <= 64


def test_a_loop_that_makes_network_namespaces_comes_to_an_end(lab: Lab, nursery: Nursery) -> None:
    agent = agent_below(nursery.pid)

    def read_limit() -> int:
        sc.setns(os.open(f"/proc/{agent}/ns/user", os.O_RDONLY), sc.CLONE_NEWUSER)
        return int(Path("/proc/sys/user/max_net_namespaces").read_text())

    assert _in_a_child(read_limit) <= 1000


def _network_namespaces(agent: int) -> set[str]:
    """Paths of all network namespaces of a lab, one for each: held by a process, by the agent, or mounted."""
    processes = (agent, *below(agent))
    links = [Path(f"/proc/{pid}/ns/net") for pid in processes]
    links += Path(f"/proc/{agent}/fd").iterdir()
    links += [Path(f"/proc/{pid}/root/run/netns/ns1") for pid in processes]
    found: dict[int, str] = {}
    for link in links:
        try:
            status = link.stat()
            held = link.parts[-1] == "ns1" or str(link.readlink()).startswith("net:")
        except OSError:
            continue
        if held:
            found.setdefault(status.st_ino, str(link))  # by who lives longest: a process may end meanwhile
    return set(found.values())


def _knows_the_host(agent: int, namespace: str) -> bool:
    """Whether a namespace has given the host's one a number (ip-netns(8)), as it does once a link leads there."""

    def ask() -> int:
        ours = os.open("/proc/self/ns/net", os.O_RDONLY)
        target = os.open(namespace, os.O_RDONLY)
        sc.setns(os.open(f"/proc/{agent}/ns/user", os.O_RDONLY), sc.CLONE_NEWUSER)
        sc.setns(target, sc.CLONE_NEWNET)
        shown = subprocess.run(["ip", "-d", "link"], capture_output=True, text=True, check=True).stdout
        assert "lo" in shown
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as asking:
            return sightings._ask_nsid(asking, ours)

    return _in_a_child(ask) >= 0


def _in_a_child(work: Callable[[], int]) -> int:
    """What `work` returns, in a process that may change its namespaces."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.write(writable, str(work()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writable)
    with os.fdopen(readable) as said:
        answer = said.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return int(answer)


def _python(code: str) -> str:
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False, timeout=120)
    return done.stdout + done.stderr
