# Restores the files of a server from a full backup and all that build on it, starts a scratch server on them, and looks them
# through.
# usage: drill-physical FOLDER ACCOUNT SOURCE ID BYTES NEEDED-BYTES SUMS(yes|no) SNAPSHOT… -- [QUERY…]
#   BYTES     of all snapshots
#   SNAPSHOT  the full one first, each builds on the one before
# keeps as its result KEY VALUE lines: seconds until it could be used, `fault WORDS`, `checked NUMBER`, the tables, `query NUMBER
#   ANSWER` for each query
# exits 20 too little space, 30 a program is missing, 31 without its secret, 45 it cannot be read, 48 the scratch server fails,
#   49 it cannot be restored, 50 a query fails
# uses: give-up progress repository place database scratch bring tables result
set -eu
folder=$1 account=$2 source=$3 id=$4 bytes=$5 needed=$6 sums=$7
shift 7
repository_at "$folder" "$account" "$source" "$id"
bring_restic() { repository_restic "$@"; }
begun=$(date +%s)
place_scratch "$id" "$needed"
database_of mariadb
scratch_begin
bring_listed "$@"
shift "$bring_more"
# shellcheck disable=SC2086 # names without blanks
bring_chain "$bytes" $bring_snapshots
scratch_shape=$(bring_shape)
scratch_start --skip-grant-tables
usable=$(($(date +%s) - begun))
{
  echo "seconds $usable"
  scratch_check
  scratch_measure "$sums" "$@"
} >"$place/result"
result_keep "$id" "$place/result"
