#!/bin/sh
# PID 1 of the test VM while it runs from its initramfs. It builds a root on a scratch ext4 disk, with copy-on-write
# views of the host's /usr, /etc and the project at their own paths, mounts pure cgroup v2, and switches to main.sh.
mount -t devtmpfs dev /dev
for module in /modules/*.ko; do insmod "$module"; done
mkdir /new && mount -t ext4 -o noatime /dev/vda /new && cd /new || exit

share() { # TAG FOLDER OPTIONS: a folder of the host, by 9p
  mkdir -p "$2" && mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,$3" "$1" "$2"
}
copy_on_write() { # TAG FOLDER
  share "$1" ".vm/$1/lower" ro,cache=loose
  mkdir -p ".vm/$1/upper" ".vm/$1/work" "/new$2"
  mount -t overlay -o "lowerdir=.vm/$1/lower,upperdir=.vm/$1/upper,workdir=.vm/$1/work" "$1" "/new$2"
}

mkdir -p proc sys dev run home opt mnt srv var/lib var/cache && mkdir -m 700 root && mkdir -m 1777 tmp var/tmp && ln -s /run var/run
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$folder"; done
mount -t tmpfs -o mode=755 run run
share io run/vm cache=none
. run/vm/config # KERNEL_VERSION PROJECT WRITABLE MODULES
copy_on_write usr /usr
share modules "usr/lib/modules/$KERNEL_VERSION" ro,cache=loose
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t securityfs security sys/kernel/security
mount -t devtmpfs dev dev
chroot /new /sbin/modprobe -a $MODULES &
copy_on_write etc /etc
if [ "$WRITABLE" ]; then share project "/new$PROJECT" cache=mmap; else copy_on_write project "$PROJECT"; fi
mkdir -p dev/pts dev/shm dev/mqueue
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts dev/pts
mount -t tmpfs shm dev/shm
mount -t mqueue mqueue dev/mqueue
ln -s /proc/self/fd dev/fd && ln -s fd/0 dev/stdin && ln -s fd/1 dev/stdout && ln -s fd/2 dev/stderr
hostname vm
ip link set lo up
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 sys/fs/cgroup
for controller in $(cat sys/fs/cgroup/cgroup.controllers); do echo "+$controller" > sys/fs/cgroup/cgroup.subtree_control; done
mkdir sys/fs/cgroup/session
wait
exec switch_root /new /bin/busybox sh /run/vm/main
