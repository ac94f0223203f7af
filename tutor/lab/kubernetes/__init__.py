"""The API server of a lab's cluster, as far as `kubectl` needs it to show what is there. Runs in the agent.

::

    ClusterView ── objects ── history ── answers ── server ── kubectl, on a node's loopback
     (view.py)    (objects)  (versions)  (routes)   (HTTP)
                                  └── tables, text: the same, as rows that a person reads

Shows the cluster and starts processes in pods. Creates nothing: a lab's pods are kubenet's, not the API server's.
"""
