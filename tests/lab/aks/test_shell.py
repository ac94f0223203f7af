"""What a learner's shell on a node shows, and completes."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Iterator

import pytest

from tests.lab.aks.conftest import AKS, Ask, needs_plugins, plain
from tutor.lab.client import Lab
from tutor.lab.kubenet.plugins import PLUGINS, PREFIX
from tutor.lab.nursery import Nursery
from tutor.lab.opened_shell import Shell
from tutor.lab.programs import BROUGHT
from tutor.shell.bashrc import bashrc
from tutor.shell.plain import plain_text
from tutor.shell.typist import Typist

pytestmark = [pytest.mark.netns, pytest.mark.pty, needs_plugins]


@pytest.fixture
def shell(nursery: Nursery) -> Iterator[Shell]:
    """A shell on node0, with the bashrc of lessons."""
    with Lab(nursery.launch()) as lab:
        lab.build("aks", AKS.read_text(), {"/root/.bashrc": bashrc()})
        opened = lab.open_shell(columns=120, rows=30)
        yield opened
        opened.close()


def prompts(shell: Shell, *commands: str) -> list[str]:
    """The prompt after each command, as it is seen."""
    heard: list[bytes] = []
    typist = Typist(shell.fd, on_output=heard.append)
    typist.wait_for_prompt(60)
    seen = []
    for command in commands:
        heard.clear()
        typist.run(command, 60)
        seen.append(plain_text(b"".join(heard)).splitlines()[-1])
    typist.close()
    return seen


def test_the_prompt_names_a_pods_namespace_and_never_the_nodes_own(shell: Shell) -> None:
    own, pod, back, listed = prompts(
        shell,
        "ln -s /var/run/docker/netns /var/run/netns && bash",
        "ip netns exec 1c29ea39686a bash",
        "exit",
        "ip netns",
    )
    assert "(" not in own
    assert "(1c29ea39686a):" in pod
    assert "(" not in back
    assert "(" not in listed


def test_the_words_of_az_are_completed(shell: Shell) -> None:
    typist = Typist(shell.fd)
    typist.wait_for_prompt(60)
    heard = b""
    os.write(shell.fd, b"az netw\troute-tab\t")
    until = time.monotonic() + 60
    while not re.search(r"az network route-table ", plain(heard.decode())) and time.monotonic() < until:
        if select.select([shell.fd], [], [], 1.0)[0]:
            heard += os.read(shell.fd, 4096)
    assert "az network route-table " in plain(heard.decode())
    typist.close()


def test_what_a_lab_is_said_to_bring_along_is_there(ask: Ask) -> None:
    status, printed = ask(f"command -v {' '.join(BROUGHT)}")
    assert status == 0
    assert printed.split() == [f"/usr/local/bin/{name}" for name in BROUGHT]


def test_a_node_has_the_plugins_where_kubelet_looks_for_them(ask: Ask) -> None:
    for name in PLUGINS:
        assert ask(f"test -x /opt/cni/bin/{name.removeprefix(PREFIX)}") == (0, "")
