# Sets the wanted state of a server in the file of its upstream, lets nginx load it and proves that it is served.
# Safe to repeat.
# usage: nginx-set EPOCH ATTEMPT CONFIG FOLDER PORT UPSTREAM SERVER in|held|draining|out|drain|leave|count [WEIGHT]
#   held: in, and this weight is kept up until another state is wanted
#   draining, out: no new requests; the words differ in the file only
#   drain, leave, count: draining; draining, then out when nothing is left; out already. Prints how many requests are left
# uses: fence give-up nginx nginx-load nginx-testers nginx-server nginx-left wanted
# exits 3 nginx refuses, or no such server, 4 it gives no answer, 5 it does not serve what was set
set -u
config=$3 folder=$4 port=$5 upstream=$6 server=$7 wanted=$8 weight=${9:-}

want() { # in|held|draining|out
  wanted_set "$1" "$weight" "$epoch" "$attempt"
  wanted_sync
}

epoch=$1 attempt=$2 change=$1
nginx_open
fence_syncs=later
fence_enter "nginx/$upstream/$server" "$epoch" "$attempt"
nginx_alone 20
case $wanted in
in | held | draining | out)
  want "$wanted"
  bring "$wanted" "$weight"
  exit
  ;;
drain | leave)
  want draining
  bring draining
  ;;
count)
  want out
  look
  ;;
esac
# those of test users may go there while it drains
sends=down
[ "$to" != "$server" ] || sends=in
left=$(nginx_left "$sends" "$address") || exit 3
if [ "$left" -eq 0 ] && [ "$wanted" = leave ]; then
  want out
  bring out
  # one may have come until now
  [ "$sends" = down ] || left=$(nginx_left down "$address") || exit 3
fi
echo "$left"
