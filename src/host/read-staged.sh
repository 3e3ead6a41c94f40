# Prints where a restore has staged what it brought back, a path each.
# usage: read-staged ID
# uses: give-up place target staged
set -eu
staged_at "$1"
cut -d ' ' -f 2 "$staged_journal/staged"
