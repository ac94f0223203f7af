"""What answers in a lab once it stands: the internet, the commands that the lab brings along, shells from afar.

Runs in the agent. Does not know how any of it is answered.
"""

from __future__ import annotations

from collections.abc import Callable

from tutor.errors import LabError
from tutor.lab import azure, build
from tutor.lab.brought import requests
from tutor.lab.brought.drops import Drops
from tutor.lab.brought.matrix import End, Matrix
from tutor.lab.brought.requests import Answered, Asked, Command, Reply
from tutor.lab.brought.ssh import SSH
from tutor.lab.build import World
from tutor.lab.internet import Internet
from tutor.lab.loop import Loop
from tutor.lab.remote_shell import RemoteShells


class Services:
    """All of them."""

    def __init__(self, world: World, loop: Loop, cloud_changed: Callable[[], None]) -> None:
        """Start serving.

        Args:
            world: the lab.
            loop: the agent's.
            cloud_changed: to be called when the cloud's resources have changed.
        """
        self._world, self._loop, self._cloud_changed = world, loop, cloud_changed
        self._internet = Internet(world.internet, world.topology.internet, loop)
        commands: dict[str, Command] = {"drops": Drops(world.fabric)}
        if world.cloud.group:
            commands["az"] = self._az
        if world.nodes:
            commands["matrix"] = Matrix(self._pods, loop)
        for machine in world.machines.values():
            requests.serve(machine, commands, loop)
        if len(world.machines) > 1:
            self._shells = RemoteShells(world.machines, loop)
            for machine in world.machines.values():
                machine.write_file("/usr/local/bin/ssh", SSH, 0o755)

    def _az(self, asked: Asked, reply: Reply) -> None:
        ran = azure.run(asked.arguments, self._world.cloud, columns=asked.columns)
        if ran.changed:
            try:
                build.tell_fabric(self._world)
            except LabError as error:
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
