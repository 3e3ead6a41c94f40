# Prints why hosts of a service are out of service: HOST and its mark, one a line. Changes nothing.
# usage: read-marks SERVICE
set -u
for file in "/var/lib/pawl/out/$1"/*; do
  [ -f "$file" ] || continue
  printf '%s ' "${file##*/}"
  head -n 1 "$file" | head -c 16384
done
