# Takes away what a restore has staged and not swapped in, its job, its result and its secrets. What went aside stays for ever.
# usage: clear-restore ID ORDERED
#   ORDERED  milliseconds, see `over.sh`
# prints how many other restores of this host are left
# uses: give-up place target staged over
set -eu
staged_at "$1"
over "$1" "$2"
if [ -e "$staged_journal/places" ]; then
  sort -u "$staged_journal/places" | while read -r folder; do rm -rf --one-file-system "$folder"; done
fi
rm -rf "$staged_journal"
rm -f "/var/lib/pawl/backups/results/$1.swap" "/var/lib/pawl/backups/results/.$1.swap"
find "${staged_journal%/*}" -mindepth 1 -maxdepth 1 -printf . 2>/dev/null | wc -c
