#!/usr/bin/env bash
# Takes from a Debian what labs want, one thing after the other, and does what `tutor doctor` says about it to the letter.
#
#     tests/machines/remedies/run.sh [--suite bookworm|trixie]
#
# Exit status 0: each remedy made the labs start again. Takes root, mmdebstrap, and mirrors of Debian and PyPI: a remedy
# installs packages. Everything happens in a root of its own (tests/machines/root.sh), in namespaces for mounts and
# processes that end with the script; the network is used, and not changed.
set -euo pipefail
checkout=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../..")
suite=bookworm
case ${1-} in
'') ;;
--suite) suite=${2:?--suite needs a value} ;;
*) echo 'usage: run.sh [--suite bookworm|trixie]' >&2; exit 2 ;;
esac
[ "$(id -u)" = 0 ] || { echo 'run.sh: takes root: it removes packages, devices and rights in a root of its own' >&2; exit 2; }

archive=$("$checkout/tests/machines/root.sh" --suite "$suite" --include sudo)
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
tar -C "$root" --numeric-owner -xf "$archive"
mkdir "$root/src" "$root/old"
git -C "$checkout" ls-files -z --cached --others --exclude-standard |
    tar -C "$checkout" --null --files-from=- --ignore-failed-read -cf - | tar -C "$root/src" -xf -
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
# A network may have a certificate authority of its own, which this machine knows.
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -e $bundle ]; then cp -L $bundle "$root$bundle"; fi

# A root, and no chroot: the kernel lets nobody in a chroot make user namespaces.
unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
    root=$1
    mount --make-rprivate /
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount -t tmpfs -o mode=755 dev "$root/dev"
    mkdir "$root/dev/net" "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
    ln -s pts/ptmx "$root/dev/ptmx"
    for fd in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -s "/proc/self/${fd#*:}" "$root/dev/${fd%:*}"; done
    for device in null:3 zero:5 full:7 random:8 urandom:9; do
        mknod -m 0666 "$root/dev/${device%:*}" c 1 "${device#*:}"
    done
    mknod -m 0666 "$root/dev/tty" c 5 0
    mknod -m 0666 "$root/dev/net/tun" c 10 200
    cd "$root"
    pivot_root . old
    umount -l /old
    cd /
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
        PIP_CERT=/etc/ssl/certs/ca-certificates.crt python3 /src/tests/machines/remedies/follow.py
' bash "$root"
