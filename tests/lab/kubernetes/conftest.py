from __future__ import annotations

import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ
from typing import Any

import pytest

from tutor.lab.kubernetes.server import ApiServer
from tutor.lab.kubernetes.view import ClusterView, NodeView, PodView
from tutor.lab.loop import Loop as AgentLoop

NOW = 1_700_000_000.0
STARTED = NOW - 5 * 86400

VIEW = ClusterView(
    version="v1.9.6",
    nodes=(
        NodeView(
            "node0", "10.240.0.4", "10.244.0.0/24", kernel="6.1.0-tutor", os_image="Debian GNU/Linux 12 (bookworm)"
        ),
        NodeView(
            "node1",
            "10.240.0.5",
            "10.244.1.0/24",
            False,
            "docker: network plugin is not ready: cbr0 is missing",
            "6.1.0-tutor",
        ),
    ),
    pods=(
        PodView(
            "kube-dns-1", "kube-system", "node0", ("10.244.0.6",), True, NOW - 90, "/var/run/docker/netns/af61", "u1"
        ),
        PodView("metrics-2", "kube-system", "node1", (), True, NOW - 90, "/var/run/docker/netns/d41b", "u2"),
        PodView("tunnel-3", "kube-system", "node0", (), False, NOW - 90, "/var/run/docker/netns/09d0", "u3", NOW - 10),
    ),
    service_address="10.0.0.1",
    started=STARTED,
)


@dataclass(eq=False)
class Child:
    """A process of this machine, as one in a pod would be."""

    process: subprocess.Popen[bytes]
    stdin: int
    stdout: int
    stderr: int
    hung_up: bool = False
    sizes: list[tuple[int, int]] = field(default_factory=list)
    calls: list[Callable[[int], None]] = field(default_factory=list)

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))
        ioctl(self.stdout, TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def on_exit(self, call: Callable[[int], None]) -> None:
        if self.process.returncode is None:
            self.calls.append(call)
        else:
            call(self.process.returncode)

    def hang_up(self) -> None:
        self.hung_up = True
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)


def start(command: list[str], tty: bool) -> Child:
    """Start a process as `Execute` is to."""
    if tty:
        master, slave = pty.openpty()
        ends, ours = (slave, slave, slave), (master, master, -1)
    else:
        (theirs_in, our_in), (our_out, theirs_out), (our_err, theirs_err) = os.pipe(), os.pipe(), os.pipe()
        ends, ours = (theirs_in, theirs_out, theirs_err), (our_in, our_out, our_err)
    try:
        process = subprocess.Popen(command, stdin=ends[0], stdout=ends[1], stderr=ends[2], start_new_session=True)
    except OSError:
        for end in set(ours) - {-1}:
            os.close(end)
        raise
    finally:
        for end in set(ends):
            os.close(end)
    for end in set(ours) - {-1}:
        os.set_blocking(end, False)
    return Child(process, *ours)


def descriptors() -> int:
    """How many this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


class Loop:
    """The agent's loop and a server on it, on a thread of its own, which reaps the children, too."""

    def __init__(self) -> None:
        self.view = VIEW
        self.now = NOW
        self.waits_for_ends = False
        self.children: list[Child] = []
        self.errors: list[BaseException] = []
        self._loop = AgentLoop()
        self._orders: list[Callable[[], None]] = []
        self._done = threading.Condition()
        self._wake_read, self._wake_write = os.pipe()
        self._loop.watch(self._wake_read, self._wake)
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = listener.getsockname()[1]
        self.server = ApiServer(
            [listener],
            lambda: self.view,
            self._execute,
            self._loop,
            lambda: self.now,
        )
        self._ending = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _wake(self) -> None:
        os.read(self._wake_read, 64)

    def _execute(self, pod: PodView, command: list[str], tty: bool) -> Child:
        child = start(command, tty)
        self.children.append(child)
        if self.waits_for_ends:
            child.process.wait(10)
        return child

    def _run(self) -> None:
        try:
            while not self._ending:
                self._loop.turn(time.monotonic() + 0.02)
                self._obey()
                self._reap()
        except BaseException as error:  # noqa: BLE001  # told when the test ends
            self.errors.append(error)
        finally:
            self.server.close()

    def _obey(self) -> None:
        with self._done:
            for order in self._orders:
                order()
            self._orders.clear()
            self._done.notify_all()

    def _reap(self) -> None:
        for child in self.children:
            status = child.process.poll()
            if status is not None:
                for call in child.calls:
                    call(status if status >= 0 else 128 - status)
                child.calls.clear()

    def do(self, order: Callable[[], None]) -> None:
        """Have something done by the loop, and wait until it is."""
        with self._done:
            self._orders.append(order)
            os.write(self._wake_write, b"!")
            assert self._done.wait_for(lambda: not self._orders, 10)

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the loop turn until something is so."""
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "it never was"
            self.do(lambda: None)

    def change(self, view: ClusterView) -> None:
        """The cluster looks like this from now on."""

        def look_again() -> None:
            self.view = view
            self.server.look_again()

        self.do(look_again)

    def close(self) -> None:
        self._ending = True
        os.write(self._wake_write, b"!")
        self._thread.join(10)
        for child in self.children:
            child.hang_up()
            child.process.wait(10)
        self._loop.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
        assert not self.errors, self.errors
        assert not self._loop.faults, self._loop.faults


@pytest.fixture
def loop() -> Iterator[Loop]:
    """A server that serves `VIEW`."""
    made = Loop()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Loop]:
    """The same for all tests of a module, and all their examples."""
    made = Loop()
    yield made
    made.close()


@dataclass
class Done:
    status: int
    out: str
    err: str


@dataclass
class Kubectl:
    """The real thing, pointed at the server."""

    program: str
    environment: dict[str, str]

    def popen(self, *words: str, before: tuple[str, ...] = (), **options: Any) -> subprocess.Popen[Any]:
        return subprocess.Popen([*before, self.program, *words], env=self.environment, **options)

    def __call__(self, *words: str, given: str = "") -> Done:
        done = subprocess.run(
            [self.program, *words],
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def environment(loop: Loop, tmp_path: Path) -> dict[str, str]:
    from tutor.lab.kubernetes.stand_in import kubeconfig

    config = tmp_path / "config"
    config.write_text(kubeconfig(loop.port))
    return {"HOME": str(tmp_path), "KUBECONFIG": str(config), "PATH": os.environ["PATH"], "TERM": "xterm"}


@pytest.fixture
def kubectl(environment: dict[str, str]) -> Kubectl:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("this machine has no kubectl")
    return Kubectl(program, environment)
