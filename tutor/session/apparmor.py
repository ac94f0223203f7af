"""The AppArmor profile that lets tutor make user namespaces: its text for this machine, and how it comes and goes.

A profile attaches to the file that is executed. For a script that is the script and not its interpreter, so that the
permission goes to `tutor` and to no other program in Python. Does not know who asks, nor whether anybody agreed.

Sources: apparmor.d(5), apparmor_parser(8); apparmor_bprm_creds_for_exec in security/apparmor/domain.c; the profiles
with `flags=(unconfined)` that AppArmor 4 ships for programs which need user namespaces.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor.errors import TutorError
from tutor.lab.programs import find_program

NAME = "kubenet-tutor"
"""Of the profile, and of its file."""

TARGET = Path("/etc/apparmor.d") / NAME
"""Where it goes: what lies there is loaded at every boot."""

RESTRICTION = "kernel.apparmor_restrict_unprivileged_userns"
"""The sysctl that makes it necessary, where it is not 0."""

_SHIPPED = Path(__file__).with_name(f"{NAME}.apparmor")
_SHIPPED_ENTRY = "/usr/bin/tutor"
_MODULES = Path("/sys/kernel/security/lsm")
_ENABLED = Path("/sys/module/apparmor/parameters/enabled")
_RESTRICTED = Path("/proc/sys") / RESTRICTION.replace(".", "/")
_GLOBS = '*?[]{}^\\"'
_CURRENT = (Path("/proc/self/attr/apparmor/current"), Path("/proc/self/attr/current"))


@dataclass(frozen=True, slots=True)
class Guard:
    """What AppArmor does on this machine."""

    enabled: bool
    """Whether the kernel uses it at all."""
    restricts: bool
    """Whether it keeps programs without a profile from making user namespaces."""
    label: str = ""
    """The profile that we run under; empty without one."""

    @property
    def need(self) -> str:
        """Why the profile is not needed here; empty where it is."""
        if not self.enabled:
            return "AppArmor is not in use here: no profile is needed"
        if not self.restricts:
            return f"AppArmor does not restrict user namespaces here ({RESTRICTION} is not 1): no profile is needed"
        return ""


def guard(
    modules: Path = _MODULES,
    enabled: Path = _ENABLED,
    restricted: Path = _RESTRICTED,
    current: Sequence[Path] = _CURRENT,
) -> Guard:
    """What AppArmor does on this machine; the arguments say where the kernel tells it."""
    switch = _text(restricted)
    # Each of the first two may be out of sight, the one in a container and the other for an ordinary user; there is no
    # switch where there is no AppArmor.
    uses = "apparmor" in _text(modules).split(",") or _text(enabled) == "Y" or switch != ""
    label = next(filter(None, map(_text, current)), "") if uses else ""
    name = label.strip("\0").rpartition(" (")[0] or label.strip("\0")
    return Guard(uses, switch not in ("", "0"), "" if name == "unconfined" else name)


def entry_point(started: str | None = None, python: str | None = None) -> Path:
    """The file that the kernel executes for `tutor`; Python itself where there is none.

    Args:
        started: how this process was started (default: `sys.argv[0]`).
        python: the Python that runs it (default: `sys.executable`).
    """
    started = sys.argv[0] if started is None else started
    python = sys.executable if python is None else python
    beside = Path(python).parent / "tutor"
    for path in (Path(started), beside, Path(shutil.which("tutor") or "")):
        if path.name == "tutor" and path.is_file() and os.access(path, os.X_OK):
            return path.resolve()
    return Path(python).resolve()


def profile(entry: Path) -> str:
    """The text of the profile for an entry point.

    Raises:
        TutorError: its path has signs in it that a profile has no way to write.
    """
    if not str(entry).isprintable():
        raise TutorError(f"no profile can name the path {str(entry)!r}", hint="install tutor in another folder")
    return _SHIPPED.read_text(encoding="utf-8").replace(f"{NAME} {_SHIPPED_ENTRY}", f"{NAME} {_attachment(entry)}")


def _attachment(path: Path) -> str:
    """A path as apparmor.d(5) has it: in quotes, and what would be a pattern with a backslash before it."""
    return '"' + "".join(f"\\{sign}" if sign in _GLOBS else sign for sign in str(path)) + '"'


def command(*options: str) -> str:
    """The command line of `tutor doctor` with options, as this process could be started again."""
    entry = entry_point()
    words = [str(entry)] if entry.name == "tutor" else [sys.executable, "-m", "tutor.cli"]
    return shlex.join([*words, "doctor", *options])


def undo(*, root: bool | None = None) -> str:
    """The command that takes the profile away again."""
    sudo = "" if (os.geteuid() == 0 if root is None else root) else "sudo "
    return f"{sudo}apparmor_parser -R {TARGET} && {sudo}rm {TARGET}"


def by_hand(*, root: bool | None = None) -> str:
    """The command that installs the profile without our help."""
    sudo = "" if (os.geteuid() == 0 if root is None else root) else "sudo "
    return f"{command('--apparmor')} | {sudo}tee {TARGET} >/dev/null && {sudo}apparmor_parser -r {TARGET}"


Runner = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]
"""Runs a command, and captures what it says on standard error; a sudo in it may ask at the terminal."""


def install(text: str, *, ask: bool, target: Path = TARGET, run: Runner | None = None) -> None:
    """Put the profile in its place and load it, as root or with sudo.

    Args:
        text: the profile.
        ask: whether sudo may ask for a password.
        target: where it goes.
        run: what runs commands.

    Raises:
        TutorError: it can't be done; then nothing is changed.
    """
    run = run or _run
    parser = find_program("apparmor_parser")
    if parser is None:
        raise TutorError("apparmor_parser is not installed", hint=f"install the package apparmor, then: {by_hand()}")
    if os.geteuid() != 0 and find_program("sudo") is None:
        raise TutorError("installing a profile takes root, and sudo is not installed", hint=f"as root: {by_hand()}")
    sudo = [] if os.geteuid() == 0 else ["sudo"] if ask else ["sudo", "-n"]
    with tempfile.NamedTemporaryFile("w", prefix="tutor-", suffix=".apparmor", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        _must(run([parser, "-Q", "-K", file.name]), "AppArmor can't read the profile")
        _must(run([*sudo, "install", "-m", "0644", file.name, str(target)]), f"can't write {target}")
    loaded = run([*sudo, parser, "-r", str(target)])
    if loaded.returncode:
        run([*sudo, "rm", "-f", str(target)])
    _must(loaded, "the kernel did not take the profile")


def _must(done: subprocess.CompletedProcess[str], what: str) -> None:
    if done.returncode:
        why = " ".join((done.stderr or "").split())[-200:] or f"exit status {done.returncode}"
        raise TutorError(f"{what}: {why}", hint=f"by hand: {by_hand()}")


def _run(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    # sudo asks at the terminal itself, whatever its standard streams are.
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
