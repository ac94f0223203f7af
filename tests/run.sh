#!/usr/bin/env bash
# All tests, for each kind of user who runs labs.
#
# Root runs what touches the kernel as an ordinary user first, with a range of ids and without one, and then everything
# as itself, but for what takes long and does not depend on who runs it. Anybody else runs everything once. Fails when any of the runs did, and still goes through all of them.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pytest=("$PWD/tests/once_more.sh" "$PWD/.venv/bin/python" -m pytest -n 2)
status=0

as_an_ordinary_user() {
    tests/ordinary_user.sh "$@" || status=1
}

if [ "$(id -u)" = 0 ]; then
    if unshare --mount --propagation private true; then
        echo '== as an ordinary user'
        as_an_ordinary_user "${pytest[@]}" -m 'netns or pty' tests
        echo '== as an ordinary user with a single id'
        as_an_ordinary_user --single-id "${pytest[@]}" -m 'netns or pty' tests/lab \
            --ignore tests/lab/aks --ignore tests/lab/kubernetes # tried with a single id above
        export TRIED_AS_AN_ORDINARY_USER=yes
    else
        echo '== not run as an ordinary user: this root may not mount (see above)'
    fi
    echo '== as root'
fi
"${pytest[@]}" || status=1
exit "$status"
