# Drains a server in HAProxy, counts the requests that are left, and takes it out when there is none. Safe to repeat.
# usage: haproxy-drain EPOCH ATTEMPT SOCKET STATE-FILE BACKEND SERVER drain|out|count
#   drain  only that; out: drained, then out; count: it is out already and stays so
# prints how many requests are left there, those of replaced processes included
# uses: fence give-up haproxy haproxy-server haproxy-old wanted
# exits 3 HAProxy refuses or requests cannot be counted, 4 it gives no answer, 5 it does not show what was set
set -u
socket=$3 state_file=$4 backend=$5 server=$6 wanted=$7
place=$backend/$server

# Requests that the present process has on the server, from the answer that `look` has kept.
requests() {
  rows=${answer#*"# pxname,svname,qcur,qmax,scur,"}
  [ "$rows" != "$answer" ] || give_up 3 'this HAProxy shows no "scur"'
  left=
  while IFS=, read -r proxy name waiting _ working _; do
    [ "$proxy" = "$backend" ] && [ "$name" = "$server" ] && left=$((waiting + working)) && break
  done <<EOF
$rows
EOF
  [ -n "$left" ] || give_up 3 'No such server.'
}

pid_of_it() {
  pid=${answer##*"${newline}Pid: "}
  pid=${pid%%"$newline"*}
  case $pid in
  '' | *[!0-9]*) give_up 3 'this HAProxy shows no "Pid"' ;;
  esac
}

wanted_open
fence_syncs=later
fence_enter "haproxy/$place" "$1" "$2"
questions='show stat -1 4 -1;show info'
if [ "$wanted" = count ]; then
  wanted_set out '' "$1" "$2"
  wanted_sync
  look '' "$questions"
else
  wanted_set draining '' "$1" "$2"
  wanted_sync
  look "set server $place state drain" "$questions"
  prove draining
fi
requests
pid_of_it
[ "$left" -gt 0 ] || left=$(old_sessions "$pid" "$at") || exit 3
if [ "$left" -eq 0 ] && [ "$wanted" = out ]; then
  # a power cut that forgets this leaves it draining, which brings it no request either
  wanted_set out '' "$1" "$2"
  look "set server $place state maint"
  prove out
fi
wanted_shown "$row"
echo "$left"
