"""What answers in a lab with a cluster: `az`, `kubectl`, `matrix`, and shells on the other machines.

Runs in the agent. Apart from the other services, as it takes longer to load than all else of a lab, and most labs need
none of it: the nursery loads it before a lab that does is born. Does not know how any of it is answered.
"""

from __future__ import annotations

import copy
import os
import socket
from collections.abc import Callable

from tutor.errors import LabError
from tutor.lab import azure, build, netns
from tutor.lab import syscalls as sc
from tutor.lab.brought.matrix import End, Matrix
from tutor.lab.brought.requests import Answered, Asked, Command, Reply
from tutor.lab.brought.ssh import SSH
from tutor.lab.build import World
from tutor.lab.kubenet.execution import Executor
from tutor.lab.kubenet.living import Cluster
from tutor.lab.kubenet.node import COMPLETIONS
from tutor.lab.kubernetes.server import ApiServer
from tutor.lab.kubernetes.stand_in import KUBECONFIG, kubeconfig, stand_in
from tutor.lab.loop import Loop
from tutor.lab.machine import Machine
from tutor.lab.remote_shell import RemoteShells
from tutor.lab.rootfs import HOST_LOCAL
from tutor.lab.topology import ClusterSpec

KUBERNETES_PORT = 8080
"""Where the API server is, on each node's loopback."""

_LOOK_SECONDS = 1.0
_KUBECTL_AT = ("/usr/bin/kubectl", "/usr/local/bin/kubectl", f"{HOST_LOCAL}/bin/kubectl")


class ClusterServices:
    """All of them."""

    def __init__(self, world: World, spec: ClusterSpec, loop: Loop, cloud_changed: Callable[[], None]) -> None:
        """Start serving.

        Args:
            world: the lab.
            spec: its cluster.
            loop: the agent's.
            cloud_changed: to be called when the cloud's resources have changed.
        """
        self._world, self._loop, self._cloud_changed = world, loop, cloud_changed
        self._serve_kubectl(Cluster(spec, world.nodes))
        self._shells = RemoteShells(world.machines, loop)
        completion = azure.completion()
        for machine in world.machines.values():
            machine.write_file("/usr/local/bin/ssh", SSH, 0o755)
            machine.write_file(f"{COMPLETIONS}/az", completion)

    @property
    def commands(self) -> dict[str, Command]:
        """The commands that are brought along, by name."""
        return {"az": self._az, "matrix": Matrix(self._pods, self._loop)}

    def _serve_kubectl(self, cluster: Cluster) -> None:
        """Answer kubectl, on the loopback of every machine."""
        listeners = []
        for machine in self._world.machines.values():
            with netns.inside(machine.netns):
                listeners.append(socket.create_server(("127.0.0.1", KUBERNETES_PORT), backlog=16))
            machine.write_file(KUBECONFIG, kubeconfig(KUBERNETES_PORT), 0o600)
            if not _has_kubectl(machine):
                machine.write_file("/usr/local/bin/kubectl", stand_in(KUBERNETES_PORT), 0o755)
        loop = self._loop
        api = ApiServer(listeners, cluster.look, Executor(cluster, loop), loop)

        def look_again() -> None:
            api.look_again()
            loop.call_later(_LOOK_SECONDS, look_again)

        look_again()

    def _az(self, asked: Asked, reply: Reply) -> None:
        before = copy.deepcopy(self._world.cloud)
        ran = azure.run(asked.arguments, self._world.cloud, columns=asked.columns)
        if ran.changed:
            try:
                build.tell_fabric(self._world)
            except LabError as error:
                self._world.cloud = before
                reply(Answered(errors=f"ERROR: the lab's cloud could not do that: {error.message}\n", status=1))
                return
            self._cloud_changed()
        reply(Answered(ran.stdout, ran.stderr, ran.status))

    def _pods(self) -> list[End]:
        return [
            End(node.machine.name, str(each.pod.address), each.namespaces["net"])
            for node in self._world.nodes.values()
            for each in node.sandboxes
        ]


def _has_kubectl(machine: Machine) -> bool:
    """Whether the host's kubectl is within the machine's reach."""
    for path in _KUBECTL_AT:
        try:
            descriptor = sc.open_in_root(machine.root, path, os.O_PATH)
        except OSError:
            continue
        mode = os.fstat(descriptor).st_mode
        os.close(descriptor)
        if mode & 0o111:
            return True
    return False
