# PID 1 of the test VM after switch_root: runs /run/vm/command in a cgroup of its own, leaves what it wrote and its
# exit status in the folder shared with the host, and powers off.
. /run/vm/config
export PATH="$PROJECT/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export HOME=/root LANG=C.UTF-8 TERM=dumb
busybox mkfifo /run/out /run/err # FIFOs, so that the command may open /dev/stdout again
busybox cat /run/out > /run/vm/out & out=$!
busybox cat /run/err > /run/vm/err & err=$!
# /bin/sh by its path: busybox would take its own applet.
(echo 0 > /sys/fs/cgroup/session/cgroup.procs && exec busybox setsid /bin/sh /run/vm/command) < /dev/null > /run/out 2> /run/err
status=$?
tries=0 # What the command left running may hold the FIFOs open: that is waited for at most 2 s.
while [ $tries -lt 20 ] && { kill -0 $out || kill -0 $err; } 2> /dev/null; do busybox sleep 0.1; tries=$((tries + 1)); done
echo $status > /run/vm/status
exec busybox poweroff -f
