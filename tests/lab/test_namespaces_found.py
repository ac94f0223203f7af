"""Namespaces are found wherever they are, and nothing of ours keeps a deleted one alive."""

from __future__ import annotations

import os
import socket
import struct

import pytest

from tests.lab.conftest import Sh
from tests.waiting import until
from tutor.errors import LabError
from tutor.lab.client import Lab, Sighted

pytestmark = pytest.mark.netns


def test_a_named_one_is_found_under_its_name(lab: Lab, sh: Sh) -> None:
    sh("ip netns add ns1")
    assert _found(lab, name="ns1").paths == ("/run/netns/ns1",)


def test_one_that_is_mounted_by_hand_is_found_under_its_path(lab: Lab, sh: Sh) -> None:
    sh("mkdir '/tmp/a b'; touch '/tmp/a b/net'; unshare --net='/tmp/a b/net' true")
    assert any("/tmp/a b/net" in each.paths and not each.names for each in lab.scan())


@pytest.mark.parametrize("cover", ["unshare --net=/run/netns/ns1 true", "mount -t tmpfs none /run/netns"])
def test_one_that_another_mount_covers_is_out_of_reach_and_not_told(lab: Lab, sh: Sh, cover: str) -> None:
    sh("ip netns add ns1")
    covered = _found(lab, name="ns1").inode
    assert sh(cover)[0] == 0
    assert covered not in [each.inode for each in lab.scan()]
    for each in lab.scan():
        for descriptor in lab.open_sockets(each.inode, [0]):
            os.close(descriptor)


def test_one_that_only_a_process_holds_is_found_with_its_pid(lab: Lab, sh: Sh) -> None:
    _, printed = sh("unshare -n sleep 1000 & echo $!")
    until(lambda: any(int(printed) in each.pids for each in _held(lab)))


@pytest.mark.parametrize("name", ["a b", "a\\tb", "ä", "a\\\\b", "#"])
def test_a_name_may_be_anything_that_is_printed(lab: Lab, sh: Sh, name: str) -> None:
    _, printed = sh(f'name=$\'{name}\'; ip netns add "$name" && printf %s "$name"')
    inode = _found(lab, name=printed).inode
    for descriptor in lab.open_sockets(inode, [0]):
        os.close(descriptor)


def test_names_that_are_no_text_cost_nobody_the_lab(lab: Lab, sh: Sh) -> None:
    sh("ip netns add $'\\xff'; mkdir /tmp/$'\\xfe'; mount -t tmpfs x /tmp/$'\\xfe'")
    sh("unshare -n bash -c 'printf \"\\xff\" > /proc/self/comm; sleep 1000 & wait' &> /dev/null &")
    until(lambda: any(len(each.pids) == 2 for each in _held(lab)))
    scanned = lab.scan()
    named = next(each for each in scanned if each.names == ("\ufffd",))
    for descriptor in lab.open_sockets(named.inode, [0]):
        os.close(descriptor)


def test_a_fifo_on_top_of_a_namespace_makes_nobody_wait(lab: Lab, sh: Sh) -> None:
    sh("ip netns add ns1; mkfifo /tmp/pipe")
    inode = _found(lab, name="ns1").inode
    sh("mount --bind /tmp/pipe /run/netns/ns1")
    assert inode not in [each.inode for each in lab.scan()]
    with pytest.raises(LabError, match="gone"):
        lab.open_sockets(inode, [0])
    assert lab.nsids(_found(lab, name="root").inode) == {}
    with pytest.raises(LabError):
        lab.write_file("/tmp/pipe", "x")
    assert sh("true")[0] == 0  # whoever opened it would wait for somebody at its other end, for ever


def test_a_file_that_only_looks_like_a_namespace_is_none(lab: Lab, sh: Sh) -> None:
    sh("mkdir -p /run/netns/folder; touch /run/netns/left-over; ln -s /proc/self/ns/net /run/netns/link")
    assert [each.names for each in lab.scan()] == [("root",)]


def test_one_that_is_renamed_by_hand_has_its_new_name(lab: Lab, sh: Sh) -> None:
    sh("ip netns add ns1; touch /run/netns/ns2; mount --bind /run/netns/ns1 /run/netns/ns2")
    assert _found(lab, name="ns2").names == ("ns1", "ns2")
    sh("ip netns del ns1")
    assert _found(lab, name="ns2").names == ("ns2",)


def test_one_in_a_pid_namespace_of_the_learners_own_is_found(lab: Lab, sh: Sh) -> None:
    sh("unshare -nfp --mount-proc unshare -nfp --mount-proc sleep 1000 &> /dev/null &")
    until(lambda: sum(bool(each.pids) for each in lab.scan()) == 2)


def test_what_is_gone_is_said_to_be_gone(lab: Lab, sh: Sh) -> None:
    sh("ip netns add ns1")
    inode = _found(lab, name="ns1").inode
    sh("ip netns del ns1")
    for gone in (inode, 4711):
        with pytest.raises(LabError, match="gone"):
            lab.open_sockets(gone, [0])
        with pytest.raises(LabError, match="gone"):
            lab.legacy_rules(gone)


def test_sysctls_and_sockets_are_those_of_the_namespace_that_was_asked_for(lab: Lab, sh: Sh) -> None:
    sh("ip netns add ns1; ip netns exec ns1 sysctl -w net.ipv4.ip_forward=1; ip -n ns1 link add br7 type bridge")
    named, root = _found(lab, name="ns1").inode, _found(lab, name="root").inode
    name = "net/ipv4/ip_forward"
    assert lab.read_sysctls(named, [name, "net/nowhere"]) == {name: "1"}
    assert lab.read_sysctls(root, [name]) == {name: "0"}
    assert b"br7" in _links(lab, named)
    assert b"br7" not in _links(lab, root)


def test_names_behind_a_symbolic_link_count(lab: Lab, sh: Sh) -> None:
    sh("mkdir -p /run/docker/netns; touch /run/docker/netns/pod; unshare --net=/run/docker/netns/pod true")
    assert not any(each.names == ("pod",) for each in lab.scan())
    sh("ln -s /var/run/docker/netns /var/run/netns")
    assert _found(lab, name="pod")


def test_names_that_are_symbolic_links_themselves_count(lab: Lab, sh: Sh) -> None:
    sh("mkdir -p /run/docker/netns; touch /run/docker/netns/pod; unshare --net=/run/docker/netns/pod true")
    sh("mkdir /run/netns; ln -s /var/run/docker/netns/* /run/netns")
    assert sh("ip netns")[1].split() == ["pod"]
    assert _found(lab, name="pod").paths == ("/run/docker/netns/pod",)
    assert _folders(lab) == (("/run/netns", "", ()), ("/run/docker/netns", "", ()))


def test_the_folders_that_hold_namespaces_are_told_with_the_strangers_in_them(lab: Lab, sh: Sh) -> None:
    assert _folders(lab) == ()
    sh("mkdir -p /run/docker/netns; touch /run/docker/netns/pod; unshare --net=/run/docker/netns/pod true")
    assert _folders(lab) == (("/run/docker/netns", "", ()),)
    sh("mkdir /run/netns; ln -s /run/docker/netns /run/netns; cp /etc/hostname /run/netns/copy")
    strangers = (("copy", ""), ("netns", "/run/docker/netns"))
    assert _folders(lab) == (("/run/netns", "", strangers), ("/run/docker/netns", "", ()))


@pytest.mark.parametrize(("target", "strangers"), [("docker", (("netns", ""),)), ("nowhere", ()), ("netns", ())])
def test_a_folder_that_is_a_link_is_told_with_its_target(
    lab: Lab, sh: Sh, target: str, strangers: tuple[tuple[str, str], ...]
) -> None:
    sh(f"mkdir -p /run/docker/netns; ln -s {target} /run/netns")
    assert _folders(lab) == (("/run/netns", target, strangers),)


def test_of_a_folder_full_of_strangers_only_some_are_told(lab: Lab, sh: Sh) -> None:
    sh("mkdir /run/netns; cd /run/netns; touch $(seq 1000) $'\\xff'")
    (folder,) = _found(lab, name="root").folders
    assert len(folder[2]) == 16


def test_a_deleted_one_is_gone_and_its_veth_with_it(lab: Lab, sh: Sh) -> None:
    assert sh("ip netns add ns1 && ip link add va type veth peer name vb netns ns1 && ip link show va")[0] == 0
    assert _found(lab, name="ns1")
    sh("ip netns del ns1")
    assert not any("ns1" in each.names for each in lab.scan())
    until(lambda: sh("ip link show va")[0] != 0)


def test_numbers_of_namespaces_are_those_that_ip_shows(lab: Lab, sh: Sh) -> None:
    sh("ip netns add ns1; ip netns add ns2; ip link add va type veth peer name vb netns ns1; ip netns set ns2 7")
    sh("ip link show va")
    lab.scan()
    numbers = lab.nsids(_found(lab, name="root").inode)
    assert numbers[7] == _found(lab, name="ns2").inode
    assert _found(lab, name="ns1").inode in numbers.values()


def test_the_mount_of_a_namespace_is_told(lab: Lab, sh: Sh) -> None:
    lab.notices()
    sh("ip netns add ns1")
    until(lambda: {"notice": "mounts"} in lab.notices())


def _held(lab: Lab) -> list[Sighted]:
    """Those that only processes hold."""
    return [each for each in lab.scan() if each.pids and not each.names and not each.paths]


def _links(lab: Lab, inode: int) -> bytes:
    """What RTM_GETLINK answers in a namespace (rtnetlink(7))."""
    (descriptor,) = lab.open_sockets(inode, [0])
    with socket.socket(fileno=descriptor) as asking:
        asking.send(struct.pack("=IHHIIBxHiII", 32, 18, 0x301, 1, 0, 0, 0, 0, 0, 0))
        return asking.recv(65536)


def _folders(lab: Lab) -> tuple[object, ...]:
    """What is told of the machine's folders."""
    return _found(lab, name="root").folders


def _found(lab: Lab, *, name: str) -> Sighted:
    return next(each for each in lab.scan() if name in each.names)
