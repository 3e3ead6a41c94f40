# Restores a dump into a scratch server on the store, replays the binary logs of increments, and sums up what it holds.
# usage: drill-dump mariadb|mysql FOLDER ACCOUNT SOURCE ID BYTES NEEDED-BYTES SUMS(yes|no) FILE|- AT END ZONE SNAPSHOT… -- [QUERY…]
#   BYTES     of all snapshots
#   FILE, AT  the place of the dump in the binary logs, END: the log after the last one; -: there are none
#   ZONE      in which their statements are meant
#   SNAPSHOT  the full one first, each builds on the one before
# keeps as its result KEY VALUE lines: seconds until it could be used, the tables; where there are logs, those of the dump alone
#   before, and `replayed`; `query NUMBER ANSWER` for each query
# exits 20 too little space, 30 a program is missing, 31 without its secret, 45 it cannot be read, 48 the scratch server fails,
#   49 the server takes it not, 50 a query fails
# uses: give-up progress repository place database scratch tables binlog replay bring result
set -eu
database_of "$1"
shift
folder=$1 account=$2 source=$3 id=$4 bytes=$5 needed=$6 sums=$7 file=$8
shift 8
at=$1 end=$2 zone=$3
shift 3
repository_at "$folder" "$account" "$source" "$id"
bring_restic() { repository_restic "$@"; }
begun=$(date +%s)
place_scratch "$id" "$needed"
scratch_begin
bring_listed "$@"
shift "$bring_more"
# shellcheck disable=SC2086 # names without blanks
bring_logical "$bytes" "$sums" "$file" "$at" "$end" "$zone" - $bring_snapshots
usable=$(($(date +%s) - begun - bring_measured))

{
  echo "seconds $usable"
  bring_measure "$sums" - "$@"
} >"$place/result"
result_keep "$id" "$place/result"
