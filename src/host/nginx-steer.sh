# Sends test users of an upstream of nginx to one of its servers, or treats them like all others: one file, a reload, and
# the proof that nginx serves it. Safe to repeat.
# usage: nginx-steer EPOCH ATTEMPT CONFIG FOLDER PORT UPSTREAM MAPS [SERVER]
#   MAPS  the part of the file that says who test users are, and which upstream they get
# uses: fence give-up nginx nginx-load nginx-testers
# exits 3 nginx refuses, or no such server, 4 it gives no answer, 5 it does not serve what was set
set -u
config=$3 folder=$4 port=$5 upstream=$6 maps=$7 server=${8-}
names=$upstream.testers file=$folder/$upstream.testers new=$folder/.$upstream.testers.new
servers=$folder/$upstream.servers

refuse() { # CODE WORDS
  give_up "$1" "$2"
}

fence_enter "testers/nginx/$upstream" "$1" "$2"
nginx_alone 20
# without it nobody is told apart, and so nobody goes anywhere
[ -f "$file" ] || [ -n "$server" ] || exit 0
[ -f "$file" ] || refuse 3 "there is no $file"
echo "$maps" >"$new" || refuse 3 "$folder cannot be written"
if [ -n "$server" ]; then
  nginx_testers "$servers" "$server" >>"$new" || refuse 3 "$servers cannot be read, or $folder not written"
  sed 's/.*; # //' "$new" | grep -qxF -- "$server" || refuse 3 "$servers: No such server $server"
fi
nginx_is_so "$names" || bring_all
