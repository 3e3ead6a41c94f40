# Brings a database back beside the one that is there, in a server that nobody else sees, and measures it as a drill does.
# usage: stage-mariadb SOURCE ID PLACE(-|FOLDER) logical|physical BYTES NEEDED-BYTES SUMS(yes|no) SNAPSHOT… -- [QUERY…]
#   PLACE     -: beside the folder of this host's server, with whose configuration it will be started
#   SNAPSHOT  the full one first, each builds on the one before
# keeps as its result KEY VALUE lines: those of a drill, and `shape OPTION…` that a server on it needs
# exits 20 too little space, 30 a program is missing, 31 without its secret, 45 it cannot be read, 48 the scratch server fails,
#   49 it cannot be restored, 50 a query fails, 53 it could not be swapped in, 55 this host's own configuration is not taken
# uses: give-up progress store place target staged configured scratch bring tables result
set -eu
source=$1 id=$2 folder=$3 method=$4 bytes=$5 needed=$6 sums=$7
shift 7
store_at "$source" "$id"
bring_restic() { store_restic "$@"; }
staged_begin "$id" "$folder"
store_reading
target=$folder
if [ "$folder" = - ]; then
  configured_at
  target=$configured_data
  outside=$(configured_outside)
  [ "$outside" = '' ] || give_up 53 "the server $outside"
  staged_may_swap "$target"
  scratch_shape=$(configured_shape)
fi
begun=$(date +%s)
staged_place "$target" "$needed"
scratch_begin
snapshots=
while [ "$1" != -- ]; do
  snapshots="$snapshots $1"
  shift
done
shift
if [ "$method" = logical ]; then
  bring_dump "${snapshots# }" "$bytes"
else
  # shellcheck disable=SC2086 # names without blanks
  bring_chain "$bytes" $snapshots
  [ "$folder" = - ] || scratch_shape=$(bring_shape | paste -s -d ' ')
  scratch_start --skip-grant-tables
fi
usable=$(($(date +%s) - begun))
{
  echo "seconds $usable"
  echo "shape ${scratch_shape:-}"
  [ "$method" = logical ] || scratch_check
  scratch_measure "$sums" "$@"
} >"$place/result"
scratch_stop
[ "${scratch_code:-0}" -eq 0 ] || give_up 48 "the scratch server did not end well: $(tail -n 3 "$place/log")"
# as its package makes it: some have the socket there
chmod 755 "$place/data"
for flag in "$target"/debian-*.flag; do [ ! -e "$flag" ] || cp -p "$flag" "$place/data/"; done
result_keep "$id" "$place/result"
staged_note "$target" "$place/data"
staged_end "$store_secrets/store"
