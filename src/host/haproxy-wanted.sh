# Prints what Pawl wants of servers and has not taken back: BACKEND/SERVER STATE WEIGHT EPOCH SINCE HOLDER, one a line.
# Sees that HAProxy will read the same at its next start.
# usage: haproxy-wanted SOCKET STATE-FILE
# uses: give-up haproxy-server wanted
set -u
socket=$1 state_file=$2
wanted_open
for file in "$wanted_folder"/*/*; do
  wanted_read "$file" && echo "${file#"$wanted_folder/"} $kept_state $kept_weight $kept_epoch $kept_since $kept_holder"
done
wanted_share
