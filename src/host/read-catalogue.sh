# Prints what the store knows of backups: lines `catalogue|proofs JSON`, and `free BYTES`.
# usage: read-catalogue FOLDER SOURCE
set -eu
folder=$1/$2
for place in catalogue proofs; do
  [ -d "$folder/$place" ] || continue
  find "$folder/$place" -maxdepth 1 -name '[!.]*.json' -exec sed "s/^/$place /" {} +
done
[ ! -d "$1" ] || echo "free $(($(stat -f -c '%a * %S' "$1")))"
