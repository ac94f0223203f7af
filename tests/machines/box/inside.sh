# Run as root, or as what is root in a user namespace, by __main__.py: makes a root from packages into that of a Vagrant
# box and puts it into a file system. On standard input the archive of the root; $1 is a folder with `wheels` and
# `authorized_keys` and the empty `disk`, where `boot.img` and `core.img` of GRUB go, too; $2 is where the partition
# begins in bytes, $3 its size in KiB.
set -euo pipefail
folder=$1
root=$folder/root
trap 'rm -rf "$root"' EXIT
umask 022
mkdir "$root"
# Devices are made by the kernel when the machine starts, and can't be made here without being root.
tar -C "$root" --numeric-owner --exclude='./dev/*' -xpf -

# With a /proc, which systemctl asks for and which is gone with the command.
in_root() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        unshare --mount bash -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" "$@"
}

# Whom Vagrant logs in as: with the key that everybody has, which it replaces at the first start.
in_root useradd --create-home --shell /bin/bash --user-group vagrant
echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/vagrant"
mkdir -m 700 "$root/home/vagrant/.ssh"
cp "$folder/authorized_keys" "$root/home/vagrant/.ssh/authorized_keys"
chmod 600 "$root/home/vagrant/.ssh/authorized_keys"
in_root chown -R vagrant: /home/vagrant/.ssh

# Nothing of the machine that it was made on, and nothing that two machines must not share.
echo tutor >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 tutor\n::1 localhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"
echo uninitialized >"$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/resolv.conf"
ln -s ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
cat >"$root/etc/systemd/system/ssh-host-keys.service" <<'UNIT'
[Unit]
Description=Keys of this machine's own
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target
UNIT
echo 'UseDNS no' >"$root/etc/ssh/sshd_config.d/vagrant.conf"

# The machine's own address. By its MAC address, for the lease to stay the same when its identity changes; and none of
# the links that lessons make, which are in network namespaces anyway.
cat >"$root/etc/systemd/network/80-dhcp.network" <<'NETWORK'
[Match]
Name=eth*

[Network]
DHCP=yes

[DHCPv4]
ClientIdentifier=mac
NETWORK
in_root systemctl --quiet enable systemd-networkd systemd-resolved ssh ssh-host-keys
# What a machine for an afternoon has no use for.
in_root systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer systemd-networkd-wait-online

mkdir -p "$root/usr/local/share/tutor"
cp -r "$folder/wheels" "$root/usr/local/share/tutor/wheels"
chmod -R a+rX "$root/usr/local/share/tutor"

# The links in / lead to the newest kernel, so that this file need not change when one is installed.
echo 'LABEL=tutor / ext4 defaults 0 1' >"$root/etc/fstab"
[ -e "$root/vmlinuz" ] && [ -e "$root/initrd.img" ] || { echo 'inside.sh: the root has no kernel' >&2; exit 1; }
mkdir -p "$root/boot/grub"
cat >"$root/boot/grub/grub.cfg" <<'CONF'
set timeout=0
serial --unit=0 --speed=115200
terminal_output console serial
menuentry Debian {
    linux /vmlinuz root=LABEL=tutor ro quiet net.ifnames=0 console=tty0 console=ttyS0,115200
    initrd /initrd.img
}
CONF
grub=/usr/lib/grub/i386-pc
in_root grub-mkimage --directory "$grub" --format i386-pc --prefix '(hd0,msdos1)/boot/grub' --output /core.img \
    biosdisk part_msdos ext2 normal linux serial terminal
mv "$root/core.img" "$folder/core.img"
cp "$root$grub/boot.img" "$folder/boot.img"

# No feature that is newer than GRUB's or an older kernel's way to read them.
features=none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file
features+=,huge_file,dir_nlink,extra_isize,metadata_csum
mke2fs -q -F -t ext4 -L tutor -O "$features" -d "$root" -E "offset=$2" "$folder/disk" "${3}k"
