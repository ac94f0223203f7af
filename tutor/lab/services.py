"""What answers in a lab once it stands: the internet, and the commands that the lab brings along.

Runs in the agent. Does not know how any of it is answered.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from tutor.lab.brought import requests
from tutor.lab.brought.drops import Drops
from tutor.lab.brought.requests import Command
from tutor.lab.build import World
from tutor.lab.internet import Internet
from tutor.lab.loop import Loop

OF_CLUSTERS = "tutor.lab.cluster_services"
"""The module that a lab with a cluster needs; it must be loaded before the lab is born."""


class Services:
    """All of them."""

    def __init__(self, world: World, loop: Loop, cloud_changed: Callable[[], None]) -> None:
        """Start serving.

        Args:
            world: the lab.
            loop: the agent's.
            cloud_changed: to be called when the cloud's resources have changed.
        """
        self._internet = Internet(world.internet, world.topology.internet, loop)
        commands: dict[str, Command] = {"drops": Drops(world.fabric)}
        if world.topology.cluster is not None:
            of_cluster = import_module(OF_CLUSTERS).ClusterServices(world, world.topology.cluster, loop, cloud_changed)
            commands |= of_cluster.commands
        for machine in world.machines.values():
            requests.serve(machine, commands, loop)
