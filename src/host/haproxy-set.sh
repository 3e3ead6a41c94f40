# Sets the wanted state of a server in HAProxy: reads, acts on a difference, reads back. Safe to repeat.
# usage: haproxy-set EPOCH ATTEMPT SOCKET BACKEND SERVER in|draining|out [WEIGHT]
# uses: fence haproxy
# exits 3 HAProxy refuses, 4 it gives no answer, 5 it does not show what was set
set -u
socket=$3 backend=$4 server=$5 wanted=$6 weight=${7:-}
place=$backend/$server

give_up() { # CODE WORDS
  echo "$2" >&2
  exit "$1"
}

# What people wanted so far, health left aside: bits 1 maint and 8 drain of the administrator, and the weight.
look() {
  table=$(haproxy_ask "$socket" "show servers state $backend") || give_up 4 "no answer at $socket"
  case $table in
  '1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight '*) ;;
  '') give_up 4 "an empty answer at $socket" ;;
  *) give_up 3 "$table" ;;
  esac
  found=$(printf '%s\n' "$table" | awk -v server="$server" '$1 != "#" && $4 == server { print $7, $8 }')
  [ -n "$found" ] || give_up 3 "No such server."
}

as_wanted() {
  flags=$((${found% *} & 9))
  case $wanted in
  in) [ $flags -eq 0 ] && [ "${found#* }" = "$weight" ] ;;
  draining) [ $flags -eq 8 ] ;;
  out) [ $((flags & 1)) -eq 1 ] ;;
  esac
}

case $wanted in
# the weight first: no request comes at a wrong one
in) commands="set weight $place $weight;set server $place state ready" ;;
draining) commands="set server $place state drain" ;;
out) commands="set server $place state maint" ;;
*) give_up 3 "not a state: $wanted" ;;
esac

fence_enter "haproxy/$place" "$1" "$2"
look
as_wanted && exit 0
# success is silence
words=$(haproxy_ask "$socket" "$commands") || give_up 4 "no answer at $socket"
[ -z "$words" ] || give_up 3 "$words"
look
# a reload in between, or somebody else
as_wanted || give_up 5 "took \"$commands\" without a word, but shows admin state and weight $found"
