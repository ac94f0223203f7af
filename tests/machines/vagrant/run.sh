#!/usr/bin/env bash
# Does what a learner does with Vagrant: `vagrant up` with libvirt and a box of our own (tests/machines/box), a lesson
# solved through `vagrant ssh`, and `vagrant destroy`.
#
#     tests/machines/vagrant/run.sh [--suite bookworm|trixie] [--course | LESSON...]
#
# libvirtd, its bridge, its dnsmasq and the machine live in namespaces of their own, with folders of their own, and are
# gone afterwards: this needs neither systemd nor a libvirtd of the host's, and leaves the host's network alone. The
# machine can't reach the internet. Without KVM it is emulated. Exit status: 0 when all went well, 1 when something did
# not, 2 when it could not be tried.
set -euo pipefail
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
checkout=$(realpath "$here/../../..")
python=$checkout/.venv/bin/python
export PATH=$PATH:/usr/sbin:/sbin

can_not() {
    echo "vagrant: $1" >&2
    exit 2
}

need() {
    local program missing=()
    for program in vagrant:vagrant libvirtd:libvirt-daemon-system virsh:libvirt-clients dnsmasq:dnsmasq-base \
        qemu-system-x86_64:qemu-system-x86 rsync:rsync ssh:openssh-client iptables:iptables; do
        command -v "${program%%:*}" >/dev/null || missing+=("${program##*:}")
    done
    if [ ${#missing[@]} = 0 ] && ! vagrant plugin list | grep -q '^vagrant-libvirt '; then
        missing=(vagrant-libvirt)
    fi
    [ ${#missing[@]} = 0 ] || can_not "not installed: sudo apt-get install --no-install-recommends ${missing[*]}"
    [ -x "$python" ] || can_not 'run `make setup` first'
    [ -r /dev/net/tun ] && [ -w /dev/net/tun ] ||
        can_not '/dev/net/tun can not be opened, and a machine needs it for its network: sudo chmod 666 /dev/net/tun'
}

# A step, with its time; what comes after a failed one makes no sense. Of a line that was written over, the last stays.
step() {
    local began=$SECONDS rc=0 name=$1
    shift
    echo "== $name"
    "$@" </dev/null 2>&1 | sed -u $'s/.*\e\\[K//' || rc=$?
    echo "== status $rc after $((SECONDS - began)) s"
    [ $rc = 0 ] || exit 1
}

# What libvirtd writes, and where it listens, is seen by nobody else, and so is what it does to links and rules.
hide() {
    local folder
    mount -t sysfs sysfs /sys # shows the links of the network namespace it is mounted in
    mount -t tmpfs tmpfs /sys/fs/cgroup # no control groups: they would be the host's
    mount -t tmpfs -o mode=755 tmpfs /run
    for folder in /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt; do
        mkdir -p "$place$folder"
        mount --bind "$place$folder" "$folder"
    done
    ip link set lo up
    cat >/etc/libvirt/qemu.conf <<'CONF'
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
remember_owner = 0
CONF
    printf 'auth_unix_rw = "none"\nauth_unix_ro = "none"\n' >/etc/libvirt/libvirtd.conf
}

start_libvirtd() {
    local i
    libvirtd --config /etc/libvirt/libvirtd.conf >"$place/libvirtd.log" 2>&1 </dev/null &
    for i in {1..300}; do
        virsh --connect qemu:///system version >/dev/null 2>&1 && return
        kill -0 $! 2>/dev/null || break
        sleep 0.1 # there is nothing to wait on but that it answers
    done
    tail -n 20 "$place/libvirtd.log" >&2
    can_not 'libvirtd does not start here; see above'
}

# The device alone proves nothing: in a virtual machine it may be there and not work.
has_kvm() {
    grep -qwE 'vmx|svm' /proc/cpuinfo && [ -r /dev/kvm ] && [ -w /dev/kvm ]
}

inside() {
    hide
    start_libvirtd
    if ! has_kvm; then
        echo 'vagrant: emulated, without KVM' >&2
        export TUTOR_DRIVER=qemu TUTOR_PATIENCE=10
    fi
    cd "$checkout"
    step 'vagrant validate' vagrant validate
    step 'vagrant up' vagrant up --provider=libvirt
    step "vagrant ssh -c 'tutor solve${*:+ $*}'" vagrant ssh -c "tutor solve${*:+ $*}"
    # As after a change in the checkout: what was made in the machine stays.
    step 'vagrant rsync' vagrant rsync
    step 'vagrant provision' vagrant provision
    step 'vagrant destroy' vagrant destroy --force
    [ -z "$(virsh --connect qemu:///system list --all --name)" ] || {
        echo 'vagrant: the machine is still there' >&2
        exit 1
    }
}

suite=bookworm
lessons=(initial-state)
place=
named=()
while [ $# -gt 0 ]; do
    case $1 in
    --course) lessons=() ;;
    --suite)
        suite=${2-}
        shift
        ;;
    --inside) # for this script alone: what it calls itself with
        place=$2
        shift
        ;;
    -*) can_not "what is $1?" ;;
    *) named+=("$1") ;;
    esac
    shift
done
[ ${#named[@]} = 0 ] || lessons=("${named[@]}")

if [ -n "$place" ]; then
    trap 'status=$?; cd /; find "$place" -mindepth 1 -xdev -delete 2>/dev/null || true; exit $status' EXIT
    inside "${lessons[@]}"
    exit 0
fi

cd "$checkout"
place=$(mktemp -d "${TMPDIR:-/tmp}/vagrant.XXXXXX")
unshare=(unshare --mount --net --pid --ipc --uts --fork --kill-child --mount-proc)
clear=()
if [ "$(id -u)" != 0 ]; then
    unshare+=(--user --map-root-user --map-auto)
    clear=(unshare --user --map-root-user --map-auto) # libvirt's users own some of the files
fi
trap '"${clear[@]}" rm -rf "$place"' EXIT
mkdir "$place/vagrant"
export VAGRANT_HOME="$place/vagrant/home" VAGRANT_DOTFILE_PATH="$place/vagrant/machines" VAGRANT_CHECKPOINT_DISABLE=1
need
box=$("$python" -m tests.machines.box --suite "$suite")
env HOME="$place/vagrant" TUTOR_BOX=tutor TUTOR_BOX_URL="${box#"$checkout/"}" TUTOR_BOX_VERSION= \
    "${unshare[@]}" "${BASH_SOURCE[0]}" --inside "$place" --course "${lessons[@]}"
