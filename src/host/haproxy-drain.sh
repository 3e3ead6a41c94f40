# Drains a server in HAProxy, counts the requests that are left, and takes it out when there is none. Safe to repeat.
# usage: haproxy-drain EPOCH ATTEMPT SOCKET BACKEND SERVER drain|out|count
#   drain  only that; out: drained, then out; count: it is out already and stays so
# prints how many requests are left there, those of replaced processes included
# uses: fence haproxy haproxy-server haproxy-old
# exits 3 HAProxy refuses or requests cannot be counted, 4 it gives no answer, 5 it does not show what was set
set -u
socket=$3 backend=$4 server=$5 wanted=$6
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

fence_enter "haproxy/$place" "$1" "$2"
questions='show stat -1 4 -1;show info'
if [ "$wanted" = count ]; then
  look '' "$questions"
else
  look "set server $place state drain" "$questions"
  prove draining
fi
requests
pid_of_it
[ "$left" -gt 0 ] || left=$(old_sessions "$pid" "$at") || exit 3
if [ "$left" -eq 0 ] && [ "$wanted" = out ]; then
  look "set server $place state maint"
  prove out
fi
echo "$left"
