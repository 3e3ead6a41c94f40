# Nobody wants any longer what was wanted of a server with this epoch. HAProxy is told nothing: the server stays as it is.
# usage: haproxy-hand-back SOCKET STATE-FILE BACKEND SERVER EPOCH
# uses: fence give-up haproxy-server wanted
set -u
socket=$1 state_file=$2 backend=$3 server=$4
wanted_open
fence_lock "haproxy/$backend/$server"
wanted_read "$wanted_file" && [ "$kept_epoch" = "$5" ] || exit 0
wanted_put '' ''
wanted_sync
wanted_share
