# Takes away what a restore has staged and not swapped in, its result and its secrets. What went aside stays for ever.
# usage: clear-restore ID
# prints how many other restores of this host are left
# uses: give-up place target staged
set -eu
staged_at "$1"
if [ -e "$staged_journal/places" ]; then
  sort -u "$staged_journal/places" | while read -r folder; do rm -rf --one-file-system "$folder"; done
fi
rm -rf "$staged_journal" "/run/pawl/backups/$1"
for one in "$1" "$1.swap"; do rm -f "/var/lib/pawl/backups/results/$one" "/var/lib/pawl/backups/results/.$one"; done
find "${staged_journal%/*}" -mindepth 1 -maxdepth 1 -printf . 2>/dev/null | wc -c
