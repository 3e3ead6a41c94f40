# Reads whether this host has what Pawl needs, as KEY=VALUE lines. Leaves nothing behind.
# usage: examine-host PROGRAM…
# A program may be written as `perl|socat`: one of them is enough.
set -u
echo "uid=$(id -u)"
echo "account=$(id -un)"
echo "systemd=$(systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')"
tar --version 2>/dev/null | grep -q GNU && echo tar=GNU
for wanted in "$@"; do
  found=
  for program in $(echo "$wanted" | tr '|' ' '); do
    command -v "$program" >/dev/null && found=$program
  done
  [ -n "$found" ] || echo "missing $wanted"
done
# where the first change will make it
folder=/var/lib/pawl
while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
echo "folder=$folder"
if probe=$(mktemp "$folder/.pawl-probe.XXXXXX" 2>/dev/null); then
  # a full disk makes empty files and no others
  echo probe 2>/dev/null >"$probe" && echo writable=yes
  rm -f "$probe"
fi
