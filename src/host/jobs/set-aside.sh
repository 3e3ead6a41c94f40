# Renames what is in the way; it is never deleted. Goes on where an earlier, cut run stood.
# usage: set-aside ID PATH…   each becomes PATH.aside-ID
set -eu
id=$1
shift
for path; do
  # an earlier run was here
  [ ! -e "$path.aside-$id" ] || continue
  [ -e "$path" ] || [ -L "$path" ] || continue
  mv -T "$path" "$path.aside-$id"
  sync "${path%/*}"
done
