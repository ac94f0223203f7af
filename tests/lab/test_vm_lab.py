"""What a learner finds in the `vm` lab."""

from __future__ import annotations

import os

import pytest

from tests.lab.conftest import Sh
from tests.waiting import read_until
from tutor.lab.client import Lab
from tutor.lab.environment import ENVIRONMENT

pytestmark = pytest.mark.netns

TUNNELS = {"tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0", "teql0"}
FIRST_SECTION = """
set -e
ip link add veth-a-ns1 type veth peer name veth-b-ns1
ip link set veth-a-ns1 up
ip netns add ns1
ip netns exec ns1 ip a
ip link set veth-b-ns1 netns ns1
ip netns exec ns1 ip addr add 10.0.0.2/24 dev veth-b-ns1
ip netns exec ns1 ip link set veth-b-ns1 up
ip netns exec ns1 ip link set dev lo up
ip link add br-rootns type bridge
ip link set br-rootns up
ip link set veth-a-ns1 master br-rootns
ip addr add 10.0.0.1/24 dev br-rootns
brctl show
route -n
ping -c 3 -i 0.1 10.0.0.2
echo 1 > /proc/sys/net/ipv4/ip_forward
iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE
ip netns exec ns1 ip route add default via 10.0.0.1
ip netns exec ns1 ping -c 1 -W 2 8.8.8.8
"""


def test_the_machine_is_as_the_paper_has_it(sh: Sh) -> None:
    assert sh("hostname") == (0, "vm\n")
    _, links = sh("ip -o link")
    assert "1: lo: <LOOPBACK,UP,LOWER_UP>" in links
    assert "mtu 1500" in links
    assert "00:0d:3a:01:00:04" in links
    _, addresses = sh("ip -4 -o addr")
    assert "10.1.0.4/24 brd 10.1.0.255 scope global eth0" in addresses
    assert "127.0.0.1/8 scope host lo" in addresses
    assert sh("ip route show default")[1].split() == ["default", "via", "10.1.0.1", "dev", "eth0"]


def test_no_link_is_there_but_its_card_and_what_the_kernel_adds_itself(sh: Sh) -> None:
    _, links = sh("ls /sys/class/net")
    assert {"lo", "eth0"} <= set(links.split()) <= {"lo", "eth0"} | TUNNELS
    assert "NO-CARRIER" not in sh("ip link show eth0")[1]
    assert "state UP" in sh("ip link show eth0")[1]


def test_the_environment_is_a_root_shells_and_holds_nothing_of_the_users(sh: Sh) -> None:
    _, printed = sh("env")
    names = {line.partition("=")[0] for line in printed.splitlines()}
    assert names <= {*ENVIRONMENT, "PWD", "SHLVL", "_"}
    assert sh("tr '\\0' '\\n' < /proc/1/environ")[1] == ""
    assert sh("pwd; umask; ulimit -Hn")[1].split()[:2] == ["/root", "0022"]
    assert sh("ls -l /proc/self/fd | grep -c -- '->'")[1] == "4\n"


def test_sysctls_are_set_and_not_inherited(sh: Sh) -> None:
    _, values = sh("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/rp_filter")
    assert set(values.split()) == {"0"}
    status, bridge = sh("cat /proc/sys/net/bridge/bridge-nf-call-iptables")
    assert status != 0 or bridge == "0\n"


def test_the_internet_answers_ping_dns_and_http(sh: Sh) -> None:
    for host in ("8.8.8.8", "1.1.1.1", "example.com"):
        assert sh(f"ping -c 1 -W 2 {host}")[0] == 0, host
    assert sh("curl -s -m 20 http://example.com")[1].endswith("You came from 203.0.113.10.\n")
    assert sh("getent hosts dns.google")[1].split()[0] == "8.8.8.8"


def test_a_reverse_look_up_of_an_unknown_address_is_answered_at_once(sh: Sh) -> None:
    # Whoever got no answer would wait for it longer than `sh` does for whoever waits.
    assert sh("RES_OPTIONS='timeout:30 attempts:5' getent hosts 10.0.0.2")[0] == 2


def test_the_cloud_drops_a_foreign_source_for_a_reason(lab: Lab, sh: Sh) -> None:
    before = lab.drops()["spoofed-source"]
    sh("ip addr add 10.9.9.9/32 dev lo; ping -c 1 -W 1 -I 10.9.9.9 8.8.8.8")
    assert lab.drops()["spoofed-source"] == before + 1


def test_the_internet_sees_the_public_address_only(sh: Sh) -> None:
    for wanted in ("http://8.8.8.8/", "http://1.1.1.1/", "http://example.com/a/b?c"):
        assert sh(f"curl -s -m 20 {wanted}") == (
            0,
            "Hello from the internet of this lab. You came from 203.0.113.10.\n",
        )


def test_nothing_listens_in_the_cloud_itself(sh: Sh) -> None:
    assert sh("ping -c 1 -W 1 10.1.0.1")[0] == 1
    assert sh("ping -c 1 -W 1 203.0.113.10")[0] == 1
    assert sh("ip neigh show 10.1.0.1")[1].split()[4] == "12:34:56:78:9a:bc"


def test_the_cloud_drops_what_nobody_owns_for_a_reason(lab: Lab, sh: Sh) -> None:
    assert sh("ping -c 1 -W 1 10.1.0.99; ping -c 1 -W 1 172.16.0.1")[0] == 1
    assert lab.drops()["no-owner"] == 2


def test_the_whole_first_section_of_the_paper_works(sh: Sh) -> None:
    status, printed = sh(FIRST_SECTION)
    assert status == 0, printed
    assert "mount of /sys failed" not in printed
    assert "1 received" in printed


@pytest.mark.parametrize(
    "command",
    [
        "sudo id -u",
        "sudo -E env",
        "sudo FOO=bar env | grep -q FOO=bar",
        "sudo -- true",
        "su -c true",
        "su - -c true",
        "timeout 5 tcpdump --immediate-mode -c 1 -ni eth0 icmp & sleep 0.3; ping -c 1 8.8.8.8 >/dev/null; wait",
        "conntrack -L",
        "nft list ruleset",
        "iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE",
        "! command -v iptables-legacy || iptables-legacy -t nat -A POSTROUTING -o eth0 -j MASQUERADE",
        "unshare --net=/tmp/made true 2>/dev/null || { touch /tmp/made && unshare --net=/tmp/made true; }",
        "unshare -n ip link",
        "unshare -Ur true",
        "ip netns add x && nsenter --net=/run/netns/x ip link",
        "curl -s -o /dev/null http://1.1.1.1",
        "less /etc/hosts < /dev/null",
        "! man -w ip 2>/dev/null || man ip | grep -q netns",
        "! command -v vim || { echo a > /tmp/f; vim -es -u NONE +s/a/b/ +wq /tmp/f; grep -qx b /tmp/f; }",
        "sudo -u nobody true",
        "sudo -i true && sudo --login true",
        "echo echo ok | sudo -s | grep -qx ok",
        "su -s /bin/sh nobody -c true",
        "nsenter -t $$ -n ip link && nsenter -t 1 -n -m ip link",
        "nsenter -t $$ -a ip link && nsenter -t 1 --all ip link",
        "unshare -Urnm ip link",
        "unshare -fp --mount-proc ps -e",
        "mount -t tmpfs x /mnt && umount /mnt",
        "sysctl -w net.ipv4.ip_forward=1 && grep -q 1 /proc/sys/net/ipv4/ip_forward",
        "ip link add br0 type bridge && ip link set eth0 master br0",
        "mkfifo /tmp/p; echo x > /tmp/p & grep -qx x /tmp/p",
        "test -r /etc/os-release && test -x /bin/sh && test -d /var/tmp",
        "touch /usr/local/bin/mine && chmod +x /usr/local/bin/mine && mine",
    ],
)
def test_what_a_root_shell_can_do_works(sh: Sh, command: str) -> None:
    status, printed = sh(command)
    assert status == 0, printed


def test_jobs_and_ctrl_c_work_in_a_terminal(lab: Lab) -> None:
    shell = lab.open_shell(PS1="$ ")
    try:
        os.write(shell.fd, b"sleep 100 & jobs; tty\n")
        assert b"Running" in read_until(shell.fd, b"/dev/pts/")
        os.write(shell.fd, b"sh -c 'echo be\"\"gun; exec sleep 100'\n")
        assert b"begun" in read_until(shell.fd, b"begun")
        os.write(shell.fd, b"\x03")
        os.write(shell.fd, b"echo status $?\n")
        assert b"status 130" in read_until(shell.fd, b"status 130")
    finally:
        shell.close()


def test_names_of_files_are_completed(lab: Lab) -> None:
    shell = lab.open_shell(PS1="$ ")
    try:
        os.write(shell.fd, b"cat /etc/hostn\t\n")
        assert b"/etc/hostname" in read_until(shell.fd, b"vm\r\n")
    finally:
        shell.close()


def test_the_size_of_a_terminal_is_what_it_was_opened_and_resized_with(lab: Lab) -> None:
    shell = lab.open_shell(columns=91, rows=27)
    try:
        os.write(shell.fd, b"stty size\n")
        said = read_until(shell.fd, b"27 91\r\n")
        assert b"27 91\r\n" in said
        if b"# " not in said.partition(b"27 91\r\n")[2]:
            assert b"# " in read_until(shell.fd, b"# ")
        shell.resize(50, 10)
        os.write(shell.fd, b"stty size\n")
        assert b"10 50\r\n" in read_until(shell.fd, b"10 50\r\n")
    finally:
        shell.close()


def test_a_shell_can_be_had_after_its_home_was_deleted(sh: Sh) -> None:
    assert sh("rm -rf ~")[0] == 0
    assert sh("pwd") == (0, "/\n")


def test_a_program_that_is_not_there_says_so_and_ends_with_127(lab: Lab) -> None:
    empty, output = os.open(os.devnull, os.O_RDONLY), os.memfd_create("output")
    assert lab.wait(lab.start(["nowhere"], (empty, output, output)), 60) == 127
    assert os.pread(output, 100, 0) == b"tutor: nowhere: No such file or directory\n"
    os.close(empty)
    os.close(output)
