# Prints what is left of a stopped unit, as KEY=VALUE lines; changes nothing.
# usage: left-running UNIT PORT
# prints: active=STATE, process=PID NAME for each process in the unit's group, listener=PID NAME for each on the port
set -u
unit=$1 port=$2

named() { # PID
  name=$(cat "/proc/$1/comm" 2>/dev/null) || name=unknown
  echo "$1 $name"
}

systemctl show -p ActiveState -- "$unit" | sed -n 's/^ActiveState=/active=/p'
group=$(systemctl show -p ControlGroup --value -- "$unit")
# systemd forgets the group of a unit that is down, though processes may be left in it
group=${group:-/system.slice/$unit}
for root in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
  [ -d "$root$group" ] && find "$root$group" -name cgroup.procs -exec cat {} + 2>/dev/null
done | sort -u | while read -r pid; do
  # 0: a process that this host cannot see
  [ "$pid" = 0 ] || echo "process=$(named "$pid")"
done

# by the kernel's own table, so that no program has to be there
wanted=$(printf '%04X' "$port")
awk -v wanted="$wanted" '
  $4 == "0A" { parts = split($2, at, ":"); if (at[parts] == wanted) print $10 }
' /proc/net/tcp /proc/net/tcp6 2>/dev/null | sort -u | while read -r inode; do
  owner=$(find /proc/[0-9]*/fd -lname "socket:\\[$inode\\]" 2>/dev/null | head -n 1)
  owner=${owner#/proc/}
  owner=${owner%%/*}
  if [ -n "$owner" ]; then echo "listener=$(named "$owner")"; else echo 'listener=0 unknown'; fi
done
