# Puts a backup, or its proof, into the catalogue: complete or not at all. Safe to repeat.
# usage: publish-backup FOLDER SOURCE catalogue|proofs ID <JSON
set -eu
place=$1/$2/$3 id=$4
umask 077
cat >"$place/.$id.new"
# one line with an end
[ "$(tail -c 2 "$place/.$id.new")" = '}' ] || { echo 'the entry has no end' >&2; exit 82; }
sync "$place/.$id.new"
mv -T "$place/.$id.new" "$place/$id.json"
sync "$place"
