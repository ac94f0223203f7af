"""Namespaces are found wherever they are, and nothing of ours keeps a deleted one alive."""

from __future__ import annotations

import time

import pytest

from tests.lab.conftest import Sh
from tutor.lab.client import Lab, Sighted

pytestmark = pytest.mark.netns


def test_a_named_one_is_found_under_its_name(lab: Lab, sh: Sh) -> None:
    sh("ip netns add ns1")
    assert _found(lab, name="ns1").paths == ("/run/netns/ns1",)


def test_one_that_is_mounted_by_hand_is_found_under_its_path(lab: Lab, sh: Sh) -> None:
    sh("mkdir '/tmp/a b'; touch '/tmp/a b/net'; unshare --net='/tmp/a b/net' true")
    assert any("/tmp/a b/net" in each.paths and not each.names for each in lab.scan())


def test_one_that_only_a_process_holds_is_found_with_its_pid(lab: Lab, sh: Sh) -> None:
    _, printed = sh("unshare -n sleep 30 & echo $!; sleep 0.2")
    held = [each for each in lab.scan() if each.pids and not each.names and not each.paths]
    assert int(printed) in held[0].pids


def test_names_behind_a_symbolic_link_count(lab: Lab, sh: Sh) -> None:
    sh("mkdir -p /run/docker/netns; touch /run/docker/netns/pod; unshare --net=/run/docker/netns/pod true")
    assert not any(each.names == ("pod",) for each in lab.scan())
    sh("ln -s /var/run/docker/netns /var/run/netns")
    assert _found(lab, name="pod")


def test_a_deleted_one_is_gone_and_its_veth_with_it(lab: Lab, sh: Sh) -> None:
    assert sh("ip netns add ns1 && ip link add va type veth peer name vb netns ns1 && ip link show va")[0] == 0
    assert _found(lab, name="ns1")
    sh("ip netns del ns1")
    assert not any("ns1" in each.names for each in lab.scan())
    end = time.monotonic() + 2
    while sh("ip link show va")[0] == 0 and time.monotonic() < end:
        time.sleep(0.02)
    assert sh("ip link show va")[0] != 0


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
    assert {"notice": "mounts"} in lab.notices()


def _found(lab: Lab, *, name: str) -> Sighted:
    return next(each for each in lab.scan() if name in each.names)
