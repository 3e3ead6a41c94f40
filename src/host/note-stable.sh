# Writes down a release that a service may go back to, and which ones it may not any more: newest first, the same one
# once. Safe to repeat.
# usage: note-stable EPOCH ATTEMPT SERVICE VERSION LINE FORGET
#   LINE    what is kept of it; `VERSION ` stands before it in the file
#   FORGET  versions with blanks between them
# uses: fence
set -eu
service=$3 version=$4 line=$5 forget=$6
folder=/var/lib/pawl/stable
fence_enter "stable/$service" "$1" "$2"
mkdir -p "$folder"
file=$folder/$service
{
  printf '%s %s\n' "$version" "$line"
  [ ! -f "$file" ] || awk -v gone=" $version $forget " '!index(gone, " " $1 " ")' "$file" | head -n 19
} >"$folder/.$service"
# complete and on the disk before it gets its name
sync "$folder/.$service"
mv -T "$folder/.$service" "$file"
sync "$folder"
