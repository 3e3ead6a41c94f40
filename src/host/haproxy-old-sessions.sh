# Prints how many requests of replaced HAProxy processes still use a server.
# usage: haproxy-old-sessions PID BACKEND SERVER ADDRESS:PORT
# uses: haproxy
# exits 3 when they cannot be counted
set -u
current=$1 backend=$2 server=$3 address=$4

give_up() { # WORDS
  echo "$1" >&2
  exit 3
}

# The path under which the master process listens (`haproxy -S`, Debian's default), if it does.
# HAProxy binds a temporary name and then renames it; ss knows the first one.
master_socket() {
  ss -Hxlp | sed -n "s|.* \(/[^ ]*\) [0-9]* .*(\"$name\",pid=$master,.*|\1|p" | sed 's/\.[0-9]*\.tmp$//' | head -n 1
}

# An old process keeps idle connections as long as it lives; it says itself how many are in use.
in_use() { # PID
  [ -n "$socket" ] || return
  haproxy_ask "$socket" "@!$1 show stat -1 4 -1" 2>/dev/null | awk -F, -v backend="$backend" -v server="$server" '
    NR == 1 && index($0, "# pxname,svname,qcur,qmax,scur,") != 1 { exit }
    $1 == backend && $2 == server { print $3 + $5; found = 1 }
    END { exit !found }
  '
}

if ! name=$(cat "/proc/$current/comm") || ! ls "/proc/$current/fd" >/dev/null; then
  give_up "HAProxy's process $current cannot be looked into: root (or ssh.sudo) is needed, and not from inside a container"
fi
master=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$current/status")
# looking through all connections takes longer than looking through all processes
grep -lsxF -- "$name" /proc/[0-9]*/comm | grep -qvx -e "/proc/$current/comm" -e "/proc/$master/comm" ||
  { echo 0 && exit; }
connections=$(ss -Htnp state connected exclude time-wait exclude close-wait exclude last-ack dst "$address") ||
  give_up "ss cannot list the connections to $address"
olds=$(echo "$connections" | sed -n "s/.*((\"$name\",pid=\([0-9]*\),.*/\1/p" | grep -vx "$current")
socket=
[ -z "$olds" ] || socket=$(master_socket)
total=0
for pid in $(echo "$olds" | sort -u); do
  count=$(in_use "$pid") || count=$(echo "$olds" | grep -cx "$pid")
  total=$((total + count))
done
echo "$total"
