"""What the lab's command `matrix` shows: which pod reaches which. Does not know how it finds out."""

from __future__ import annotations

from ipaddress import IPv4Address

from tutor.check import NetworkState, Shown, fact

from .reach import untranslated


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


@fact
def counted(state: NetworkState, *, pods: tuple[str, ...], addresses: tuple[IPv4Address, ...], cell: str = "") -> Shown:
    """The output counts the pairs of `pods` (places, with their `addresses`) that are well; one cell says `cell`."""
    ends = list(zip(pods, addresses, strict=False))
    pairs = [(pod, dst) for pod, own in ends for _, dst in ends if dst != own]
    well = sum(untranslated(state, {}, src=pod, dst=dst).passed for pod, dst in pairs)
    told = f"{well} of {len(pairs)} as it should be"
    with_cell = f", and a cell with `{cell}`" if cell else ""
    return Shown(
        ((*map(str, addresses), told, *filter(None, [cell])),), f"that {well} of {len(pairs)} are well{with_cell}"
    )


def _pairs(pods: tuple[str, ...]) -> int:
    return len(pods) * (len(pods) - 1)
