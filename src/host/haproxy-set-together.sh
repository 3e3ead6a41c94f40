# Sets the wanted states of several servers in HAProxy in one step, those that come in before those that leave, and
# reads them back. Safe to repeat.
# usage: haproxy-set-together EPOCH ATTEMPT SOCKET STATE-FILE BACKEND (SERVER in|held|draining|out WEIGHT|-)…
#   held: in, and this weight is kept up until another state is wanted
# uses: fence give-up haproxy haproxy-server wanted together
# exits 3 HAProxy refuses, 4 it gives no answer, 5 it does not show what was set
set -u
epoch=$1 attempt=$2 socket=$3 state_file=$4 backend=$5
shift 5
lanes=haproxy/$backend triples=$* fence_syncs=later

open_server() { wanted_open; }

# What is wanted, with the row that HAProxy is going to show: one that starts anew from here on does it by itself.
write_down() {
  pick
  wanted_set "$wanted" "$weight" "$epoch" "$attempt"
  case $wanted in
  in | held)
    [ "$now" = "$weight" ] || weights="${weights}set weight $backend/$server $weight;"
    coming="${coming}set server $backend/$server state ready;"
    bits=$((bits & ~9)) operation=2 weight_now=$weight
    ;;
  draining)
    leaving="${leaving}set server $backend/$server state drain;"
    bits=$((bits & ~9 | 8))
    ;;
  out)
    leaving="${leaving}set server $backend/$server state maint;"
    bits=$((bits & ~9 | 1))
    ;;
  *) refused "not a state: $wanted" ;;
  esac
  keep_row "$first $proxy $number $name $address $operation $bits $weight_now $others"
  wanted_sync
}

keep_row() { # ROW
  wanted_read "$wanted_file" && wanted_put "$kept" "$1"
}

proven() {
  pick
  prove "$wanted" "$weight"
  keep_row "$row"
}

work() {
  each remember
  weights='' coming='' leaving=''
  ask '[^ ]+'
  each write_down
  wanted_share
  [ -z "$weights" ] || ask '[^ ]+' "${weights%;}"
  commands=$coming$leaving
  ask '[^ ]+' "${commands%;}"
  each proven
  wanted_share
}

in_all_lanes work "$@"
