# Writes down how this host reaches the store of backups. Safe to repeat.
# usage: reach-store SOURCE ADDRESS PORT ACCOUNT <lines `TYPE KEY` of the store's host keys
set -eu
source=$1 address=$2 port=$3 account=$4
folder=/var/lib/pawl/backups/$source
umask 077
sed 's/^/store /' >"$folder/.known_hosts"
cat >"$folder/.ssh_config" <<END
Host store
  HostName $address
  Port $port
  User $account
  HostKeyAlias store
  UserKnownHostsFile $folder/known_hosts
  StrictHostKeyChecking yes
  IdentityFile $folder/id
  IdentitiesOnly yes
  BatchMode yes
  ConnectTimeout 10
  ServerAliveInterval 15
  ServerAliveCountMax 4
END
for file in known_hosts ssh_config; do mv -T "$folder/.$file" "$folder/$file"; done
sync "$folder"
