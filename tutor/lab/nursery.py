"""Where labs are born: a process forked before anything heavy is loaded, that forks a lab whenever it is asked to.

It stays outside of every lab, with the rights of the user who called `tutor`: it writes the uid maps, and, where that
user is root,
opens TAP devices that the lab itself may not open. It ends with the tutor, and every private lab ends with it.

Does not know what is built in a lab.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import stat
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from tutor.errors import LabError, SandboxForbidden, TutorError
from tutor.lab import idmap, wire, wiring
from tutor.lab import syscalls as sc
from tutor.lab.idmap import IdMap, MapKind
from tutor.lab.machinecode import no_keys_filter, pretend_ids_filter, wait_program
from tutor.lab.process import close_descriptors, default_signals, fork_to, silence

_LIMITS = {"max_net_namespaces": 1000, "max_inotify_instances": 64}
"""What a lab may take of what the kernel counts per user (/proc/sys/user, namespaces(7)): the user keeps the rest."""

_OF_CLUSTERS = "tutor.lab.cluster_services"
"""What only labs with a cluster need (`tutor.lab.services.OF_CLUSTERS`)."""

_PRIVATE_NAMESPACES = sc.CLONE_NEWNET | sc.CLONE_NEWNS | sc.CLONE_NEWPID | sc.CLONE_NEWUTS | sc.CLONE_NEWIPC


class Nursery:
    """The tutor's end. Make one early: before threads, and before pyroute2 or Textual are loaded."""

    def __init__(self) -> None:
        self._socket, theirs = wire.pair()
        self._asked = 0
        ours = self._socket
        tutor = os.getpid()

        def work() -> None:
            ours.close()
            sc.die_with_parent(signal.SIGKILL)
            if os.getppid() == tutor:  # it may have died before the line above
                close_descriptors(keep=[theirs.fileno()])
                _Births(theirs).serve()

        self._pid = fork_to(work)
        theirs.close()

    @property
    def pid(self) -> int:
        """The process that the labs are forked from."""
        return self._pid

    def launch(
        self, *, keep_at: Path | None = None, grace: float = 0.0, single: bool = False, cluster: bool = True
    ) -> socket.socket:
        """Have a lab made, with nothing in it yet; returns the socket of its first client.

        Args:
            keep_at: path of a socket for further clients; with it the lab outlives the tutor by `grace` seconds.
            Without it the lab
                is private: it ends with the tutor, at once.
            grace: seconds.
            single: use a single uid even where more can be had.
            cluster: whether the lab may be built with a cluster in it: what that needs takes a while to load.

        Raises:
            SandboxForbidden: this machine does not let this user make user namespaces.
            LabError: the nursery is gone.
        """
        # Another process that shares this end may have been killed before it took its answer.
        self._asked += 1
        name = f"{os.getpid()}.{self._asked}"
        request = {"keep_at": str(keep_at) if keep_at else "", "grace": grace, "single": single, "name": name}
        request["cluster"] = cluster
        try:
            wire.send(self._socket, request)
            answer, descriptors = self._hear(name)
        except OSError as error:
            raise LabError("the process that makes labs has ended", hint="start tutor again") from error
        if "error" in answer:
            kind = SandboxForbidden if answer["forbidden"] else LabError
            raise kind(answer["error"], hint=answer["hint"])
        return socket.socket(fileno=descriptors[0])

    def _hear(self, name: str) -> tuple[wire.Message, list[int]]:
        """The answer to a request. A lab that is the answer to another's is let go."""
        while True:
            heard = wire.receive(self._socket)
            if heard is None:
                raise BrokenPipeError
            answer, descriptors = heard
            if answer["name"] == name:
                return answer, descriptors
            for descriptor in descriptors:
                os.close(descriptor)

    def close(self) -> None:
        """End the nursery, and every private lab with it."""
        self._socket.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


class _Births:
    """The nursery's own end: one thread, one loop."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._selector = selectors.DefaultSelector()
        self._selector.register(requests, selectors.EVENT_READ, self._hear)
        self._maps: dict[bool, IdMap] = {}

    def serve(self) -> NoReturn:
        # The terminal's Ctrl-C is for the tutor and the learner's programs; this process ends when the tutor does.
        for ignored in (signal.SIGINT, signal.SIGTSTP, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(ignored, signal.SIG_IGN)
        sc.set_process_name("tutor-nursery")
        # What agents are made of is loaded here: labs have it from us, and the tutor, who goes on meanwhile, needs none
        import_module("tutor.lab.agent")
        gc.freeze()  # shared by all labs, as long as nobody touches it
        while True:
            for key, _ in self._selector.select():
                key.data()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass

    def _hear(self) -> None:
        heard = wire.receive(self._requests)
        if heard is None:
            os._exit(0)
        request, _ = heard
        if request["cluster"]:
            import_module(_OF_CLUSTERS)
        try:
            control = self._launch(
                Path(request["keep_at"]) if request["keep_at"] else None, request["grace"], request["single"]
            )
        except TutorError as error:
            forbidden = isinstance(error, SandboxForbidden)
            self._answer(request, {"error": error.message, "hint": error.hint, "forbidden": forbidden})
            return
        except OSError as error:
            text = f"the lab could not be started: {error.strerror or error}"
            self._answer(request, {"error": text, "hint": "run `tutor doctor`", "forbidden": False})
            return
        self._answer(request, {}, control.fileno())
        control.close()

    def _answer(self, request: wire.Message, answer: wire.Message, *descriptors: int) -> None:
        wire.send(self._requests, {**answer, "name": request["name"]}, descriptors)

    def _launch(self, keep_at: Path | None, grace: float, single: bool) -> socket.socket:
        ids = self._maps.get(single) or idmap.choose(single=single)
        try:
            control = self._bear(ids, keep_at, grace)
        except SandboxForbidden:
            # newuidmap is there and does not work: no new privileges, say, or its set-uid bit is gone. Or we are a
            # container's root without the right to lend ids.
            simplest = idmap.choose(single=True)
            if simplest.kind is ids.kind:
                raise
            ids = simplest
            control = self._bear(ids, keep_at, grace)
        self._maps[single] = ids
        return control

    def _bear(self, ids: IdMap, keep_at: Path | None, grace: float) -> socket.socket:
        listener = _listen(keep_at) if keep_at is not None else None
        ours, theirs = wire.pair()
        broker, asking = wire.pair()
        say, hear = os.pipe(), os.pipe()

        def keep() -> None:
            os.close(say[0])
            os.close(hear[1])
            broker.close()
            ours.close()
            _Keeper(ids, theirs, listener, asking, grace).run(said=say[1], heard=hear[0], kept=keep_at)

        keeper = fork_to(keep, say[1])
        for end in (theirs, asking, *([listener] if listener is not None else [])):
            end.close()
        os.close(say[1])
        os.close(hear[0])
        try:
            with os.fdopen(say[0]) as said:
                word = said.readline().strip()
                if word != "user":
                    reason = word.partition(" ")[2]
                    raise SandboxForbidden(
                        f"this machine does not let us make a user namespace ({reason or 'no reason given'})",
                        hint="run `tutor doctor`: it says what forbids it here and how to allow it",
                    )
                ids.write(keeper)
                os.write(hear[1], b"mapped")
                word = said.readline().strip()
                if word != "ready":
                    raise LabError(f"the lab could not be started: {word.partition(' ')[2]}", hint="run `tutor doctor`")
        except TutorError:
            os.kill(keeper, signal.SIGKILL)
            ours.close()
            broker.close()
            raise
        finally:
            os.close(hear[1])
        self._selector.register(broker, selectors.EVENT_READ, lambda: self._serve_broker(broker))
        return ours

    def _serve_broker(self, broker: socket.socket) -> None:
        """Open a TAP link for a lab that may not do so itself, in a child that enters the lab's namespace."""
        heard = wire.receive(broker)
        if heard is None:
            self._selector.unregister(broker)
            broker.close()
            return
        request, descriptors = heard
        quiet = os.open("/dev/null", os.O_WRONLY | os.O_CLOEXEC)
        sent = fork_to(lambda: wire.send(broker, {}, [wiring.open_tap(descriptors[0], request["name"])]), quiet)
        os.close(quiet)
        os.close(descriptors[0])
        _, status = os.waitpid(sent, 0)
        if status:
            wire.send(broker, {"error": "no TAP"})


def _listen(path: Path) -> socket.socket:
    """A listening socket at `path`, in a folder that only this user can enter."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if stat.S_IMODE(path.parent.stat().st_mode) & 0o077:
        raise LabError(f"{path.parent} can be entered by others", hint=f"chmod 700 {path.parent}")
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with wire.short_path(path) as address:
        listener.bind(address)
    listener.listen(8)
    return listener


def _bound_the_lab() -> None:
    """Set the limits of this user namespace; they hold for those below it too, whatever is set there."""
    for name, most in _LIMITS.items():
        path = Path("/proc/sys/user", name)
        if path.exists() and int(path.read_text()) > most:
            path.write_text(str(most))


class _Keeper:
    """The process between the nursery and the agent: makes the user namespace, forks the agent, waits for its end.

    When it is killed the agent goes too, and with the agent everything in the lab.
    """

    def __init__(
        self, ids: IdMap, control: socket.socket, listener: socket.socket | None, asking: socket.socket, grace: float
    ) -> None:
        self._nursery = os.getppid()
        self._ids, self._control, self._listener, self._asking, self._grace = ids, control, listener, asking, grace

    def run(self, *, said: int, heard: int, kept: Path | None) -> None:
        # Should the memory run out, the kernel ends a lab first, and nothing of the user's (proc_pid_oom_score_adj(5)).
        Path("/proc/self/oom_score_adj").write_text("1000")
        if kept is None:
            sc.die_with_parent(signal.SIGKILL)
            if os.getppid() != self._nursery:  # it may have died before the line above
                return
        else:
            os.setsid()
        sc.unshare(sc.CLONE_NEWUSER)
        os.write(said, b"user\n")
        if not os.read(heard, 16):
            return
        if self._ids.kind is not MapKind.SINGLE:
            os.setgroups([])
        os.setgid(0)
        os.setuid(0)
        sc.make_dumpable()
        if kept is None:
            sc.die_with_parent(signal.SIGKILL)  # a change of uid clears it (prctl(2))
        sc.unshare(_PRIVATE_NAMESPACES)
        fork_to(lambda: self._become_agent(said), said)
        default_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        silence()
        close_descriptors()
        # What is left to do needs no Python, and five megabytes less. The death signal outlives exec (prctl(2)).
        program = os.memfd_create("keeper")
        os.write(program, wait_program())
        os.execve(program, ["lab-keeper"], {})

    def _become_agent(self, said: int) -> None:
        sc.die_with_parent(signal.SIGKILL)
        from tutor.lab import agent, rootfs  # loaded by the nursery already: nothing can be loaded from in here

        plain = sc.MS_NOSUID | sc.MS_NODEV | sc.MS_NOEXEC
        sc.mount(None, "/", None, sc.MS_REC | sc.MS_PRIVATE)
        sc.mount("proc", "/proc", "proc", plain)
        rootfs.mount_sysfs("/sys")
        sc.mount("tmpfs", "/run", "tmpfs", sc.MS_NOSUID | sc.MS_NODEV, "size=1m,mode=755")
        sc.sethostname("lab")
        _bound_the_lab()
        sc.install_seccomp(no_keys_filter())
        if self._ids.kind is MapKind.SINGLE:
            sc.install_seccomp(pretend_ids_filter())
        os.write(said, b"ready\n")
        listening = [self._listener.fileno()] if self._listener is not None else []
        close_descriptors(keep=[self._control.fileno(), self._asking.fileno(), *listening])
        agent.main(self._control, self._listener, self._tap_opener(), self._grace)

    def _tap_opener(self) -> Callable[[int, str], int]:
        """Open TAP links here if that is allowed, else ask the nursery, which has the right if it is root's."""
        asking = self._asking

        def open_tap(netns: int, name: str) -> int:
            try:
                return wiring.open_tap(netns, name)
            except OSError:
                wire.send(asking, {"name": name}, [netns])
                heard = wire.receive(asking)
                if heard is None or not heard[1]:
                    raise
                os.set_blocking(heard[1][0], False)
                return heard[1][0]

        return open_tap
