"""`ssh`: the client of `tutor.lab.remote_shell`, a script for bash. Text only."""

from __future__ import annotations

from tutor.lab.remote_shell import PORT

SSH = f"""\
#!/bin/bash
# The ssh of this lab: a shell on another machine of the lab, over the lab's own network, without keys or encryption.
usage() {{
    echo "usage: ssh [-t] [-T] [user@]machine [command ...]" >&2
    echo "The ssh of this lab knows no more than that: no keys, no encryption, no forwarding." >&2
    exit 255
}}
tty=auto
while [ $# -gt 0 ]; do
    case $1 in
        -t|-tt) tty=yes; shift ;;
        -T|-n) tty=no; shift ;;
        -q|-v|-4|-A|-a|-C|-x) shift ;;
        -o|-i|-l|-p|-F) [ $# -ge 2 ] || usage; shift 2 ;;
        -V) echo "the ssh of this lab: a plain connection, nothing is encrypted" >&2; exit 0 ;;
        -*) usage ;;
        *) break ;;
    esac
done
[ $# -ge 1 ] || usage
host=${{1#*@}}
shift
case $host in ''|*[!A-Za-z0-9.-]*) usage ;; esac
if ! getent ahostsv4 "$host" >/dev/null; then
    echo "ssh: Could not resolve hostname $host: Name or service not known" >&2
    exit 255
fi
if [ $tty = auto ]; then
    [ $# -eq 0 ] && [ -t 0 ] && tty=yes || tty=no
fi
[ -t 0 ] || tty=no
connect() {{
    if ! {{ eval "exec $1<>/dev/tcp/$host/{PORT}"; }} 2>/dev/null; then
        echo "ssh: connect to host $host port {PORT}: no connection" >&2
        exit 255
    fi
}}
connect 7
term=-
size="24 80"
if [ $tty = yes ]; then
    term=${{TERM:-xterm}}
    size=$(stty size)
fi
command="$*"
length=$(printf %s "$command" | wc -c)
printf 'run %s %s %s %s\\n%s' "$term" "${{size#* }}" "${{size% *}}" "$length" "$command" >&7
if ! read -r -u 7 word session || [ "$word" != session ]; then
    echo "ssh: $host has closed the connection" >&2
    exit 255
fi
connect 8
printf 'lines %s\\n' "$session" >&8
if [ $tty = yes ]; then
    saved=$(stty -g)
    trap 'stty "$saved"' EXIT
    trap 'size=$(stty size); printf "W %s %s\\n" "${{size#* }}" "${{size% *}}" >&8' WINCH
    stty raw -echo
fi
cat <&7 8>&- &
output=$!
# Its own connection, which ends when the input does.
( connect 9 && printf 'input %s\\n' "$session" >&9 && exec 7>&- 8>&- && exec cat <&0 >&9 2>/dev/null ) <&0 &
input=$!
status=255
while :; do
    # It wakes up now and then: a trap, for a window that changes, waits until read is over.
    read -r -t 0.3 -u 8 kind number
    code=$?
    [ $code -le 128 ] || continue
    [ $code -eq 0 ] || break
    case $kind in
        E) head -c "$number" <&8 >&2 ;;
        X) status=$number; break ;;
    esac
done
while kill -0 "$output" 2>/dev/null; do wait "$output"; done
kill "$input" 2>/dev/null
wait "$input" 2>/dev/null
[ $tty = no ] || printf 'Connection to %s closed.\\r\\n' "$host" >&2
exit "$status"
"""
"""The script."""
