#!/bin/bash
# `npm run try`: installs, builds, and runs a container with limits on a copy of this machine (dir:/), which needs no
# download. Whatever the container writes or removes, the machine does not change.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then
  echo "try: containers need root here; run: sudo npm run try" >&2
  exit 1
fi
if [ ! -x node_modules/.bin/bun ]; then npm install --no-audit --no-fund; fi
if [ ! -x dist/mini-docker ] || [ -n "$(find src ffi scripts -newer dist/mini-docker -print -quit)" ]; then
  npm run build --silent
fi

state=$(mktemp -d /tmp/mini-docker-try.XXXXXX)
trap 'rm -rf "$state"' EXIT
run=(dist/mini-docker --root "$state/lib" --run-root "$state/run" run --rm)
mark=/root/written-in-the-container

echo '$ mini-docker run --rm --memory 64m --cpus 0.5 --pids-limit 32 --hostname try --network none dir:/ sh -c …'
"${run[@]}" --memory 64m --cpus 0.5 --pids-limit 32 --hostname try --network none dir:/ sh -c '
  echo "process ID:       $$"
  echo "processes seen:   $(ls -d /proc/[0-9]* | wc -l)"
  echo "host name:        $(hostname 2> /dev/null || cat /proc/sys/kernel/hostname)"
  for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    if [ -r $file ]; then echo "memory limit:     $(cat $file) bytes"; fi
  done
  for file in /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max; do
    if [ -r $file ]; then echo "process limit:    $(cat $file)"; fi
  done
  echo "network links:    $(sed -n "s/^ *\([^ ]*\):.*/\1/p" /proc/net/dev | tr "\n" " ")"
  echo hello > '"$mark"'
  echo "in the container: $(ls '"$mark"')"
'
if [ -e "$mark" ]; then
  echo "on the machine:   $mark exists, which it should not" >&2
  exit 1
fi
echo "on the machine:   no $mark"
