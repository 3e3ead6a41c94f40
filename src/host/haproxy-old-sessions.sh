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
master_socket() {
  master=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$current/status")
  [ "$(cat "/proc/$master/comm" 2>/dev/null)" = "$name" ] || return
  # HAProxy binds a temporary name and then renames it, ss knows the first one
  ss -Hxlp | sed -n "s|.* \(/[^ ]*\) [0-9]* .*\"$name\",pid=$master,.*|\1|p" | sed 's/\.[0-9]*\.tmp$//' | head -n 1
}

# An old process keeps idle connections as long as it lives; it says itself how many are in use.
in_use() { # PID
  [ -n "$socket" ] || return
  haproxy_ask "$socket" "@!$1 show stat $backend 4 -1" 2>/dev/null | awk -F, -v server="$server" '
    NR == 1 && index($0, "# pxname,svname,qcur,qmax,scur,") != 1 { exit }
    $2 == server { print $3 + $5; found = 1 }
    END { exit !found }
  '
}

name=$(cat "/proc/$current/comm" 2>/dev/null) && ls "/proc/$current/fd" >/dev/null 2>&1 ||
  give_up "process $current of HAProxy cannot be looked into from here: root (or ssh.sudo) and the same process namespace are needed"
connections=$(ss -Htnp state connected exclude time-wait exclude close-wait exclude last-ack dst "$address") ||
  give_up "ss cannot list the connections to $address"
olds=$(printf '%s\n' "$connections" | sed -n "s/.*((\"$name\",pid=\([0-9]*\),.*/\1/p" | grep -vx "$current")
socket=
[ -z "$olds" ] || socket=$(master_socket)
total=0
for pid in $(printf '%s\n' "$olds" | sort -u); do
  count=$(in_use "$pid") || count=$(printf '%s\n' "$olds" | grep -cx "$pid")
  total=$((total + count))
done
echo "$total"
