"""The network as it is drawn: a state becomes text. Does not know where the state was read."""

from tutor.netmap.inventory import LinkLine, NetnsPart, inventory

__all__ = ["LinkLine", "NetnsPart", "inventory"]
