# Restores folders into a scratch place on the store, which compares each file with what it has of it.
# usage: drill-folders FOLDER ACCOUNT SOURCE ID SNAPSHOT BYTES
# keeps as its result KEY VALUE lines: seconds until they could be used, files
# exits 20 too little space, 31 without its secret, 45 it cannot be read
# uses: give-up repository result
set -eu
folder=$1 account=$2 source=$3 id=$4 snapshot=$5 bytes=$6
repository_at "$folder" "$account" "$source" "$id"
scratch=/var/lib/pawl-scratch/$id
begun=$(date +%s)
rm -rf "$scratch"
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"
[ "$(($(stat -f -c '%a * %S' "$scratch")))" -ge "$((bytes + 100000000))" ] || give_up 20 'it has too little space for it'
# as an account that may nothing: what it holds of rights and devices harms nobody
install -d -m 700 -o "$account" "$scratch/files"
chmod 711 /var/lib/pawl-scratch "$scratch"
repository_restic restore "$snapshot" --target "$scratch/files" --verify >"$scratch/said" 2>&1 ||
  give_up 45 "it cannot be read: $(tail -n 3 "$scratch/said")"
{
  echo "seconds $(($(date +%s) - begun))"
  echo "files $(find "$scratch/files" -type f | wc -l)"
} >"$scratch/result"
result_keep "$id" "$scratch/result"
