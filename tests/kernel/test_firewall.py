"""What nft, iptables-nft and iptables-legacy really write, read back in one language."""

from __future__ import annotations

import shutil

import pytest

from tests.kernel.sandbox import Sandbox
from tutor.check import Chain, FirewallRule, Match, NetworkState
from tutor.kernel import Reader

pytestmark = pytest.mark.netns

V4 = Match("meta nfproto", ("ipv4",))
V6 = Match("meta nfproto", ("ipv6",))
TCP = Match("meta l4proto", ("tcp",))
ICMP = Match("meta l4proto", ("icmp",))


def one(field: str, *values: str, negated: bool = False) -> Match:
    return Match(field, values, negated)


NFT: dict[str, tuple[Match, ...]] = {
    'oifname != "eth0"': (one("oifname", "eth0", negated=True),),
    'iifname "eth*"': (one("iifname", "eth*"),),
    'iifname { "eth0", "eth1" }': (one("iifname", "eth0", "eth1"),),
    'iifname { "eth*", "br0" }': (one("iifname", "br0", "eth*"),),
    "iif { lo }": (one("iif", "lo"),),
    "iif lo": (one("iif", "lo"),),
    "oif != lo": (one("oif", "lo", negated=True),),
    "ip saddr 10.0.0.0/8": (V4, one("ip saddr", "10.0.0.0/8")),
    "ip saddr 10.0.0.0/9": (V4, one("ip saddr", "10.0.0.0/9")),
    "ip daddr != 10.0.0.0/9": (V4, one("ip daddr", "10.0.0.0/9", negated=True)),
    "ip daddr 10.1.2.3": (V4, one("ip daddr", "10.1.2.3")),
    "ip saddr 10.0.0.1-10.0.0.9": (V4, one("ip saddr", "10.0.0.1-10.0.0.9")),
    "ip saddr != 10.0.0.1-10.0.0.9": (V4, one("ip saddr", "10.0.0.1-10.0.0.9", negated=True)),
    "ip daddr { 10.2.0.0/16, 10.1.2.3 }": (V4, one("ip daddr", "10.1.2.3", "10.2.0.0/16")),
    "ip daddr != { 10.1.2.3, 10.1.2.4 }": (V4, one("ip daddr", "10.1.2.3", "10.1.2.4", negated=True)),
    "ip saddr @ranges": (V4, one("ip saddr", "1.2.3.4", "10.0.0.0/8", "192.168.1.5-192.168.1.9")),
    "ip saddr @plain": (V4, one("ip saddr", "1.2.3.4", "10.0.0.1")),
    "ip6 saddr fd00::/8": (V6, one("ip6 saddr", "fd00::/8")),
    "ip6 daddr != fd00::1": (V6, one("ip6 daddr", "fd00::1", negated=True)),
    "ip protocol icmp": (V4, one("ip protocol", "icmp")),
    "meta l4proto { tcp, udp }": (one("meta l4proto", "tcp", "udp"),),
    "icmp type echo-request": (V4, ICMP, one("icmp type", "echo-request")),
    "tcp dport 80": (TCP, one("tcp dport", "80")),
    "tcp dport != 80": (TCP, one("tcp dport", "80", negated=True)),
    "tcp dport 80-90": (TCP, one("tcp dport", "80-90")),
    "tcp dport != 80-90": (TCP, one("tcp dport", "80-90", negated=True)),
    "tcp dport > 1024": (TCP, one("tcp dport", "1025-65535")),
    "tcp dport { 80, 443, 1000-2000 }": (TCP, one("tcp dport", "80", "443", "1000-2000")),
    "udp sport 53": (one("meta l4proto", "udp"), one("udp sport", "53")),
    "tcp flags syn": (TCP, one("tcp flags", "syn")),
    "tcp flags & (syn|ack) == syn": (TCP, one("tcp flags", "syn / syn,ack")),
    "ct state established,related": (one("ct state", "established", "related"),),
    "ct state new": (one("ct state", "new"),),
    "ct state != established": (one("ct state", "established", negated=True),),
    "ct state { new, established }": (one("ct state", "established", "new"),),
    "ct status dnat": (one("ct status", "dnat"),),
    "ct direction reply": (one("ct direction", "reply"),),
    "meta mark 0x1": (one("meta mark", "0x1"),),
    "meta mark & 0xff == 0x1": (one("meta mark", "0x1/0xff"),),
    "meta mark 1-5": (one("meta mark", "0x1-0x5"),),
    "meta mark { 1, 2 }": (one("meta mark", "0x1", "0x2"),),
    "meta mark { 1-5, 9 }": (one("meta mark", "0x1-0x5", "0x9"),),
    "meta protocol ip": (one("meta protocol", "ip"),),
    "ip ttl 1": (V4, one("ip ttl", "1")),
    "icmpv6 type echo-request": (V6, one("meta l4proto", "ipv6-icmp"), one("icmpv6 type", "echo-request")),
    "meta l4proto { tcp, udp } th dport 53": (one("meta l4proto", "tcp", "udp"), one("th dport", "53")),
    "ct mark 1": (one("ct mark", "0x1"),),
    "fib daddr type local": (one("fib daddr type", "local"),),
    "fib daddr type != local": (one("fib daddr type", "local", negated=True),),
    "fib daddr type { local, broadcast }": (one("fib daddr type", "local", "broadcast"),),
    "limit rate 5/minute": (one("limit rate", "5/minute"),),
    "limit rate over 5/second": (one("limit rate", "5/second", negated=True),),
    "meta skuid 0": (one("meta skuid", "0"),),
    "meta pkttype broadcast": (one("meta pkttype", "broadcast"),),
    "counter": (),
    "counter name seen": (),
    'log prefix "x "': (),
}
NFT_NOT_UNDERSTOOD: dict[str, str] = {
    "ip saddr . tcp dport { 10.0.0.1 . 80 }": "ip saddr == @__set",
    "ip saddr & 255.0.0.255 == 10.0.0.1": "ip saddr & 0xff0000ff == 0x0a000001",
    "ip dscp cs1": "@nh,8,8 & 0xfc == 0x20",
    "ip saddr @timed": "ip saddr == @timed",
    "numgen random mod 2 0": "numgen",
    "meta mark set 0x1": "meta mark set",
    "ip ttl set 3": " set",
}
NFT_ACTIONS: dict[str, tuple[str, str, str]] = {
    "accept": ("f", "accept", ""),
    "drop": ("f", "drop", ""),
    "return": ("f", "return", ""),
    "continue": ("f", "continue", ""),
    "jump d": ("f", "jump", "d"),
    "goto d": ("f", "goto", "d"),
    "reject": ("f", "reject", ""),
    "reject with icmp host-unreachable": ("f", "reject", ""),
    "counter": ("f", "continue", ""),
    "meta mark set 0x1": ("f", "unknown", ""),
    "ct state vmap { established : accept, invalid : drop }": ("f", "unknown", ""),
    "masquerade": ("n", "masquerade", ""),
    "masquerade random": ("n", "masquerade", ""),
    "ip protocol tcp masquerade to :1024-2048": ("n", "masquerade", ":1024-2048"),
    "snat ip to 10.0.0.1": ("n", "snat", "10.0.0.1"),
    "snat ip to 10.0.0.1-10.0.0.5": ("n", "snat", "10.0.0.1-10.0.0.5"),
    "snat ip to ip saddr map { 10.0.0.1 : 10.0.0.2 }": ("n", "snat", ""),
    "tcp dport 80 dnat ip to 10.0.0.1:8080": ("p", "dnat", "10.0.0.1:8080"),
    "tcp dport 80 dnat ip6 to [fd00::1]:80": ("p", "dnat", "[fd00::1]:80"),
    "tcp dport 80 redirect to :8080": ("p", "redirect", ":8080"),
}
RULESET = """
table inet t {{
 set ranges {{ type ipv4_addr; flags interval; elements = {{ 10.0.0.0/8, 192.168.1.5-192.168.1.9, 1.2.3.4 }} }}
 set plain {{ type ipv4_addr; elements = {{ 10.0.0.1, 1.2.3.4 }} }}
 set timed {{ type ipv4_addr; flags timeout; elements = {{ 10.0.0.1 timeout 1h }} }}
 counter seen {{ }}
 chain f {{ type filter hook forward priority filter - 5; policy drop;
{f}
 }}
 chain d {{
 }}
 chain n {{ type nat hook postrouting priority srcnat;
{n}
 }}
 chain p {{ type nat hook prerouting priority dstnat;
{p}
 }}
}}
"""


@pytest.fixture(scope="module")
def written() -> dict[str, FirewallRule]:
    """All the rules above, as they were read back, by what nft was given."""
    conditions = [*(f"{text} accept" for text in NFT), *(f"{text} accept" for text in NFT_NOT_UNDERSTOOD)]
    rules = {"f": conditions, "n": [], "p": []}
    for text, (chain, _, _) in NFT_ACTIONS.items():
        rules[chain].append(text)
    try:
        vm = Sandbox()
    except OSError as error:
        pytest.skip(f"no user namespaces here: {error}")
    try:
        text = RULESET.format(**{chain: "\n".join(lines) for chain, lines in rules.items()})
        vm.run(f"nft -f - <<'END'\n{text}\nEND")
        with Reader(vm) as reader:
            chains = {chain.name: chain for chain in reader.read().namespaces[0].chains}
    finally:
        vm.close()
    assert {name: len(chains[name].rules) for name in rules} == {name: len(lines) for name, lines in rules.items()}
    return {text: rule for name, lines in rules.items() for text, rule in zip(lines, chains[name].rules, strict=True)}


@pytest.mark.parametrize("condition", NFT)
def test_condition_that_nft_wrote_is_read(written: dict[str, FirewallRule], condition: str) -> None:
    rule = written[f"{condition} accept"]
    assert (rule.matches, rule.not_understood, rule.action) == (NFT[condition], (), "accept")
    assert rule.handle > 0


@pytest.mark.parametrize("condition", NFT_NOT_UNDERSTOOD)
def test_condition_without_words_is_not_guessed(written: dict[str, FirewallRule], condition: str) -> None:
    rule = written[f"{condition} accept"]
    assert rule.action == "accept"
    assert any(NFT_NOT_UNDERSTOOD[condition] in text for text in rule.not_understood), rule


@pytest.mark.parametrize("statement", NFT_ACTIONS)
def test_action_that_nft_wrote_is_read(written: dict[str, FirewallRule], statement: str) -> None:
    rule = written[statement]
    assert (rule.action, rule.target) == NFT_ACTIONS[statement][1:]
    assert bool(rule.not_understood) == (rule.action == "unknown" or "map" in statement)


def chain_of(state: NetworkState, name: str) -> Chain:
    (chain,) = (chain for chain in state.namespaces[0].chains if chain.name == name)
    return chain


def test_chains_with_their_hooks(vm: Sandbox, reader: Reader) -> None:
    vm.run(
        "nft 'add table inet t; add chain inet t f { type filter hook forward priority -5; policy drop; };"
        "add chain inet t o { type route hook output priority 7; }; add chain inet t plain;"
        "add table bridge b; add chain bridge b p { type filter hook prerouting priority 1; };"
        "add table arp a; add chain arp a i { type filter hook input priority 0; }'"
    )
    found = [
        (chain.family, chain.table, chain.name, chain.hook, chain.kind, chain.priority, chain.policy, chain.origin)
        for chain in reader.read().namespaces[0].chains
    ]
    assert sorted(found) == [
        ("arp", "a", "i", "input", "filter", 0, "accept", "nft"),
        ("bridge", "b", "p", "prerouting", "filter", 1, "accept", "nft"),
        ("inet", "t", "f", "forward", "filter", -5, "drop", "nft"),
        ("inet", "t", "o", "output", "route", 7, "accept", "nft"),
        ("inet", "t", "plain", "", "", 0, "", "nft"),
    ]


def test_dormant_table_has_no_say(vm: Sandbox, reader: Reader) -> None:
    vm.run(
        "nft 'add table ip t { flags dormant; };add chain ip t f { type filter hook forward priority 0; policy drop; }'"
    )
    assert reader.read().namespaces[0].chains == ()


def test_element_that_is_added_to_a_set_is_seen(vm: Sandbox, reader: Reader) -> None:
    vm.run(
        "nft 'add table ip t; add set ip t s { type ipv4_addr; }; add chain ip t c; add rule ip t c ip saddr @s drop'"
    )
    assert chain_of(reader.read(), "c").rules[0].matches == (one("ip saddr"),)
    vm.run("nft add element ip t s '{ 10.0.0.1 }'")
    assert chain_of(reader.read(), "c").rules[0].matches == (one("ip saddr", "10.0.0.1"),)


IPTABLES: dict[str, tuple[str, str, tuple[Match, ...]]] = {
    "-t nat -A POSTROUTING -s 10.0.0.0/8 ! -d 10.0.0.0/8 -o eth0 -j MASQUERADE": (
        "masquerade",
        "",
        (one("oifname", "eth0"), one("ip saddr", "10.0.0.0/8"), one("ip daddr", "10.0.0.0/8", negated=True)),
    ),
    "-t nat -A POSTROUTING -m comment --comment 'a b' -m addrtype ! --dst-type LOCAL ! -d 10.0.0.0/9 -j MASQUERADE": (
        "masquerade",
        "",
        (one("ip daddr", "10.0.0.0/9", negated=True), one("fib daddr type", "local", negated=True)),
    ),
    "-t nat -A POSTROUTING ! -o lo -j SNAT --to-source 10.0.0.1-10.0.0.4": (
        "snat",
        "10.0.0.1-10.0.0.4",
        (one("oifname", "lo", negated=True),),
    ),
    "-t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080": (
        "dnat",
        "10.0.0.1:8080",
        (TCP, one("tcp dport", "80")),
    ),
    "-t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080": (
        "redirect",
        ":8080",
        (TCP, one("tcp dport", "80")),
    ),
    "-A FORWARD -i br+ -s 10.1.2.3 -j ACCEPT": ("accept", "", (one("iifname", "br*"), one("ip saddr", "10.1.2.3"))),
    "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT": (
        "accept",
        "",
        (one("ct state", "established", "related"),),
    ),
    "-A FORWARD -m conntrack ! --ctstate NEW -j DROP": ("drop", "", (one("ct state", "new", negated=True),)),
    "-A FORWARD -m state --state NEW -j DROP": ("drop", "", (one("ct state", "new"),)),
    "-A FORWARD -p tcp -m multiport --dports 80,443:445 -j REJECT": (
        "reject",
        "",
        (TCP, one("tcp dport", "80", "443-445")),
    ),
    "-A FORWARD -p udp ! --sport 1024:65535 -j DROP": (
        "drop",
        "",
        (one("meta l4proto", "udp"), one("udp sport", "1024-65535", negated=True)),
    ),
    "-A FORWARD -p icmp --icmp-type echo-request -j DROP": ("drop", "", (ICMP, one("icmp type", "echo-request"))),
    "-A FORWARD -m mark --mark 0x1/0xff -j RETURN": ("return", "", (one("meta mark", "0x1/0xff"),)),
    "-A FORWARD -m limit --limit 5/min -j LOG": ("continue", "", (one("limit rate", "5/minute"),)),
    "-A FORWARD -g OWN": ("goto", "OWN", ()),
    "-A FORWARD -j OWN": ("jump", "OWN", ()),
    "-A FORWARD": ("continue", "", ()),
}
IPTABLES_NOT_UNDERSTOOD = (
    "-A FORWARD -m statistic --mode nth --every 2 --packet 0 -j ACCEPT",
    "-A FORWARD -m physdev --physdev-is-bridged -j ACCEPT",
    "-A FORWARD -m addrtype --dst-type LOCAL --limit-iface-in -j ACCEPT",
)


def rule_written_by(vm: Sandbox, reader: Reader, program: str, options: str) -> tuple[Chain, FirewallRule]:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    if "OWN" in options:
        vm.run(f"{program} -N OWN")
    vm.run(f"{program} {options}")
    (found,) = ((chain, rule) for chain in reader.read().namespaces[0].chains for rule in chain.rules)
    return found


@pytest.mark.parametrize("options", IPTABLES)
@pytest.mark.parametrize("program", ["iptables-nft", "iptables-legacy"])
def test_rule_of_iptables_is_read_alike_from_either(vm: Sandbox, reader: Reader, program: str, options: str) -> None:
    chain, rule = rule_written_by(vm, reader, program, options)
    action, target, matches = IPTABLES[options]
    assert chain.origin == ("nft" if program == "iptables-nft" else "legacy")
    assert chain.hook == options.split("-A ")[1].split()[0].lower()
    assert (rule.action, rule.target, rule.not_understood) == (action, target, ())
    assert {(match.field, frozenset(match.values), match.negated) for match in rule.matches} == {
        (match.field, frozenset(match.values), match.negated) for match in matches
    }
    assert rule.packets == 0


@pytest.mark.parametrize("options", IPTABLES_NOT_UNDERSTOOD)
@pytest.mark.parametrize("program", ["iptables-nft", "iptables-legacy"])
def test_condition_of_iptables_without_words_is_not_guessed(
    vm: Sandbox, reader: Reader, program: str, options: str
) -> None:
    _, rule = rule_written_by(vm, reader, program, options)
    assert rule.action == "accept"
    assert rule.not_understood


@pytest.mark.parametrize("program", ["iptables-nft", "iptables-legacy"])
def test_rule_that_marks_has_an_unknown_action(vm: Sandbox, reader: Reader, program: str) -> None:
    _, rule = rule_written_by(vm, reader, program, "-t mangle -A FORWARD -j MARK --set-mark 1")
    assert rule.action == "unknown"
    assert rule.not_understood
