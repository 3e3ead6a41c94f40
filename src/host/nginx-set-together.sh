# Sets the wanted states of several servers in the file of their upstream in one write, lets nginx load it once and
# proves that it is served. Safe to repeat.
# usage: nginx-set-together EPOCH ATTEMPT CONFIG FOLDER PORT UPSTREAM (SERVER in|held|draining|out WEIGHT|-)…
#   held: in, and this weight is kept up until another state is wanted
# uses: fence give-up nginx nginx-load nginx-testers nginx-server wanted together
# exits 3 nginx refuses, or no such server, 4 it gives no answer, 5 it does not serve what was set
set -u
epoch=$1 attempt=$2 config=$3 folder=$4 port=$5 upstream=$6
shift 6
lanes=nginx/$upstream triples=$* fence_syncs=later change=$epoch

open_server() { nginx_open; }

write_down() {
  look
  wanted_set "$wanted" "$weight" "$epoch" "$attempt"
  wanted_sync
}

edit() {
  nginx_edited "$new" "$wanted" "$weight" >"$new.next" && mv -T "$new.next" "$new" ||
    refuse 3 "$new cannot be written"
}

work() {
  each remember
  nginx_alone 20
  each write_down
  cp "$file" "$new" || refuse 3 "$new cannot be written"
  each edit
  serve
}

in_all_lanes work "$@"
