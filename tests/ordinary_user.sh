#!/usr/bin/env bash
# Runs a command as an ordinary user, who exists only meanwhile. For root.
#
#     tests/ordinary_user.sh [--single-id] COMMAND...
#
# In a mount namespace of its own: /etc is a copy with one more user (`learner`, with a range of subordinate ids unless
# --single-id is given), the checkout is a copy that belongs to this user, and .venv and the Python that it was made from
# are reachable wherever they lie. Nothing of the machine changes.
set -euo pipefail

if [ "${1-}" != --inside ]; then
    if [ "$(id -u)" != 0 ]; then
        echo 'ordinary_user.sh: only root can become somebody else' >&2
        exit 2
    fi
    place=$(TMPDIR=/tmp mktemp -d)
    trap 'rmdir "$place"' EXIT # what was mounted there was seen from inside only
    script=$(realpath "${BASH_SOURCE[0]}")
    unshare --mount --propagation private bash "$script" --inside "$place" "$@"
    exit
fi

place=$2
shift 2
single_id=
if [ "$1" = --single-id ]; then
    single_id=yes
    shift
fi
checkout=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
user=learner

# Ids that nobody has: below those that systemd gives to services of the moment, and above those of people.
id=60990
while getent passwd "$id" >/dev/null || getent group "$id" >/dev/null; do
    id=$((id - 1))
done

# A folder, as the user sees it (that is what `test` under `setpriv` is for: modes, ACLs and links are the kernel's work).
may() { setpriv --reuid "$id" --regid "$id" --clear-groups test "$@"; }

# The outermost folder on the way to $1 that the user can't pass; nothing when there is none.
first_closed() {
    local path='' part parts
    IFS=/ read -ra parts <<<"${1#/}"
    for part in "${parts[@]}"; do
        path+=/$part
        if [ -d "$path" ] && ! may -x "$path"; then
            printf '%s\n' "$path"
            return
        fi
    done
}

mount -t tmpfs -o mode=755 tmpfs "$place"
mkdir "$place"/{keep,home,tmp,tree}
chmod 1777 "$place/tmp"
chown "$id:$id" "$place"/{home,tree}

# The copies.
cp -a /etc "$place/etc"
(
    cd "$place/etc"
    sed -i "/^$user:/d" passwd group shadow
    echo "$user:x:$id:$id::$place/home:/bin/bash" >>passwd
    echo "$user:x:$id:" >>group
    touch subuid subgid
    chmod 644 subuid subgid
    sed -i "/^\($user\|$id\):/d" subuid subgid
    if [ -z "$single_id" ]; then # after all ranges that are given, and clear of the one that root lends to its labs
        first=$(awk -F: '$2 + $3 > end { end = $2 + $3 } END { print end < 2000000 ? 2000000 : end }' subuid subgid)
        echo "$user:$first:65536" | tee -a subuid >>subgid
    fi
)
tar -C "$checkout" --exclude=./.git --exclude=./.venv --exclude='.*_cache' --exclude=__pycache__ -cf - . |
    tar -C "$place/tree" --no-same-owner --no-same-permissions -xf -
chown -R "$id:$id" "$place/tree"
chmod -R u+rwX "$place/tree"

# What must be reachable where it is: the virtual environment, and its Python with every link on the way to it.
mapfile -t wanted < <("$checkout/.venv/bin/python" - "$checkout/.venv" <<'PYTHON'
import os, sys

wanted = {sys.base_prefix, sys.base_exec_prefix, os.path.realpath(sys.base_prefix)}
hop = sys.argv[1] + "/bin/python"
while os.path.islink(hop):
    hop = os.path.join(os.path.dirname(hop), os.readlink(hop))
    wanted.add(os.path.dirname(os.path.abspath(hop)))
print(*sorted(wanted - {sys.argv[1] + "/bin"}), sep="\n")
PYTHON
)
declare -A closed=()
kept=()
for path in "${wanted[@]}" "$checkout"; do
    door=$(first_closed "$path")
    [ -z "$door" ] || closed[$door]=1
    if [ -n "$door" ] && [ "$path" != "$checkout" ]; then
        mkdir "$place/keep/${#kept[@]}"
        mount --bind "$path" "$place/keep/${#kept[@]}"
        kept+=("$path")
    fi
done
mkdir "$place/venv"
mount --bind "$checkout/.venv" "$place/venv"

# From here on the machine's own /etc, checkout and closed folders are out of sight.
for door in "${!closed[@]}"; do
    mount -t tmpfs -o mode=755 tmpfs "$door"
done
umask 022
for number in "${!kept[@]}"; do
    mkdir -p "${kept[number]}"
    mount --bind "$place/keep/$number" "${kept[number]}"
done
mkdir -p "$checkout"
mount --bind "$place/tree" "$checkout"
mkdir -p "$checkout/.venv"
mount --bind "$place/venv" "$checkout/.venv"
mount --bind "$place/etc" /etc

cd "$checkout"
exec setpriv --reuid "$id" --regid "$id" --init-groups --inh-caps=-all env -i \
    HOME="$place/home" USER="$user" LOGNAME="$user" SHELL=/bin/bash TMPDIR="$place/tmp" LANG="${LANG:-C.UTF-8}" \
    TERM="${TERM:-dumb}" ${CI:+CI="$CI"} PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
