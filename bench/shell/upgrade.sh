#!/bin/bash
# The floor: what a careful person would write by hand for exactly these hosts, with a connection to each
# that is open already. Four commands a host; every wait is on the host itself, and short.
# usage: upgrade.sh SSH-CONFIG CONTROL-FOLDER ARCHIVE VERSION HOST…
# prints seconds by phase; ends with an error at the first thing that is not as it should be
set -euo pipefail
archive=$3 version=$4
on=(ssh -F "$1" -o ControlPath="$2/%n")
shift 4
sum=$(sha256sum <"$archive")
declare -A spent

phase() { # NAME: what passed since the last phase was this
  local now=${EPOCHREALTIME/./}
  spent[$1]=$((${spent[$1]:-0} + now - last))
  last=$now
}

last=${EPOCHREALTIME/./}
for host; do
  "${on[@]}" "$host" "set -e
    mkdir -p /opt/web/releases/$version
    cat >/opt/web/$version.tar.gz
    [ \"\$(sha256sum </opt/web/$version.tar.gz)\" = '$sum' ]
    tar -xzf /opt/web/$version.tar.gz -C /opt/web/releases/$version
    rm /opt/web/$version.tar.gz" <"$archive"
  phase copy

  "${on[@]}" lb1 "set -e
    haproxy-ask set server web/$host state drain
    until [ \"\$(haproxy-ask show stat -1 4 -1 | awk -F, '\$1 == \"web\" && \$2 == \"$host\" { print \$3 + \$5 }')\" = 0 ]; do sleep 0.01; done
    haproxy-ask set server web/$host state maint" >/dev/null
  phase drain

  "${on[@]}" "$host" "set -e
    systemctl stop web
    ln -s releases/$version /opt/web/current.new
    mv -T /opt/web/current.new /opt/web/current
    systemctl start web"
  phase restart

  "${on[@]}" "$host" "set -e
    for look in \$(seq 500); do curl -fsS http://127.0.0.1:8080/health && break; sleep 0.01; done
    [ \"\$(curl -fsS http://127.0.0.1:8080/version)\" = '$version' ]" >/dev/null
  phase health

  "${on[@]}" lb1 "set -e
    haproxy-ask 'set weight web/$host 100;set server web/$host state ready'
    for look in \$(seq 1000); do
      state=\$(haproxy-ask show stat -1 4 -1 | awk -F, '\$1 == \"web\" && \$2 == \"$host\" { print \$18, \$19 }')
      [ \"\$state\" = 'UP 100' ] && exit
      sleep 0.01
    done
    echo '$host is' \"\$state\" >&2; exit 1" >/dev/null
  phase back
done
for name in copy drain restart health back; do
  printf '%s %d.%06d\n' $name $((spent[$name] / 1000000)) $((spent[$name] % 1000000))
done
