# Writes down why a host is out of service, or with an empty MARK that it is no more. Safe to repeat.
# usage: mark-out EPOCH ATTEMPT SERVICE HOST MARK
#   MARK  one line
# uses: fence
set -eu
service=$3 host=$4 mark=$5
folder=/var/lib/pawl/out/$service
fence_enter "out/$service/$host" "$1" "$2"
mkdir -p "$folder"
if [ -n "$mark" ]; then
  # complete and on the disk before it gets its name
  printf '%s\n' "$mark" >"$folder/.$host"
  sync "$folder/.$host"
  mv -T "$folder/.$host" "$folder/$host"
else
  rm -f "$folder/$host"
fi
sync "$folder"
