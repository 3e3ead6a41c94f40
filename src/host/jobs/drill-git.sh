# Makes a repository of a bundle in a scratch place on the store, and has git look it through.
# usage: drill-git FOLDER ACCOUNT SOURCE ID SNAPSHOT BYTES NEEDED-BYTES
# keeps as its result KEY VALUE lines: seconds until it could be used, `ref COMMIT NAME` for each
# exits 20 too little space, 30 a program is missing, 31 without its secret, 45 it cannot be read, 49 it cannot be restored
# uses: give-up progress repository place bring result
set -eu
folder=$1 account=$2 source=$3 id=$4 snapshot=$5 bytes=$6 needed=$7
repository_at "$folder" "$account" "$source" "$id"
bring_restic() { repository_restic "$@"; }
begun=$(date +%s)
place_scratch "$id" "$needed"
repository_files
bring_bundle "$snapshot" "$bytes"
{
  echo "seconds $(($(date +%s) - begun))"
  bring_refs
} >"$place/result"
result_keep "$id" "$place/result"
