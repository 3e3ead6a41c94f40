# Nobody needs what a backup, or a drill, has left on this host any more: its secrets, and its result.
# usage: clear-backup ID
set -eu
rm -rf "/run/pawl/backups/$1"
rm -f "/var/lib/pawl/backups/results/$1" "/var/lib/pawl/backups/results/.$1"
