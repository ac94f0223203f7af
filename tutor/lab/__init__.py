"""The sandbox: machines, the cloud network between them and an internet, all inside user namespaces.

::

    tutor ── fork ── nursery ── fork ── keeper ── fork ── agent (pid 1 of the lab)
      │                                                     ├── machine `vm` (its own init, its own user namespace)
      └──────────── SEQPACKET socket (wire) ────────────────┤── fabric: the cloud network, a network namespace
                                                            └── internet: a network namespace

Everything left of the wire is `client`, everything right of it is `agent` and what it builds with. What runs in the
agent
uses the standard library only: it is forked before anything heavy is loaded. It does not know lessons or checks.
"""
