# Writes down a release that a service may go back to, and which ones it may not any more: newest first, the same one
# once. Safe to repeat.
# usage: note-stable EPOCH ATTEMPT SERVICE KEY LINE FORGET
#   KEY     a version, or VERSION/CONFIGURATION
#   LINE    what is kept of it; `KEY ` stands before it in the file
#   FORGET  keys with blanks between them
# uses: fence
set -eu
service=$3 key=$4 line=$5 forget=$6
folder=/var/lib/pawl/stable
fence_enter "stable/$service" "$1" "$2"
mkdir -p "$folder"
file=$folder/$service
{
  printf '%s %s\n' "$key" "$line"
  [ ! -f "$file" ] || awk -v gone=" $key $forget " '!index(gone, " " $1 " ")' "$file" | head -n 19
} >"$folder/.$service"
# complete and on the disk before it gets its name
sync "$folder/.$service"
mv -T "$folder/.$service" "$file"
sync "$folder"
