# What is there of a list of paths. Changes nothing.
# usage: look-folders FOLDER… <paths, each ended by a zero byte
# prints records, each ended by a zero byte: `folder absent|other|empty|there PATH` of the folders; of paths that are there `is KIND:PATH`,
#   kinds as stat has them; `cannot WORDS` of each that cannot be read
# uses: volume
set -eu
export LC_ALL=C
# the disk may be full
work=$(mktemp -d /run/pawl-look.XXXXXX)
trap 'rm -rf "$work"' EXIT
for folder in "$@"; do
  if [ ! -e "$folder" ]; then
    is=absent
  elif [ ! -d "$folder" ]; then
    is=other
  elif [ "$(volume_entries "$folder" -printf . -quit | wc -c)" -eq 0 ]; then
    is=empty
  else
    is=there
  fi
  printf 'folder %s %s\0' "$is" "$folder"
done
cat >"$work/paths"
xargs -0r stat --printf 'is %F:%n\0' -- <"$work/paths" 2>/dev/null || true
# a file whose first bytes cannot be read has lost more than its name
xargs -0r stat --printf '%f %n\0' -- <"$work/paths" 2>/dev/null | sed -z -n 's/^8[^ ]* //p' >"$work/files" || true
xargs -0r head -q -c 1 -- <"$work/files" 2>"$work/words" >/dev/null || true
sed 's/^head: //' "$work/words" | while IFS= read -r words; do printf 'cannot %s\0' "$words"; done
