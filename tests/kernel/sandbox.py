"""A machine for the tests of the reader: a forked child in namespaces of its own, runs commands, hands out sockets.

It is a `tutor.kernel.NamespaceSource` that knows nothing of the lab.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import signal
import socket
import struct
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from tutor.errors import LabError, LabGone
from tutor.kernel import Sighting

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_RTM_GETNSID = 90
_NSFS = re.compile(r"^\d+ \d+ \S+ net:\[(\d+)\] (\S+) ")
_DATAGRAM = 100_000
_COMMAND_SECONDS = 10

_libc = ctypes.CDLL(None, use_errno=True)


def _call(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def unshare(flags: int) -> None:
    _call(_libc.unshare(flags))


def _mount(source: str, target: str, kind: str | None, flags: int) -> None:
    encoded = None if kind is None else kind.encode()
    _call(_libc.mount(source.encode(), target.encode(), encoded, ctypes.c_ulong(flags), None))


class Sandbox:
    """The parent's end. `machine` is the one machine's name."""

    machine = "vm"
    home = "vm"

    def __init__(self) -> None:
        """Start the child; raises OSError where this machine has no user namespaces for us."""
        self.asked: Counter[str] = Counter()
        """How often each operation was asked for."""
        self.counted_drops: dict[str, int] = {}
        """What `drops()` answers: there is no cloud here."""
        self.legacy_text: str | None = None
        """What `legacy_rules()` answers in place of iptables-legacy-save."""
        self.roots = 0
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            _become_machine(theirs)
        theirs.close()
        ours.settimeout(_COMMAND_SECONDS * 2)
        try:
            hello = ours.recv(1000)
            if not hello.startswith(b"unshared"):
                raise PermissionError(hello.decode() or "the child died")
            process = Path(f"/proc/{self.pid}")
            (process / "setgroups").write_text("deny")
            (process / "uid_map").write_text(f"0 {os.getuid()} 1")
            (process / "gid_map").write_text(f"0 {os.getgid()} 1")
            ours.send(b"mapped")
            self._answer()
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        self._socket.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def run(self, script: str, netns: str = "") -> str:
        """Run a shell script in the machine, in its root namespace or in a named one; what it printed."""
        before = f"ip netns exec {netns} " if netns else ""
        answer, _ = self._ask("run", script=script, before=before)
        assert answer["status"] == 0, f"{script!r} failed:\n{answer['output']}"
        return str(answer["output"])

    def hold_netns(self, *, nested: bool = False) -> int:
        """Have a process make a network namespace that has no name: its pid. Nested: in a user namespace of its own."""
        answer, _ = self._ask("hold", nested=nested)
        return int(answer["pid"])

    def let_go(self, pid: int) -> None:
        """End a process of `hold_netns`."""
        self._ask("let_go", pid=pid)

    def inode(self, name: str) -> int:
        """The namespace of that name."""
        return next(sighting.inode for sighting in self.scan() if name in sighting.names)

    def scan(self) -> tuple[Sighting, ...]:
        answer, _ = self._ask("scan")
        return tuple(
            Sighting(self.machine, item["inode"], tuple(item["names"]), tuple(item["paths"]), tuple(item["pids"]))
            for item in answer["found"]
        )

    def open_sockets(self, inode: int, protocols: Sequence[int]) -> tuple[int, ...]:
        _, descriptors = self._ask("open_sockets", inode=inode, protocols=list(protocols))
        return tuple(descriptors)

    def nsids(self, inode: int) -> Mapping[int, int]:
        answer, _ = self._ask("nsids", inode=inode)
        return dict(answer["nsids"])

    def read_sysctls(self, inode: int, names: Sequence[str]) -> Mapping[str, str]:
        answer, _ = self._ask("sysctls", inode=inode, names=list(names))
        values: dict[str, str] = answer["values"]
        return values

    def legacy_rules(self, inode: int) -> str:
        if self.legacy_text is not None:
            return self.legacy_text
        answer, _ = self._ask("legacy", inode=inode)
        return str(answer["text"])

    def cloud(self) -> dict[str, Any]:
        self.asked["cloud"] += 1
        return {}

    def drops(self) -> Mapping[str, int]:
        return self.counted_drops

    def _ask(self, operation: str, **parameters: Any) -> tuple[dict[str, Any], list[int]]:
        self.asked[operation] += 1
        try:
            self._socket.send(json.dumps({"op": operation, **parameters}).encode())
        except OSError as error:
            raise LabGone("the machine has ended") from error
        return self._answer()

    def _answer(self) -> tuple[dict[str, Any], list[int]]:
        payload, descriptors, _, _ = socket.recv_fds(self._socket, _DATAGRAM, 8)
        if not payload:
            raise LabGone("the machine has ended")
        answer: dict[str, Any] = json.loads(payload)
        if "error" in answer:
            raise LabError(answer["error"])
        return answer, descriptors


def _become_machine(control: socket.socket) -> NoReturn:
    """What the child does, until its parent is gone."""
    try:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        try:
            unshare(CLONE_NEWUSER)
        except OSError as error:
            control.send(str(error).encode())
            os._exit(1)
        _libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
        control.send(b"unshared")
        control.recv(100)
        # Only now: files below /proc/net belong to whom the map called root when the namespace was made.
        unshare(CLONE_NEWNET | CLONE_NEWNS)
        os.setgid(0)
        os.setuid(0)
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # a change of uid forgets it
        _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
        _mount("none", "/run", "tmpfs", 0)
        Path("/run/netns").mkdir()
        machine = _Machine(control)
        machine.perform("run", {"script": "ip link set lo up", "before": ""})
        machine.serve()
    finally:
        os._exit(0)


class _Machine:
    """The child's end."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._own = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._held: list[int] = []

    def serve(self) -> None:
        while payload := self._control.recv(_DATAGRAM):
            asked = json.loads(payload)
            self.perform(asked.pop("op"), asked)

    def perform(self, operation: str, parameters: dict[str, Any]) -> None:
        work: Callable[..., tuple[dict[str, Any], list[int]]] = getattr(self, operation)
        try:
            answer, descriptors = work(**parameters)
        except OSError as error:
            answer, descriptors = {"error": str(error)}, []
        socket.send_fds(self._control, [json.dumps(answer).encode()], descriptors)
        for descriptor in descriptors:
            os.close(descriptor)

    def run(self, script: str, before: str) -> tuple[dict[str, Any], list[int]]:
        command = [*before.split(), "sh", "-ec", script]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        return {"status": done.returncode, "output": done.stdout.decode(errors="replace")[: _DATAGRAM // 4]}, []

    def hold(self, nested: bool) -> tuple[dict[str, Any], list[int]]:
        ready, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                self._control.close()
                _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
                unshare(CLONE_NEWNET | (CLONE_NEWUSER if nested else 0))
                _libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
                os.write(tell, b".")
                signal.pause()
            finally:
                os._exit(1)
        os.close(tell)
        unshared = os.read(ready, 1)
        os.close(ready)
        if not unshared:
            os.waitpid(pid, 0)
            raise OSError("can't unshare")
        self._held.append(pid)
        return {"pid": pid}, []

    def let_go(self, pid: int) -> tuple[dict[str, Any], list[int]]:
        self._held.remove(pid)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return {}, []

    def scan(self) -> tuple[dict[str, Any], list[int]]:
        own = os.fstat(self._own).st_ino
        found = {own: {"inode": own, "names": ["root"], "paths": [], "pids": []}}

        def at(inode: int) -> dict[str, Any]:
            return found.setdefault(inode, {"inode": inode, "names": [], "paths": [], "pids": []})

        for inode, path in _mounted():
            directory, name = os.path.split(path)
            if directory == "/run/netns":
                if name not in at(inode)["names"]:
                    at(inode)["names"].append(name)
            else:
                at(inode)["paths"].append(path)
        for pid in self._held:
            at(Path(f"/proc/{pid}/ns/net").stat().st_ino)["pids"].append(pid)
        return {"found": list(found.values())}, []

    def open_sockets(self, inode: int, protocols: list[int]) -> tuple[dict[str, Any], list[int]]:
        with self._inside(inode):
            raw = [socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, kind) for kind in protocols]
        return {}, [one.detach() for one in raw]

    def nsids(self, inode: int) -> tuple[dict[str, Any], list[int]]:
        with self._inside(inode):
            asking = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        numbers = []
        with asking:
            for sighting in self.scan()[0]["found"]:
                descriptor = self._open(sighting["inode"])
                body = struct.pack("=B3xHHi", 0, 8, 3, descriptor)
                asking.send(struct.pack("=IHHII", 16 + len(body), _RTM_GETNSID, 1, 1, 0) + body)
                answer = asking.recv(4096)
                os.close(descriptor)
                number = struct.unpack_from("=i", answer, 24)[0]
                if struct.unpack_from("=H", answer, 4)[0] == _RTM_GETNSID - 2 and number >= 0:
                    numbers.append((number, sighting["inode"]))
        return {"nsids": numbers}, []

    def sysctls(self, inode: int, names: list[str]) -> tuple[dict[str, Any], list[int]]:
        values = {}
        with self._inside(inode):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    values[name] = (Path("/proc/sys") / name).read_text()
        return {"values": values}, []

    def legacy(self, inode: int) -> tuple[dict[str, Any], list[int]]:
        with self._inside(inode):
            try:
                tables = Path("/proc/self/net/ip_tables_names").read_text()
            except (FileNotFoundError, PermissionError):  # no iptables here; a namespace that has no root yet
                tables = ""
            saved = subprocess.check_output(["iptables-legacy-save", "-c"], text=True) if tables else ""
            return {"text": saved}, []

    def _open(self, inode: int) -> int:
        if os.fstat(self._own).st_ino == inode:
            return os.dup(self._own)
        paths = [path for found, path in _mounted() if found == inode]
        for path in [*paths, *(f"/proc/{pid}/ns/net" for pid in self._held)]:
            descriptor = os.open(path, os.O_RDONLY)
            if os.fstat(descriptor).st_ino == inode:
                return descriptor
            os.close(descriptor)
        raise FileNotFoundError(f"net:[{inode}] is gone")

    @contextlib.contextmanager
    def _inside(self, inode: int) -> Iterator[None]:
        descriptor = self._open(inode)
        try:
            _call(_libc.setns(descriptor, CLONE_NEWNET))
        finally:
            os.close(descriptor)
        try:
            yield
        finally:
            _call(_libc.setns(self._own, CLONE_NEWNET))


def _mounted() -> list[tuple[int, str]]:
    found = map(_NSFS.match, Path("/proc/self/mountinfo").read_text().splitlines())
    return [(int(match[1]), match[2]) for match in found if match]
