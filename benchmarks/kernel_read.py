"""How long a full read of four namespaces takes, and how soon the reader sees a change.

Run with `python benchmarks/kernel_read.py` in the repository, as anybody who may make user namespaces. The read is
compared with what it replaces, `ip -j` started for each kind of object in each namespace, in the same run: the ratio is
what counts, the milliseconds are this machine's. Latency is from just before another process is told to write a netlink
request in the namespace to the return of the `Reader.drain()` that tells of the change.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import statistics
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.kernel.sandbox import Sandbox
from tutor.kernel import Reader

_SETUP = """
ip netns add ns1; ip netns add ns2; ip netns add ns3
ip link add eth0 type veth peer name up0 netns ns3
ip addr add 10.1.0.4/24 dev eth0; ip link set eth0 up; ip -n ns3 link set up0 up
ip -n ns3 addr add 10.1.0.1/24 dev up0
ip route add default via 10.1.0.1
ip link add br0 type bridge; ip addr add 10.244.0.1/24 dev br0; ip link set br0 up
for n in 1 2; do
  ip link add veth$n type veth peer name eth0 netns ns$n
  ip link set veth$n master br0; ip link set veth$n up
  ip -n ns$n link set lo up; ip -n ns$n link set eth0 up
  ip -n ns$n addr add 10.244.0.1$n/24 dev eth0; ip -n ns$n route add default via 10.244.0.1
  ip neigh replace 10.244.0.1$n lladdr 02:00:00:00:00:0$n dev br0
  ip -n ns$n neigh replace 10.244.0.1 lladdr 02:00:00:00:00:ff dev eth0
done
ip -n ns3 route add 10.244.0.0/24 via 10.1.0.4
"""
_FIREWALL = "iptables -t nat -A POSTROUTING -s 10.244.0.0/16 ! -d 10.0.0.0/8 -o eth0 -j MASQUERADE"
_SPAWNED = ("addr", "route show table all", "neigh", "rule")
_DEADLINE = 5.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the reader of the kernel.")
    parser.add_argument("--rounds", type=int, default=100, help="full reads (default: %(default)s)")
    parser.add_argument("--events", type=int, default=500, help="changes for the latency (default: %(default)s)")
    arguments = parser.parse_args()
    vm = Sandbox()
    try:
        vm.run(_SETUP)
        time.sleep(2.5)  # IPv6 looks for duplicates of its addresses first: its events would disturb
        spawned = _time_spawns(vm)
        _report("four namespaces, links to rules", _time_reads(vm, arguments.rounds), spawned)
        vm.run(_FIREWALL)
        _report("the same with a masquerade rule", _time_reads(vm, arguments.rounds), spawned)
        _print_idle_and_dirty(vm, arguments.rounds)
        waits = _time_events(vm, arguments.events)
        p99 = waits[min(len(waits) - 1, int(len(waits) * 0.99))]
        print(f"event latency        median {statistics.median(waits):6.2f} ms   p99 {p99:6.2f} ms   goal 20 ms")
    finally:
        vm.close()


def _time_reads(vm: Sandbox, rounds: int) -> float:
    """Median of a full read by a reader that has its sockets open, in milliseconds."""
    with Reader(vm) as reader:
        reader.read()

        def read_all() -> None:
            reader.mark_all_dirty()
            reader.read()

        return _median(read_all, rounds)


def _print_idle_and_dirty(vm: Sandbox, rounds: int) -> None:
    with Reader(vm) as reader:
        reader.read()
        print(f"read, nothing dirty  median {_median(reader.read, rounds):6.2f} ms")
        print(
            f"rescan               median {_median(reader.rescan, rounds):6.2f} ms (with this benchmark's own source)"
        )


def _time_spawns(vm: Sandbox) -> float:
    """Median of asking `ip -j` for the same, in milliseconds: started in the namespaces, its JSON parsed here."""
    places = ["", *(f"-n {name} " for name in ("ns1", "ns2", "ns3"))]
    script = "; ".join(f"ip {place}-j {what}; echo" for place in places for what in _SPAWNED)

    def spawn() -> None:
        for line in vm.run(script).splitlines():
            if line.strip():
                json.loads(line)

    return _median(spawn, 10)


def _time_events(vm: Sandbox, count: int) -> list[float]:
    """Milliseconds from a change made in a namespace until `drain()` tells of it, sorted."""
    waits = []
    inode = vm.inode("ns1")
    with Reader(vm) as reader:
        reader.read()
        (descriptor,) = vm.open_sockets(inode, [0])
        changer = socket.socket(fileno=descriptor)
        poll = select.poll()
        for fileno in reader.filenos():
            poll.register(fileno, select.POLLIN)
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                _change_when_told(changer, read_end, count)
            finally:
                os._exit(0)
        changer.close()
        for number in range(count):
            reader.drain()
            started = time.monotonic()
            os.write(write_end, bytes((number % 2,)))
            while time.monotonic() - started < _DEADLINE:
                poll.poll(1000)
                if reader.drain().network:
                    break
            waits.append((time.monotonic() - started) * 1000)
            reader.read()
        os.close(write_end)
        os.close(read_end)
        os.waitpid(child, 0)
    return sorted(waits)


def _change_when_told(changer: socket.socket, told: int, count: int) -> None:
    """Add an address to lo for each 0 that is read, take it away for each 1."""
    body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, 1)
    body += struct.pack("=HH4s", 8, 2, socket.inet_aton("192.0.2.1"))  # IFA_LOCAL
    for _ in range(count):
        byte = os.read(told, 1)
        if not byte:
            return
        kind, flags = (20, 0x605) if byte == b"\0" else (21, 0x5)  # RTM_NEWADDR (create, exclusive), RTM_DELADDR
        changer.send(struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body)
        changer.recv(4096)


def _median(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def _report(what: str, read: float, spawned: float) -> None:
    print(f"{what:36} read {read:6.2f} ms   ip -j spawns {spawned:7.2f} ms   ratio 1/{spawned / read:.0f}")


if __name__ == "__main__":
    main()
