#!/busybox sh
# The first process of the virtual machine: puts a root together from a read-only image and memory, and goes on there.
bb=/busybox
$bb mkdir -p /proc /sys /dev /image /memory /root
$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs devtmpfs /dev
while read -r module; do
    $bb insmod "/modules/$module" || echo "init: the kernel does not take $module"
done </modules/order

case " $($bb cat /proc/cmdline) " in
*' probe '*) # only to see how long a boot takes
    echo VM-UP
    exec $bb poweroff -f
    ;;
esac

$bb mount -t squashfs -o ro /dev/vda /image &&
    $bb mount -t tmpfs -o size=75%,mode=755 tmpfs /memory &&
    $bb mkdir /memory/upper /memory/work &&
    $bb mount -t overlay -o lowerdir=/image,upperdir=/memory/upper,workdir=/memory/work overlay /root || {
    echo 'init: no root could be mounted'
    exec $bb poweroff -f
}
$bb cp /boot.sh /root/boot.sh
for folder in proc sys dev; do
    $bb mount --move "/$folder" "/root/$folder"
done
exec $bb switch_root /root /bin/bash /boot.sh
