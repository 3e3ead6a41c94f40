# Takes backups out of the catalogue, and what they alone need out of the repository.
# usage: thin-backups FOLDER ACCOUNT SOURCE ID ENTRY… -- SNAPSHOT…
#   ENTRY  in this order: none before one that builds on it
# exits 31 without its secret, 51 the repository is in use
# uses: give-up repository
set -eu
folder=$1 account=$2 source=$3 id=$4
shift 4
repository_at "$folder" "$account" "$source" "$id"
while [ "$1" != -- ]; do
  rm -f "$repository_folder/catalogue/$1.json"
  sync "$repository_folder/catalogue"
  shift
done
shift
# only locks of those who are gone
repository_restic unlock --quiet >/dev/null 2>&1 || true
said=$(repository_restic forget --quiet --prune --max-unused 10% "$@" 2>&1) || give_up 51 "$(printf '%s' "$said" | tail -n 1)"
