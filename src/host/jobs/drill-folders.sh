# Restores folders into a scratch place on the store, which compares each file with what it has of it.
# usage: drill-folders FOLDER ACCOUNT SOURCE ID SNAPSHOT NEEDED-BYTES
# keeps as its result KEY VALUE lines: seconds until they could be used, files
# exits 20 too little space, 31 without its secret, 45 it cannot be read
# uses: give-up repository place result
set -eu
folder=$1 account=$2 source=$3 id=$4 snapshot=$5 needed=$6
repository_at "$folder" "$account" "$source" "$id"
begun=$(date +%s)
place_scratch "$id" "$needed"
repository_files
repository_restic restore "$snapshot" --target "$place/files" --verify >"$place/said" 2>&1 ||
  give_up 45 "it cannot be read: $(last_words "$place/said")"
{
  echo "seconds $(($(date +%s) - begun))"
  echo "files $(find "$place/files" -type f -printf . | wc -c)"
} >"$place/result"
result_keep "$id" "$place/result"
