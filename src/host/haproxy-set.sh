# Sets the wanted state of a server in HAProxy and reads it back. Safe to repeat.
# usage: haproxy-set EPOCH ATTEMPT SOCKET STATE-FILE BACKEND SERVER in|held|draining|out [WEIGHT]
#   held: in, and this weight is kept up until another state is wanted
# uses: fence give-up haproxy haproxy-server wanted
# exits 3 HAProxy refuses, 4 it gives no answer, 5 it does not show what was set
set -u
socket=$3 state_file=$4 backend=$5 server=$6 wanted=$7 weight=${8:-}
place=$backend/$server

wanted_open
fence_syncs=later
fence_enter "haproxy/$place" "$1" "$2"
wanted_set "$wanted" "$weight" "$1" "$2"
wanted_sync
bring "$wanted" "$weight"
prove "$wanted" "$weight"
wanted_shown "$row"
