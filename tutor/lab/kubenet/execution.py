"""Starts a command in a pod for the cluster's API server. Runs in the agent. Does not know who asked for it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable

from tutor.errors import LabError
from tutor.lab.environment import ENVIRONMENT
from tutor.lab.kubenet.living import Cluster
from tutor.lab.kubernetes.view import PodView
from tutor.lab.loop import Loop
from tutor.lab.running import Running, run_on_pipes, run_on_terminal

_SIZE = (80, 24)  # until the client says otherwise, which it does at once


class InPod:
    """A command that runs in a pod. Whoever gets it closes its descriptors."""

    def __init__(self, running: Running, loop: Loop) -> None:
        self._running = running
        self.stdin, self.stdout, self.stderr = running.stdin, running.stdout, running.stderr
        self._status: int | None = None
        self._call: Callable[[int], None] | None = None
        loop.on_exit(running.pid, self._ended)

    def resize(self, columns: int, rows: int) -> None:
        """Tell it how large its terminal is."""
        self._running.resize(columns, rows)

    def on_exit(self, call: Callable[[int], None]) -> None:
        """Call `call` with its exit status, 128 and the signal's number if one ended it, at once if it has."""
        if self._status is not None:
            call(self._status)
        else:
            self._call = call

    def hang_up(self) -> None:
        """End it: nobody listens any more."""
        if self._status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._running.pid, signal.SIGHUP)

    def _ended(self, status: int) -> None:
        self._status = status if status >= 0 else 128 - status
        if self._call is not None:
            self._call(self._status)


class Executor:
    """Starts commands in the pods of a cluster."""

    def __init__(self, cluster: Cluster, loop: Loop) -> None:
        """Look pods up in `cluster`."""
        self._cluster, self._loop = cluster, loop

    def __call__(self, pod: PodView, command: list[str], tty: bool) -> InPod:
        """Start a command in a pod, on a terminal of its own if `tty`.

        Raises:
            LabError: the pod does not run.
            OSError: the kernel refused.
        """
        sandbox = self._cluster.find(pod)
        if sandbox is None or not sandbox.running:
            raise LabError(f"the sandbox of {pod.name} is gone")
        environment = {**ENVIRONMENT, "HOSTNAME": pod.name}
        if tty:
            running = run_on_terminal(sandbox.machine, command, environment, _SIZE, self._loop, sandbox.enter)
        else:
            running = run_on_pipes(sandbox.machine, command, environment, self._loop, sandbox.enter)
        return InPod(running, self._loop)
