#!/usr/bin/env bash
# Builds the container and solves the course in it, for each kind of container that a learner may have.
#
#     tests/machines/container/run.sh [--engine podman|docker] [--suite bookworm|trixie] [LESSON...]
#
# With podman and with docker, where they are installed; docker as root only, for it is given a daemon of its own. The base
# is made from Debian's packages (tests/machines/root.sh) unless BASE names an image; no registry is asked. Each container
# is started with the options that `tutor doctor` names inside of one without them, and with no other but those that take
# rights away. None has a network.
#
# Exit status: 0 when all passed, 1 when something did not, 2 when it could not be tried.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/ways.sh"

wanted=
words=()
while [ $# -gt 0 ]; do
    case $1 in
    --engine)
        wanted=${2-}
        shift
        ;;
    --suite)
        words+=("$1" "${2-}")
        shift
        ;;
    -*) can_not "what is $1?" ;;
    *) words+=("$1") ;;
    esac
    shift
done

why_not() { # ENGINE
    case $1 in
    podman) command -v podman >/dev/null || echo 'podman is not installed; on Debian: sudo apt-get install podman crun uidmap' ;;
    docker)
        if ! command -v docker >/dev/null || ! command -v dockerd >/dev/null; then
            echo 'docker and its daemon are not installed; on Debian: sudo apt-get install docker.io'
        elif [ "$(id -u)" != 0 ]; then
            echo 'docker is tried as root: its daemon takes it'
        fi
        ;;
    *) echo "there is no engine $1: podman or docker" ;;
    esac
}

[ -x "$python" ] || can_not 'run `make setup` first'
status=0
tried=0
for one in ${wanted:-podman docker}; do
    why=$(why_not "$one")
    if [ -n "$why" ]; then
        echo "container: without $one: $why" >&2
        continue
    fi
    tried=1
    ended=0
    "$here/$one.sh" "${words[@]}" || ended=$?
    [ "$ended" -le "$status" ] || status=$ended
done
[ "$tried" = 1 ] || can_not 'there is nothing to try it with'
exit "$status"
