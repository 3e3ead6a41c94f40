# Counts what nginx has left to do for servers. A program asks for this text with `# uses: give-up nginx nginx-left`.

# Seconds: nginx's own default for client_header_timeout.
nginx_patience=60

# Prints every IP:PORT of an address in nginx's words, as ss writes it.
nginx_addresses() { # ADDRESS[:PORT]
  case $1 in
  *\]) set -- "$1:80" ;;
  *:*) ;;
  *) set -- "$1:80" ;;
  esac
  case ${1%:*} in
  \[*) echo "$1" ;;
  *[!0-9.]*)
    getent ahosts "${1%:*}" 8>&- 9>&- | while read -r ip _; do
      case $ip in
      *:*) echo "[$ip]:${1##*:}" ;;
      *) echo "$ip:${1##*:}" ;;
      esac
    done
    ;;
  *) echo "$1" ;;
  esac
}

# Prints for each server how many connections nginx's workers have to it. Of a server that gets no new ones, these
# are its requests: idle ones are closed when a worker is replaced. A client of an old worker that has no connection
# to any server counts too: the worker sends what such a client asks to the servers that it knew, and one that has
# connected and said nothing yet may still ask, until nginx's patience with it is over.
nginx_left() { # in|down ADDRESS…
  wanted_to_be=$1
  shift
  workers=$(nginx_workers)
  case $wanted_to_be$workers in
  in* | *old*) ;;
  *)
    for server; do echo 0; done
    return
    ;;
  esac
  listening=$(timeout 5 ss -Htlnp 8>&- 9>&-) && connections=$(
    timeout 5 ss -Htnp state connected exclude time-wait exclude close-wait exclude last-ack 8>&- 9>&-
  ) || give_up 3 'ss cannot list connections'
  read -r up _ </proc/uptime
  ticks=$(getconf CLK_TCK 2>/dev/null || echo 100)
  for server; do
    printf '%s\n\n%s\n\n%s\n' "$workers" "$listening" "$connections" | awk \
      -v to=" $(nginx_addresses "$server" | tr '\n' ' ')" -v now="${up%.*}" -v ticks="$ticks" \
      -v patience="$nginx_patience" '
      NF == 0 { part += 1; next }
      part == 0 { start[$1] = $2 / ticks; if ($3 == "old") old[$1] = 1; next }
      {
        port = $4
        sub(/.*:/, "", port)
        pid = ""
        # of those who share a socket, one that is ours
        for (rest = $0; pid == "" && match(rest, /pid=[0-9]+/); rest = substr(rest, RSTART + RLENGTH))
          if (substr(rest, RSTART + 4, RLENGTH - 4) in start) pid = substr(rest, RSTART + 4, RLENGTH - 4)
      }
      pid == "" { next }
      part == 1 { listens[port] = 1; next }
      index(to, " " $5 " ") { left += 1 }
      { waiting[pid] += port in listens ? 1 : -1 }
      END {
        for (pid in old) {
          # it is being replaced since the next ones were started
          since = now
          for (other in start) if (start[other] > start[pid] && start[other] < since) since = start[other]
          if (waiting[pid] > 0 && now - since <= patience) left += waiting[pid]
        }
        print left + 0
      }
    '
  done
}
