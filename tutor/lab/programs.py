"""The programs that the lab and the lessons run: whether they are here, and which packages bring them.

Also runnable before anything is installed (`python -m tutor.lab.programs --install`): standard library only. Does not
know which step of which lesson needs what.
"""

from __future__ import annotations

import argparse
import grp
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tutor.lab.kubenet.plugins import PLUGINS, PREFIX, find_plugin

OS_RELEASE = Path("/etc/os-release")
"""Where a distribution says its name: os-release(5)."""

NEEDED = ("ip", "nft")
"""Without these there is no lab at all; without the others some steps are left out."""

OF_CLUSTERS = (*PLUGINS, "iptables")
"""Without these, too, there is no lab with a cluster."""

BROUGHT = ("az", "drops", "matrix", "ssh", "sudo")
"""What a lab brings along itself, where a lesson uses it: never missing, whether this machine has it or not."""

STOOD_IN = ("kubectl",)
"""What a lab has a stand-in for where this machine lacks it: lessons run, and the stand-in says what it can't do."""

VENV = "venv"
"""Stands for what Python needs to make a virtual environment: no program, but Debian packs it apart from Python."""

_EVERYWHERE = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_APT_LISTS = Path("/var/lib/apt/lists")
_MAY_SUDO = {"sudo", "wheel", "admin"}

_FAMILIES = ("debian", "fedora", "arch", "suse")
_PACKAGES: Mapping[str, tuple[str, str, str, str]] = {
    "ip bridge ss": ("iproute2", "iproute", "iproute2", "iproute2"),
    "nft": ("nftables", "nftables", "nftables", "nftables"),
    "iptables iptables-save": ("iptables", "iptables-nft", "iptables", "iptables"),
    "iptables-legacy": ("iptables", "iptables-legacy", "iptables", "iptables"),
    "brctl": ("bridge-utils", "bridge-utils", "bridge-utils", "bridge-utils"),
    "route ifconfig arp netstat": ("net-tools", "net-tools", "net-tools", "net-tools-deprecated"),
    "ping": ("iputils-ping", "iputils", "iputils", "iputils"),
    "tcpdump": ("tcpdump", "tcpdump", "tcpdump", "tcpdump"),
    "conntrack": ("conntrack", "conntrack-tools", "conntrack-tools", "conntrack-tools"),
    "newuidmap newgidmap": ("uidmap", "shadow-utils", "shadow", "shadow"),
    "unshare nsenter lsns": ("util-linux", "util-linux", "util-linux", "util-linux"),
    "ps sysctl": ("procps", "procps-ng", "procps-ng", "procps"),
    "cni:bridge cni:host-local cni:loopback": (
        "containernetworking-plugins",
        "containernetworking-plugins",
        "cni-plugins",
        "cni-plugins",
    ),
    # Fedora's and openSUSE's packages of it are called after its version: these find the one that there is.
    "kubectl": ("kubernetes-client", "/usr/bin/kubectl", "kubectl", "kubernetes-client-provider"),
    VENV: ("python{version}-venv", "python3", "python", "python3"),
}

_DOWNLOADS = {"kubectl": "put kubectl into /usr/local/bin (https://kubernetes.io/docs/tasks/tools/)"}
"""Where programs are to be had that not every distribution has a package for. A lab sees nothing but /usr."""

PROGRAMS = tuple(program for programs in _PACKAGES if programs != VENV for program in programs.split())
"""Every program that a lab or a lesson may run, less those that no Linux lacks."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A kind of Linux, as far as installing packages goes."""

    family: str
    """`debian`, `fedora`, `arch` or `suse`: whose package names it uses."""
    install: tuple[str, ...]
    """The command that installs the packages named after it."""
    unasked: tuple[str, ...]
    """Options with which it asks nothing."""
    refresh: tuple[str, ...] = ()
    """What must run first where the lists of packages are missing or old; may be empty."""
    without: tuple[str, ...] = ()
    """Programs that no package of it brings, though it uses the family's names."""

    def packages(self, programs: Iterable[str]) -> list[str]:
        """The packages that bring `programs`, each once; programs that nobody knows bring none."""
        column = _FAMILIES.index(self.family)
        version = ".".join(platform.python_version_tuple()[:2])
        known = {program: names[column] for words, names in _PACKAGES.items() for program in words.split()}
        wanted = (known[program].format(version=version) for program in programs if self.brings(program))
        return list(dict.fromkeys(wanted))

    def brings(self, program: str) -> bool:
        """Whether a package of it brings a program."""
        return program not in self.without and any(program in words.split() for words in _PACKAGES)


# A machine that has just booted often updates itself, and holds apt's lock meanwhile.
_APT_UNASKED = ("-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120")

_DEBIAN = Distribution("debian", ("apt-get", "install"), _APT_UNASKED, ("apt-get", "update"))
_DISTRIBUTIONS = {
    "debian": _DEBIAN,
    "ubuntu": replace(_DEBIAN, without=("kubectl",)),  # it has a snap instead, which a lab can't see
    "fedora": Distribution("fedora", ("dnf", "install"), ("-y",)),
    "arch": Distribution("arch", ("pacman", "-S", "--needed"), ("--noconfirm",), ("pacman", "-Sy")),
    "suse": Distribution("suse", ("zypper", "install"), ("-y",)),
}
_ALSO = {"rhel": "fedora", "centos": "fedora", "archlinux": "arch", "opensuse": "suse"}


def find_distribution(os_release: Path | None = None) -> Distribution | None:
    """The distribution that this machine runs, or one that it says it is like; None where neither is known here."""
    try:
        lines = (os_release or OS_RELEASE).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    said = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    for word in f"{said.get('ID', '')} {said.get('ID_LIKE', '')}".replace('"', " ").replace("'", " ").split():
        name = _ALSO.get(word, word.partition("-")[0])  # openSUSE: opensuse-leap, opensuse-tumbleweed
        name = _ALSO.get(name, name)
        if name in _DISTRIBUTIONS:
            return _DISTRIBUTIONS[name]
    return None


def find_program(name: str) -> str | None:
    """The path of a program, looked for in PATH and where administrators' programs lie; None without it.

    An ordinary user's PATH on Debian has no sbin, but the lab's has. `cni:bridge` is the CNI plugin of that name, which
    is not meant to be found in any PATH.
    """
    if name.startswith(PREFIX):
        return find_plugin(name)
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), *_EVERYWHERE)))


def missing_programs(names: Iterable[str] = PROGRAMS) -> tuple[str, ...]:
    """Those of `names` that are neither installed nor brought along by a lab, in their order."""
    wanted = (name for name in names if name not in BROUGHT)
    return tuple(name for name in wanted if not (_can_make_venv() if name == VENV else find_program(name)))


def install_command(programs: Iterable[str], distribution: Distribution | None = None) -> str:
    """The command, ready to be pasted into this user's shell, that installs `programs` here.

    Empty where this distribution's package names are not known, or no package brings any of them.
    """
    distribution = distribution or find_distribution()
    packages = distribution.packages(programs) if distribution else []
    if not distribution or not packages:
        return ""
    commands = [[*distribution.install, *packages]]
    if distribution.refresh and not _has_lists(distribution):
        commands.insert(0, list(distribution.refresh))
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    return " && ".join(shlex.join([*sudo, *command]) for command in commands)


def remedy(programs: Sequence[str], distribution: Distribution | None = None) -> str:
    """One line that tells how to get `programs`: the exact command, or what to ask for, or where it is to be had."""
    distribution = distribution or find_distribution()
    apart = [name for name in programs if name in _DOWNLOADS and not (distribution and distribution.brings(name))]
    others = [name for name in programs if name not in apart]
    ways = [_DOWNLOADS[name] for name in apart]
    if others:
        command = install_command(others, distribution)
        by_hand = f"install {', '.join(others)} with this system's package manager"
        ways.insert(0, f"install with: {command}" if command else by_hand)
    return "; ".join(ways)


def install(programs: Sequence[str]) -> tuple[str, ...]:
    """Install `programs` where this user may: as root, with a sudo that asks nothing, or one that asks at a terminal.

    Returns:
        Those that are still missing.
    """
    distribution = find_distribution()
    may = _way_to_root()
    packages = distribution.packages(programs) if distribution else []
    if not distribution or not packages or may is None:
        return missing_programs(programs)
    command = [*may, *distribution.install, *distribution.unasked]
    sys.stderr.write(f"installing {' '.join(packages)}: {shlex.join([*command, *packages])}\n")
    done = _has_lists(distribution) and _run([*command, *packages])
    if not done and distribution.refresh and _run([*may, *distribution.refresh]):  # no lists yet, or long out of date
        done = _run([*command, *packages])
    if not done and len(packages) > 1:  # one that this release lacks must not cost the others
        for package in packages:
            _run([*command, package])
    return missing_programs(programs)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line of this module: 0 when nothing that is needed is missing, 1 otherwise."""
    parser = argparse.ArgumentParser("python -m tutor.lab.programs", description="What the lab and the lessons run.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="say what is missing; exit status 1 if anything is")
    what.add_argument("--install", action="store_true", help="install what is missing, as root or with sudo")
    parser.add_argument("--venv", action="store_true", help="Python must be able to make a virtual environment, too")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="only these")
    given = parser.parse_args(arguments)
    names = (*(given.programs or PROGRAMS), *((VENV,) if given.venv else ()))
    missing = missing_programs(names)
    if missing and given.install:
        missing = install(missing)
    if missing:
        sys.stderr.write(f"not installed: {', '.join(missing)}; {remedy(missing)}\n")
    fatal = missing if given.check else set(missing) & {*NEEDED, VENV}
    return 1 if fatal else 0


def _way_to_root() -> list[str] | None:
    """What to put before a command to run it as root; None where this user can't, or can't be asked."""
    if os.geteuid() == 0:
        return []
    if find_program("sudo") is None:
        return None
    silent = subprocess.run(["sudo", "-n", "true"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if silent.returncode == 0:
        return ["sudo", "-n"]
    at_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    return ["sudo"] if at_terminal and _MAY_SUDO & _own_groups() else None


def _own_groups() -> set[str]:
    own = set(os.getgroups())
    return {group.gr_name for group in grp.getgrall() if group.gr_gid in own}


def _run(command: Sequence[str]) -> bool:
    """Run a command of a package manager; its ordinary chatter is nobody's concern, its errors are."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=False).returncode == 0


def _has_lists(distribution: Distribution) -> bool:
    """Whether the package manager knows any packages: an image of Debian for containers comes without its lists."""
    return distribution.family != "debian" or any(_APT_LISTS.glob("*Packages*"))


def _can_make_venv() -> bool:
    specs = (importlib.util.find_spec(module) for module in ("venv", "ensurepip"))
    return all(spec is not None and spec.origin is not None for spec in specs)  # an empty folder has a spec, too


if __name__ == "__main__":
    sys.exit(main())
