"""The parts of the sandbox that need no kernel."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.conftest import VM
from tutor.errors import TopologyError
from tutor.lab import fabric, idmap, wire
from tutor.lab.internet import answer_dns, answer_http
from tutor.lab.machinecode import pause_program, pretend_ids_filter, wait_program
from tutor.lab.ring import SIZE, Ring
from tutor.lab.topology import parse_topology

ZONE = {"example.com": "203.0.113.80", "dns.google": "8.8.8.8"}


def test_our_lab_is_read() -> None:
    topology = parse_topology(VM.read_text(), name="vm")
    assert topology.home == "vm"
    assert str(topology.machines[0].nics[0].address) == "10.1.0.4/24"


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (("home =", "hme ="), "no key 'hme'", "did you mean 'home'"),
        (('home = "vm"', 'home = "wm"'), "no machine of this lab", "vm"),
        (('"10.1.0.4/24"', '"10.1.0.4.5"'), "address = '10.1.0.4.5'", "10.1.0.4/24"),
        (('["10.0.0.0/8"', '["11.0.0.0/8"'), "in none of the cloud's networks", "11.0.0.0/8"),
        (('link = "eth0"', 'link = "a-name-that-is-too-long"'), "can't be the name of a link", "at most 15"),
        (("[cloud]", "[clout]"), "no key 'clout'", "did you mean 'cloud'"),
        (("[[machine]]", "[[machine]"), "not valid TOML", "docs/authoring.md"),
    ],
)
def test_a_wrong_lab_is_told_with_what_would_be_right(change: tuple[str, str], message: str, hint: str) -> None:
    with pytest.raises(TopologyError) as caught:
        parse_topology(VM.read_text().replace(*change, 1), name="vm", path=Path("vm.toml"))
    assert message in caught.value.message
    assert caught.value.message.startswith("vm.toml: ")
    assert hint in caught.value.hint


@given(st.text(max_size=200))
def test_any_text_is_a_lab_or_a_topology_error(text: str) -> None:
    with pytest.raises(TopologyError):
        parse_topology(text, name="x")


@given(st.binary(max_size=80))
def test_any_datagram_gets_an_answer_or_none(query: bytes) -> None:
    answer = answer_dns(query, ZONE)
    assert answer is None or answer[:2] == query[:2]


@pytest.mark.parametrize(
    ("name", "kind", "code", "data"),
    [
        ("example.com", 1, 0, socket.inet_aton("203.0.113.80")),
        ("EXAMPLE.com", 1, 0, socket.inet_aton("203.0.113.80")),
        ("example.com", 28, 0, b""),
        ("nowhere.test", 1, 3, b""),
        ("8.8.8.8.in-addr.arpa", 12, 0, b"\3dns\6google\0"),
        ("2.0.0.10.in-addr.arpa", 12, 3, b""),
    ],
)
def test_names_are_looked_up(name: str, kind: int, code: int, data: bytes) -> None:
    question = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + struct.pack(
        "!BHH", 0, kind, 1
    )
    answer = answer_dns(struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + question, ZONE)
    assert answer is not None
    assert answer[3] & 15 == code
    assert answer.endswith(data)
    assert struct.unpack_from("!H", answer, 6)[0] == (1 if data else 0)


def test_http_knows_get_and_head() -> None:
    assert b"You came from 1.2.3.4" in answer_http(b"GET / HTTP/1.1\r\n\r\n", "1.2.3.4")
    assert answer_http(b"HEAD / HTTP/1.1\r\n\r\n", "1.2.3.4").endswith(b"\r\n\r\n")
    assert answer_http(b"nonsense", "").startswith(b"HTTP/1.1 405")


@given(st.lists(st.binary(max_size=SIZE // 3), max_size=12))
def test_a_ring_keeps_the_last_bytes(pieces: list[bytes]) -> None:
    ring = Ring.create()
    written = b""
    for piece in pieces:
        fresh, total = ring.since(len(written))
        assert (fresh, total) == (b"", len(written))
        ring.write(piece)
        assert ring.since(len(written))[0] == piece
        written += piece
    assert ring.read() == written[-SIZE:]
    ring.close()


@pytest.mark.parametrize("size", [10, 40_000, 200_000, 2_000_000])
def test_messages_of_any_size_arrive_with_their_descriptors(size: int) -> None:
    one, other = wire.pair()
    with one, other, Path(os.devnull).open() as null:
        wire.send(one, {"text": "x" * size}, [null.fileno()])
        heard = wire.receive(other)
        assert heard is not None
        assert heard[0] == {"text": "x" * size}
        assert len(heard[1]) == 1
        assert not os.get_inheritable(heard[1][0])
        os.close(heard[1][0])
        one.close()
        assert wire.receive(other) is None


def test_the_first_range_of_a_user_is_found_by_name_or_number(tmp_path: Path) -> None:
    file = tmp_path / "subuid"
    file.write_text("other:1:2\n\nbroken\nme:x:y\nme:100000:65536\n1000:5:6\n")
    assert idmap.find_range(file, 1000, "me") == (100000, 65535)
    assert idmap.find_range(file, 1000, "nobody") == (5, 6)
    assert idmap.find_range(file, 7, "nobody") is None
    assert idmap.find_range(tmp_path / "missing", 7, "me") is None


def test_a_nested_map_has_a_line_for_each_of_its_parent(tmp_path: Path) -> None:
    file = tmp_path / "uid_map"
    file.write_text("         0       1000          1\n         1     100000      65535\n")
    assert idmap.nested(file) == "0 0 1\n1 1 65535\n"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_programs_are_elf_files_for_their_processor(machine: str) -> None:
    kind = {"x86_64": 62, "aarch64": 183}[machine]
    for program in (pause_program(machine), wait_program(machine)):
        assert program[:4] == b"\x7fELF"
        assert struct.unpack_from("<H", program, 18)[0] == kind
    assert len(pretend_ids_filter(machine)) % 8 == 0


def test_the_waiting_programs_wait(tmp_path: Path) -> None:
    for name, program in (("pause", pause_program()), ("wait", wait_program())):
        path = tmp_path / name
        path.write_bytes(program)
        path.chmod(0o755)
    with subprocess.Popen([tmp_path / "pause"]) as waiting:
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.1)
        waiting.kill()
    # Without a child there is nothing to wait for.
    assert subprocess.run([tmp_path / "wait"], timeout=2, check=False).returncode == 0


def test_the_clouds_rules_name_every_reason() -> None:
    rules = fabric.nft_ruleset(parse_topology(VM.read_text(), name="vm"))
    for reason in fabric.DROPS:
        assert f"counter name {reason} drop" in rules
    assert fabric.parse_drops("counter no-owner {\n packets 3 bytes 9\n}\ncounter other { packets 1 bytes 2 }") == {
        "no-owner": 3
    }
