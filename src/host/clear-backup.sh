# Nobody needs what a backup, or a drill, has on this host any more.
# usage: clear-backup ID ORDERED
#   ORDERED  milliseconds, see `over.sh`
# uses: over
set -eu
over "$1" "$2"
