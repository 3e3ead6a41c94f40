# Takes a secret from stdin to where no power cut and no other account finds it.
# usage: keep-secret ID NAME OWNER
set -eu
id=$1 name=$2 owner=$3
folder=/run/pawl/backups
umask 077
mkdir -p "$folder/$id"
# its owner must come by
chmod 711 /run/pawl "$folder" "$folder/$id"
file=$(mktemp "$folder/$id/.$name.XXXXXX")
cat >"$file"
chown "$owner" "$file"
mv -T "$file" "$folder/$id/$name"
# those of runs that nobody has ended
find "$folder" -mindepth 1 -maxdepth 1 -mtime +11 -exec rm -rf {} +
