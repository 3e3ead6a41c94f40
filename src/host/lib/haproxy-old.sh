# Counts what HAProxy processes that a reload replaced still do for a server. A program that asks for this text with
# `# uses: haproxy haproxy-old` sets `backend` and `server` first.

uncounted() { # WORDS
  echo "$1" >&2
  exit 3
}

# The path under which the master process listens (`haproxy -S`, Debian's default), if it does.
# HAProxy binds a temporary name and then renames it; ss knows the first one.
master_socket() {
  ss -Hxlp | sed -n "s|.* \(/[^ ]*\) [0-9]* .*(\"$name\",pid=$master,.*|\1|p" | sed 's/\.[0-9]*\.tmp$//' | head -n 1
}

# Its answer to a command, through the master.
old() { # PID COMMAND
  haproxy_ask "$master_at" "@!$1 $2" 2>/dev/null
}

# Idle connections of clients. With `option idle-close-on-response` each may bring one more request, which goes
# to the server unless the process was told before the reload that it leaves: an old one can be told nothing.
idle() { # PID
  old "$1" "show servers state $backend" | awk -v server="$server" '
    $4 == server && ($7 % 2 || int($7 / 8) % 2) { told = 1 }
    END { exit !told }
  ' && echo 0 && return
  connections=$(old "$1" 'show stat -1 1 -1' | awk -F, '$2 == "FRONTEND" { sum += $5 } END { print sum + 0 }')
  busy=$(old "$1" 'show sess' | sed -n '/ fe=GLOBAL /d; s/.* src=\([^ ]*\) .*/\1/p' | sort -u | wc -l)
  echo $((connections > busy ? connections - busy : 0))
}

# Its connections to the server are no measure: it keeps idle ones as long as it lives.
in_use() { # PID
  old "$1" 'show stat -1 4 -1' | awk -F, -v backend="$backend" -v server="$server" '
    NR == 1 && index($0, "# pxname,svname,qcur,qmax,scur,") != 1 { exit }
    $1 == backend && $2 == server { print $3 + $5; found = 1 }
    END { exit !found }
  '
}

# Sets `name`, of HAProxy's program, and `master`, its parent, without another program: this is asked at each drain.
process_facts() { # PID
  read -r name <"/proc/$1/comm" && set -- "$1" "/proc/$1/fd/"* && [ "$2" != "/proc/$1/fd/*" ] ||
    uncounted "HAProxy's process $1 cannot be looked into: root (or ssh.sudo) is needed, and not from inside a container"
  while read -r key master && [ "$key" != PPid: ]; do :; done <"/proc/$1/status"
}

# Whether another process of this name is there than these two.
others() { # PID MASTER
  # looking through all connections takes longer than looking through all processes
  for other in $(grep -lsxF -- "$name" /proc/[0-9]*/comm); do
    [ "$other" = "/proc/$1/comm" ] || [ "$other" = "/proc/$2/comm" ] || return 0
  done
  return 1
}

# Prints how many requests are left there, or may yet come. Exits 3 when they cannot be counted.
old_sessions() { # PID ADDRESS:PORT
  process_facts "$1"
  others "$1" "$master" || { echo 0 && return; }
  master_at=$(master_socket)
  if [ -n "$master_at" ]; then
    total=0
    olds=$(haproxy_ask "$master_at" 'show proc' | awk '/^#/ { old = $2 == "old" } old && $2 == "worker" { print $1 }')
    for pid in $olds; do
      # the idle ones first: one that wakes up meanwhile is in use then
      waiting=$(idle "$pid")
      working=$(in_use "$pid") || working=$([ ! -d "/proc/$pid" ] || echo 1)
      total=$((total + waiting + working))
    done
    echo "$total"
    return
  fi
  connections=$(ss -Htnp state connected exclude time-wait exclude close-wait exclude last-ack dst "$2") ||
    uncounted "ss cannot list the connections to $2"
  # none is a count, too
  echo "$connections" | sed -n "s/.*((\"$name\",pid=\([0-9]*\),.*/\1/p" | grep -cvx "$1" || true
}
