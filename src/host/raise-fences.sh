# Locks everybody with an older epoch out of lanes, and writes down who holds them now.
# usage: raise-fences EPOCH ATTEMPT HOLDER LANE…
# uses: fence
set -eu
epoch=$1 attempt=$2 holder=$3
shift 3
for lane; do
  fence_enter "$lane" "$epoch" "$attempt" "$holder"
  fence_leave
done
