from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tutor.lab import programs
from tutor.lab.kubenet import plugins
from tutor.lab.programs import find_distribution, find_program, install_command, missing_programs, remedy

ROOT = Path(__file__).parents[2]

RELEASES = {
    "debian": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n',
    "ubuntu": "NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian\n",
    "mint": 'ID=linuxmint\nID_LIKE="ubuntu debian"\n',
    "fedora": "ID=fedora\nVERSION_ID=43\n",
    "rocky": 'ID="rocky"\nID_LIKE="rhel centos fedora"\n',
    "arch": "ID=arch\n",
    "manjaro": "ID=manjaro\nID_LIKE=arch\n",
    "leap": 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n',
    "tumbleweed": "# rolling\nID='opensuse-tumbleweed'\n",
}
MISSING = ("ip", "bridge", "ping", "conntrack", "newuidmap", "route")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A machine that runs a distribution, for a user with an id; a folder for its programs."""

    def make(release: str, *, uid: int = 1000, lists: bool = True) -> Path:
        file = tmp_path / "os-release"
        file.write_text(RELEASES.get(release, "ID=plan9\n"))
        monkeypatch.setattr(programs, "OS_RELEASE", file)
        (tmp_path / "lists").mkdir()
        if lists:
            (tmp_path / "lists" / "mirror_main_binary-amd64_Packages.lz4").touch()
        (tmp_path / "bin").mkdir()
        monkeypatch.setattr(programs, "_APT_LISTS", tmp_path / "lists")
        monkeypatch.setattr(programs, "_EVERYWHERE", ())
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        monkeypatch.setattr(os, "geteuid", lambda: uid)
        return tmp_path / "bin"

    return make


def put(folder: Path, name: str, script: str = "exit 0") -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ("debian", "apt-get install iproute2 iputils-ping conntrack uidmap net-tools"),
        ("ubuntu", "apt-get install iproute2 iputils-ping conntrack uidmap net-tools"),
        ("mint", "apt-get install iproute2 iputils-ping conntrack uidmap net-tools"),
        ("fedora", "dnf install iproute iputils conntrack-tools shadow-utils net-tools"),
        ("rocky", "dnf install iproute iputils conntrack-tools shadow-utils net-tools"),
        ("arch", "pacman -S --needed iproute2 iputils conntrack-tools shadow net-tools"),
        ("manjaro", "pacman -S --needed iproute2 iputils conntrack-tools shadow net-tools"),
        ("leap", "zypper install iproute2 iputils conntrack-tools shadow net-tools-deprecated"),
        ("tumbleweed", "zypper install iproute2 iputils conntrack-tools shadow net-tools-deprecated"),
    ],
)
def test_the_command_uses_the_names_of_the_distribution(
    machine: Callable[..., Path], release: str, command: str
) -> None:
    machine(release)
    assert install_command(MISSING) == f"sudo {command}"


def test_root_needs_no_sudo(machine: Callable[..., Path]) -> None:
    machine("debian", uid=0)
    assert install_command(["tcpdump"]) == "apt-get install tcpdump"


def test_a_debian_without_lists_of_packages_must_fetch_them_first(machine: Callable[..., Path]) -> None:
    machine("debian", lists=False)
    assert install_command(["tcpdump"]) == "sudo apt-get update && sudo apt-get install tcpdump"


def test_legacy_iptables_comes_in_a_package_of_its_own_on_fedora_only(machine: Callable[..., Path]) -> None:
    machine("fedora")
    assert install_command(["iptables", "iptables-legacy"]) == "sudo dnf install iptables-nft iptables-legacy"
    assert programs._DISTRIBUTIONS["debian"].packages(["iptables", "iptables-legacy"]) == ["iptables"]


def test_what_makes_virtual_environments_is_packed_per_version_of_python_on_debian(
    machine: Callable[..., Path],
) -> None:
    machine("debian")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert install_command([programs.VENV]) == f"sudo apt-get install python{version}-venv"


def test_an_unknown_distribution_is_told_the_programs(machine: Callable[..., Path]) -> None:
    machine("plan9")
    assert install_command(["ip", "nft"]) == ""
    assert remedy(["ip", "nft"]) == "install ip, nft with this system's package manager"


def test_a_machine_that_does_not_say_what_it_runs_is_unknown(tmp_path: Path) -> None:
    assert find_distribution(tmp_path / "absent") is None


def test_a_distribution_is_known_by_the_one_it_is_like(tmp_path: Path) -> None:
    (tmp_path / "os-release").write_text(RELEASES["mint"])
    found = find_distribution(tmp_path / "os-release")
    assert found is not None
    assert found.family == "debian"


def test_every_program_has_a_package_everywhere() -> None:
    for name, distribution in programs._DISTRIBUTIONS.items():
        for program in programs.PROGRAMS:
            there = len(distribution.packages([program])) == 1
            assert there or program in distribution.without, (name, program)
            assert there or programs._DOWNLOADS[program]


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ("debian", "apt-get install containernetworking-plugins kubernetes-client"),
        ("fedora", "dnf install containernetworking-plugins /usr/bin/kubectl"),
        ("arch", "pacman -S --needed cni-plugins kubectl"),
        ("tumbleweed", "zypper install cni-plugins kubernetes-client-provider"),
    ],
)
def test_what_a_cluster_needs_has_packages_too(machine: Callable[..., Path], release: str, command: str) -> None:
    machine(release)
    assert install_command(["cni:bridge", "cni:host-local", "cni:loopback", "kubectl"]) == f"sudo {command}"


@pytest.mark.parametrize("release", ["ubuntu", "mint"])
def test_where_no_package_brings_a_program_the_remedy_says_where_it_is_to_be_had(
    machine: Callable[..., Path], release: str
) -> None:
    machine(release)
    assert install_command(["kubectl"]) == ""
    assert remedy(["kubectl"]).startswith("put kubectl into /usr/local/bin (https://kubernetes.io/")
    first, second = remedy(["kubectl", "cni:bridge"]).split("; ")
    assert first == "install with: sudo apt-get install containernetworking-plugins"
    assert second == remedy(["kubectl"])


def test_an_unknown_distribution_is_told_where_a_program_is_to_be_had_that_not_all_pack(
    machine: Callable[..., Path],
) -> None:
    machine("plan9")
    told = remedy(["kubectl", "ip"])
    assert told.startswith("install ip with this system's package manager; put kubectl into")


def test_what_a_lab_brings_along_is_never_missing(machine: Callable[..., Path]) -> None:
    machine("debian")
    assert missing_programs(["az", "kubectl", "matrix", "ssh", "drops", "sudo", "tcpdump"]) == ("kubectl", "tcpdump")


def test_a_plugin_is_not_looked_for_among_the_programs(
    machine: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(machine("debian"), "bridge")
    monkeypatch.setattr(plugins, "FOLDERS", (str(tmp_path / "cni"),))
    assert missing_programs(["bridge", "cni:bridge"]) == ("cni:bridge",)
    (tmp_path / "cni").mkdir()
    put(tmp_path / "cni", "bridge")
    assert missing_programs(["bridge", "cni:bridge"]) == ()
    assert find_program("cni:bridge") == f"{tmp_path}/cni/bridge"


def test_a_package_that_a_release_lacks_does_not_cost_the_others(machine: Callable[..., Path], tmp_path: Path) -> None:
    folder = machine("debian", uid=0)
    put(
        folder,
        "apt-get",
        f'echo "$*" >>{tmp_path}/log; [ "$1" = update ] && exit 0\n'
        'case "$*" in *kubernetes-client*) exit 100 ;; esac\n'
        f"PATH=/usr/bin:/bin; touch {folder}/tcpdump; chmod 755 {folder}/tcpdump",
    )
    assert programs.install(["kubectl", "tcpdump"]) == ("kubectl",)
    asked = (tmp_path / "log").read_text().splitlines()
    assert asked[0].endswith(" kubernetes-client tcpdump")
    assert asked[-1].endswith("=120 tcpdump")


def test_programs_of_administrators_are_found_without_them_in_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_program("ip") in {f"{folder}/ip" for folder in programs._EVERYWHERE}


def test_what_is_missing_is_named_in_order(machine: Callable[..., Path]) -> None:
    folder = machine("debian")
    put(folder, "ping")
    assert missing_programs(["tcpdump", "ping", "ip"]) == ("tcpdump", "ip")


def test_root_installs_what_is_missing(machine: Callable[..., Path], tmp_path: Path) -> None:
    folder = machine("debian", uid=0)
    put(folder, "apt-get", f'echo "$*" >>{tmp_path}/log; PATH=/usr/bin:/bin; touch {folder}/ip; chmod 755 {folder}/ip')
    assert programs.install(["ip"]) == ()
    assert (tmp_path / "log").read_text() == "install -y --no-install-recommends -o DPkg::Lock::Timeout=120 iproute2\n"


def test_old_lists_are_fetched_anew_when_a_package_is_gone_from_the_mirror(
    machine: Callable[..., Path], tmp_path: Path
) -> None:
    folder = machine("ubuntu", uid=0)
    put(
        folder,
        "apt-get",
        f"echo $1 >>{tmp_path}/log\n"
        f"if [ $1 = update ]; then : >{tmp_path}/fresh; exit 0; fi\n"
        f"[ -e {tmp_path}/fresh ] || exit 100\n"
        f"PATH=/usr/bin:/bin; touch {folder}/ip; chmod 755 {folder}/ip",
    )
    assert programs.install(["ip"]) == ()
    assert (tmp_path / "log").read_text().split() == ["install", "update", "install"]


def test_a_sudo_that_asks_nothing_is_used(machine: Callable[..., Path], tmp_path: Path) -> None:
    folder = machine("fedora")
    put(folder, "sudo", 'shift; exec "$@"')
    put(folder, "true")
    put(folder, "dnf", f'echo "$*" >{tmp_path}/log; PATH=/usr/bin:/bin; touch {folder}/nft; chmod 755 {folder}/nft')
    assert programs.install(["nft"]) == ()
    assert (tmp_path / "log").read_text() == "install -y nftables\n"


def test_a_sudo_that_would_ask_is_left_alone_without_a_terminal(machine: Callable[..., Path], tmp_path: Path) -> None:
    folder = machine("debian")
    put(folder, "sudo", f'[ "$1" = -n ] && exit 1; : >{tmp_path}/asked')
    assert programs.install(["ip"]) == ("ip",)
    assert not (tmp_path / "asked").exists()


@pytest.mark.pty
def test_at_a_terminal_sudo_may_ask(
    machine: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = machine("debian")
    put(folder, "sudo", f'[ "$1" = -n ] && exit 1; echo "$1 $2" >{tmp_path}/asked')
    monkeypatch.setattr(programs, "_own_groups", lambda: {"sudo"})
    master, terminal = pty.openpty()
    with os.fdopen(master, "rb"), os.fdopen(terminal, "r") as screen:
        monkeypatch.setattr(sys, "stdin", screen)
        monkeypatch.setattr(sys, "stderr", os.fdopen(os.dup(terminal), "w"))
        programs.install(["ip"])
        sys.stderr.close()
    assert (tmp_path / "asked").read_text() == "apt-get install\n"


def test_the_command_line_says_in_one_line_what_is_missing_and_how_to_get_it(
    machine: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = machine("debian")
    for name in ("ip", "nft"):
        put(folder, name)
    assert programs.main(["--check", "ip", "tcpdump", "conntrack"]) == 1
    expected = "not installed: tcpdump, conntrack; install with: sudo apt-get install tcpdump conntrack\n"
    assert capsys.readouterr().err == expected
    assert programs.main(["--check", "ip", "nft"]) == 0
    assert capsys.readouterr().err == ""


def test_a_lab_can_do_without_some_programs_but_not_without_others(machine: Callable[..., Path]) -> None:
    folder = machine("debian")
    put(folder, "ip")
    put(folder, "nft")
    assert programs.main(["--install"]) == 0
    (folder / "nft").unlink()
    assert programs.main(["--install"]) == 1


def test_it_runs_before_anything_is_installed() -> None:
    """With none of the third-party packages in reach (`-S`), and from a checkout."""
    argv = [sys.executable, "-S", "-I", "-c", f"import sys; sys.path.append({str(ROOT)!r}); import tutor.lab.programs"]
    assert subprocess.run(argv, check=False).returncode == 0
