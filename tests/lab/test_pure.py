"""The parts of the sandbox that need no kernel."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.conftest import VM
from tutor.lab import fabric, idmap, wire
from tutor.lab.cloud import cloud_of
from tutor.lab.idmap import MapKind
from tutor.lab.internet import answer_dns, answer_http
from tutor.lab.topology_file import parse_topology

ZONE = {"example.com": "203.0.113.80", "dns.google": "8.8.8.8"}


QUESTIONS = st.one_of(
    st.binary(max_size=80),
    # What looks like a query, and then goes wrong.
    st.builds(
        lambda ident, rest: struct.pack("!H", ident) + b"\1\0\0\1\0\0\0\0\0\0" + rest,
        st.integers(0, 65535),
        st.binary(),
    ),
    st.builds(
        lambda labels, rest: bytes(2) + b"\1\0\0\1\0\0\0\0\0\0" + b"".join(map(_label, labels)) + rest,
        st.lists(st.binary(max_size=63), max_size=9),
        st.binary(max_size=20),
    ),
)


def _label(text: bytes) -> bytes:
    return bytes([len(text)]) + text


@given(QUESTIONS)
def test_any_datagram_gets_an_answer_to_it_or_none(query: bytes) -> None:
    answer = answer_dns(query, ZONE)
    if answer is not None:
        assert answer[:2] == query[:2]
        assert answer[2] & 0x80
        assert len(answer) >= 12


@pytest.mark.parametrize("change", [b"\x40", b"\xc0\x0c", b"\x3f", b""])
def test_a_question_that_is_cut_off_or_points_somewhere_is_a_format_error(change: bytes) -> None:
    answer = answer_dns(b"ab\1\0\0\1\0\0\0\0\0\0\3www" + change, ZONE)
    assert answer is not None
    assert answer[3] & 15 == 1


def test_an_answer_and_a_query_of_another_class_are_not_taken_for_questions() -> None:
    question = b"\7example\3com\0\0\1\0\1"
    assert answer_dns(b"ab\x81\0\0\1\0\0\0\0\0\0" + question, ZONE) is None
    chaos = answer_dns(b"ab\1\0\0\1\0\0\0\0\0\0" + question[:-1] + b"\3", ZONE)
    assert chaos is not None
    assert chaos[6:8] == b"\0\0"


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


@given(st.binary() | st.builds(bytes.__add__, st.sampled_from([b"GET", b"HEAD", b"GET ", b"HEAD "]), st.binary()))
def test_any_request_gets_a_whole_http_answer(request: bytes) -> None:
    head, _, body = answer_http(request, "1.2.3.4").partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] in (b"HTTP/1.1 200 OK", b"HTTP/1.1 405 Method Not Allowed")
    if request.partition(b" ")[0] != b"HEAD":
        assert f"Content-Length: {len(body)}".encode() in lines


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


@pytest.mark.parametrize("length", range(48 * 1024 - 12, 48 * 1024 + 2))
def test_the_longest_datagram_and_the_shortest_message_beside_it_arrive(length: int) -> None:
    one, other = wire.pair()
    with one, other:
        wire.send(one, {"text": "x" * length})
        assert wire.receive(other) == ({"text": "x" * length}, [])


def test_as_many_descriptors_as_fit_arrive_and_the_next_message_too() -> None:
    one, other = wire.pair()
    with one, other, Path(os.devnull).open() as null:
        wire.send(one, {"text": "x" * 100_000}, [null.fileno()] * 63)
        wire.send(one, {"next": 1})
        heard = wire.receive(other)
        assert heard is not None
        assert len(heard[1]) == 63
        for descriptor in heard[1]:
            os.close(descriptor)
        assert wire.receive(other) == ({"next": 1}, [])


def test_a_receiver_that_does_not_read_is_no_reason_to_wait() -> None:
    one, other = wire.pair()
    with one, other:
        one.setblocking(False)
        with pytest.raises(BlockingIOError):
            _send_often(one, 10_000)


def _send_often(end: socket.socket, times: int) -> None:
    for _ in range(times):
        wire.send(end, {"notice": "mounts"})


def test_a_socket_with_a_long_path_has_a_short_name(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    kind = socket.AF_UNIX, socket.SOCK_SEQPACKET
    with socket.socket(*kind) as listener, wire.short_path(folder / "lab.sock") as address:
        listener.bind(address)
    assert (folder / "lab.sock").is_socket()


@given(st.binary(max_size=200), st.integers(0, 70_000), st.text(max_size=5))
def test_any_file_of_ranges_gives_a_range_or_none(
    tmp_path_factory: pytest.TempPathFactory, text: bytes, uid: int, name: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "ranges"
    file.write_bytes(text + f"\n{name}:\u00b2:7\n{uid}:9".encode())
    found = idmap.find_range(file, uid, name)
    assert found is None or (found[0] >= 0 and 0 < found[1] < idmap.RANGE)


def test_the_first_range_of_a_user_is_found_by_name_or_number(tmp_path: Path) -> None:
    file = tmp_path / "subuid"
    file.write_text("other:1:2\n\nbroken\nme:x:y\nme:100000:65536\n1000:5:6\n")
    assert idmap.find_range(file, 1000, "me") == (100000, 65535)
    assert idmap.find_range(file, 1000, "nobody") == (5, 6)
    assert idmap.find_range(file, 7, "nobody") is None
    assert idmap.find_range(tmp_path / "missing", 7, "me") is None


@pytest.mark.parametrize(
    ("own", "spare"),
    [
        ("0 0 4294967295", (1_000_000, 65536)),
        ("0 1000 1\n1 100000 65536", (1, 65536)),
        ("0 100000 65536", (1, 65535)),
        ("0 100000 1000000", (934_464, 65536)),
        ("0 5 1\n1 900 1000\n5000 90000 3000", (5000, 3000)),
        ("0 1000 1", None),
        ("0 100000 1000", None),
        ("1000 1000 1\n0 0 1", None),
    ],
)
def test_root_lends_what_its_own_namespace_maps(tmp_path: Path, own: str, spare: tuple[int, int] | None) -> None:
    file = tmp_path / "uid_map"
    file.write_text(own + "\n")
    assert idmap.find_spare(file) == spare


@given(st.lists(st.tuples(st.integers(0, 2**21), st.integers(1, 2**21)), max_size=8))
def test_what_is_lent_lies_in_one_line_and_is_never_id_0(
    tmp_path_factory: pytest.TempPathFactory, own: list[tuple[int, int]]
) -> None:
    file = tmp_path_factory.getbasetemp() / "own_map"
    file.write_text("".join(f"{first} 7 {count}\n" for first, count in own))
    spare = idmap.find_spare(file)
    if spare is None:
        assert all(first + count - max(first, 1) < 1000 for first, count in own)
    else:
        assert spare[0] > 0
        assert any(first <= spare[0] and sum(spare) <= first + count for first, count in own)


def _own_maps(proc: Path, uids: str, gids: str) -> Path:
    (proc / "self").mkdir()
    (proc / "self/uid_map").write_text(uids + "\n")
    (proc / "self/gid_map").write_text(gids + "\n")
    return proc


def test_root_of_a_container_lends_from_its_own_ids(tmp_path: Path) -> None:
    proc = _own_maps(tmp_path, "0 1000 1\n1 100000 65536", "0 1000 1\n1 200000 2000")
    ids = idmap.choose_for_root(proc, single=False, is_the_machines=False)
    assert (ids.kind, ids.uid_lines, ids.gid_lines) == (MapKind.ROOT, ((0, 1, 65536),), ((0, 1, 2000),))


@pytest.mark.parametrize(("uids", "single"), [("0 1000 1", False), ("0 1000 1\n1 100000 65536", True)])
def test_root_of_a_container_without_spare_ids_has_a_single_one(tmp_path: Path, uids: str, single: bool) -> None:
    proc = _own_maps(tmp_path, uids, "0 1000 1")
    ids = idmap.choose_for_root(proc, single=single, is_the_machines=False)
    assert (ids.kind, ids.uid_lines) == (MapKind.SINGLE, ((0, 0, 1),))


@pytest.mark.parametrize("own", ["0 0 1", "0 0 4294967295"])
@pytest.mark.parametrize("single", [False, True])
def test_the_uid_0_of_the_machine_is_never_mapped(tmp_path: Path, own: str, single: bool) -> None:
    ids = idmap.choose_for_root(_own_maps(tmp_path, own, own), single=single, is_the_machines=True)
    assert ids.kind is MapKind.ROOT
    assert all(outside > 0 for _, outside, _ in (*ids.uid_lines, *ids.gid_lines))


def test_a_nested_map_has_a_line_for_each_of_its_parent(tmp_path: Path) -> None:
    file = tmp_path / "uid_map"
    file.write_text("         0       1000          1\n         1     100000      65535\n")
    assert idmap.nested(file) == "0 0 1\n1 1 65535\n"


def test_the_clouds_rules_name_every_reason() -> None:
    rules = fabric.nft_ruleset(cloud_of(parse_topology(VM.read_text(), name="vm")))
    for reason in fabric.DROPS:
        assert f"counter {reason} {{ }}" in rules
        assert f"counter name {reason} drop" in rules
    assert fabric.parse_drops("counter no-owner {\n packets 3 bytes 9\n}\ncounter other { packets 1 bytes 2 }") == {
        "no-owner": 3
    }
