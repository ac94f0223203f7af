"""What the cloud has thrown away, as the lab's command `drops` tells it. Does not know whose packets they were."""

from __future__ import annotations

from tutor.check import NetworkState, Shown, fact


@fact
def counted(state: NetworkState, *, reason: str) -> Shown:
    """The output says that packets were thrown away for this `reason` (`no-owner`, `untranslated` ...)."""
    if not state.cloud.drops.get(reason):
        return Shown((), f"nothing was thrown away for the reason {reason} yet")
    return Shown(((f"{reason}:",),), f"packets that were thrown away for the reason {reason}")
