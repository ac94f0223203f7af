"""Pid 1 of a lab: builds it, owns its terminals, starts its programs, and ends it.

One thread, one loop. Each operation of `Operations` is what a client may ask for; each notice tells all clients of
something that
happened. Does not know lessons, checks, or what the network should look like.
"""

from __future__ import annotations

import gc
import os
import socket
import time
from functools import partial
from typing import NoReturn

from tutor.lab import syscalls as sc
from tutor.lab import wire
from tutor.lab.build import World
from tutor.lab.held import Held, Job
from tutor.lab.loop import Loop
from tutor.lab.operations import Operations
from tutor.lab.process import detach
from tutor.lab.services import Services
from tutor.lab.terminals import Terminal
from tutor.lab.wire import Message
from tutor.lab.wiring import Cable, TapOpener

_PATIENCE_SECONDS = 5.0  # with a client that does not take its answer: one that was stopped, say


class Agent:
    """The loop."""

    def __init__(self, control: socket.socket, listener: socket.socket | None, lab: Held) -> None:
        """Prepare the loop.

        Args:
            control: the first client, an owner.
            listener: where further clients come from; None for a private lab.
            lab: what is held.
        """
        self._held = lab
        self._loop = Loop()
        self._loop.take_signals()
        self._clients: dict[int, socket.socket] = {}
        self._visitors: set[int] = set()
        self._operations = Operations(self)
        if listener is not None:
            self._loop.watch(listener, partial(self._welcome, listener))
        self._add_client(control)

    @property
    def held(self) -> Held:
        """The lab."""
        return self._held

    def run(self) -> NoReturn:
        """Serve until the lab ends. All processes of the lab end with this one: it is pid 1 of their pid namespace."""
        while True:
            self._loop.turn(self._held.deadline)
            if self._held.deadline is not None and time.monotonic() >= self._held.deadline:
                self.end()

    def end(self) -> NoReturn:
        """End the lab."""
        os._exit(0)

    @property
    def loop(self) -> Loop:
        """Waits, and calls."""
        return self._loop

    def tell(self, notice: Message) -> None:
        """Send a notice to every client. One that does not read for so long that its socket is full loses it."""
        for client in list(self._clients.values()):
            try:
                wire.send(client, notice)
            except OSError:
                continue

    def tell_one(self, client: int, notice: Message) -> None:
        """Send a notice to one client, if it is still there."""
        if client in self._clients:
            try:
                wire.send(self._clients[client], notice)
            except OSError:
                return

    def become_visitor(self, client: int) -> None:
        """Do not count a client as an owner: it keeps no lab alive."""
        self._visitors.add(client)
        self._count_owners()

    @property
    def owners(self) -> int:
        """How many clients the lab lives for."""
        return len(self._clients.keys() - self._visitors)

    @property
    def faults(self) -> list[str]:
        """Errors of ours that the lab has survived."""
        return self._loop.faults

    def watch_world(self, world: World) -> None:
        """Carry its frames, serve its internet, and watch its machines' mounts."""
        self._held.world = world
        for cable in world.cables:
            for side in (cable.left, cable.right):
                self._loop.watch(side, partial(self._carry, cable, side))
        self._held.services = Services(world, self._loop, lambda: self.tell({"notice": "cloud"}))
        for machine in world.machines.values():
            mounts = os.open(f"/proc/{machine.init}/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
            # A change of the mount table shows as an error condition of the file (proc_pid_mountinfo(5)).
            self._loop.watch_errors(mounts, lambda: self.tell({"notice": "mounts"}))
            self._loop.on_exit(machine.init, partial(self._tell_down, machine.name))

    def hold_terminal(self, terminal: Terminal, client: int | None) -> None:
        """Let `client` read a terminal; None: we read it ourselves."""
        if terminal.holder is None:
            self._loop.unwatch(terminal.master)
        terminal.holder = client
        if client is None:
            self._loop.watch(terminal.master, lambda: self._drain(terminal))

    def _carry(self, cable: Cable, side: int) -> None:
        if not cable.carry(side):
            for end in (cable.left, cable.right):
                self._loop.unwatch(end)

    def _drain(self, terminal: Terminal) -> None:
        if not terminal.drain():
            self._loop.unwatch(terminal.master)

    def _welcome(self, listener: socket.socket) -> None:
        client, _ = listener.accept()
        self._add_client(client)

    def _add_client(self, client: socket.socket) -> None:
        client.setblocking(False)
        self._clients[client.fileno()] = client
        self._loop.watch(client, lambda: self._hear(client))
        self._count_owners()

    def _hear(self, client: socket.socket) -> None:
        number = client.fileno()
        try:
            heard = wire.receive(client)
        except BlockingIOError:
            return
        except (OSError, ValueError):  # gone, or what it says is no message
            heard = None
        if heard is None:
            self._drop(client)
            return
        message, descriptors = heard
        try:
            answer, given = self._operations.perform(number, message, descriptors)
        except Exception:
            self._drop(client)  # the loop won't look at it any more: it must not keep the lab alive
            raise
        client.settimeout(_PATIENCE_SECONDS)
        try:
            wire.send(client, answer, given)
        except OSError:
            self._drop(client)
            return
        client.setblocking(False)
        self._operations.after(message)

    def _drop(self, client: socket.socket) -> None:
        number = client.fileno()
        self._loop.unwatch(client)
        del self._clients[number]
        self._visitors.discard(number)
        client.close()
        for terminal in self._held.terminals.values():
            if terminal.holder == number:
                self.hold_terminal(terminal, None)
        self._count_owners()

    def _count_owners(self) -> None:
        if self.owners:
            self._held.deadline = None
        elif self._held.deadline is None:
            self._held.deadline = time.monotonic() + self._held.grace

    def _tell_down(self, machine: str, _status: int) -> None:
        self.tell({"notice": "machine-down", "machine": machine})

    def job_started(self, job: Job, pid: int) -> None:
        """Tell its client of the end of a program."""
        notice = {"notice": "exited", "job": job.id}
        self._loop.on_exit(pid, lambda status: self.tell_one(job.client, {**notice, "status": status}))

    def terminal_started(self, terminal: Terminal) -> None:
        """Tell everybody of the end of a terminal's shell."""

        def ended(status: int) -> None:
            if terminal.holder is None:
                self._loop.unwatch(terminal.master)
            del self._held.terminals[terminal.id]
            terminal.close()
            self.tell({"notice": "shell-ended", "terminal": terminal.id, "status": status})

        self._held.terminals[terminal.id] = terminal
        self._loop.on_exit(terminal.pid, ended)


def main(control: socket.socket, listener: socket.socket | None, open_tap: TapOpener, grace: float) -> NoReturn:
    """Be the agent: this process is pid 1 of the lab's pid namespace, in its user and mount namespaces."""
    detach()
    sc.set_process_name("lab")
    gc.freeze()
    Agent(control, listener, Held(open_tap, grace)).run()
