"""The environment of a program in a machine. Does not know which program."""

from __future__ import annotations

from collections.abc import Mapping

from tutor.lab import rootfs

ENVIRONMENT: Mapping[str, str] = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "LOGNAME": "root",
    "PATH": rootfs.PATH,
    "SHELL": "/bin/bash",
    "TERM": "xterm-256color",
    "USER": "root",
}
"""That of a learner's shell."""
