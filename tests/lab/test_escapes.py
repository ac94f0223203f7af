"""What belongs to the host, or to the user who runs the lab, can't be reached from inside."""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import host
from tests.lab.conftest import VM, Sh, run
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
# Holds each process that is born in the machine at every one of its first steps, and looks through it at the host.
WAYLAYER = """
import os, signal, sys
born = max(int(name) for name in os.listdir("/proc") if name.isdigit())
print("lurking", flush=True)
held = 0
while held < 40:
    try:
        os.kill(born + 1, signal.SIGSTOP)
    except ProcessLookupError:
        continue
    born += 1
    held += 1
    for step in range(1500):
        try:
            os.stat(f"/proc/{born}/root" + sys.argv[1])
            print("seen", born, step)
            sys.exit()
        except OSError:
            pass
        try:
            if os.readlink(f"/proc/{born}/exe").endswith("/true"):
                break
            os.kill(born, signal.SIGCONT)
            os.kill(born, signal.SIGSTOP)
        except OSError:
            if not os.path.exists(f"/proc/{born}"):
                break
    try:
        os.kill(born, signal.SIGCONT)
    except ProcessLookupError:
        pass
print("nothing seen")
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
    waylayer = lab.start(["python3", "/root/waylayer.py", str(canary)], (empty, output, output))
    end = time.monotonic() + 20
    while b"lurking" not in os.pread(output, 1000, 0) and time.monotonic() < end:
        time.sleep(0.01)
    while lab.wait(waylayer, 0) is None and time.monotonic() < end:
        lab.wait(lab.start(["true"], (empty, empty, empty)), 0.5)
    assert os.pread(output, 1000, 0).decode().endswith("nothing seen\n")
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
        "ls /proc/1/root/proc/1/root/home/*",
        "chroot /proc/1/root ls /work",
        "insmod /nowhere.ko || modprobe dummy numdummies=1",
        "date -s 2001-01-01",
        "hostname changed && false",
        "mount -t ext4 /dev/vda /mnt",
        "dmesg -C",
        "swapoff -a && swapon /fill",
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


def test_no_link_of_the_lab_leads_to_the_host(lab: Lab, sh: Sh) -> None:
    own = {line.split(":")[1].split("@")[0].strip() for line in host.network()["link"].splitlines()}
    _, links = sh("ip -o link")
    assert "eth0" in links
    after = {line.split(":")[1].split("@")[0].strip() for line in host.network()["link"].splitlines()}
    assert after == own


