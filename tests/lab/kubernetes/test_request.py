from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.lab.kubernetes.request import BODY_BYTES, HEAD_BYTES, BadRequest, Request, RequestReader

TWO = (
    b"POST /api/v1/pods?limit=500&x=%20a&x=b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    b"PUT /b%2Fc HTTP/1.1\r\nTransfer-Encoding: chunked\r\nAccept: a\r\naccept: b\r\n\r\n"
    b"3;x=y\r\nabc\r\n0\r\nTrailer: z\r\n\r\n"
    b"\r\nGET / HTTP/1.0\n\nrest"
)


def read(*parts: bytes) -> list[Request]:
    reader, found = RequestReader(), []
    for part in parts:
        reader.feed(part)
        while (request := reader.next()) is not None:
            found.append(request)
    return found


def outcome(*parts: bytes) -> int:
    """With which status it is refused; 0 if it is not."""
    try:
        read(*parts)
    except BadRequest as error:
        return error.code
    return 0


def refused(*parts: bytes) -> int:
    code = outcome(*parts)
    assert code, "was not refused"
    return code


def test_requests_are_cut_where_they_end() -> None:
    post, put, get = read(TWO)
    assert (post.method, post.path, post.query) == ("POST", ("api", "v1", "pods"), {"limit": ["500"], "x": [" a", "b"]})
    assert (put.path, put.headers["accept"], put.keep) == (("b/c",), "a,b", True)
    assert (get.method, get.path, get.keep, get.is_old) == ("GET", (), False, True)


@given(st.lists(st.integers(0, len(TWO)), max_size=12))
def test_it_does_not_matter_in_what_pieces_a_request_comes(cuts: list[int]) -> None:
    edges = sorted({0, *cuts, len(TWO)})
    assert read(*(TWO[a:b] for a, b in pairwise(edges))) == read(TWO)


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_whatever_comes_is_a_request_or_refused(parts: list[bytes]) -> None:
    assert outcome(*parts) in (0, 400, 413, 431)


@given(st.text("GET / HTP.10:\r\nContent-Lgh234chukedTrasf", max_size=200))
def test_whatever_looks_like_a_request_is_one_or_refused(text: str) -> None:
    assert outcome(text.encode(), b"\r\n\r\n") in (0, 400, 431)


@pytest.mark.parametrize(
    "text",
    [
        b"hello\r\n\r\n",
        b"GET http://x/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\r\n folded: c\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 2000,
    ],
)
def test_what_is_no_request_is_refused(text: bytes) -> None:
    assert refused(text) == 400


def test_a_head_without_end_is_refused() -> None:
    assert refused(b"GET / HTTP/1.1\r\nA: ", b"a" * HEAD_BYTES) == 431


def test_a_body_too_long_is_refused_before_it_comes() -> None:
    assert refused(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY_BYTES + 1)) == 413


def test_a_chunked_body_too_long_is_refused_when_it_is_too_long() -> None:
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    assert refused(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", *[chunk] * 16) == 413


def test_a_trailer_without_end_is_refused() -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    assert refused(head, *[b"A: b\r\n" * 1000] * 200) == 413


def test_what_comes_after_the_last_request_is_kept_for_another_protocol() -> None:
    reader = RequestReader()
    reader.feed(b"GET / HTTP/1.1\r\n\r\n\x82\x80")
    assert reader.next() is not None
    assert reader.rest() == b"\x82\x80"
