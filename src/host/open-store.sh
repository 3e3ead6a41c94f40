# Makes a place for a source's backups on their store, and lets one of its hosts add to it. Safe to repeat.
# usage: open-store FOLDER ACCOUNT SOURCE ID HOST TYPE KEY
# prints lines `TYPE KEY` of this host's keys
# exits 30 where a program is missing, 31 without its secret, 32 where the repository has another password, 33 where others may
#   write
# uses: give-up repository
set -eu
folder=$1 account=$2 source=$3 id=$4 host=$5 type=$6 key=$7
for program in restic rclone setpriv useradd; do
  command -v "$program" >/dev/null || give_up 30 "has no $program"
done
umask 022
mkdir -p "$folder"
[ -z "$(find "$folder" -maxdepth 0 -perm /022)" ] || give_up 33 "others may write in $folder: sshd trusts no keys there"
exec 9<"$folder"
flock -w 10 9
getent passwd "$account" >/dev/null || useradd --system --user-group --home-dir "$folder" --shell /bin/sh "$account"
mkdir -p "$folder/.ssh" "$folder/$source/catalogue" "$folder/$source/proofs" /var/cache/pawl/store
chmod 700 "$folder/$source/catalogue" "$folder/$source/proofs"
install -d -m 700 -o "$account" -g "$account" "$folder/$source/repository" "/var/cache/pawl/store/$account"

# Whoever has this key can add to the repository and read it, and nothing else on this host.
only="restrict,command=\"rclone serve restic --stdio --append-only --config /dev/null $folder/$source/repository\""
file=$folder/.ssh/authorized_keys
mark=pawl/$source/$host
# a store that is full writes nothing, and can be read
if ! grep -qxF "$only $type $key $mark" "$file" 2>/dev/null; then
  echo "$only $type $key $mark" >"$file.new"
  [ ! -f "$file" ] || awk -v mark="$mark" '$NF != mark' "$file" >>"$file.new"
  chmod 644 "$file.new"
  mv -T "$file.new" "$file"
  sync "$folder/.ssh"
fi

repository_at "$folder" "$account" "$source" "$id"
chown "$account" "$repository_password"
if [ ! -f "$folder/$source/repository/config" ]; then
  repository_restic init --quiet >&2
elif ! said=$(repository_restic --no-lock cat config 2>&1 >/dev/null); then
  give_up 32 "its repository does not open: $(printf '%s' "$said" | tail -n 1)"
fi
cat /etc/ssh/ssh_host_*_key.pub | cut -d ' ' -f 1,2
