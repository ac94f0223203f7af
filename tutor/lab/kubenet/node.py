"""What makes a machine a node: the bridges of its container engines, kubelet, and for each pod the CNI plugins.

Texts only: a script for bash in the machine, and kubelet's command line. Does not know who runs them.

Source: pkg/kubelet/dockershim/network/kubenet (Kubernetes 1.9): the plugins that it calls, their configuration, and its
rule for `--non-masquerade-cidr`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tutor.lab.kubenet.plugins import FOLDERS
from tutor.lab.kubenet.sandbox import NETNS_FOLDER
from tutor.lab.topology import ClusterSpec, NodeSpec, PodSpec

BRIDGE = "cbr0"
"""The bridge that kubenet makes; its address is the first of the node's range."""

PLUGINS_AT = "/opt/cni/bin"
"""Where a node has them."""

KUBELET = "/usr/local/bin/kubelet"
"""The program of the process called kubelet, which only waits."""

COMPLETIONS = "/usr/local/share/bash-completion/completions"
"""Where bash-completion looks for how to complete a command's words, when they are first asked for."""

SNAT_COMMENT = "kubenet: SNAT for outbound traffic from cluster"
"""What kubenet writes beside its rule."""


def kubelet_arguments(cluster: ClusterSpec, node: NodeSpec) -> list[str]:
    """Kubelet's command line."""
    return [
        KUBELET,
        "--enable-server",
        "--node-labels=kubernetes.io/role=agent,agentpool=nodepool1,storageprofile=managed,storagetier=Premium_LRS",
        "--v=2",
        "--address=0.0.0.0",
        "--allow-privileged=true",
        "--cloud-config=/etc/kubernetes/azure.json",
        "--cloud-provider=azure",
        "--cluster-dns=10.0.0.10",
        "--cluster-domain=cluster.local",
        "--hairpin-mode=promiscuous-bridge",
        f"--hostname-override={node.machine}",
        "--kubeconfig=/var/lib/kubelet/kubeconfig",
        "--max-pods=110",
        "--network-plugin=kubenet",
        f"--non-masquerade-cidr={cluster.pod_network}",
        "--pod-infra-container-image=k8s.gcr.io/pause-amd64:3.1",
    ]


def before_kubenet() -> str:
    """What stands on a machine before kubelet starts: the bridges of its container engines, and the plugins."""
    return f"""\
set -e
mkdir -p {NETNS_FOLDER} /var/lib/cni /root/.kube {COMPLETIONS}
touch {NETNS_FOLDER}/default
mount --bind /proc/self/ns/net {NETNS_FOLDER}/default
for folder in {" ".join(FOLDERS)}; do
    [ ! -x $folder/bridge ] || ln -sfn $folder {PLUGINS_AT}
done
ip -batch - <<END
link add docker0 address 02:42:9c:1e:5b:01 type bridge
addr add 172.17.0.1/16 brd + dev docker0
link set docker0 up
link add lxcbr0 address 00:16:3e:00:00:00 type bridge
addr add 10.0.3.1/24 dev lxcbr0
link set lxcbr0 up
END
"""


def kubenet(cluster: ClusterSpec, node: NodeSpec, pids: Mapping[str, int]) -> str:
    """What kubenet does then: its rule, and each pod's cable in the order in which the pods were started.

    Args:
        cluster: the cluster.
        node: the node.
        pids: of each pod's sandbox, by the pod's namespace, as the machine counts.
    """
    rule = (
        f"iptables -w -t nat -A POSTROUTING -m comment --comment '{SNAT_COMMENT}' "
        f"-m addrtype ! --dst-type LOCAL ! -d {cluster.pod_network} -j MASQUERADE\n"
    )
    return rule + "".join(_plug_in(node, pod, pids[pod.netns]) for pod in node.pods)


def configuration(node: NodeSpec) -> str:
    """The network configuration that kubenet hands to the plugin `bridge`."""
    return json.dumps(
        {
            "cniVersion": "0.3.1",
            "name": "kubenet",
            "type": "bridge",
            "bridge": BRIDGE,
            "mtu": 1500,
            "isGateway": True,
            "ipMasq": False,
            "promiscMode": True,
            "hairpinMode": False,
            "ipam": {
                "type": "host-local",
                "subnet": str(node.pod_cidr),
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        },
    )


_LOOPBACK = '{"cniVersion": "0.3.1", "name": "kubenet-loopback", "type": "loopback"}'


def _plug_in(node: NodeSpec, pod: PodSpec, pid: int) -> str:
    # Until it has executed its program nobody else may look at the namespaces of a sandbox (ptrace(2), dumpable).
    at = f"{NETNS_FOLDER}/{pod.netns}"
    return f"""\
touch {at}
while [[ -d /proc/{pid} && ! -e /proc/{pid}/ns/net ]]; do sleep 0.01; done
mount --bind /proc/{pid}/ns/net {at}
export CNI_COMMAND=ADD CNI_CONTAINERID={pod.netns} CNI_NETNS=/var{at} CNI_PATH={PLUGINS_AT}
CNI_IFNAME=lo {PLUGINS_AT}/loopback <<<'{_LOOPBACK}' >/dev/null
before=$(cd /sys/class/net && echo veth*)
CNI_ARGS='IgnoreUnknown=1;IP={pod.address}' CNI_IFNAME=eth0 {PLUGINS_AT}/bridge <<<'{configuration(node)}' >/dev/null
{_rename(pod.veth) if pod.veth else ""}"""


def _rename(name: str) -> str:
    """Give the newest veth of the node another name, which only a link that is down could get before Linux 6.2."""
    return f"""\
for link in $(cd /sys/class/net && echo veth*); do
    case " $before " in *" $link "*) continue ;; esac
    printf '%s\\n' "link set $link down" "link set $link name {name}" "link set {name} up" | ip -batch -
done
"""
