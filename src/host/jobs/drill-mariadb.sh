# Restores a dump into a scratch server on the store, and sums up what it holds.
# usage: drill-mariadb FOLDER ACCOUNT SOURCE ID SNAPSHOT BYTES NEEDED-BYTES SUMS(yes|no) [QUERY…]
# keeps as its result KEY VALUE lines: seconds until it could be used, the tables, `query NUMBER ANSWER` for each query
# exits 20 too little space, 30 a program is missing, 31 without its secret, 45 it cannot be read, 48 the scratch server fails,
#   49 the server takes it not, 50 a query fails
# uses: give-up progress repository place scratch bring tables result
set -eu
folder=$1 account=$2 source=$3 id=$4 snapshot=$5 bytes=$6 needed=$7 sums=$8
shift 8
repository_at "$folder" "$account" "$source" "$id"
bring_restic() { repository_restic "$@"; }
begun=$(date +%s)
place_scratch "$id" "$needed"
scratch_begin
bring_dump "$snapshot" "$bytes"
usable=$(($(date +%s) - begun))

{
  echo "seconds $usable"
  scratch_measure "$sums" "$@"
} >"$place/result"
result_keep "$id" "$place/result"
