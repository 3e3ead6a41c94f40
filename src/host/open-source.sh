# Gives a source of backups a key of its own on this host, and prints its public half. Safe to repeat.
# usage: open-source SOURCE
# exits 30 where a program is missing
# uses: give-up
set -eu
folder=/var/lib/pawl/backups/$1
for program in restic ssh ssh-keygen; do
  command -v "$program" >/dev/null || give_up 30 "has no $program"
done
umask 077
mkdir -p "$folder" /var/cache/pawl
exec 9<"$folder"
flock -w 5 9
if [ ! -s "$folder/id.pub" ]; then
  rm -f "$folder/id" "$folder/id.pub"
  ssh-keygen -q -t ed25519 -N '' -C "pawl $1" -f "$folder/id"
  sync "$folder/id" "$folder/id.pub" "$folder"
fi
cut -d ' ' -f 1,2 "$folder/id.pub"
