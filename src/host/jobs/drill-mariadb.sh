# Restores a dump into a scratch server on the store, and sums up what it holds.
# usage: drill-mariadb FOLDER ACCOUNT SOURCE ID SNAPSHOT BYTES SUMS(yes|no) [QUERY…]
# keeps as its result KEY VALUE lines: seconds until it could be used, the tables, `query NUMBER ANSWER` for each query
# exits 20 too little space, 30 a program is missing, 31 without its secret, 45 it cannot be read, 48 the scratch server fails,
#   49 the server takes it not, 50 a query fails
# uses: give-up repository scratch tables result
set -eu
folder=$1 account=$2 source=$3 id=$4 snapshot=$5 bytes=$6 sums=$7
shift 7
repository_at "$folder" "$account" "$source" "$id"
begun=$(date +%s)
# tables take more room than their dump, indexes and what is undone among it
scratch_begin "/var/lib/pawl-scratch/$id" "$((3 * bytes + 300000000))"
scratch_install
scratch_start
# nobody looks at it before it is whole
{ repository_restic dump "$snapshot" /dump.sql 2>"$scratch/read" || echo $? >"$scratch/code"; } | scratch_sql >"$scratch/out" 2>&1 || taken=no
[ ! -e "$scratch/code" ] || give_up 45 "it cannot be read: $(tail -n 3 "$scratch/read")"
[ "${taken:-yes}" = yes ] || give_up 49 "the server does not take it: $(tail -n 3 "$scratch/out")"
scratch_stop
scratch_start --skip-grant-tables
usable=$(($(date +%s) - begun))

{
  echo "seconds $usable"
  scratch_measure "$sums" "$@"
} >"$scratch/result"
result_keep "$id" "$scratch/result"
