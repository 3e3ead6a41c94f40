# Writes down a release that a service may go back to: newest first, the same one once. Safe to repeat.
# usage: note-stable EPOCH ATTEMPT SERVICE VERSION LINE
#   LINE  what is kept of it; `VERSION ` stands before it in the file
# uses: fence
set -eu
service=$3 version=$4 line=$5
folder=/var/lib/pawl/stable
fence_enter "stable/$service" "$1" "$2"
mkdir -p "$folder"
file=$folder/$service
{
  printf '%s %s\n' "$version" "$line"
  [ ! -f "$file" ] || awk -v version="$version" '$1 != version' "$file" | head -n 19
} >"$folder/.$service"
# complete and on the disk before it gets its name
sync "$folder/.$service"
mv -T "$folder/.$service" "$file"
sync "$folder"
