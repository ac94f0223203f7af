#!/usr/bin/env bash
# Makes a root file system of Debian from packages, with all that the lab and the lessons run, and prints where it lies.
#
#     tests/machines/root.sh [--suite bookworm|trixie] [--arch ARCH] [--include PACKAGE,PACKAGE...]
#
# A tar archive with the smallest Debian that has Python and what `tutor.lab.programs` names; no documentation, manuals
# or translations. It is kept in ${XDG_CACHE_HOME:-~/.cache}/tutor/roots under a hash of its release and its packages,
# and made once: delete it there to have it made from newer packages. Needs mmdebstrap, and no root where an ordinary
# user may make user namespaces.
set -euo pipefail
checkout=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")

usage() {
    echo "root.sh: $1" >&2
    echo 'usage: root.sh [--suite bookworm|trixie] [--arch ARCH] [--include PACKAGE,PACKAGE...]' >&2
    exit 2
}

suite=bookworm
arch=
include=()
while [ $# -gt 0 ]; do
    case $1 in
    --suite | --arch | --include) [ $# -ge 2 ] || usage "$1 needs a value" ;;
    *) usage "what is $1?" ;;
    esac
    case $1 in
    --suite) suite=$2 ;;
    --arch) arch=$2 ;;
    --include)
        IFS=, read -ra more <<<"$2"
        include+=("${more[@]}")
        ;;
    esac
    shift 2
done
case $suite in bookworm | trixie) ;; *) usage "no root is made of $suite: bookworm or trixie" ;; esac

# What the lab runs is said in one place; for Debian, whatever this machine is.
mapfile -t programs < <(PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$checkout python3 - <<'PYTHON'
from tutor.lab.programs import PROGRAMS, Distribution

print(*Distribution("debian", (), ()).packages(PROGRAMS), sep="\n")
PYTHON
)
[ ${#programs[@]} -gt 0 ] || { echo 'root.sh: python3 (3.11 or newer) could not say what the lab runs' >&2; exit 2; }
mapfile -t packages < <(printf '%s\n' python3 python3-venv ca-certificates "${programs[@]}" "${include[@]}" | LC_ALL=C sort -u)

keep=${XDG_CACHE_HOME:-$HOME/.cache}/tutor/roots
# The script is part of it: what it leaves out of the packages is decided here.
hash=$({ echo "$suite ${arch:-$(uname -m)}"; printf '%s\n' "${packages[@]}"; cat "${BASH_SOURCE[0]}"; } | sha256sum | cut -c 1-16)
root=$keep/$suite-$hash.tar
mkdir -p "$keep"

# Two who want the same root at the same time make it once.
exec 9>"$keep/$suite-$hash.lock"
flock 9
if [ ! -e "$root" ]; then
    command -v mmdebstrap >/dev/null || {
        echo 'root.sh: mmdebstrap is not installed; install with: sudo apt-get install mmdebstrap' >&2
        exit 2
    }
    options=(--variant=minbase --quiet --format=tar "--include=$(IFS=,; echo "${packages[*]}")")
    [ -z "$arch" ] || options+=("--architectures=$arch")
    # Newer releases expect /bin to be a link into /usr from the start.
    hook=/usr/share/mmdebstrap/hooks/maybe-merged-usr
    [ ! -d "$hook" ] || options+=("--hook-dir=$hook")
    options+=(--aptopt='Acquire::Languages "none"')
    for path in doc man info locale lintian; do
        options+=("--dpkgopt=path-exclude=/usr/share/$path/*")
    done
    options+=(--dpkgopt='path-include=/usr/share/locale/locale.alias')
    echo "root.sh: making a root of $suite with ${#packages[@]} packages" >&2
    export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0} # the same packages make the same archive
    trap 'rm -f "$root.new"' EXIT
    mmdebstrap "${options[@]}" "$suite" "$root.new" </dev/null >"$root.log" 2>&1 9>&- || {
        tail -n 20 "$root.log" >&2
        echo "root.sh: mmdebstrap could not make the root; all it said: $root.log" >&2
        exit 2
    }
    mv "$root.new" "$root"
fi
printf '%s\n' "$root"
