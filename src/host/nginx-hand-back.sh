# Nobody wants any longer what was wanted of a server with this epoch. nginx is told nothing: the server stays as it is.
# usage: nginx-hand-back FOLDER UPSTREAM SERVER EPOCH
# uses: fence give-up nginx-server wanted
set -u
folder=$1 upstream=$2 server=$3
nginx_open
fence_lock "nginx/$upstream/$server"
wanted_read "$wanted_file" && [ "$kept_epoch" = "$4" ] || exit 0
wanted_put '' ''
wanted_sync
