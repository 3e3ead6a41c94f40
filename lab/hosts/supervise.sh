#!/bin/sh
# Keeps one lab host running: starts it, and starts it again when it reboots. Systemd-nspawn ends
# with 133 then; with anything else (power off, killed) the host stays off.
# usage: supervise.sh HOST_DIR MACHINE BRIDGE SUPERVISOR_CGROUPS HOST_CGROUPS   (cgroups joined by ':')
set -u
dir=$1 machine=$2 bridge=$3 supervisors=$4 groups=$5

# Moves the calling (sub)shell, and what it starts, into cgroups.
join() {
  IFS=:
  for group in $1; do mkdir -p "$group" && echo 0 > "$group/cgroup.procs"; done
  unset IFS
}

join "$supervisors"
while :; do
  (
    join "$groups"
    exec systemd-nspawn --quiet --register=no --keep-unit --settings=no --directory="$dir/root" \
      --machine="$machine" --network-bridge="$bridge" --link-journal=no --resolv-conf=off --timezone=off --boot
  )
  [ $? -eq 133 ] || exit 0
done
