# Restores the files of a server from a full backup and all that build on it, starts a scratch server on them, and looks them
# through.
# usage: drill-physical FOLDER ACCOUNT SOURCE ID BYTES SUMS(yes|no) SNAPSHOT… -- [QUERY…]
#   BYTES     of all snapshots
#   SNAPSHOT  the full one first, each builds on the one before
# keeps as its result KEY VALUE lines: seconds until it could be used, `fault WORDS`, `checked NUMBER`, the tables, `query NUMBER
#   ANSWER` for each query
# exits 20 too little space, 30 a program is missing, 31 without its secret, 45 it cannot be read, 48 the scratch server fails,
#   49 it cannot be restored, 50 a query fails
# uses: give-up repository scratch tables result
set -eu
folder=$1 account=$2 source=$3 id=$4 bytes=$5 sums=$6
shift 6
repository_at "$folder" "$account" "$source" "$id"
for program in mariadb-backup mbstream; do
  command -v "$program" >/dev/null || give_up 30 "has no $program"
done
begun=$(date +%s)
# what is applied lies there twice for a while, and the server makes a log of its own
scratch_begin "/var/lib/pawl-scratch/$id" "$((2 * bytes + 300000000))"

restore() { # SNAPSHOT FOLDER
  install -d -m 700 -o mysql -g mysql "$2"
  { repository_restic dump "$1" /backup.mbstream 2>"$scratch/read" || echo $? >"$scratch/code"; } |
    scratch_as_server mbstream -x -C "$2" >"$scratch/out" 2>&1 || taken=no
  [ ! -e "$scratch/code" ] || give_up 45 "$1 cannot be read: $(tail -n 3 "$scratch/read")"
  [ "${taken:-yes}" = yes ] || give_up 49 "$1 does not unpack: $(tail -n 3 "$scratch/out")"
}

prepare() { # SNAPSHOT OPTION…
  snapshot=$1
  shift
  scratch_as_server mariadb-backup --no-defaults --prepare --target-dir="$scratch/data" "$@" >"$scratch/out" 2>&1 ||
    give_up 49 "$snapshot cannot be restored: $(tail -n 3 "$scratch/out")"
  tail -n 1 "$scratch/out" | grep -q 'completed OK!$' || give_up 49 "$snapshot cannot be restored: it has no end"
}

restore "$1" "$scratch/data"
prepare "$1"
shift
while [ "$1" != -- ]; do
  restore "$1" "$scratch/part"
  prepare "$1" --incremental-dir="$scratch/part"
  rm -rf "$scratch/part"
  shift
done
shift
# Only what tells the shape of the files, and no paths: the rest of that file is none of ours.
# shellcheck disable=SC2046 # an option each
scratch_start --skip-grant-tables $(sed -n 's/^\(innodb_page_size\|innodb_data_file_path\|innodb_undo_tablespaces\)=\([A-Za-z0-9_:;.-]*\)$/--\1=\2/p' "$scratch/data/backup-my.cnf")
usable=$(($(date +%s) - begun))
{
  echo "seconds $usable"
  scratch_check
  scratch_measure "$sums" "$@"
} >"$scratch/result"
result_keep "$id" "$scratch/result"
