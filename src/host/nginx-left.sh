# Prints how many requests nginx has left for servers, one number a line. Changes nothing.
# usage: nginx-left WORKER in|down ADDRESS…
#   WORKER   the process that answered
#   in|down  whether it may send them new ones
# uses: give-up nginx nginx-left
# exits 3 they cannot be counted, 4 the process is gone
set -u
worker=$1
shift
nginx_master
nginx_left "$@"
