# Prints what a unit and its host have used, as KEY=VALUE lines. Changes nothing.
# usage: unit-usage UNIT
# exits 3 when the unit has no processes
set -u
export LC_ALL=C
unit=$1
show() { systemctl show --value -p "$1" -- "$unit"; }
group=$(show ControlGroup)
if [ -z "$group" ]; then
  echo "$unit has no processes" >&2
  exit 3
fi

# Where the one hierarchy of cgroup 2 lies; on hybrid machines it counts, too, though it controls little.
two=
for top in /sys/fs/cgroup /sys/fs/cgroup/unified; do
  [ -f "$top$group/cgroup.procs" ] && two=$top$group
done

# The least that the group or one above it allows, in the first word of a file.
least() { # FILE
  folder=$two
  while [ -n "$two" ] && [ -f "$folder/cgroup.procs" ]; do
    cat "$folder/$1" 2>/dev/null
    folder=${folder%/*}
  done
}

cpu_micros() {
  if [ -n "$two" ]; then
    sed -n 's/^usage_usec //p' "$two/cpu.stat"
  elif [ -f "/sys/fs/cgroup/cpuacct$group/cpuacct.usage" ]; then
    awk '{ printf "%.0f\n", $1 / 1000 }' "/sys/fs/cgroup/cpuacct$group/cpuacct.usage"
  else
    show CPUUsageNSec | awk '/^[0-9]+$/ { printf "%.0f\n", $1 / 1000 }'
  fi
}

# Without the file cache that the kernel would give back at once.
memory_bytes() {
  if [ -f "$two/memory.current" ]; then
    awk 'FNR == NR { used = $1; next } $1 == "inactive_file" { used -= $2 } END { print used }' \
      "$two/memory.current" "$two/memory.stat"
  elif [ -f "/sys/fs/cgroup/memory$group/memory.usage_in_bytes" ]; then
    awk 'FNR == NR { used = $1; next } $1 == "total_inactive_file" { used -= $2 } END { print used }' \
      "/sys/fs/cgroup/memory$group/memory.usage_in_bytes" "/sys/fs/cgroup/memory$group/memory.stat"
  else
    # nobody counts memory by groups here: what its processes have, shared pages by their part
    find "${two:-/sys/fs/cgroup/systemd$group}" -name cgroup.procs -exec cat {} + | while read -r pid; do
      cat "/proc/$pid/smaps_rollup" 2>/dev/null
    done | awk '$1 == "Pss:" { sum += $2 } END { printf "%.0f\n", sum * 1024 }'
  fi
}

echo "uptime=$(cut -d ' ' -f 1 /proc/uptime)"
echo "invocation=$(show InvocationID)"
echo "cpuMicros=$(cpu_micros)"
echo "cpus=$(nproc)"
echo "cpuQuota=$(show CPUQuotaPerSecUSec)"
echo "groupQuotas=$(least cpu.max | awk '$1 != "max" { printf "%s ", $1 / $2 }')"
echo "memoryBytes=$(memory_bytes)"
echo "memoryMax=$(show MemoryMax)"
echo "groupMaxima=$(least memory.max | awk '$1 != "max" { printf "%s ", $1 }')"
# user nice system idle iowait irq softirq steal; guests are among the first two
awk '$1 == "cpu" { idle = $5 + $6; busy = $2 + $3 + $4 + $7 + $8 + $9; print "hostBusy=" busy; print "hostTotal=" busy + idle }' /proc/stat
awk '$1 == "MemTotal:" { print "hostMemoryMaxKiB=" $2 } $1 == "MemAvailable:" { print "hostMemoryFreeKiB=" $2 }' /proc/meminfo
