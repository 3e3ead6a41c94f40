# Puts a flag file on a host, or takes it away. Safe to repeat.
# usage: flag-file EPOCH ATTEMPT SERVICE PATH on|off [TEXT]
# uses: fence
set -eu
path=$4
fence_enter "maintenance/$3" "$1" "$2"
if [ "$5" = on ]; then
  mkdir -p "${path%/*}"
  part=$(mktemp "$path.XXXXXXXX")
  printf '%s\n' "$6" >"$part"
  # applications of any account are to see it
  chmod 644 "$part"
  sync "$part"
  mv -T "$part" "$path"
else
  rm -f "$path"
fi
[ ! -d "${path%/*}" ] || sync "${path%/*}"
