# Closes a backend of HAProxy with a page, or opens it. Files first, which every new process reads, then the
# running process, each list at once; read back. Safe to repeat.
# usage: haproxy-maintenance EPOCH ATTEMPT SOCKET BACKEND SHA256
#   stdin has that sum; its lines are `addresses NETWORK yes` and `pages KEY VALUE`; none of them: open
# uses: fence give-up haproxy haproxy-map hear
# exits 3 HAProxy refuses, 4 it gives no answer, 5 it does not show what was set, 82 stdin ended early
set -u
socket=$3 backend=$4
folder=/var/lib/pawl/maintenance
umask 077

# Passes and pages are for HAProxy alone, which reads them as root when it starts.
write() { # KIND
  part=$(mktemp "$folder/.$backend.$1.XXXXXXXX") || exit 1
  sed -n "s/^$1 //p" "$heard" >"$part" && sync "$part" && mv -T "$part" "$folder/$backend.$1"
}

hear "$5"
fence_enter "maintenance/$backend" "$1" "$2"
mkdir -p "$folder"
# who is let through never sees a page, not even for a moment
if [ -s "$heard" ]; then
  first=addresses then=pages
else
  first=pages then=addresses
fi
write "$first" && write "$then" && sync "$folder" || give_up 1 "$folder cannot be written"
map_load "$folder/$backend.$first"
map_load "$folder/$backend.$then"
