"""Links between machines and the cloud: a TAP pair where /dev/net/tun may be opened, else a veth pair.

A virtual machine's card shows as plain `eth0`, and so does a TAP; a veth shows as `eth0@if4`. The two ends of a TAP
pair are joined
by the agent, which carries every frame from one descriptor to the other. Runs in the agent. Does not know addresses.

Source: Documentation/networking/tuntap.rst, linux/if_tun.h.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass

from tutor.lab import syscalls as sc

_TUNSETIFF, _TUNSETPERSIST, _TUNSETCARRIER = 0x400454CA, 0x400454CB, 0x400454E2
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000
_FRAME = 65536
_FRAMES_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Cable:
    """The two ends of a TAP pair, as descriptors of /dev/net/tun."""

    left: int
    """One end."""
    right: int
    """The other."""

    def carry(self, source: int) -> bool:
        """Carry the frames that wait at the end `source` to the other; False when an end is gone.

        Takes at most 64 at a time, so that a flood leaves room for whatever else the agent does.
        """
        target = self.right if source == self.left else self.left
        for _ in range(_FRAMES_AT_ONCE):
            try:
                frame = os.read(source, _FRAME)
            except BlockingIOError:
                return True
            except OSError:
                return False  # the link was deleted
            try:
                os.write(target, frame)
            except OSError:
                continue  # the other end is down or full: the frame is lost, as on a wire
        return True


def open_tap(netns: int, name: str) -> int:
    """A new TAP link called `name` in a network namespace; returns its descriptor, non-blocking.

    The link belongs to the namespace that this process is in while it opens the device. This process comes back to
    where it was.

    Raises:
        OSError: /dev/net/tun is missing or may not be opened by this user.
    """
    back = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        sc.setns(netns, sc.CLONE_NEWNET)
        try:
            tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TAP | _IFF_NO_PI))
                # The link then goes with its namespace, in the kernel's own time; else our end would wait for that.
                fcntl.ioctl(tap, _TUNSETPERSIST, 1)
                # Off and on again: only a change makes the kernel say "state UP" instead of "state UNKNOWN".
                for carrier in (0, 1):
                    fcntl.ioctl(tap, _TUNSETCARRIER, struct.pack("i", carrier))
            except OSError:
                os.close(tap)
                raise
            return tap
        finally:
            sc.setns(back, sc.CLONE_NEWNET)
    finally:
        os.close(back)


TapOpener = Callable[[int, str], int]
"""Opens a TAP link in a namespace, like `open_tap`; perhaps with another process's rights."""
