# Writes a file from stdin: complete, checked and on the disk before it gets its name. Safe to repeat
# and to run several times at once.
# usage: upload PATH SIZE SHA256 MODE
# exits 81 other bytes than announced, 82 stdin ended early or late, 83 no space left
set -eu
path=$1 size=$2 sum=$3 mode=$4
folder=${path%/*}/
prefix=.${path##*/}.pawl-
umask 077
# when nobody listens any more, the part file still goes away
trap '' PIPE

[ -d "$folder" ] || mkdir -p "$folder"
free=$(($(stat -f -c '%a * %S' "$folder")))
if [ "$free" -lt "$size" ]; then
  echo "$folder has $((free / 1024)) KiB free" >&2
  exit 83
fi
# Under the folder's lock: a part file without a lock of its own belongs to nobody any more.
exec 8<"$folder"
flock -w 5 8
for left in "$folder$prefix"*; do
  [ -f "$left" ] || continue
  flock -n "$left" rm -f "$left" || true
done
part=$(mktemp "$folder${prefix}XXXXXXXX")
trap '[ ! -f "$part" ] || rm -f "$part"' EXIT
exec 9<"$part"
flock -n 9
exec 8<&-

# one byte more than announced tells that there is too much
head -c "$((size + 1))" >"$part" || { echo "writing to $folder failed" >&2; exit 83; }
written=$(wc -c <"$part")
[ "$written" -eq "$size" ] || { echo "$written bytes came instead of $size" >&2; exit 82; }
shown=$(sha256sum <"$part")
[ "$shown" = "$sum  -" ] || { echo "the bytes have the sum ${shown%% *}" >&2; exit 81; }
chmod "$mode" "$part"
sync "$part"
mv -T "$part" "$path"
sync "$folder"
