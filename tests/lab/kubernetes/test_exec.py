from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import termios
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab.kubernetes.conftest import Kubectl, Loop, descriptors
from tests.lab.kubernetes.talk import Talk
from tests.lab.kubernetes.test_websocket import masked
from tutor.lab.kubernetes import websocket
from tutor.session.lab_probes import EXEC_SINCE, parse_kubectl_version

WHERE = ("exec", "-n", "kube-system", "kube-dns-1")
PATH = "/api/v1/namespaces/kube-system/pods/kube-dns-1/exec"


@pytest.fixture
def kubectl(kubectl: Kubectl) -> Kubectl:
    """The machine's, if it speaks WebSocket."""
    version = parse_kubectl_version(kubectl("version", "--client", "-o", "json").out)
    if version is not None and version < EXEC_SINCE:
        pytest.skip("this machine's kubectl is too old to run commands in pods here")
    return kubectl


class Channels(Talk):
    """A client of an execution."""

    def begin(self, query: str, protocol: str = "v5.channel.k8s.io") -> None:
        self.say(
            f"GET {PATH}?{query} HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n".encode()
        )
        code, headers = self.head()
        assert code == 101
        assert headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert headers["sec-websocket-protocol"] == protocol.split(",")[-1].strip()

    def frame(self) -> tuple[int, bytes]:
        kind, length = self.take(2)
        if length == 126:
            (length,) = struct.unpack("!H", self.take(2))
        return kind & 0x0F, self.take(length)

    def tell(self, channel: int, data: bytes) -> None:
        self.say(masked(websocket.BINARY, bytes((channel,)) + data))

    def rest(self) -> dict[int, bytes]:
        """All that comes, by channel, until the end."""
        found: dict[int, bytes] = {}
        while (heard := self.frame())[0] != websocket.CLOSE:
            channel, data = heard[1][0], heard[1][1:]
            found[channel] = found.get(channel, b"") + data
        assert self.is_closed()
        return found


def test_output_errors_and_status_come_apart(kubectl: Kubectl) -> None:
    done = kubectl(*WHERE, "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert done.out == "out\n"
    assert done.err == "err\ncommand terminated with exit code 3\n"
    assert done.status == 3


def test_what_ends_well_says_nothing(kubectl: Kubectl) -> None:
    done = kubectl(*WHERE, "--", "true")
    assert (done.status, done.out, done.err) == (0, "", "")


def test_input_goes_in_and_its_end_too(kubectl: Kubectl) -> None:
    text = "".join(f"line {number}\n" for number in range(50_000))
    done = kubectl(WHERE[0], "-i", *WHERE[1:], "--", "cat", given=text)
    assert done.status == 0
    assert done.out == text


def test_a_program_that_reads_nothing_is_not_in_the_way(kubectl: Kubectl) -> None:
    done = kubectl(WHERE[0], "-i", *WHERE[1:], "--", "true", given="x" * 2_000_000)
    assert done.status == 0


def test_megabytes_come_out_whole(kubectl: Kubectl) -> None:
    done = kubectl(*WHERE, "--", "sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x")
    assert len(done.out) == 5_000_000


def test_a_signal_shows_in_the_status(kubectl: Kubectl) -> None:
    assert kubectl(*WHERE, "--", "sh", "-c", "kill -TERM $$").status == 143


def test_a_program_that_is_not_there_is_named(kubectl: Kubectl) -> None:
    done = kubectl(*WHERE, "--", "/no/such/program")
    assert done.status == 1
    assert "can't run /no/such/program in kube-dns-1: No such file or directory" in done.err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("exec -n kube-system tunnel-3 -- true", "current phase is Failed"),
        ("exec -n kube-system nosuch -- true", 'pods "nosuch" not found'),
        ("exec -n kube-system kube-dns-1 -c web -- true", "container web is not valid for pod kube-dns-1"),
    ],
)
def test_what_can_not_be_entered_is_refused(line: str, says: str, kubectl: Kubectl) -> None:
    done = kubectl(*line.split())
    assert done.status == 1
    assert says in done.err


@pytest.mark.pty
def test_a_terminal_has_the_size_of_the_learner_s_and_follows_it(loop: Loop, kubectl: Kubectl) -> None:
    master, slave = pty.openpty()
    set_size(slave, 100, 30)
    client = kubectl.popen(
        *("exec", "-it", *WHERE[1:], "--", "bash", "--norc", "-c"),
        "read -r line; stty size; echo $line; exit 5",
        stdin=slave,
        stdout=slave,
        stderr=slave,
        before=("setsid", "--ctty"),
    )
    os.close(slave)
    try:
        loop.until(lambda: bool(loop.children) and (100, 30) in loop.children[-1].sizes)
        set_size(master, 90, 25)
        loop.until(lambda: (90, 25) in loop.children[-1].sizes)
        os.write(master, b"hello\r")
        seen = read_until(master, b"exit code 5")
        status = client.wait(60)  # before its terminal is gone: that would hang it up
    finally:
        os.close(master)
        client.wait(60)
    assert b"hello\r\n25 90\r\nhello\r\n" in seen
    assert status == 5


def set_size(terminal: int, columns: int, rows: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read_until(terminal: int, mark: bytes) -> bytes:
    seen = b""
    while mark not in seen:
        assert select.select([terminal], [], [], 60)[0], f"{mark!r} did not come after {seen!r}"
        seen += os.read(terminal, 4096)
    return seen


def test_a_client_that_goes_away_hangs_the_process_up(loop: Loop) -> None:
    with Channels(loop.port) as client:
        client.begin("command=sh&command=-c&command=echo+on;+sleep+1000&stdout=1")
        assert client.frame() == (websocket.BINARY, b"\x01on\n")
    loop.until(lambda: loop.children[-1].hung_up)
    loop.children[-1].process.wait(60)


def test_a_client_that_says_goodbye_hangs_the_process_up(loop: Loop) -> None:
    with Channels(loop.port) as client:
        client.begin("command=sleep&command=1000&stdout=1")
        client.say(masked(websocket.PING, b"are you there") + masked(websocket.CLOSE, struct.pack("!H", 1000)))
        assert client.frame() == (websocket.PONG, b"are you there")
        assert client.frame()[0] == websocket.CLOSE
        assert client.is_closed()
    loop.until(lambda: loop.children[-1].hung_up)


def test_a_client_that_breaks_the_protocol_is_told_and_cut_off(loop: Loop) -> None:
    with Channels(loop.port) as client:
        client.begin("command=sleep&command=1000&stdin=1&stdout=1")
        client.say(os.urandom(16).replace(b"\x82", b"") + b"\x82\x00" * 8)
        while (heard := client.frame())[0] != websocket.CLOSE:
            pass
        assert struct.unpack("!H", heard[1][:2])[0] in (1000, 1002, 1009)
        assert client.is_closed()
    loop.until(lambda: loop.children[-1].hung_up)


def test_a_client_that_reads_nothing_holds_only_the_process_up(loop: Loop) -> None:
    with Channels(loop.port, receive_bytes=4096) as client:
        client.begin("command=cat&command=/dev/zero&stdout=1")
        with Talk(loop.port) as other:
            for _ in range(50):
                assert other.get("/healthz") == (200, b"ok")
        waiting = [connection.waiting for connection in loop.server._clients]
        assert max(waiting) < 1 << 20
    loop.until(lambda: loop.children[-1].hung_up)


def test_the_protocol_before_closing_channels_is_spoken_too(loop: Loop) -> None:
    with Channels(loop.port) as client:
        client.begin(
            "command=sh&command=-c&command=read+a;+echo+$a&stdin=1&stdout=1", "v9.channel.k8s.io, v4.channel.k8s.io"
        )
        client.tell(0, b"hel")
        client.tell(0, b"lo\n")
        heard = client.rest()
    assert heard[1] == b"hello\n"
    assert json.loads(heard[3])["status"] == "Success"


def test_without_stdin_a_program_reads_the_end_at_once(loop: Loop) -> None:
    with Channels(loop.port) as client:
        client.begin("command=cat&stdout=1&stderr=1")
        assert client.rest().keys() == {3}


def test_the_end_of_the_input_stays_the_end_though_more_is_said_after_it(loop: Loop) -> None:
    with Channels(loop.port) as client:
        client.begin("command=sh&command=-c&command=sleep+0.5;+wc+-c&stdin=1&stdout=1")
        for _ in range(4):  # more than a pipe holds: it still waits when the end is told
            client.tell(0, bytes(50_000))
        client.tell(255, b"\0")
        client.tell(0, b"late")
        assert int(client.rest()[1]) >= 200_000


def test_sizes_that_are_none_are_read_over(loop: Loop) -> None:
    with Channels(loop.port) as client:
        client.begin("command=cat&stdin=1&stdout=1&tty=1")
        for size in (
            b"",
            b"x",
            b"[]",
            b'{"Width":0,"Height":1}',
            b'{"Width":1e99,"Height":1}',
            b'{"Width":70000,"Height":1}',
            b"[" * 9999,
        ):
            client.tell(4, size)
        client.tell(4, b'{"Width":80,"Height":24}')
        client.tell(0, b"\x04")
        assert json.loads(client.rest()[3])["status"] == "Success"
    assert loop.children[-1].sizes == [(80, 24)]


def test_what_was_left_behind_in_a_pod_does_not_keep_the_client(kubectl: Kubectl) -> None:
    done = kubectl(*WHERE, "--", "sh", "-c", "sleep 30 & echo done")
    assert (done.status, done.out) == (0, "done\n")


def test_the_end_of_the_server_hangs_up_what_runs_for_it() -> None:
    before = descriptors()
    made = Loop()
    with Channels(made.port) as client:
        client.begin("command=sleep&command=1000&stdout=1")
        made.close()
        assert client.is_closed()
    assert made.children[-1].hung_up
    assert descriptors() == before


def test_the_client_s_bytes_after_the_handshake_are_not_lost(loop: Loop) -> None:
    with Talk(loop.port) as client:
        head = (
            f"GET {PATH}?command=cat&stdin=1&stdout=1 HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: x\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n"
        )
        client.say(head.encode() + masked(websocket.BINARY, b"\x00early") + masked(websocket.BINARY, b"\xff\x00"))
        client.until(b"\x01early")


def test_a_process_is_reaped_by_whoever_started_it(loop: Loop, kubectl: Kubectl) -> None:
    kubectl(*WHERE, "--", "true")
    assert loop.children[-1].process.returncode == 0
    assert isinstance(loop.children[-1].process, subprocess.Popen)


@settings(max_examples=25)
@given(
    st.lists(st.one_of(st.binary(max_size=300), st.binary(max_size=90).map(lambda data: masked(2, data))), max_size=6)
)
def test_whatever_a_client_says_to_a_process_the_server_lives(shared: Loop, parts: list[bytes]) -> None:
    with Channels(shared.port) as client:
        client.begin("command=cat&stdin=1&stdout=1&tty=1")
        with suppress(ConnectionError):  # it may have been cut off already
            for part in parts:
                client.say(part)
    with Talk(shared.port) as other:
        assert other.get("/healthz") == (200, b"ok")
    shared.until(lambda: shared.children[-1].hung_up or shared.children[-1].process.returncode is not None)


@pytest.mark.parametrize("more", ["", "&tty=1"])
def test_a_process_that_has_ended_before_anybody_looks_is_heard_all_the_same(loop: Loop, more: str) -> None:
    loop.waits_for_ends = True
    with Channels(loop.port) as client:
        client.begin(f"command=sh&command=-c&command=echo+out;+exit+4&stdout=1&stdin=1{more}")
        heard = client.rest()
    assert heard[1].strip() == b"out"
    assert json.loads(heard[3])["details"]["causes"] == [{"reason": "ExitCode", "message": "4"}]


def test_a_client_that_goes_away_while_nobody_takes_its_input_hangs_the_process_up(loop: Loop) -> None:
    with Channels(loop.port) as client:
        client.begin("command=sleep&command=1000&stdin=1&stdout=1")
        for _ in range(8):  # more than is taken, and no more than the kernel keeps: an end behind that would not arrive
            client.tell(0, bytes(50_000))
        loop.until(lambda: any(connection.paused for connection in loop.server._clients))
    loop.until(lambda: loop.children[-1].hung_up)


def test_a_terminal_that_is_gone_is_no_trouble(loop: Loop) -> None:
    with Channels(loop.port) as client:
        client.begin("command=sh&command=-c&command=exec+<%26-+>%26-+2>%26-;+sleep+0.2&stdin=1&stdout=1&tty=1")
        client.tell(0, b"hello")
        client.tell(4, b'{"Width":80,"Height":24}')
        assert json.loads(client.rest()[3])["status"] == "Success"
