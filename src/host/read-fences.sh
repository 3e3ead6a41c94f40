# Prints who holds the lanes of this host, as far as that was written down: LANE EPOCH HOLDER, one a line.
# usage: read-fences
set -u
cd /var/lib/pawl/lanes 2>/dev/null || exit 0
find . -name '*.fence' | while read -r file; do
  { read -r epoch _ && read -r of holder; } <"$file" 2>/dev/null || continue
  # who came later may not have written its name
  [ "$of" = "$epoch" ] || continue
  lane=${file#./}
  echo "${lane%.fence} $epoch $holder"
done
