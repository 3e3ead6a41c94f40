# Makes a server again what Pawl wants of it, where HAProxy shows something else. Does not touch the fence: what is
# wanted was wanted by the newest change that said so. Prints what it was, `ADMIN-STATE WEIGHT`, when it had to act.
# usage: haproxy-assert SOCKET STATE-FILE BACKEND SERVER
# uses: fence give-up haproxy haproxy-server wanted
# exits 3 HAProxy refuses, 4 it gives no answer, 5 it does not show what was set
set -u
socket=$1 state_file=$2 backend=$3 server=$4
wanted_open
fence_lock "haproxy/$backend/$server" 1
wanted_read "$wanted_file" || exit 0
look
if [ "$admin" -eq 0 ] && wanted_is_stale; then
  wanted_put '' ''
  wanted_sync
  exit 0
fi
# who is out drains as well
if as_wanted "$kept_state" "$kept_weight" || { [ "$kept_state" = draining ] && as_wanted out; }; then
  wanted_shown "$row"
  exit 0
fi
was="$admin $now"
bring "$kept_state" "$kept_weight"
prove "$kept_state" "$kept_weight"
wanted_shown "$row"
echo "$was"
