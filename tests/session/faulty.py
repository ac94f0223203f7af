"""A lesson whose second *do* step begins with something broken, for the tests."""

from __future__ import annotations

FAULTY = """\
---
id: faulty
title: Faulty
lab: vm
---

# Faulty

## Build {#build}

```bash {.type}
ip netns add ns1
ip link add veth-a type veth peer name veth-b netns ns1
ip link add br0 type bridge
ip addr add 10.0.0.1/24 dev br0
ip link set br0 up
ip link set veth-a master br0 up
ip -n ns1 addr add 10.0.0.2/24 dev veth-b
ip -n ns1 link set veth-b up
```

```yaml {.checks}
- bridge.exists: {bridge: br0}
```

```bash {.alternative}
ip link add br0 up type bridge
```

```bash {.mistake diagnosis="link.missing" names="br0"}
ip link add br1 type bridge
```

```bash {.mistake diagnosis="link.wrong-kind" names="br0"}
ip link add br0 type veth
```

```bash {.repair}
ip link del br0
ip link add br0 up type bridge
```

## Look {#look}

```bash {.type}
ip link show br0
```

```yaml {.see}
shows:
  - link.name: {link: br0}
```

## Repair {#repair}

Somebody was here. `ip -br a` shows what is left.

```bash {.type}
ip -br a
```

```yaml {.checks}
- reach.pings: {src: ns1, dst: 10.0.0.1}
- bridge.has_port: {bridge: br0, port: veth-a}
```

```yaml {.draw}
faults: [2, 3]
```

```bash {.fault id="bridge-down" diagnosis="link.down" names="br0"}
ip link set br0 down
```

```bash {.repair}
ip link set br0 up
```

```bash {.fault id="not-a-port" diagnosis="bridge.no-master" names="veth-a br0"}
ip link set veth-a nomaster
```

```bash {.repair}
ip link set veth-a master br0
```

```bash {.fault id="no-address" diagnosis="address.missing" names="10.0.0.1" group="address"}
ip addr del 10.0.0.1/24 dev br0
```

```bash {.repair}
ip addr add 10.0.0.1/24 dev br0
```

```bash {.fault id="other-address" diagnosis="address.missing" names="ns1" group="address"}
ip -n ns1 addr del 10.0.0.2/24 dev veth-b
```

```bash {.repair}
ip -n ns1 addr add 10.0.0.2/24 dev veth-b
```

```bash {.fault id="inner-end-down" diagnosis="link.down" names="veth-b" machine="vm"}
ip -n ns1 link set veth-b down
```

```bash {.repair}
ip -n ns1 link set veth-b up
```

## Afterwards {#afterwards}

```bash {.type}
ip link set lo up
```

```yaml {.checks}
- link.is_up: {link: lo, netns: ns1}
```

```bash {.solution}
ip -n ns1 link set lo up
```

```bash {.alternative}
ip netns exec ns1 ip link set lo up
```

```bash {.mistake diagnosis="link.down" names="lo ns1"}
ip link set lo up
```

```bash {.mistake diagnosis="link.down" names="lo ns1"}
ip -n ns1 link set lo up
ip -n ns1 link set lo down
```

```bash {.repair}
ip -n ns1 link set lo up
```
"""
"""A bridge with a container, then five things that may be wrong with them, two of which exclude each other."""
