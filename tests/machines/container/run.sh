#!/usr/bin/env bash
# Builds the container with podman and solves the course in it, for each kind of container that a learner may have.
#
#     tests/machines/container/run.sh [--suite bookworm|trixie] [LESSON...]
#
# The base is made from Debian's packages (tests/machines/root.sh) unless BASE names an image; no registry is asked. Each
# container is started with the options that `tutor doctor` names inside of one without them, and with no other but those
# that take rights away. None has a network, and images and containers lie in a folder that is gone afterwards.
#
# Root tries podman as root and as an ordinary user; anybody else as themselves. Exit status: 0 when all passed, 1 when
# something did not, 2 when it could not be tried.
set -euo pipefail
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
checkout=$(realpath "$here/../../..")
keep=${XDG_CACHE_HOME:-$HOME/.cache}/tutor
python=$checkout/.venv/bin/python

can_not() {
    echo "container: $1" >&2
    exit 2
}

# Options of podman that are the same for all: none may need systemd, a registry, or more than this process may have.
settle_podman() {
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
    podman=(podman --root "$place/store" --runroot "$place/run" --storage-driver overlay)
    # Not every file system carries overlay; a driver that copies does it everywhere, and slowly.
    "${podman[@]}" info >/dev/null 2>&1 || podman=(podman --root "$place/copies" --runroot "$place/run" --storage-driver vfs)
    "${podman[@]}" info >/dev/null || can_not 'podman does not start here; see above'
}

clear_away() {
    local status=$?
    "${podman[@]}" rm --all --force >/dev/null 2>&1 || true
    "${podman[@]}" rmi --all --force >/dev/null 2>&1 || true
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

wheels_for() { # the Python of the image
    local wanted folder
    wanted=$("$python" - "$checkout/pyproject.toml" <<'PYTHON'
import sys, tomllib
from pathlib import Path

said = tomllib.loads(Path(sys.argv[1]).read_text())
print(*sorted(said["build-system"]["requires"] + said["project"]["dependencies"]), sep="\n")
PYTHON
    )
    folder=$keep/container-wheels/$(printf '%s\n' "$1" "$wanted" "$(uname -m)" | sha256sum | cut -c 1-16)
    if [ ! -d "$folder" ]; then
        local found=() tag
        for tag in manylinux2014 manylinux_2_17 manylinux_2_28 manylinux_2_34; do
            found+=(--platform "${tag}_$(uname -m)")
        done
        mapfile -t wanted <<<"$wanted"
        rm -rf "$folder.new"
        "$python" -m pip --quiet --quiet --disable-pip-version-check download --dest "$folder.new" \
            --only-binary=:all: --python-version "$1" "${found[@]}" "${wanted[@]}" >&2
        mv "$folder.new" "$folder"
    fi
    printf '%s\n' "$folder"
}

build() {
    local base=${BASE-} version wheels
    if [ -z "$base" ]; then
        local root
        root=$("$here/../root.sh" --suite "$suite")
        base=localhost/tutor-base
        "${podman[@]}" import --quiet "$root" "$base" >/dev/null
    fi
    version=$("${podman[@]}" run --rm "$base" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    wheels=$(wheels_for "$version")
    "${podman[@]}" build --quiet --network none --tag localhost/tutor --build-arg "BASE=$base" \
        --build-arg PIP_NO_INDEX=1 --build-arg PIP_FIND_LINKS=/wheels --volume "$wheels:/wheels:ro" \
        --file "$checkout/Containerfile" "$checkout" >/dev/null
}

# The option that doctor names in a container without it.
named_by_doctor() {
    "${podman[@]}" run --rm "$@" localhost/tutor doctor --json >"$place/said.json" && return 1
    "$python" - "$place/said.json" <<'PYTHON'
import json, re, sys

for finding in json.load(open(sys.argv[1]))["findings"]:
    if finding["subject"] == "user namespaces" and finding["level"] == "problem":
        told = re.fullmatch(r"start the container with: podman run((?: --security-opt [\w=]+)+)", finding["remedy"])
        sys.exit(1) if told is None else print(told[1])
PYTHON
}

try() { # NAME OPTIONS...
    local name=$1 named began=$SECONDS
    shift
    if ! named=$(named_by_doctor "$@") || [ -z "$named" ]; then
        echo "FAILED $name: without options, doctor named none that is missing:"
        cat "$place/said.json"
        return 1
    fi
    read -ra named <<<"$named"
    if ! "${podman[@]}" run --rm "$@" "${named[@]}" localhost/tutor doctor >"$place/said" 2>&1; then
        echo "FAILED $name: doctor, with ${named[*]}:"
        cat "$place/said"
        return 1
    fi
    if ! "${podman[@]}" run --rm "$@" "${named[@]}" localhost/tutor solve "${lessons[@]}" >"$place/said" 2>&1; then
        echo "FAILED $name: solve, with ${named[*]}:"
        cat "$place/said"
        return 1
    fi
    echo "passed $name with ${named[*]} ($((SECONDS - began)) s): $(tail -n 1 "$place/said")"
}

each_way() { # HOW
    local status=0
    try "$1, learner" || status=1
    try "$1, learner without capabilities" --user 1000 --cap-drop ALL --security-opt no-new-privileges || status=1
    try "$1, root" --user 0 || status=1
    return "$status"
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
    -*) can_not "what is $1?" ;;
    *) lessons+=("$1") ;;
    esac
    shift
done

command -v podman >/dev/null || can_not 'podman is not installed; on Debian: sudo apt-get install podman crun uidmap'
[ -x "$python" ] || can_not 'run `make setup` first'

if [ "$way" = all ] && [ "$(id -u)" = 0 ]; then
    exec unshare --mount --propagation private "${BASH_SOURCE[0]}" --private --suite "$suite" "${lessons[@]}"
fi
# crun knows control groups of version 1 and of version 2, and not both at once. Seen by nobody else.
[ "$way" != private ] || umount /sys/fs/cgroup/unified 2>/dev/null || true

settle_podman
status=0
if [ "$way" = rootless ]; then
    "${podman[@]}" load --quiet >/dev/null
    each_way rootless || status=1
    exit "$status"
fi
build
if [ "$(id -u)" != 0 ]; then
    each_way rootless || status=1
else
    each_way rootful || status=1
    "${podman[@]}" save --quiet localhost/tutor |
        "$checkout/tests/ordinary_user.sh" tests/machines/container/run.sh --rootless "${lessons[@]}" || status=1
fi
exit "$status"
