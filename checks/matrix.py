"""What the lab's command `matrix` shows: which pod reaches which. Does not know how it finds out."""

from __future__ import annotations

from tutor.check import NetworkState, Shown, fact


@fact
def shown(state: NetworkState, *, pods: tuple[str, ...]) -> Shown:
    """The output has a line for each of `pods` (their addresses), whatever stands in it."""
    del state  # it lists the pods of the cluster, also one whose address is gone
    return Shown(((*pods, f"of {_pairs(pods)} as it should be"),), "which pod reaches which")


@fact
def all_well(state: NetworkState, *, pods: tuple[str, ...]) -> Shown:
    """The output says that each of `pods` reaches each of the others under its own address."""
    del state  # only a packet that has arrived says so
    pairs = _pairs(pods)
    return Shown(
        ((*pods, f"{pairs} of {pairs} as it should be"),), "that all pods reach all pods under their own address"
    )


def _pairs(pods: tuple[str, ...]) -> int:
    return len(pods) * (len(pods) - 1)
