# Closes the door to an upstream of nginx with a page, or opens it: two files, a reload, and the proof that nginx serves
# both. Safe to repeat.
# usage: nginx-maintenance EPOCH ATTEMPT CONFIG FOLDER PORT UPSTREAM SHA256
#   stdin has that sum; its lines are `maps LINE` and `door LINE`; none of them: open
# uses: fence give-up nginx nginx-load hear
# exits 3 nginx refuses, 4 it gives no answer, 5 it does not serve what was set, 82 stdin ended early
set -u
config=$3 folder=$4 port=$5 upstream=$6 file=$folder/$upstream.maps names=
# nginx reads them as root when it starts; passes stand in them
umask 077

refuse() { # CODE WORDS
  give_up "$1" "$2"
}

hear "$7"
fence_enter "maintenance/nginx/$upstream" "$1" "$2"
nginx_alone 20
trap 'rm -f "$heard"; nginx_tidy' EXIT
# a door names what stands in the maps
if [ -s "$heard" ]; then
  names="$upstream.maps $upstream.door"
else
  names="$upstream.door $upstream.maps"
fi
for name in $names; do
  [ -f "$folder/$name" ] || refuse 3 "there is no $folder/$name"
  sed -n "s/^${name##*.} //p" "$heard" >"$folder/.$name.new" || refuse 3 "$folder cannot be written"
done
# shellcheck disable=SC2086 # names have no blanks
nginx_is_so $names || bring_all
