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
# what it reads at its start, from the configuration that its process was started with
tr '\0' '\n' <"/proc/$pid/cmdline" | awk 'file { print } { file = $0 == "-f" }' | while read -r path; do
  if [ -d "$path" ]; then cat "$path"/*.cfg; else cat "$path"; fi
done 2>/dev/null | awk '
  { read = 1; sub(/#.*/, "") }
  $1 == "server-state-base" { base = $2 "/" }
  $1 == "server-state-file" { file = $2 }
  $1 == "load-server-state-from-file" && $2 == "global" { loads = 1 }
  END {
    if (read) print "config=yes"
    if (file) print "stateFile=" (file ~ /^\// ? file : base file)
    if (loads) print "loads=yes"
  }
'
master=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
echo "master=$(master_socket)"
