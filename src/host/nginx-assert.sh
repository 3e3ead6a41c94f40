# Makes a server again what Pawl wants of it, where nginx's file or nginx itself has something else. Does not touch the
# fence: what is wanted was wanted by the newest change that said so. Prints what it was when it had to act.
# usage: nginx-assert CONFIG FOLDER PORT UPSTREAM SERVER
# uses: fence give-up nginx nginx-load nginx-testers nginx-server wanted
# exits 3 nginx refuses, or no such server, 4 it gives no answer, 5 it does not serve what was set
set -u
config=$1 folder=$2 port=$3 upstream=$4 server=$5
nginx_open
fence_lock "nginx/$upstream/$server" 1
wanted_read "$wanted_file" || exit 0
nginx_alone 1
look
proven=no
[ "$(nginx_digest "$file")" != "$served" ] || proven=yes
if [ $proven = yes ] && [ "$state" = in ] && wanted_is_stale; then
  wanted_put '' ''
  wanted_sync
  exit 0
fi
case $proven$kept_state$state in
# who is out drains as well
yesoutout | yesdrainingdraining | yesdrainingout) exit 0 ;;
yesheldin) [ "$now" != "$kept_weight" ] || exit 0 ;;
esac
was="$state $now"
change=$kept_epoch
bring "$kept_state" "$kept_weight"
echo "$was"
