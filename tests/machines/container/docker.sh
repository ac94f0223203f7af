#!/usr/bin/env bash
# Builds the container with docker and solves the course in it, by a daemon of its own. Called by run.sh, as root.
#
#     tests/machines/container/docker.sh [--suite bookworm|trixie] [LESSON...]
#
# The daemon has namespaces of its own for everything that it could change (network, mounts, processes), its files lie in
# a folder that is gone afterwards, and whatever docker runs on this machine knows nothing of it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/ways.sh"

start_daemon() {
    mount -t proc proc /proc
    # It would raise limits of the whole kernel.
    mount --bind /proc/sys /proc/sys
    mount -o remount,ro,bind /proc/sys
    # Old releases know control groups of version 1 and of version 2, and not both at once.
    umount /sys/fs/cgroup/unified 2>/dev/null || true
    mount -t tmpfs tmpfs /run
    ip link set lo up
    dockerd --host "unix:///run/docker.sock" --pidfile /run/docker.pid --exec-root /run/docker --data-root "$place/data" \
        --bridge none --iptables=false --ip6tables=false --ip-forward=false \
        --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$groups" >"$place/daemon.log" 2>&1 &
    daemon=$!
    for _ in $(seq 150); do
        "${engine[@]}" version >/dev/null 2>&1 && return
        kill -0 "$daemon" 2>/dev/null || break
        sleep 0.2
    done
    tail -n 20 "$place/daemon.log" >&2
    can_not 'dockerd does not start here; see above'
}

end_daemon() {
    local status=$?
    kill "$daemon" 2>/dev/null && wait "$daemon" || true
    exit "$status"
}

suite=bookworm
lessons=()
place=
while [ $# -gt 0 ]; do
    case $1 in
    --suite | --place) # the folder is for this script alone: what it calls itself with
        declare "${1#--}=${2-}"
        shift
        ;;
    *) lessons+=("$1") ;;
    esac
    shift
done

if [ -z "$place" ]; then
    place=$(mktemp -d "${TMPDIR:-/tmp}/container.XXXXXX")
    status=0
    unshare --mount --propagation private --net --pid --ipc --uts --fork --kill-child \
        "${BASH_SOURCE[0]}" --place "$place" --suite "$suite" "${lessons[@]}" || status=$?
    find /sys/fs/cgroup -depth -type d -path "*/$(basename "$place")*" -exec rmdir {} + 2>/dev/null || true
    rm -rf "$place"
    exit "$status"
fi
groups=$(basename "$place")
engine=(env DOCKER_BUILDKIT=0 docker --host unix:///run/docker.sock)
start_daemon
trap 'end_daemon' EXIT
build
each_way docker
