#!/usr/bin/env bash
# Builds the container with podman and solves the course in it. Called by run.sh.
#
#     tests/machines/container/podman.sh [--suite bookworm|trixie] [LESSON...]
#
# Root tries podman as root and as an ordinary user; anybody else as themselves. Images and containers lie in a folder
# that is gone afterwards.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/ways.sh"

# Options of podman that are the same for all: none may need systemd, a registry, or more than this process may have.
settle() {
    place=$(mktemp -d "${TMPDIR:-/tmp}/container.XXXXXX")
    trap 'clear_away' EXIT
    # The kernel lets nobody without CAP_SYS_RESOURCE raise these, and podman tries.
    local files processes
    files=$(ulimit -Hn)
    processes=$(ulimit -Hu)
    [ "$files" != unlimited ] || files=1048576
    [ "$processes" != unlimited ] && [ "$processes" -lt 32768 ] || processes=32768
    cat >"$place/containers.conf" <<CONF
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=$files:$files", "nproc=$processes:$processes"]
log_driver = "k8s-file"
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
    export CONTAINERS_CONF=$place/containers.conf
    export XDG_RUNTIME_DIR=$place/runtime
    mkdir -m 700 "$XDG_RUNTIME_DIR"
    engine=(podman --root "$place/store" --runroot "$place/run" --storage-driver overlay)
    # Not every file system carries overlay; a driver that copies does it everywhere, and slowly.
    "${engine[@]}" info >/dev/null 2>&1 || engine=(podman --root "$place/copies" --runroot "$place/run" --storage-driver vfs)
    "${engine[@]}" info >/dev/null || can_not 'podman does not start here; see above'
}

clear_away() {
    local status=$?
    "${engine[@]}" rm --all --force >/dev/null 2>&1 || true
    "${engine[@]}" rmi --all --force >/dev/null 2>&1 || true
    if [ "$(id -u)" = 0 ]; then
        umount "$place"/*/overlay 2>/dev/null || true
        rm -rf "$place"
    else
        local pause # keeps podman's user namespace for whoever comes next
        pause=$(cat "$XDG_RUNTIME_DIR/libpod/tmp/pause.pid" 2>/dev/null || true)
        podman unshare rm -rf "$place" # files of its containers' users are among them
        [ -z "$pause" ] || kill "$pause" 2>/dev/null || true
    fi
    exit "$status"
}

way=all
suite=bookworm
lessons=()
while [ $# -gt 0 ]; do
    case $1 in
    --suite)
        suite=${2-}
        shift
        ;;
    --private | --rootless) way=${1#--} ;; # for this script alone: what it calls itself with
    *) lessons+=("$1") ;;
    esac
    shift
done

if [ "$way" = all ] && [ "$(id -u)" = 0 ]; then
    exec unshare --mount --propagation private "${BASH_SOURCE[0]}" --private --suite "$suite" "${lessons[@]}"
fi
# crun knows control groups of version 1 and of version 2, and not both at once. Seen by nobody else.
[ "$way" != private ] || umount /sys/fs/cgroup/unified 2>/dev/null || true

settle
status=0
if [ "$way" = rootless ]; then
    "${engine[@]}" load --quiet >/dev/null
    each_way 'podman, rootless' || status=1
    exit "$status"
fi
build
if [ "$(id -u)" != 0 ]; then
    each_way 'podman, rootless' || status=1
else
    each_way 'podman, rootful' || status=1
    "${engine[@]}" save --quiet localhost/tutor |
        "$checkout/tests/ordinary_user.sh" tests/machines/container/podman.sh --rootless "${lessons[@]}" || status=1
fi
exit "$status"
