# Reads whether Pawl can use a HAProxy, as KEY=VALUE lines. Changes nothing.
# usage: examine-haproxy SOCKET
# uses: haproxy haproxy-old
set -u
socket=$1
echo "account=${SUDO_USER:-$(id -un)}"
[ -S "$socket" ] && echo socket=yes
info=$(haproxy_ask "$socket" 'show info') || exit 0
value() { # NAME
  echo "$info" | sed -n "s/^$1: //p"
}
echo "version=$(value Version)"
echo "level=$(haproxy_ask "$socket" 'show cli level' | head -n 1)"
pid=$(value Pid)
name=$(cat "/proc/$pid/comm" 2>/dev/null) || exit 0
echo "process=$pid"
master=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
echo "master=$(master_socket)"
