# Sends test users to one server of a backend of HAProxy, or treats them like all others. The file first, which every new
# process reads, then the running process; read back. Safe to repeat.
# usage: haproxy-steer EPOCH ATTEMPT SOCKET BACKEND [SERVER]
# uses: fence give-up haproxy haproxy-map
# exits 3 HAProxy refuses, 4 it gives no answer, 5 it does not show what was set
set -u
socket=$3 backend=$4 server=${5-}
folder=/var/lib/pawl/testers
file=$folder/$backend.server

fence_enter "testers/$backend" "$1" "$2"
mkdir -p "$folder"
part=$(mktemp "$folder/.$backend.XXXXXXXX") || exit 1
[ -z "$server" ] || echo "server $server" >"$part"
sync "$part" && mv -T "$part" "$file" && sync "$folder" || give_up 1 "$folder cannot be written"
map_load "$file"
