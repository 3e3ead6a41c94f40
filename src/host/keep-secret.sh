# Takes a secret from stdin to where no power cut and no other account finds it.
# usage: keep-secret ID NAME OWNER ORDERED
#   ORDERED  milliseconds, see `over.sh`
# exits 32 where all that it was for is over
# uses: give-up over
set -eu
id=$1 name=$2 owner=$3 ordered=$4
folder=/run/pawl/backups
umask 077
mkdir -p "$folder/$id"
# its owner must come by
chmod 711 /run/pawl "$folder" "$folder/$id"
file=$(mktemp "$folder/$id/.$name.XXXXXX")
cat >"$file"
chown "$owner" "$file"
mv -T "$file" "$folder/$id/$name"
# asked last: an end that is ordered just now would not see what comes after it
if over_already "$id" "$ordered"; then
  rm -rf "${folder:?}/$id"
  give_up 32 "$id is over"
fi
# those of runs that nobody has ended
find "$folder" "$over_folder" -mindepth 1 -maxdepth 1 -mtime +11 -exec rm -rf {} + 2>/dev/null || true
