# Sets the wanted state of a server in HAProxy: reads, acts on a difference, reads back. Safe to repeat.
# usage: haproxy-set EPOCH ATTEMPT SOCKET BACKEND SERVER in|draining|out [WEIGHT]
# uses: fence haproxy
# exits 3 HAProxy refuses, 4 it gives no answer, 5 it does not show what was set
set -u
socket=$3 backend=$4 server=$5 wanted=$6 weight=${7:-}
place=$backend/$server
newline='
'
begin='1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight '

give_up() { # CODE WORDS
  echo "$2" >&2
  exit "$1"
}

# Runs a command, if there is one, and reads what people want of the server, its health left aside:
# admin (bit 1 maint, bit 8 drain) and its weight. In the shell's own words: other programs take longer.
look() { # [COMMAND]
  answer=$(haproxy_ask "$socket" "${1:+$1;}show servers state $backend") || give_up 4 "no answer at $socket"
  case $answer in
  '') give_up 4 "an empty answer at $socket" ;;
  # success is an empty line
  "$begin"* | "$newline$begin"*) ;;
  *) give_up 3 "${answer%%"$begin"*}" ;;
  esac
  admin=
  while read -r first _ _ name _ _ bits weight_now _; do
    [ "$first" != '#' ] && [ "$name" = "$server" ] && admin=$((bits & 9)) now=$weight_now
  done <<EOF
$answer
EOF
  [ -n "$admin" ] || give_up 3 'No such server.'
}

as_wanted() {
  case $wanted in
  in) [ $admin -eq 0 ] && [ "$now" = "$weight" ] ;;
  draining) [ $admin -eq 8 ] ;;
  out) [ $admin -eq 1 ] || [ $admin -eq 9 ] ;;
  *) give_up 3 "not a state: $wanted" ;;
  esac
}

fence_enter "haproxy/$place" "$1" "$2"
look
as_wanted && exit 0
case $wanted in
in)
  # the weight first: no request comes at a wrong one, and none when it is refused
  [ "$now" = "$weight" ] || look "set weight $place $weight"
  look "set server $place state ready"
  ;;
draining) look "set server $place state drain" ;;
out) look "set server $place state maint" ;;
esac
# otherwise a reload came in between, or somebody else
as_wanted || give_up 5 "$place is not $wanted although HAProxy took it: admin state $admin, weight $now"
