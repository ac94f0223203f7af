# The first process in the virtual machine's own root: does what an init does before anything runs, takes the cargo off
# the second disk, runs its job, writes what came of it to the third disk as a tar archive, and switches the machine off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ln -sfn /proc/self/fd /dev/fd
hostname machine
echo '127.0.0.1 localhost machine' >/etc/hosts
ip link set lo up

mkdir -p /cargo /results
echo "VM-UP after $(cut -d' ' -f1 /proc/uptime) s: $(uname -sr), $(. /etc/os-release && echo "$PRETTY_NAME")"
if tar -C /cargo -xf /dev/vdb; then
    bash /cargo/job.sh </dev/null 2>&1
    echo $? >/results/status
fi
echo "VM-DOWN after $(cut -d' ' -f1 /proc/uptime) s"
tar -C /results -cf /dev/vdc .
sync
echo o >/proc/sysrq-trigger
sleep 60
