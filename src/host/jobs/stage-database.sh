# Brings a database back beside the one that is there, in a server that nobody else sees, and measures it as a drill does.
# usage: stage-database mariadb|mysql SOURCE ID PLACE(-|FOLDER) logical|physical BYTES NEEDED-BYTES SUMS(yes|no) FILE|- AT END ZONE UNTIL|-
#   SNAPSHOT… -- [QUERY…]
#   PLACE     -: beside the folder of this host's server, with whose configuration it will be started
#   FILE, AT, END, ZONE  of binary logs, see drill-dump.sh
#   UNTIL     UTC, as `2026-11-29 08:00:00`: logs are replayed up to there; -: to their end
#   SNAPSHOT  the full one first, each builds on the one before
# keeps as its result KEY VALUE lines: those of a drill, and `shape OPTION…` that a server on it needs
# exits 20 too little space, 30 a program is missing, 31 without its secret, 45 it cannot be read, 48 the scratch server fails,
#   49 it cannot be restored, 50 a query fails, 53 it could not be swapped in, 55 this host's own configuration is not taken
# uses: give-up progress store place target staged database configured scratch tables binlog replay bring result
set -eu
database_of "$1"
shift
source=$1 id=$2 folder=$3 method=$4 bytes=$5 needed=$6 sums=$7 file=$8
shift 8
at=$1 end=$2 zone=$3 until=$4
shift 4
store_at "$source" "$id"
bring_restic() { store_restic "$@"; }
staged_begin "$id" "$folder"
store_reading
target=$folder
if [ "$folder" = - ]; then
  configured_at
  target=$configured_data
  outside=$(configured_outside)
  [ "$outside" = '' ] || give_up 53 "the server $outside"
  staged_may_swap "$target"
  scratch_shape=$(configured_shape)
fi
begun=$(date +%s)
# MariaDB takes folders in its own for databases, and dumps and upgrades of those fail; but not what begins like its temporary tables
# shellcheck disable=SC2034 # of lib/staged.sh
staged_hidden='#sql-'
staged_place "$target" "$needed"
scratch_begin
bring_listed "$@"
shift "$bring_more"
if [ "$method" = logical ]; then
  # shellcheck disable=SC2086 # names without blanks
  bring_logical "$bytes" "$sums" "$file" "$at" "$end" "$zone" "$until" $bring_snapshots
else
  # shellcheck disable=SC2086 # names without blanks
  bring_chain "$bytes" $bring_snapshots
  [ "$folder" = - ] || scratch_shape=$(bring_shape | paste -s -d ' ')
  scratch_start --skip-grant-tables
fi
usable=$(($(date +%s) - begun - ${bring_measured:-0}))
{
  echo "seconds $usable"
  echo "shape ${scratch_shape:-}"
  if [ "$method" = logical ]; then
    bring_measure "$sums" "$until" "$@"
  else
    scratch_check
    scratch_measure "$sums" "$@"
  fi
} >"$place/result"
scratch_stop
[ "${scratch_code:-0}" -eq 0 ] || give_up 48 "the scratch server did not end well: $(tail -n 3 "$place/log")"
# as its package makes it: some have the socket there
chmod 755 "$place/data"
for flag in "$target"/debian-*.flag; do [ ! -e "$flag" ] || cp -p "$flag" "$place/data/"; done
result_keep "$id" "$place/result"
staged_note "$target" "$place/data"
staged_end "$store_secrets/store"
