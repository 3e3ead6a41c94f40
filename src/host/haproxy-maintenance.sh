# Closes a backend of HAProxy with a page, or opens it. Files first, which every new process reads, then the
# running process, each list at once; read back. Safe to repeat.
# usage: haproxy-maintenance EPOCH ATTEMPT SOCKET BACKEND SHA256
#   stdin has that sum; its lines are `addresses NETWORK yes` and `pages KEY VALUE`; none of them: open
# uses: fence haproxy hear
# exits 3 HAProxy refuses, 4 it gives no answer, 5 it does not show what was set, 82 stdin ended early
set -u
socket=$3 backend=$4
folder=/var/lib/pawl/maintenance
umask 077

give_up() { # CODE WORDS
  echo "$2" >&2
  exit "$1"
}

# Passes and pages are for HAProxy alone, which reads them as root when it starts.
write() { # KIND
  part=$(mktemp "$folder/.$backend.$1.XXXXXXXX") || exit 1
  sed -n "s/^$1 //p" "$heard" >"$part" && sync "$part" && mv -T "$part" "$folder/$backend.$1"
}

asked() { # COMMAND: fails the program unless HAProxy has nothing to say
  answer=$(haproxy_ask "$socket" "$1") || give_up 4 "no answer at $socket"
  [ -z "$answer" ] || give_up 3 "$answer"
}

# A command may have some 16 KiB: long lines go alone, short ones together.
load() { # KIND
  file=$folder/$backend.$1
  answer=$(haproxy_ask "$socket" "prepare map $file") || give_up 4 "no answer at $socket"
  version=${answer##*'New version created: '}
  [ "$version" != "$answer" ] || give_up 3 "$answer"
  some=
  while IFS= read -r line; do
    [ $((${#some} + ${#line})) -lt 3000 ] || add
    some="$some$line
"
  done <"$file"
  add
  asked "commit map @$version $file"
  shown=$(haproxy_ask "$socket" "show map $file" | sed -n 's/^0x[0-9a-f]* //p')
  [ "$shown" = "$(cat "$file")" ] || give_up 5 "$file is not what HAProxy shows although it took it"
}

add() {
  [ -z "$some" ] || asked "add map @$version $file <<
$some"
  some=
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
load "$first"
load "$then"
