# Reads a backup back, all of it: what has been spoilt on its way, or has no end, is none.
# usage: read-back FOLDER ACCOUNT SOURCE ID SNAPSHOT [SHA256 FILE END|-]
#   SHA256, FILE, END  of a stream: its sum, its name in the snapshot, and a pattern that its last lines must have; without
#                      them there are many files
# exits 31 without its secret, 45 it cannot be read, 46 it holds other bytes, 47 it has no end
# uses: give-up repository work
set -eu
folder=$1 account=$2 source=$3 id=$4 snapshot=$5 sum=${6:-} file=${7:-} end=${8:--}
repository_at "$folder" "$account" "$source" "$id"
work_begin "$id"

if [ "$sum" = '' ]; then
  repository_restic dump --archive tar "$snapshot" / 2>"$work/said" >/dev/null || give_up 45 "it cannot be read: $(tail -n 3 "$work/said")"
  exit 0
fi
mkfifo "$work/end"
tail -c 200 <"$work/end" >"$work/last" &
{ repository_restic dump "$snapshot" "$file" 2>"$work/said" || echo $? >"$work/code"; } | tee "$work/end" | sha256sum >"$work/sum"
wait $!
[ ! -e "$work/code" ] || give_up 45 "it cannot be read: $(tail -n 3 "$work/said")"
[ "$(cut -d ' ' -f 1 "$work/sum")" = "$sum" ] || give_up 46 'it holds other bytes than were sent'
[ "$end" = - ] || grep -q "$end" "$work/last" || give_up 47 'it has no end'
