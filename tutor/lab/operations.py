"""What a client may ask a lab's agent for: one method an operation, named as the message names it.

Each takes the client's number, the message and its descriptors, and returns the answer with descriptors of its own.
Does not know the agent
beyond what `Owner` says.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable
from itertools import count
from typing import Any, NoReturn, Protocol

from tutor.errors import LabError, LabGone, TutorError
from tutor.lab import build, datagrams, fabric, netns, sightings, terminals
from tutor.lab.build import World
from tutor.lab.datagrams import Arrival, Exchange
from tutor.lab.held import Held, Job
from tutor.lab.loop import Loop
from tutor.lab.machine import Machine
from tutor.lab.ring import Ring
from tutor.lab.sightings import Sighting
from tutor.lab.terminals import Terminal
from tutor.lab.topology_file import parse_topology
from tutor.lab.wire import Message

Answer = tuple[Message, list[int]]
Operation = Callable[[int, Message, list[int]], Answer]


class Owner(Protocol):
    """What operations need of the agent."""

    @property
    def held(self) -> Held:
        """The lab."""

    @property
    def owners(self) -> int:
        """How many clients the lab lives for."""

    @property
    def loop(self) -> Loop:
        """Waits, and calls."""

    def tell_one(self, client: int, notice: Message) -> None:
        """Send a notice to one client, if it is still there."""

    @property
    def faults(self) -> list[str]:
        """Errors of ours that the lab has survived."""

    def watch_world(self, world: World) -> None:
        """Bring a freshly built lab to life."""

    def job_started(self, job: Job, pid: int) -> None:
        """Tell a client of the end of its program."""

    def terminal_started(self, terminal: Terminal) -> None:
        """Take care of a new terminal until its shell ends."""

    def hold_terminal(self, terminal: Terminal, client: int | None) -> None:
        """Let `client` read a terminal; None: the agent reads it itself."""

    def become_visitor(self, client: int) -> None:
        """Do not count a client as an owner."""

    def end(self) -> NoReturn:
        """End the lab."""


class Operations:
    """The operations of one agent."""

    def __init__(self, agent: Owner) -> None:
        self._agent = agent
        self._numbers = count(1)
        self._seen: dict[int, Sighting] = {}
        self._known: dict[str, Operation] = {
            "build": self._build,
            "run": self._run,
            "terminal": self._terminal,
            "attach": self._attach,
            "write": self._write,
            "scan": self._scan,
            "sockets": self._sockets,
            "nsids": self._nsids,
            "sysctls": self._sysctls,
            "legacy": self._legacy,
            "cloud": self._cloud,
            "datagrams": self._datagrams,
            "drops": self._drops,
            "status": self._status,
            "visit": self._visit,
            "note": self._note,
            "end": self._end,
        }
        self._to_close: list[int] = []

    def perform(self, client: int, message: Message, descriptors: list[int]) -> Answer:
        """Do what `message` asks; an error becomes an answer too, so that the client can raise it."""
        try:
            if message["op"] not in self._known:
                raise LabError("this lab was made by another version of tutor", hint="`tutor reset` ends it")
            answer, given = self._known[message["op"]](client, message, descriptors)
        except TutorError as error:
            answer, given = {"error": error.message, "hint": error.hint, "kind": type(error).__name__}, []
        except OSError as error:
            answer, given = {"error": str(error.strerror or error), "hint": "", "kind": "LabError"}, []
        except (LookupError, TypeError, ValueError, struct.error) as error:  # a fault of ours, which takes no lab away
            text = f"{message.get('op')} failed: {type(error).__name__}: {error}"
            answer, given = {"error": " ".join(text.split()), "hint": "", "kind": "LabError"}, []
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        answer["re"] = message["id"]
        return answer, given

    def after(self, message: Message) -> None:
        """What is left to do once the answer has been sent."""
        for descriptor in self._to_close:
            os.close(descriptor)
        self._to_close.clear()
        if message["op"] == "end":
            self._agent.end()

    def _machine(self, message: Message) -> Machine:
        world = self._agent.held.world
        if world is None:
            raise LabError("the lab is not built yet")
        name = message.get("machine") or world.topology.home
        if name not in world.machines:
            raise LabError(f"this lab has no machine {name!r}", hint=f"it has: {', '.join(world.machines)}")
        return world.machines[name]

    def _machines(self) -> dict[str, Machine]:
        world = self._agent.held.world
        return world.machines if world is not None else {}

    def _build(self, _client: int, message: Message, _descriptors: list[int]) -> Answer:
        topology = parse_topology(message["topology"], name=message["name"]).vary(message.get("variant", "default"))
        world = build.build(topology, self._agent.held.open_tap)
        for machine in world.machines.values():
            for path, text in message.get("files", {}).items():
                machine.write_file(path, text.replace("@MACHINE@", machine.name))
        self._agent.watch_world(world)
        return {"machines": list(world.machines), "home": topology.home, "taps": bool(world.cables)}, []

    def _run(self, client: int, message: Message, descriptors: list[int]) -> Answer:
        machine = self._machine(message)
        inside = self._open(message["netns"]) if message.get("netns") else -1
        try:
            pid = machine.spawn(message["argv"], message["environment"], descriptors, netns=inside)
        finally:
            if inside >= 0:
                os.close(inside)
        job = Job(next(self._numbers), client)
        self._agent.job_started(job, pid)
        return {"job": job.id}, []

    def _terminal(self, client: int, message: Message, _descriptors: list[int]) -> Answer:
        machine = self._machine(message)
        master, slave = terminals.open_pair(machine, message["columns"], message["rows"])
        try:
            pid = machine.spawn(message["argv"], message["environment"], (slave, slave, slave), terminal=True)
        except LabGone:
            os.close(master)
            raise
        finally:
            os.close(slave)
        ring = Ring.create(message["columns"], message["rows"])
        terminal = terminals.Terminal(next(self._numbers), machine.name, master, ring, pid, client)
        self._agent.terminal_started(terminal)
        return {"terminal": terminal.id, "machine": machine.name}, [master, terminal.ring.descriptor]

    def _attach(self, client: int, message: Message, _descriptors: list[int]) -> Answer:
        terminal = self._agent.held.terminals.get(message["terminal"])
        if terminal is None:
            raise LabGone("that shell has ended", hint="a new one can be started")
        if message.get("watch"):
            columns, rows = terminal.size()
            answer = {"terminal": terminal.id, "machine": terminal.machine, "columns": columns, "rows": rows}
            return answer, [terminal.ring.descriptor]
        self._agent.hold_terminal(terminal, client)
        return {"terminal": terminal.id, "machine": terminal.machine}, [terminal.master, terminal.ring.descriptor]

    def _write(self, _client: int, message: Message, _descriptors: list[int]) -> Answer:
        self._machine(message).write_file(message["path"], message["text"])
        return {}, []

    def _scan(self, _client: int, _message: Message, _descriptors: list[int]) -> Answer:
        found = sightings.scan(self._machines().values())
        self._seen = {sighting.inode: sighting for sighting in found}
        listed = [
            {
                "machine": item.machine,
                "inode": item.inode,
                "names": [_printable(name) for name in item.names],
                "paths": [_printable(path) for path in item.paths],
                "pids": item.shown_pids,
                "folders": [folder.told(_printable) for folder in item.folders],
            }
            for item in found
        ]
        return {"namespaces": listed}, []

    def _open(self, inode: int) -> int:
        """A descriptor of a namespace that the last scan has seen."""
        if inode not in self._seen:
            raise FileNotFoundError(2, f"net:[{inode}] is gone")
        return sightings.open_namespace(self._machines(), self._seen[inode])

    def _sockets(self, _client: int, message: Message, _descriptors: list[int]) -> Answer:
        namespace = self._open(message["inode"])
        opened = []
        try:
            with netns.inside(namespace):
                for protocol in message["protocols"]:
                    raw = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
                    opened.append(raw.detach())
        finally:
            os.close(namespace)
        self._to_close += opened
        return {}, opened

    def _nsids(self, _client: int, message: Message, _descriptors: list[int]) -> Answer:
        of = self._seen.get(message["inode"])
        if of is None:
            raise FileNotFoundError(2, "that namespace is gone")
        return {"nsids": list(sightings.nsids(self._machines(), of, self._seen.values()).items())}, []

    def _sysctls(self, _client: int, message: Message, _descriptors: list[int]) -> Answer:
        namespace = self._open(message["inode"])
        try:
            return {"values": netns.read_sysctls(namespace, message["names"])}, []
        finally:
            os.close(namespace)

    def _legacy(self, _client: int, message: Message, _descriptors: list[int]) -> Answer:
        namespace = self._open(message["inode"])
        try:
            with netns.inside(namespace):
                try:
                    with open("/proc/net/ip_tables_names") as file:
                        in_use = file.read().strip()
                except OSError:  # the legacy tables are not in this kernel
                    in_use = ""
            return {"rules": netns.spawn(namespace, ["iptables-legacy-save"]).finish() if in_use else ""}, []
        finally:
            os.close(namespace)

    def _drops(self, _client: int, _message: Message, _descriptors: list[int]) -> Answer:
        world = self._agent.held.world
        if world is None:
            return {"drops": {}}, []
        return {"drops": fabric.parse_drops(netns.spawn(world.fabric, ["nft", "list", "counters"]).finish())}, []

    def _cloud(self, _client: int, _message: Message, _descriptors: list[int]) -> Answer:
        world = self._agent.held.world
        return {"cloud": world.cloud.as_message() if world is not None else {}}, []

    def _datagrams(self, client: int, message: Message, _descriptors: list[int]) -> Answer:
        job = next(self._numbers)
        opened: dict[int, int] = {}
        exchanges = []
        try:
            for source, target, address in message["exchanges"]:
                for inode in (source, target):
                    if inode not in opened:
                        opened[inode] = self._open(inode)
                exchanges.append(Exchange(opened[source], opened[target], address))
        except OSError:
            for descriptor in opened.values():
                os.close(descriptor)
            raise

        def done(arrivals: list[Arrival]) -> None:
            for descriptor in opened.values():
                os.close(descriptor)
            said = [(arrival.seen_as, arrival.answered) for arrival in arrivals]
            self._agent.tell_one(client, {"notice": "datagrams", "job": job, "arrivals": said})

        datagrams.send(exchanges, self._agent.loop, done)
        return {"job": job}, []

    def _status(self, _client: int, _message: Message, _descriptors: list[int]) -> Answer:
        lab = self._agent.held
        left = None if lab.deadline is None else max(0.0, lab.deadline - time.monotonic())
        held: list[dict[str, Any]] = [
            {"terminal": item.id, "machine": item.machine, "held": item.holder is not None}
            for item in lab.terminals.values()
        ]
        return {
            "built": lab.world is not None,
            "home": lab.world.topology.home if lab.world is not None else "",
            "lab": lab.world.topology.id if lab.world is not None else "",
            "machines": list(self._machines()),
            "taps": bool(lab.world is not None and lab.world.cables),
            "terminals": held,
            "note": lab.note,
            "started": lab.started,
            "owners": self._agent.owners,
            "seconds_left": left,
            "faults": self._agent.faults,
        }, []

    def _visit(self, client: int, _message: Message, _descriptors: list[int]) -> Answer:
        self._agent.become_visitor(client)
        return {}, []

    def _note(self, _client: int, message: Message, _descriptors: list[int]) -> Answer:
        self._agent.held.note = message["text"]
        return {}, []

    def _end(self, _client: int, _message: Message, _descriptors: list[int]) -> Answer:
        return {}, []


def _printable(name: str) -> str:
    """A file name that may hold any bytes, as text that can be printed."""
    return os.fsencode(name).decode(errors="replace")
