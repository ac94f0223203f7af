"""Builds a whole lab from its topology: machines, fabric, internet, and the cables between them.

Runs in the agent. Does not know clients or terminals.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tutor.lab import fabric, internet, machine, netns
from tutor.lab.cloud import Cloud, cloud_of
from tutor.lab.kubenet import setup
from tutor.lab.kubenet.setup import Node
from tutor.lab.machine import Machine
from tutor.lab.topology import MachineSpec, Topology
from tutor.lab.wiring import Cable, TapOpener


@dataclass(slots=True)
class World:
    """What stands once a lab is built."""

    topology: Topology
    """What it was built from."""
    cloud: Cloud
    """The cloud's resources, as they are now."""
    machines: dict[str, Machine] = field(default_factory=dict)
    """Running machines by name."""
    nodes: dict[str, Node] = field(default_factory=dict)
    """Those of them that are nodes of a cluster, by name."""
    fabric: int = -1
    """Network namespace of the cloud."""
    internet: int = -1
    """Network namespace of the internet."""
    cables: list[Cable] = field(default_factory=list)
    """TAP pairs whose frames somebody must carry."""


def build(topology: Topology, open_tap: TapOpener) -> World:
    """Build the lab.

    Raises:
        LabError: a program failed, or is missing.
        OSError: the kernel refused something.
    """
    world = World(topology, cloud_of(topology))
    if topology.cluster is not None:
        setup.require_programs()
    hosts = {spec.name: str(spec.nics[0].address.ip) for spec in topology.machines if spec.nics}
    for spec in topology.machines:
        others = {name: address for name, address in hosts.items() if name != spec.name}
        world.machines[spec.name] = machine.start(spec.name, others)
    world.fabric, world.internet = netns.make(), netns.make()
    _connect(world, open_tap)
    # Each of these waits for nothing that another does, and a spawn costs milliseconds: so all at once.
    running = [
        netns.spawn(world.fabric, ["ip", "-batch", "-"], fabric.ip_batch(topology, world.cloud)),
        netns.spawn(world.fabric, ["nft", "-f", "-"], fabric.nft_ruleset(world.cloud)),
        netns.spawn(world.internet, ["ip", "-batch", "-"], internet.ip_batch(topology.internet)),
    ]
    for spec in topology.machines:
        netns.set_sysctls(world.machines[spec.name].netns, spec.sysctls)
        running.append(netns.spawn(world.machines[spec.name].netns, ["ip", "-batch", "-"], _machine_batch(spec)))
    netns.set_sysctls(world.fabric, fabric.sysctls(world.cloud))
    for program in running:
        program.finish()
    if topology.cluster is not None:
        world.nodes = setup.set_up(topology.cluster, world.machines)
    return world


def tell_fabric(world: World) -> None:
    """Have the fabric's kernel do what the cloud's resources say now.

    Raises:
        LabError: it refused.
    """
    running = [
        # `-force`: a table that is flushed may be empty already.
        netns.spawn(world.fabric, ["ip", "-force", "-batch", "-"], fabric.route_batch(world.topology, world.cloud)),
        netns.spawn(world.fabric, ["nft", "-f", "-"], fabric.forwarding_rules(world.cloud)),
    ]
    for program in running:
        program.finish()


def _connect(world: World, open_tap: TapOpener) -> None:
    """Lay the cables: TAP pairs if the first one can be had, else veth pairs."""
    taps = True
    veths = [f"link add {fabric.INTERNET_LINK} type veth peer name eth0 netns {_path(world.internet)}"]
    for card in world.cloud.cards:
        inside = world.machines[card.machine].netns
        if taps:
            try:
                world.cables.append(Cable(open_tap(inside, card.link), open_tap(world.fabric, card.port)))
                continue
            except OSError:
                taps = False
        veths.append(f"link add {card.port} type veth peer name {card.link} netns {_path(inside)}")
    netns.spawn(world.fabric, ["ip", "-batch", "-"], "\n".join(veths) + "\n").finish()


def _path(descriptor: int) -> str:
    """A path by which a program that the agent starts finds a namespace that only the agent holds (it is pid 1)."""
    return f"/proc/1/fd/{descriptor}"


def _machine_batch(spec: MachineSpec) -> str:
    lines = ["link set lo up"]
    for nic in spec.nics:
        lines.append(f"link set {nic.link} address {nic.mac} mtu {nic.mtu}")
        lines.append(f"addr add {nic.address} dev {nic.link} brd +")
        lines.append(f"link set {nic.link} up")
    if spec.gateway is not None:
        lines.append(f"route add default via {spec.gateway}")
    return "\n".join(lines) + "\n"
