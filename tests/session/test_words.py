"""What a check says, as a sentence with the lesson's values in it."""

from __future__ import annotations

import pytest

from tutor.session.material import load_material
from tutor.session.play import in_words

DEFINITIONS = load_material("").checks.definitions


@pytest.mark.parametrize(
    ("id_", "arguments", "words"),
    [
        ("link.is_up", {"link": "veth-a"}, "veth-a is up"),
        ("reach.pings", {"src": "ns1", "dst": "8.8.8.8"}, "A ping from ns1 to 8.8.8.8 is answered"),
        ("reach.pings", {"src": "root", "dst": "8.8.8.8"}, "A ping from the root namespace to 8.8.8.8 is answered"),
        ("reach.pings", {"src": "node1:5e0f", "dst": "8.8.8.8"}, "A ping from 5e0f on node1 to 8.8.8.8 is answered"),
        ("reach.pings", {"src": "node1:root", "dst": "8.8.8.8"},
         "A ping from node1's root namespace to 8.8.8.8 is answered"),
        ("forwarding.is_on", {"between": ["a", "b"]}, "The root namespace passes packets on between the links a and b"),
        ("forwarding.is_on", {"between": ["a", "b", "c"]},
         "The root namespace passes packets on between the links a, b and c"),
        ("forwarding.is_on", {"between": ["a", "b", "c", "d", "e"]},
         "The root namespace passes packets on between the links a and 4 more"),
    ],
)  # fmt: skip
def test_a_check_says_what_must_be_so(id_: str, arguments: dict[str, object], words: str) -> None:
    assert in_words(DEFINITIONS[id_], arguments) == words
