"""Namespaces that come and go, and veths between them."""

from __future__ import annotations

import os
import socket

import pytest

from tests.kernel.sandbox import Sandbox
from tests.waiting import until
from tutor.check import ROOT
from tutor.errors import KernelReadError, LabError, LabGone
from tutor.kernel import Reader

pytestmark = pytest.mark.netns


def test_named_namespace_is_picked_up_by_a_scan(vm: Sandbox, reader: Reader) -> None:
    assert reader.read().find_netns("ns1") is None
    vm.run("ip netns add ns1")
    assert reader.rescan().network
    netns = reader.read().find_netns("ns1")
    assert netns is not None
    assert [link.name for link in netns.links] == ["lo"]
    assert not netns.links[0].up


def test_root_comes_first_then_the_named_then_the_others(vm: Sandbox, reader: Reader) -> None:
    pid = vm.hold_netns()
    vm.run("ip netns add zebra; ip netns add ape")
    found = reader.read().namespaces
    assert [netns.names for netns in found] == [(ROOT,), ("ape",), ("zebra",), ()]
    assert found[3].pids == (pid,)


def test_namespace_that_is_mounted_by_hand_is_found_by_its_path(vm: Sandbox, reader: Reader) -> None:
    vm.run("touch /run/mine; unshare -n sh -c 'mount --bind /proc/self/ns/net /run/mine' ")
    netns = reader.read().find_netns("/run/mine")
    assert netns is not None
    assert [link.name for link in netns.links] == ["lo"]


def test_namespace_of_a_nested_user_namespace_is_read_too(vm: Sandbox, reader: Reader) -> None:
    pid = vm.hold_netns(nested=True)
    (netns,) = (netns for netns in reader.read().namespaces if netns.pids == (pid,))
    assert [link.name for link in netns.links] == ["lo"]


def test_peers_of_a_veth_across_two_namespaces(vm: Sandbox, reader: Reader) -> None:
    vm.run("ip netns add ns1; ip link add veth-a type veth peer name veth-b netns ns1; ip link set veth-a up")
    state = reader.read()
    root, ns1 = state.find_netns(), state.find_netns("ns1")
    assert root is not None
    assert ns1 is not None
    a, b = root.find_link("veth-a"), ns1.find_link("veth-b")
    assert a is not None
    assert b is not None
    assert state.find_peer(a) == (ns1, b)
    assert state.find_peer(b) == (root, a)
    assert f"link-netnsid {a.peer_nsid} " in vm.run("ip -d link show veth-a").replace(
        "link-netns ns1", "link-netnsid 0"
    )


def test_numbers_of_namespaces_are_asked_only_when_they_are_new(vm: Sandbox, reader: Reader) -> None:
    vm.run("ip netns add ns1; ip link add veth-a type veth peer name veth-b netns ns1")
    reader.read()
    asked = vm.asked["nsids"]
    vm.run("ip link set veth-a up; ip link set veth-a mtu 1400; ip addr add 10.0.0.1/24 dev veth-a")
    reader.drain()
    reader.read()
    assert (asked, vm.asked["nsids"]) == (2, 2)


def test_peer_in_a_namespace_that_is_not_read_has_no_namespace(
    vm: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = vm.hold_netns()
    vm.run(f"ip link add veth-a type veth peer name veth-b; ip link set veth-b netns {pid}")
    (root, other) = vm.scan()
    monkeypatch.setattr(vm, "scan", lambda: (root,))
    state = reader.read()
    link = state.namespaces[0].find_link("veth-a")
    assert link is not None
    assert (link.peer_netns, link.peer_nsid) == (None, 0)
    assert state.find_peer(link) is None
    monkeypatch.setattr(vm, "scan", lambda: (root, other))
    reader.rescan()
    link = reader.read().namespaces[0].find_link("veth-a")
    assert link is not None
    assert link.peer_netns == other.inode


@pytest.mark.parametrize("up", [True, False])
def test_end_that_is_moved_is_found_where_it_went(vm: Sandbox, reader: Reader, up: bool) -> None:
    vm.run("ip netns add ns1; ip netns add ns2; ip link add veth-a type veth peer name veth-b netns ns1")
    if up:
        vm.run("ip link set veth-a up; ip -n ns1 link set veth-b up")
    reader.read()
    vm.run("ip -n ns1 link set veth-b netns ns2")
    assert reader.drain().network
    state = reader.read()
    ns1, ns2 = state.find_netns("ns1"), state.find_netns("ns2")
    assert ns1 is not None
    assert ns2 is not None
    assert ns1.find_link("veth-b") is None
    a, b = state.namespaces[0].find_link("veth-a"), ns2.find_link("veth-b")
    assert a is not None
    assert b is not None
    assert state.find_peer(a) == (ns2, b)
    assert state.find_peer(b) == (state.namespaces[0], a)


def test_deleted_namespace_really_goes_and_takes_its_veth_along(vm: Sandbox, reader: Reader) -> None:
    vm.run("ip netns add ns1; ip link add veth-a type veth peer name veth-b netns ns1")
    reader.read()
    vm.run("ip netns del ns1")
    assert "veth-a" in vm.run("ip link")  # our sockets hold it, until the scan
    assert reader.rescan().network
    until(lambda: "veth-a" not in vm.run("ip link"))
    until(lambda: reader.drain().network)
    state = reader.read()
    assert len(state.namespaces) == 1
    assert state.namespaces[0].find_link("veth-a") is None


def test_namespace_of_the_same_name_made_anew_is_another(vm: Sandbox, reader: Reader) -> None:
    vm.run("ip netns add ns1; ip -n ns1 link add br0 type bridge")
    before = reader.read().find_netns("ns1")
    vm.run("ip netns del ns1; ip netns add ns1; ip link add veth-a type veth peer name veth-b netns ns1")
    reader.rescan()
    state = reader.read()
    after = state.find_netns("ns1")
    assert before is not None
    assert after is not None
    assert after.inode != before.inode
    assert after.find_link("br0") is None
    link = state.namespaces[0].find_link("veth-a")
    assert link is not None
    assert link.peer_netns == after.inode


def test_nsid_that_is_given_to_another_namespace_is_not_mistaken_for_the_old_one(vm: Sandbox, reader: Reader) -> None:
    vm.run("ip netns add ns1; ip link add veth-a type veth peer name veth-b netns ns1")
    reader.read()
    vm.run("ip netns del ns1")
    reader.rescan()
    until(lambda: "veth-a" not in vm.run("ip link"))
    vm.run("ip netns add ns2; ip link add veth-c type veth peer name veth-d netns ns2")
    reader.rescan()
    state = reader.read()
    link, ns2 = state.namespaces[0].find_link("veth-c"), state.find_netns("ns2")
    assert link is not None
    assert ns2 is not None
    assert link.peer_nsid == 0
    assert link.peer_netns == ns2.inode


def test_namespace_held_by_a_process_goes_with_it(vm: Sandbox, reader: Reader) -> None:
    pid = vm.hold_netns()
    assert len(reader.read().namespaces) == 2
    vm.let_go(pid)
    reader.rescan()
    assert len(reader.read().namespaces) == 1


def test_namespace_that_goes_between_scan_and_opening_is_no_error(
    vm: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    vm.run("ip netns add ns1")
    open_sockets = vm.open_sockets
    gone = vm.inode("ns1")

    def too_late(inode: int, protocols: tuple[int, ...]) -> tuple[int, ...]:
        if inode == gone:
            vm.run("ip netns del ns1 2>/dev/null || true")
        return open_sockets(inode, protocols)

    monkeypatch.setattr(vm, "open_sockets", too_late)
    assert [netns.names for netns in reader.read().namespaces] == [(ROOT,)]


def test_namespace_that_is_there_and_can_not_be_entered_is_an_error(
    vm: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> tuple[int, ...]:
        raise LabError("too many open files")

    monkeypatch.setattr(vm, "open_sockets", refuse)
    with pytest.raises(LabError, match="too many open files"):
        reader.read()


def test_namespace_that_goes_before_its_numbers_are_asked_is_no_error(
    vm: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: int) -> dict[int, int]:
        raise LabError("net:[1] is gone")

    vm.run("ip netns add ns1; ip link add veth-a type veth peer name veth-b netns ns1")
    monkeypatch.setattr(vm, "nsids", gone)
    link = reader.read().namespaces[0].find_link("veth-a")
    assert link is not None
    assert link.peer_netns is None


def test_lab_that_ends_while_numbers_are_asked_is_told(
    vm: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(_: int) -> dict[int, int]:
        raise LabGone("the lab has ended")

    vm.run("ip netns add ns1; ip link add veth-a type veth peer name veth-b netns ns1")
    monkeypatch.setattr(vm, "nsids", ended)
    with pytest.raises(LabGone):
        reader.read()


def test_sockets_that_can_not_be_used_are_an_error_of_ours_and_are_closed(
    vm: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []

    def not_netlink(_inode: int, protocols: tuple[int, ...]) -> tuple[int, ...]:
        given.extend(socket.socket(socket.AF_INET, socket.SOCK_DGRAM).detach() for _ in protocols)
        for descriptor in given[2:]:
            os.close(descriptor)
        return tuple(given[:2])

    monkeypatch.setattr(vm, "open_sockets", not_netlink)
    with pytest.raises(KernelReadError):
        reader.read()
    for descriptor in given:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_lab_that_ended_is_told_as_such(vm: Sandbox, reader: Reader) -> None:
    reader.read()
    vm.close()
    with pytest.raises((LabGone, OSError)):
        reader.rescan()


def test_closed_reader_holds_no_descriptors(vm: Sandbox) -> None:
    reader = Reader(vm)
    reader.read()
    assert len(reader.filenos()) == 2
    reader.close()
    assert reader.filenos() == ()
