"""The bash side: a command that hands its words to the agent and prints what comes back. Texts only.

A request is one write to a FIFO that all clients share, which is atomic up to 4096 bytes (pipe(7)); the answer comes by
a FIFO of the client's own, which it holds open for both, so that neither side waits for the other to open it.
"""

from __future__ import annotations

from tutor.lab.rootfs import HIDDEN

ASK = f"{HIDDEN}/ask"
"""The FIFO that the agent reads."""

REPLIES = f"{HIDDEN}/replies"
"""The folder of the clients' own FIFOs."""

SEPARATOR, START = b"\0", b"tutor"
"""A request: START, the number of fields that follow, and these, each ended by a separator."""

LONGEST_REQUEST = 4096
"""Bytes; PIPE_BUF of Linux."""

_CLIENT = f"""\
#!/bin/bash
# A command of this lab: it hands its words to the lab, and prints the answer.
LC_ALL=C
size=$(stty size 2>/dev/null </dev/tty) || size="24 80"
reply={REPLIES}/$BASHPID.$RANDOM$RANDOM
words="$*"
if [ $((${{#words}} + $#)) -gt 3900 ]; then
    echo "@COMMAND@: that is more than this lab's @COMMAND@ takes in one command" >&2
    exit 2
fi
if ! mkfifo -m 600 "$reply" 2>/dev/null || [ ! -p {ASK} ]; then
    echo "@COMMAND@: the lab can't be asked from here; tutor reset builds it anew" >&2
    exit 2
fi
exec 9<>"$reply"
trap 'rm -f "$reply" "$reply.words"' EXIT
trap 'exit 130' INT TERM HUP
# bash writes in pieces, and cat all at once: only so nobody else's words come in between.
printf '%s\\0' {START.decode()} $(($# + 3)) "$reply" @COMMAND@ "${{size#* }}" "$@" >"$reply.words"
cat "$reply.words" >{ASK}
if ! read -r -t 60 -u 9 status output errors; then
    echo "@COMMAND@: the lab does not answer" >&2
    exit 2
fi
[ "$output" -eq 0 ] || head -c "$output" <&9
[ "$errors" -eq 0 ] || head -c "$errors" <&9 >&2
exit "$status"
"""


def client(command: str) -> str:
    """The script that is installed as `command`."""
    return _CLIENT.replace("@COMMAND@", command)
