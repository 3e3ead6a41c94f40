# Sets the wanted state of a server in HAProxy and reads it back. Safe to repeat.
# usage: haproxy-set EPOCH ATTEMPT SOCKET BACKEND SERVER in|draining|out [WEIGHT]
# uses: fence haproxy haproxy-server
# exits 3 HAProxy refuses, 4 it gives no answer, 5 it does not show what was set
set -u
socket=$3 backend=$4 server=$5 wanted=$6 weight=${7:-}
place=$backend/$server

fence_enter "haproxy/$place" "$1" "$2"
case $wanted in
in)
  look
  # the weight first: no request comes at a wrong one, and none when it is refused
  [ "$now" = "$weight" ] || look "set weight $place $weight"
  look "set server $place state ready"
  ;;
draining) look "set server $place state drain" ;;
out) look "set server $place state maint" ;;
esac
prove "$wanted" "$weight"
